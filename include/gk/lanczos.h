/* The ends of the spectrum of a symmetric operator that is known only through its products: Lanczos
 * with full reorthogonalisation, thick restart when the basis is full (Wu and Simon 2000), both
 * ends from one Krylov space. Eigenvalues are ordered by sign and size: the upper end is the
 * largest, not the largest in magnitude. If several upper ones are wanted, a further search
 * orthogonal to those found makes sure that no repeated or close one was missed. */
#ifndef GK_LANCZOS_H
#define GK_LANCZOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/pool.h"

/* y = A x, both [n]. A must be symmetric, up to rounding. */
struct gk_operator {
    size_t n;
    int (*apply)(void *ctx, const double *x, double *y, struct gk_err *err);
    void *ctx;
};

struct gk_lanczos_conf {
    size_t high, low;    /* eigenvalues wanted at the upper and lower ends: each at most n, together
                            at most n + 1, so that one row has both ends */
    double tol;          /* residual <= tol max(|value|, 1e-3 |the largest value|) */
    size_t max_products; /* of one run */
    enum gk_dtype store; /* of the basis: F32 suffices for products computed in F32 */
    size_t basis;        /* limit on vectors; 0: as many as fit in 256 MB */
    uint64_t seed;       /* of the random part of every start */
};

struct gk_eigenpair {
    double value;    /* x'Ax / x'x */
    double residual; /* |A x - value x| / |x|, from a separate product */
    bool converged;  /* within the tolerance, and no upper one can have been missed */
};

struct gk_lanczos;
int gk_lanczos_new(struct gk_lanczos **out, size_t n, const struct gk_lanczos_conf *conf,
                   struct gk_pool *pool, struct gk_err *err);
void gk_lanczos_free(struct gk_lanczos *l);

/* Starts from START [n] (may be NULL, or 0) plus a random part and, after an earlier run, its
 * eigenvectors. HIGH [conf.high] is decreasing, LOW [conf.low] increasing; PRODUCTS counts
 * products. */
int gk_lanczos_run(struct gk_lanczos *l, const struct gk_operator *op, const double *start,
                   struct gk_eigenpair *high, struct gk_eigenpair *low, size_t *products,
                   struct gk_err *err);
/* Eigenvector I of the upper or lower end, of norm 1, after a run; x [n]. */
void gk_lanczos_vector(const struct gk_lanczos *l, bool upper, size_t i, double *x);

/* Gauss quadrature of A's spectral measure at START: at most M steps without restart. NODES [m],
 * WEIGHTS [m] (they sum to 1); *K is the number of nodes. m + 1 must not exceed the basis. */
int gk_lanczos_quadrature(struct gk_lanczos *l, const struct gk_operator *op, const double *start,
                          size_t m, double *nodes, double *weights, size_t *k, struct gk_err *err);

#endif
