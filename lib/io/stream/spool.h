/* A temporary file without a name, for input that cannot be read twice. */
#ifndef GK_SPOOL_H
#define GK_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gk/err.h"

/* The descriptor, or -1. */
int gk_spool_open(struct gk_err *err);
/* Appends N bytes at *END and advances *END. */
int gk_spool_write(int fd, const void *data, size_t n, int64_t *end, struct gk_err *err);
/* Reads exactly N bytes at AT from FD. */
int gk_spool_read(int fd, void *data, size_t n, int64_t at, struct gk_err *err);
/* A descriptor of all that is left of FP; -1: an error. */
int gk_spool_rest(FILE *fp, struct gk_err *err);

#endif
