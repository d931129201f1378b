/* FNV-1a (Fowler, Noll and Vo) in 64 bits, one value after the other. A value is a byte in the
 * original; larger ones are hashed as they are. */
#ifndef GK_FNV_H
#define GK_FNV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GK_FNV_START 0xcbf29ce484222325u

static inline uint64_t gk_fnv(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 0x100000001b3u;
}

/* The hash of N values, the same for equal values in single and double precision. */
static inline uint64_t gk_fnv_values(const double *v, size_t n)
{
    uint64_t h = GK_FNV_START, bits;
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, &v[i], sizeof bits);
        h = gk_fnv(h, bits);
        h ^= h >> 32; /* low bits come from low bits alone, where a float as a double has zeros */
    }
    return h;
}

/* Orders hashes, for qsort and bsearch. */
static inline int gk_by_hash(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

#endif
