/* The intrinsic dimension of a cloud of points, from the distances to their nearest neighbours. */
#ifndef GK_DIMENSION_H
#define GK_DIMENSION_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"
#include "gk/pool.h"
#include "gk/tick.h"

/* Prepares X (*n, d) for gk_nearest. Every number must be finite (an error names row and
 * coordinate, from 1). A point that coincides with an earlier one is removed; the others keep their
 * order, and *n becomes their number. Fewer than 3 remaining points are an error. */
int gk_distinct(double *x, size_t *n, size_t d, struct gk_pool *pool, struct gk_err *err);

/* dist (n, k): the Euclidean distances from each point of X (n, d) to its k nearest others,
 * increasing. They equal direct sums of squared differences in double, however the neighbours are
 * found, so the bytes are the same for any number of threads. The points must be distinct, 1 <= k <
 * n. TICK counts points. */
int gk_nearest(const double *x, size_t n, size_t d, size_t k, struct gk_pool *pool,
               const struct gk_tick *tick, double *dist, struct gk_err *err);

struct gk_dimension {
    double id;
    double error; /* its standard error */
};

/* TwoNN (Facco, d'Errico, Rodriguez and Laio 2017): mu = T_2/T_1 of each point follows 1 - F(mu) =
 * mu^-id, so that the points (log mu_i, -log(1 - i/n)), mu increasing, lie on a line through the
 * origin with slope id. Fitted by least squares over i <= min(floor(n (1 - discard)), n - 1). The
 * standard error is the infinitesimal jackknife's over the points (the slope as a functional of the
 * distribution of mu): the residuals of that regression are not independent, and give an error that
 * is far too small. One fitted point has none (nan). Reads the first two columns of DIST (n, k),
 * k >= 2. */
int gk_twonn(const double *dist, size_t n, size_t k, double discard, struct gk_dimension *dim,
             struct gk_err *err);

/* Maximum likelihood (Levina and Bickel 2004): 1/m(x) = 1/(k-1) sum_{j<k} log T_k(x)/T_j(x), with
 * all k >= 2 columns of DIST (n, k). LEVINA: id is the mean of m(x) over the points, as in their
 * paper; otherwise 1 / mean of 1/m(x) (MacKay and Ghahramani 2005). Standard errors come from the
 * spread over points, assumed independent. */
int gk_dimension_mle(const double *dist, size_t n, size_t k, bool levina, struct gk_dimension *dim,
                     struct gk_err *err);

enum gk_dimension_method { GK_TWONN, GK_MLE, GK_LEVINA, GK_DIMENSION_METHODS };

struct gk_dimension_conf {
    bool wanted[GK_DIMENSION_METHODS];
    size_t k;            /* of the maximum likelihood methods */
    double discard;      /* of TwoNN */
    struct gk_tick tick; /* counts the points that are left */
};

/* All of it: X (*n, d) goes through gk_distinct, gk_nearest and each requested method. */
int gk_dimensions(double *x, size_t *n, size_t d, const struct gk_dimension_conf *conf,
                  struct gk_pool *pool, struct gk_dimension dim[GK_DIMENSION_METHODS],
                  struct gk_err *err);

#endif
