/* The singular values of weight matrices, and the size and rank that follow from them. */
#ifndef GK_SPECTRA_H
#define GK_SPECTRA_H

#include <stddef.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/pool.h"

struct gk_spectrum {
    size_t rows, cols;
    double norm;           /* Frobenius: the root of the sum of squares */
    double spectral_norm;  /* the largest singular value */
    double stable_rank;    /* (norm / spectral_norm)^2 */
    double effective_rank; /* exp(-sum q log q), q the singular values over their sum */
};
/* Of A [rows, cols], which is destroyed. All are 0 for a matrix of zeros, or without elements. */
int gk_spectrum_of(double *a, size_t rows, size_t cols, struct gk_spectrum *s, struct gk_err *err);

struct gk_tensor_spectrum {
    const char *name; /* the frame's */
    struct gk_spectrum s;
};
/* For the matrices among F's parameters, in name order: all, or those that match a pattern of GLOBS
 * unless it is NULL; or for the one tensor, of any kind, that GLOBS names. A frame without a matrix
 * is an error. free() *OUT. */
int gk_frame_spectra(const struct gk_frame *f, const char *globs, struct gk_pool *pool,
                     struct gk_tensor_spectrum **out, size_t *n, struct gk_err *err);

#endif
