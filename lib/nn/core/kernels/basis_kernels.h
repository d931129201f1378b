/* Inner loops over a set of vectors in single or double precision, with sums in double: one table
 * for each precision and instruction set. */
#ifndef GK_BASIS_KERNELS_H
#define GK_BASIS_KERNELS_H

#include <stddef.h>

#include "nn/core/compilations.h"

struct gk_basis_kernels {
    /* h[j] = v_j . w for j < m, over n elements; v_j is at V + j ld reals. */
    void (*dots)(size_t n, size_t m, const void *v, size_t ld, const double *w, double *h);
    /* w -= sum over j < m of h[j] v_j */
    void (*subtract)(size_t n, size_t m, const void *v, size_t ld, const double *h, double *w);
    /* v = scale w, then w = v */
    void (*narrow)(size_t n, double scale, const double *w, void *v);
    void (*widen)(size_t n, const void *v, double *w);
};

GK_DECLARE_COMPILATIONS(struct gk_basis_kernels, gk_basis_kernels);

#endif
