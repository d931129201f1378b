/* FNV-1a (Fowler, Noll and Vo) in 64 bits, one value after the other. A value is a byte in the
 * original; larger ones are hashed as they are. */
#ifndef GK_FNV_H
#define GK_FNV_H

#include <stdint.h>

#define GK_FNV_START 0xcbf29ce484222325u

static inline uint64_t gk_fnv(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 0x100000001b3u;
}

/* Orders hashes, for qsort and bsearch. */
static inline int gk_by_hash(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

#endif
