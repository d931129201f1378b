/* A growing set of long vectors in single or double precision, for Krylov methods. All arithmetic
 * and sums are in double, in fixed blocks: the same bytes for any number of threads. */
#ifndef GK_BASIS_H
#define GK_BASIS_H

#include <stddef.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/pool.h"

struct gk_basis_kernels;

struct gk_basis {
    size_t n;           /* elements of a vector */
    size_t cap;         /* vectors */
    enum gk_dtype real; /* F32 or F64: the precision of storage */
    void *v;            /* (cap, n) */
    const struct gk_basis_kernels *kernels;
    struct gk_pool *pool;
    size_t blocks;
    double *part;    /* (blocks, cap) sums of each block */
    double *again;   /* [cap] coefficients of one pass */
    double *scratch; /* (threads, 2 cap, a block) for gk_basis_rotate */
};

/* Makes room for CAP vectors of N elements; they are 0 until they are set. */
int gk_basis_init(struct gk_basis *b, size_t n, size_t cap, enum gk_dtype real,
                  struct gk_pool *pool, struct gk_err *err);
void gk_basis_free(struct gk_basis *b);

/* v_j = scale w; below, w = v_j. w [n]. */
void gk_basis_set(struct gk_basis *b, size_t j, double scale, const double *w);
void gk_basis_get(const struct gk_basis *b, size_t j, double *w);

/* h[i] = v_{first+i} . w for i < m. */
void gk_basis_dots(const struct gk_basis *b, size_t first, size_t m, const double *w, double *h);
/* w -= sum over i < m of h[i] v_{first+i} */
void gk_basis_subtract(const struct gk_basis *b, size_t first, size_t m, const double *h,
                       double *w);
/* Removes from w its part in the span of v_0..v_{m-1}, m > 0. A pass that leaves little of w leaves
 * mostly rounding errors, and is repeated (Daniel, Gragg, Kaufman and Stewart 1976). Returns |w|;
 * h [m] receives the coefficients, summed over all passes. */
double gk_basis_orthogonalise(struct gk_basis *b, size_t m, double *w, double *h);
/* v_i = sum over j < m of s[i][j] v_j for i < k <= m; s (k, m). The others are lost. */
void gk_basis_rotate(struct gk_basis *b, size_t k, size_t m, const double *s);

/* x . y, in the same blocks. */
double gk_long_dot(size_t n, const double *x, const double *y);

#endif
