/* Principal components of points, and the line from the first point to the last. */
#ifndef GK_PCA_H
#define GK_PCA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gk/err.h"
#include "gk/points.h"
#include "gk/pool.h"
#include "gk/tick.h"

enum gk_center { GK_CENTER_LAST, GK_CENTER_MEAN, GK_CENTER_NONE };

struct gk_pca_conf {
    enum gk_center center; /* what is subtracted from each point: the last, their mean, nothing */
    size_t components;     /* 0: all, that is gk_pca_most */
    bool project;          /* compute score and residual */
    bool axes;             /* compute axis, too */
    struct gk_tick tick;   /* counts coordinates read, in all passes that are known */
};

/* With Z (n, width) the centred points and Z = U S V' its singular value decomposition: */
struct gk_pca {
    size_t n, k;      /* points, components */
    int exponent;     /* total and variance are divided by 4^exponent */
    double total;     /* sum of all squares of Z, divided by n - 1 */
    double *variance; /* [k] S_j^2 / (n - 1), decreasing; 0 beyond the rank of Z */
    double *score;    /* (n, k) U S = Z V, the projections; or NULL */
    double *residual; /* [n] norms of the rows of Z - Z V V'; or NULL */
    double *axis;     /* (k, width) V', of norm 1, or 0 beyond the rank; or NULL */
};

/* The largest possible number of components: min(width, n), or n - 1 if one point or the mean is
 * subtracted. */
size_t gk_pca_most(const struct gk_points *x, enum gk_center center);

/* Each axis is oriented so that the first of the projections within 1e-6 of the largest in absolute
 * value is positive. Memory: (min(n, width))^2 doubles, scratch of some 100 MB, and the results.
 * The points are read once, again for score, residual or axis, and once more for every seven orders
 * of magnitude that the wanted variances span. At least 2 points are required; coordinates that are
 * not finite are an error that names the place. */
int gk_pca(struct gk_pca *r, const struct gk_points *x, const struct gk_pca_conf *conf,
           struct gk_pool *pool, struct gk_err *err);
void gk_pca_free(struct gk_pca *r);

/* Variance K, unscaled; overflow is an error. */
int gk_pca_variance(const struct gk_pca *r, size_t k, const struct gk_points *x, double *variance,
                    struct gk_err *err);

/* Writes the axes as a stream of frames, one per axis. Each has the tensors of the trajectory's
 * frames except "optim.*", with the axis's coordinates (zeros in tensors that were left out), in
 * F32 if the points were single precision, otherwise F64, and the metadata of the first frame,
 * gk.kind=axis, component=1.., variance. For a matrix: one tensor "axis" [width], F64. An axis
 * without variance is an error. */
int gk_pca_write_axes(FILE *fp, const struct gk_points *x, const struct gk_pca *r,
                      const struct gk_history *h, struct gk_err *err);

/* With u the unit vector from the first point to the last: alpha[t] = (x_t - x_0).u, residual[t] =
 * |x_t - x_0 - alpha[t] u|, *LENGTH = alpha of the last. It is an error if the two coincide. */
int gk_pca_line(const struct gk_points *x, double *alpha, double *residual, double *length,
                struct gk_pool *pool, struct gk_err *err);

#endif
