/* The ends of the spectrum of a symmetric operator that is known by its products alone: Lanczos
 * with full reorthogonalisation, thick restart when the basis is full (Wu and Simon 2000), both
 * ends from one Krylov space. Eigenvalues are taken algebraically: the upper end is the largest,
 * not the largest in magnitude. Where several upper ones are wanted, a further search off those
 * that were found makes sure that no repeated or close one was left out. */
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
    size_t high, low;    /* eigenvalues wanted at the upper and at the lower end (at most n) */
    double tol;          /* residual <= tol max(|value|, 1e-3 |the uppermost value|) */
    size_t max_products; /* of a run */
    enum gk_dtype store; /* of the basis: F32 does for products computed in F32 */
    size_t basis;        /* vectors at most, 0: as many as go into 256 MB */
    uint64_t seed;       /* of the random part of every start */
};

struct gk_eigenpair {
    double value;    /* x'Ax / x'x */
    double residual; /* |A x - value x| / |x|, from a product of its own */
    bool converged;  /* within the tolerance, and no upper one can have been left out */
};

struct gk_lanczos;
int gk_lanczos_new(struct gk_lanczos **out, size_t n, const struct gk_lanczos_conf *conf,
                   struct gk_pool *pool, struct gk_err *err);
void gk_lanczos_free(struct gk_lanczos *l);

/* Starts from START [n] (may be NULL, or 0) with a random part and, after an earlier run, with the
 * eigenvectors found then. HIGH [conf.high] falls, LOW [conf.low] rises; PRODUCTS counts. */
int gk_lanczos_run(struct gk_lanczos *l, const struct gk_operator *op, const double *start,
                   struct gk_eigenpair *high, struct gk_eigenpair *low, size_t *products,
                   struct gk_err *err);
/* Eigenvector I of the upper or lower end, of norm 1, after a run; x [n]. */
void gk_lanczos_vector(const struct gk_lanczos *l, bool upper, size_t i, double *x);

/* Gauss quadrature of A's spectral measure at START: at most M steps without restart. NODES [m],
 * WEIGHTS [m] (they sum to 1); returns how many there are in *K. m + 1 must not exceed the basis.
 */
int gk_lanczos_quadrature(struct gk_lanczos *l, const struct gk_operator *op, const double *start,
                          size_t m, double *nodes, double *weights, size_t *k, struct gk_err *err);

#endif
