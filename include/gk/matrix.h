/* Matrices from inputs of any kind. */
#ifndef GK_MATRIX_H
#define GK_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/history.h"
#include "gk/input.h"
#include "gk/table.h"

/* A signal or a matrix in double precision, [rows, cols] row-major. */
struct gk_matrix {
    size_t rows, cols;
    double *v;
    char **name;  /* [cols] column names from a text header, or NULL */
    double *step; /* [rows] a headed table's steps, which are no coordinate; or NULL */
    bool single;  /* the numbers came as F32 or narrower */
    struct gk_table_notes notes;
    struct gk_history history;
};
void gk_matrix_free(struct gk_matrix *m);

/* Selects from an input that holds several. */
struct gk_matrix_names {
    const char *tensor;  /* of a frame; NULL: its only tensor of rank 1 or 2 */
    const char *exclude; /* tensors of frames that the caller leaves out; NULL: none */
    const char *step;    /* a table's step column; NULL: gk_rows_use_steps */
};
/* A usage error if STEP is not NULL although KIND, that of the input NAME, has no columns. */
int gk_matrix_check_step(const char *name, enum gk_input_kind kind, const char *step,
                         struct gk_err *err);

/* A whole text table (headed or not), a .npy of rank 1 or 2 (rank 1: one column), or a frame's
 * tensor. A column in which loggers keep steps is no coordinate, selected or not. NAMES may be
 * NULL. */
int gk_matrix_read(struct gk_matrix *m, const char *path, const struct gk_matrix_names *names,
                   struct gk_err *err);
/* The same from an open input (which it owns, even if it fails) of known kind. */
int gk_matrix_read_from(struct gk_matrix *m, FILE *fp, const char *name, enum gk_input_kind kind,
                        const struct gk_matrix_names *names, struct gk_err *err);
/* Operands that are frames, or a single matrix of any kind: sets *SOURCE, or, if that is NULL, M
 * and its *NAME. Names->tensor or names->exclude without frames is a usage error, and so is
 * names->step without a table. */
int gk_matrix_inputs(struct gk_source **source, struct gk_matrix *m, const char **name,
                     char *const *files, size_t n, const struct gk_matrix_names *names,
                     struct gk_err *err);
/* The same from a frame. */
int gk_matrix_from_frame(struct gk_matrix *m, const struct gk_frame *f, const char *tensor,
                         struct gk_err *err);
/* The tensor that this reads; NULL: an error that names the frame. */
const struct gk_tensor *gk_frame_matrix(const struct gk_frame *f, const char *tensor,
                                        struct gk_err *err);
/* The rows and columns of a nonempty tensor of rank 1 (one column) or 2. */
int gk_matrix_shape(const struct gk_tensor *t, size_t *rows, size_t *cols, struct gk_err *err);

#endif
