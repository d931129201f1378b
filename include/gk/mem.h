/* Allocation with checked arithmetic. Every product of sizes is computed here. */
#ifndef GK_MEM_H
#define GK_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"

/* *out = a * b (a + b); false if that overflows. */
bool gk_mul(size_t a, size_t b, size_t *out);
bool gk_add(size_t a, size_t b, size_t *out);

/* N objects of SIZE bytes, zeroed, aligned to 64 bytes; NULL with a message if there is no memory
 * or the product overflows. n = 0 gives a valid pointer. Free with gk_free. */
void *gk_alloc(size_t n, size_t size, struct gk_err *err);
void gk_free(void *p);

/* Makes room for at least NEED objects in *P (capacity *CAP), growing geometrically; contents are
 * kept. *P must be NULL or come from gk_grow. Free with free(). */
int gk_grow(void *p, size_t *cap, size_t need, size_t size, struct gk_err *err);

char *gk_strdup(const char *s, struct gk_err *err);

/* printf into fresh memory; free() it. */
char *gk_format(struct gk_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
