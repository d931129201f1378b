/* Opening operands, and inputs that may be of any kind: told apart from their first bytes, never
 * from a name. */
#ifndef GK_INPUT_H
#define GK_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/history.h"

enum gk_input_kind { GK_INPUT_TABLE, GK_INPUT_FRAMES, GK_INPUT_NPY };

/* NULL or "-": standard input, named so in messages. *NAME is PATH or a constant. An empty input
 * is an error. */
int gk_input_open(FILE **fp, const char **name, const char *path, struct gk_err *err);
/* A regular file: what is in it can be read again. */
bool gk_input_is_file(FILE *fp);
/* Looks at the first bytes without consuming them. */
int gk_input_kind(FILE *fp, const char *name, enum gk_input_kind *kind, struct gk_err *err);

/* A signal or a matrix in double precision, [rows, cols] row-major. */
struct gk_matrix {
    size_t rows, cols;
    double *v;
    char **name; /* [cols] column names from a text header, or NULL */
    double
        *step; /* [rows] the column "step" of a headed table (it is then no coordinate), or NULL */
    bool single; /* the numbers came as F32 or narrower */
    struct gk_history history;
};
void gk_matrix_free(struct gk_matrix *m);

/* A whole text table (headed or not), a .npy of rank 1 or 2 (rank 1: one column), or a frame's
 * TENSOR (NULL: its only tensor of rank 1 or 2). */
int gk_matrix_read(struct gk_matrix *m, const char *path, const char *tensor, struct gk_err *err);
/* The same from an input that is open (taken over) and whose kind is known. */
int gk_matrix_read_from(struct gk_matrix *m, FILE *fp, const char *name, enum gk_input_kind kind,
                        const char *tensor, struct gk_err *err);
/* The same from a frame. */
int gk_matrix_from_frame(struct gk_matrix *m, const struct gk_frame *f, const char *tensor,
                         struct gk_err *err);
/* The tensor that this takes; NULL: an error that names the frame. */
const struct gk_tensor *gk_frame_matrix(const struct gk_frame *f, const char *tensor,
                                        struct gk_err *err);
/* The rows and columns of a tensor of rank 1 (one column) or 2 that is not empty. */
int gk_matrix_shape(const struct gk_tensor *t, size_t *rows, size_t *cols, struct gk_err *err);

/* A .npy file (format 1.0 to 3.0; little-endian f2 f4 f8 i4 i8 u1, b1; C or Fortran order) as a
 * tensor in C order without a name. */
int gk_npy_read(FILE *fp, const char *name, struct gk_tensor *t, struct gk_err *err);
int gk_npy_write(FILE *fp, const struct gk_tensor *t, struct gk_err *err);

/* Its parts, for arrays that need not be in memory as a whole. The header: T without data, which
 * begin at T->at (-1: a pipe); *FORTRAN: their first index runs fastest. Then one of these: */
int gk_npy_header(FILE *fp, const char *name, struct gk_tensor *t, bool *fortran,
                  struct gk_err *err);
/* the data into T, in C order; */
int gk_npy_data(FILE *fp, const char *name, struct gk_tensor *t, bool fortran, struct gk_err *err);
/* the data as they lie, NUMBERS after NUMBERS, 64 KiB at a time (PART reports errors); */
int gk_npy_parts(FILE *fp, const char *name, const struct gk_tensor *t,
                 int (*part)(void *ctx, const struct gk_tensor *numbers, struct gk_err *err),
                 void *ctx, struct gk_err *err);
/* nothing, the data of a regular file stay there. All make sure that nothing is missing, and that
 * nothing follows. */
int gk_npy_skip(FILE *fp, const char *name, const struct gk_tensor *t, struct gk_err *err);

#endif
