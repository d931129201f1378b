/* A set of names, numbered 0, 1, ... in order of insertion. */
#ifndef GK_NAMES_H
#define GK_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"

struct gk_names { /* {0} is an empty one */
    size_t n;
    char *text; /* the names in sequence, each with its terminator */
    size_t text_n, text_cap;
    size_t *begin; /* [n] offset of a name in text */
    size_t begin_cap;
    uint32_t *slot; /* [slots], a power of two: a number + 1 at the hash of its name, or 0 */
    size_t slots;
};

/* The number of NAME, which is added if it is new. At most 2^21 names of 16 MiB together. */
int gk_names_add(struct gk_names *names, const char *name, size_t *number, struct gk_err *err);
/* -1: unknown. */
ptrdiff_t gk_names_find(const struct gk_names *names, const char *name);
/* Valid until the next name is added. */
const char *gk_names_get(const struct gk_names *names, size_t number);
void gk_names_free(struct gk_names *names);

#endif
