/* Reads of exact sizes that a file claims. */
#ifndef GK_READ_H
#define GK_READ_H

#include <stddef.h>
#include <stdio.h>

#include "gk/err.h"

/* Reads N bytes into *BUF (freshly allocated; free() it, also on failure). The buffer grows as
 * bytes come, so a false N costs at most twice the memory of the data. WHAT names the data in the
 * message about a truncation. */
int gk_read_exactly(FILE *fp, void **buf, size_t n, const char *what, struct gk_err *err);
/* Skips N bytes of a regular file, which must exist. */
int gk_skip_exactly(FILE *fp, size_t n, const char *what, struct gk_err *err);

#endif
