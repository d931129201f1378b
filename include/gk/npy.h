/* NumPy's .npy files. */
#ifndef GK_NPY_H
#define GK_NPY_H

#include <stdbool.h>
#include <stdio.h>

#include "gk/err.h"
#include "gk/frame.h"

/* A .npy file (format 1.0 to 3.0; little-endian f2 f4 f8 i4 i8 u1, b1; C or Fortran order) as a
 * tensor in C order without a name. */
int gk_npy_read(FILE *fp, const char *name, struct gk_tensor *t, struct gk_err *err);
int gk_npy_write(FILE *fp, const struct gk_tensor *t, struct gk_err *err);

/* Its parts, for arrays that need not be in memory as a whole. The header: T without data, which
 * begin at T->at (-1: a pipe); *FORTRAN: the first index runs fastest. Then one of these: */
int gk_npy_header(FILE *fp, const char *name, struct gk_tensor *t, bool *fortran,
                  struct gk_err *err);
/* reads the data into T, in C order; */
int gk_npy_data(FILE *fp, const char *name, struct gk_tensor *t, bool fortran, struct gk_err *err);
/* passes the data in stored order, NUMBERS after NUMBERS, 64 KiB at a time (PART reports
 * errors); */
int gk_npy_parts(FILE *fp, const char *name, const struct gk_tensor *t,
                 int (*part)(void *ctx, const struct gk_tensor *numbers, struct gk_err *err),
                 void *ctx, struct gk_err *err);
/* reads nothing: the data of a regular file stay there. All three check that data are complete, and
 * that nothing follows them. */
int gk_npy_skip(FILE *fp, const char *name, const struct gk_tensor *t, struct gk_err *err);

#endif
