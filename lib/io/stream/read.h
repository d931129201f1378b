/* Reads of exactly so many bytes, whose number a file claims. */
#ifndef GK_READ_H
#define GK_READ_H

#include <stddef.h>
#include <stdio.h>

#include "gk/err.h"

/* Reads N bytes into *BUF (freshly allocated, free() it, also on failure), growing it as they come,
 * so that a false N costs no more memory than twice what is there. WHAT names it in the message
 * of a truncation. */
int gk_read_exactly(FILE *fp, void **buf, size_t n, const char *what, struct gk_err *err);
/* Passes over N bytes of a regular file, which must be there. */
int gk_skip_exactly(FILE *fp, size_t n, const char *what, struct gk_err *err);

#endif
