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
/* Of A [rows, cols], which is destroyed. All are 0 for a matrix of zeros, or without elements. An
 * element that is not finite is an error that gives its place. */
int gk_spectrum_of(double *a, size_t rows, size_t cols, struct gk_spectrum *s, struct gk_err *err);

struct gk_tensor_spectrum {
    const char *name; /* the frame's */
    struct gk_spectrum s;
};
/* The spectra of matrices of F, in name order. GLOBS is NULL: all parameters. GLOBS has patterns:
 * the parameters that match one. GLOBS is a name: that tensor, of any kind. Matrices that match
 * EXCLUDE, and those without a value, are left out. A frame without any matrix is an error. free()
 * *OUT. */
int gk_frame_spectra(const struct gk_frame *f, const char *globs, const char *exclude,
                     struct gk_pool *pool, struct gk_tensor_spectrum **out, size_t *n,
                     struct gk_err *err);
/* The notes of gk_frame_doubts about the parameters of F; none if GLOBS is not NULL. */
int gk_frame_spectra_doubts(const struct gk_frame *f, const char *globs, const char *exclude,
                            struct gk_notes *notes, struct gk_err *err);

#endif
