/* A set of names, each with a number: 0, 1, ... in the order in which they came. */
#ifndef GK_NAMES_H
#define GK_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"

struct gk_names { /* {0} is an empty one */
    size_t n;
    char *text; /* one behind the other, each with its end */
    size_t text_n, text_cap;
    size_t *begin; /* [n] of a name in text */
    size_t begin_cap;
    uint32_t
        *slot; /* [slots], a power of two: a number + 1 where the hash of its name leads, or 0 */
    size_t slots;
};

/* The number of NAME, which is added if it is not there. At most 2^21 names of 16 MiB together. */
int gk_names_add(struct gk_names *names, const char *name, size_t *number, struct gk_err *err);
/* -1: it is not there. */
ptrdiff_t gk_names_find(const struct gk_names *names, const char *name);
/* Valid until the next one is added. */
const char *gk_names_get(const struct gk_names *names, size_t number);
void gk_names_free(struct gk_names *names);

#endif
