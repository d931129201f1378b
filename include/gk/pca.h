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
    bool project;          /* wanted: score and residual */
    bool axes;             /* wanted: axis too */
    struct gk_tick tick;   /* hears of coordinates read, in all passes that are known of */
};

/* With Z (n, width) the centred points and Z = U S V' its singular value decomposition: */
struct gk_pca {
    size_t n, k;      /* points, components */
    double total;     /* sum of all squares of Z, over n - 1 */
    double *variance; /* [k] S_j^2 / (n - 1), falling; 0 beyond the rank of Z */
    double *score;    /* (n, k) U S = Z V, the projections; or NULL */
    double *residual; /* [n] norms of the rows of Z - Z V V'; or NULL */
    double *axis;     /* (k, width) V', of norm 1, or 0 beyond the rank; or NULL */
};

/* The most components that the points can have: min(width, n), or n - 1 where one point or the mean
 * is subtracted. */
size_t gk_pca_most(const struct gk_points *x, enum gk_center center);

/* Each axis points so that the first of the projections within 1e-6 of the largest in absolute
 * value is positive. Memory: (min(n, width))^2 doubles, working space of some 100 MB, and the
 * results. The points are read once, again for score, residual or axis, and once more for every
 * seven orders of magnitude that the wanted variances span. At least 2 points; non-finite
 * coordinates are an error that names the place. */
int gk_pca(struct gk_pca *r, const struct gk_points *x, const struct gk_pca_conf *conf,
           struct gk_pool *pool, struct gk_err *err);
void gk_pca_free(struct gk_pca *r);

/* The axes as a stream of frames, one an axis: the tensors of the trajectory's frames but
 * "optim.*", with the axis' coordinates (zeros in tensors that were left out), F32 if the points
 * were single, else F64; the metadata of the first frame, gk.kind=axis, component=1.., variance. Of
 * a matrix: one tensor "axis" [width], F64. An axis of no variance is an error. */
int gk_pca_write_axes(FILE *fp, const struct gk_points *x, const struct gk_pca *r,
                      const struct gk_history *h, struct gk_err *err);

/* With u the unit vector from the first point to the last: alpha[t] = (x_t - x_0).u, residual[t] =
 * |x_t - x_0 - alpha[t] u|, *LENGTH = alpha of the last. The two coinciding is an error. */
int gk_pca_line(const struct gk_points *x, double *alpha, double *residual, double *length,
                struct gk_pool *pool, struct gk_err *err);

#endif
