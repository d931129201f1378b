/* Principal components from the smaller Gram matrix of the centred points (Z Z' or Z'Z).
 *
 * A Gram matrix squares the singular values, so rounding destroys variances far below the largest.
 * Therefore the components come in stages. A stage takes those within RESOLVED of its largest; the
 * next one projects the axes found so far out of the points themselves, which loses nothing, and
 * makes the Gram matrix of the remainder. If the first stage found so many that keeping the rest is
 * less work, later stages use the points' coordinates along the remaining axes, in ever fewer rows.
 * Residuals are likewise norms of the points' remainders, unless differences of squares are as
 * accurate. */
#include "pca_priv.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "gk/blas.h"
#include "gk/mem.h"
#include "gk/scale.h"

/* A fraction of a Gram matrix's largest eigenvalue. With rounding errors of about 1e-14 of the
 * largest, eigenvalues above it have relative errors up to 1e-7. */
static const double RESOLVED = 1e-7;

size_t gk_pca_most(const struct gk_points *x, enum gk_center center)
{
    size_t n = x->n - (center != GK_CENTER_NONE);
    return n < x->width ? n : x->width;
}

/* ---- operations on chunks ---- */

/* part (found, n) = u Z, Z -= u' part. */
static double *project_out(const struct work *w, const struct gk_chunk *c)
{
    double *part = w->part + c->slot * w->r->k * gk_sweep_chunk(&w->sweep);
    gk_dgemm(false, false, w->found, c->n, w->rows, 1, w->u, w->rows, c->z, c->ld, 0, part, c->n);
    gk_dgemm(true, false, w->rows, c->n, w->found, -1, w->u, w->rows, part, c->n, 1, c->z, c->ld);
    return part;
}

static void deflate(void *ctx, const struct gk_chunk *c)
{
    project_out(ctx, c);
}

/* Points are rows: the axes' coordinates, and the remainder of each point. */
static void finish_rows(void *ctx, const struct gk_chunk *c)
{
    const struct work *w = ctx;
    struct gk_pca *r = w->r;
    const double *part = project_out(w, c);
    for (size_t k = 0; r->axis && k < w->found; k++)
        for (size_t i = 0; i < c->n; i++)
            r->axis[k * w->sweep.x->width + c->column + i] = part[k * c->n + i] / w->sigma[k];
    for (size_t t = 0; t < w->rows; t++) {
        const double *z = c->z + t * c->ld;
        w->square[c->slot * w->rows + t] += gk_dot(z, z, c->n);
    }
}

/* Points are columns: their projections, and the remainder of each. */
static void finish_columns(void *ctx, const struct gk_chunk *c)
{
    const struct work *w = ctx;
    struct gk_pca *r = w->r;
    const double *part = project_out(w, c);
    for (size_t i = 0; i < c->n; i++) {
        double sum = 0;
        for (size_t k = 0; k < w->found; k++)
            r->score[(c->column + i) * r->k + k] = part[k * c->n + i];
        for (size_t row = 0; row < w->rows; row++)
            sum += c->z[row * c->ld + i] * c->z[row * c->ld + i];
        r->residual[c->column + i] = sqrt(sum);
    }
}

/* ---- stages ---- */

static void tick(void *ctx, double columns)
{
    const struct work *w = ctx;
    const double passes = (double)w->stages + (w->r->score != NULL);
    const double rows = (double)w->rows, all = (double)gk_sweep_columns(&w->sweep);
    gk_tick(&w->conf->tick, rows * (w->done + columns), rows * all * passes);
}

static int run_sweep(struct work *w, struct gk_pool *pool, struct gk_err *err)
{
    w->sweep.tick = tick;
    w->sweep.tick_ctx = w;
    if (gk_sweep_run(&w->sweep, pool, err) != 0)
        return -1;
    w->done += (double)gk_sweep_columns(&w->sweep);
    return 0;
}

/* The Gram matrix (n, n) of the remainder, and its trace. */
static int make_gram(struct work *w, size_t n, double *trace, struct gk_pool *pool,
                     struct gk_err *err)
{
    *trace = 0;
    memset(w->gram, 0, n * n * sizeof *w->gram);
    w->sweep.gram = w->gram;
    w->sweep.kept = n;
    w->sweep.each = w->found == 0 ? NULL : w->rest ? pca_compress : deflate;
    w->sweep.ctx = w;
    if (run_sweep(w, pool, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        *trace += w->gram[i * n + i];
    return 0;
}

/* The first one, of all of Z, scaled if necessary. */
static int make_first_gram(struct work *w, struct gk_pool *pool, struct gk_err *err)
{
    const size_t n = w->rows;
    double *trace = &w->r->total;
    if (make_gram(w, n, trace, pool, err) != 0)
        return -1;
    if (gk_sweep_needs_scale(*trace) &&
        (gk_sweep_scale(&w->sweep, pool, err) != 0 || make_gram(w, n, trace, pool, err) != 0))
        return -1;
    w->r->exponent = w->sweep.exponent;
    for (size_t i = 0; i < n; i++)
        w->norm[i] = w->gram[i * n + i];
    return 0;
}

/* One stage: appends its components. *MORE: there may be further ones. */
static int run_stage(struct work *w, struct gk_pool *pool, bool *more, struct gk_err *err)
{
    const size_t n = w->rest ? w->nrest : w->rows, before = w->found;
    double trace;
    w->stages++;
    if ((before == 0 ? make_first_gram(w, pool, err) : make_gram(w, n, &trace, pool, err)) != 0)
        return -1;
    if (gk_eigh(n, w->gram, w->w, true, err) != 0)
        return -1;
    const double largest = w->w[n - 1], noise = 100 * DBL_EPSILON;
    size_t left = n;
    *more = largest > noise * noise * w->r->total;
    while (left > 0 && *more && w->found < w->r->k && w->w[left - 1] > RESOLVED * largest)
        w->sigma[w->found++] = sqrt(w->w[--left]);
    *more = *more && w->found < w->r->k && left > 0;
    return pca_take_vectors(w, n, left, before, *more, err);
}

/* ---- results ---- */

/* Residuals as differences of squares, for points as rows whose components came in one stage. The
 * squares are accurate to 1e-14 or better; false if some difference is so small that the residual
 * would not be accurate to 1e-8. */
static bool subtract_squares(const struct work *w)
{
    const struct gk_pca *r = w->r;
    if (w->sweep.transposed || w->stages > 1)
        return false;
    for (size_t t = 0; t < r->n; t++) {
        double left = w->norm[t];
        for (size_t k = 0; k < w->found; k++)
            left -= r->score[t * r->k + k] * r->score[t * r->k + k];
        if (left < 1e-6 * w->norm[t])
            return false;
        r->residual[t] = sqrt(left);
    }
    return true;
}

/* Projections, residuals and axes, up to signs. */
static int finish(struct work *w, struct gk_pool *pool, struct gk_err *err)
{
    struct gk_pca *r = w->r;
    for (size_t k = 0; k < w->found && !w->sweep.transposed; k++)
        for (size_t t = 0; t < r->n; t++)
            r->score[t * r->k + k] = w->u[k * w->rows + t] * w->sigma[k];
    const bool have_residuals = subtract_squares(w);
    if (have_residuals && !r->axis)
        return 0;
    w->sweep.gram = NULL;
    w->sweep.kept = 0;
    w->sweep.each = w->sweep.transposed ? finish_columns : finish_rows;
    if (run_sweep(w, pool, err) != 0)
        return -1;
    for (size_t k = 0; k < w->found; k++) {
        const double *u = w->u + k * w->rows;
        if (w->sweep.transposed && r->axis)
            memcpy(r->axis + k * w->rows, u, w->rows * sizeof *u);
    }
    for (size_t t = 0; t < r->n && !w->sweep.transposed && !have_residuals; t++) {
        double sum = 0;
        for (size_t s = 0; s < GK_SWEEP_SLOTS; s++)
            sum += w->square[s * w->rows + t];
        r->residual[t] = sqrt(sum);
    }
    return 0;
}

/* Undoes the scaling of projections and residuals. */
static int unscale(struct gk_pca *r, const struct gk_points *x, struct gk_err *err)
{
    bool finite = true;
    if (r->exponent == 0)
        return 0;
    gk_scale(r->score, r->score, r->n * r->k, r->exponent);
    gk_scale(r->residual, r->residual, r->n, r->exponent);
    for (size_t i = 0; i < r->n * r->k; i++)
        finite = finite && isfinite(r->score[i]);
    for (size_t t = 0; t < r->n; t++)
        finite = finite && isfinite(r->residual[t]);
    return finite ? 0
                  : gk_fail(err, "%s: the points are too large: their distances overflow", x->name);
}

/* Negates axis K if the first of its largest projections is negative. */
static void orient(struct gk_pca *r, size_t k, size_t width)
{
    double largest = 0;
    size_t t = 0;
    for (size_t i = 0; i < r->n; i++)
        largest = fmax(largest, fabs(r->score[i * r->k + k]));
    while (t + 1 < r->n && fabs(r->score[t * r->k + k]) < (1 - 1e-6) * largest)
        t++;
    if (r->score[t * r->k + k] >= 0)
        return;
    for (size_t i = 0; i < r->n; i++)
        r->score[i * r->k + k] = 0 - r->score[i * r->k + k];
    for (size_t i = 0; r->axis && i < width; i++)
        r->axis[k * width + i] = 0 - r->axis[k * width + i];
}

static int alloc_work(struct work *w, struct gk_err *err)
{
    const size_t chunk = gk_sweep_chunk(&w->sweep), k = w->r->k;
    size_t square, u;
    if (!gk_mul(w->rows, w->rows, &square) || !gk_mul(w->rows, k, &u))
        return gk_fail(err, "%zu points of %zu coordinates are too many", w->r->n,
                       w->sweep.x->width);
    w->gram = gk_alloc(square, sizeof *w->gram, err);
    w->w = w->gram ? gk_alloc(w->rows, sizeof *w->w, err) : NULL;
    w->u = w->w ? gk_alloc(u, sizeof *w->u, err) : NULL;
    w->sigma = w->u ? gk_alloc(k, sizeof *w->sigma, err) : NULL;
    w->part = w->sigma ? gk_alloc(k, GK_SWEEP_SLOTS * chunk * sizeof *w->part, err) : NULL;
    w->square = w->part ? gk_alloc(w->rows, GK_SWEEP_SLOTS * sizeof *w->square, err) : NULL;
    w->norm = w->square ? gk_alloc(w->rows, sizeof *w->norm, err) : NULL;
    w->along = w->norm ? gk_alloc(k, PCA_TOGETHER * sizeof *w->along, err) : NULL;
    return w->along ? 0 : -1;
}

static void free_work(struct work *w)
{
    gk_free(w->gram);
    gk_free(w->w);
    gk_free(w->u);
    gk_free(w->sigma);
    gk_free(w->part);
    gk_free(w->square);
    gk_free(w->norm);
    gk_free(w->along);
    gk_free(w->rest);
    gk_free(w->rest_part);
}

static int alloc_results(struct gk_pca *r, size_t width, const struct gk_pca_conf *conf,
                         struct gk_err *err)
{
    const bool project = conf->project || conf->axes;
    size_t scores, axes;
    if (!gk_mul(r->n, r->k, &scores) || !gk_mul(r->k, width, &axes))
        return gk_fail(err, "%zu components are too many", r->k);
    r->variance = gk_alloc(r->k, sizeof *r->variance, err);
    if (!r->variance || (project && !(r->score = gk_alloc(scores, sizeof *r->score, err))) ||
        (project && !(r->residual = gk_alloc(r->n, sizeof *r->residual, err))) ||
        (conf->axes && !(r->axis = gk_alloc(axes, sizeof *r->axis, err))))
        return -1;
    return 0;
}

static int compute(struct work *w, struct gk_pool *pool, struct gk_err *err)
{
    struct gk_pca *r = w->r;
    const struct gk_points *x = w->sweep.x;
    bool more = true;
    while (more)
        if (run_stage(w, pool, &more, err) != 0)
            return -1;
    if (w->found == 0)
        return gk_fail(err, "%s: all %zu points are alike: there is no axis", x->name, r->n);
    for (size_t k = 0; k < w->found; k++)
        r->variance[k] = w->sigma[k] * w->sigma[k] / (double)(r->n - 1);
    r->total /= (double)(r->n - 1);
    if (!r->score)
        return 0;
    if (finish(w, pool, err) != 0)
        return -1;
    for (size_t k = 0; k < w->found; k++)
        orient(r, k, x->width);
    return unscale(r, x, err);
}

int gk_pca(struct gk_pca *r, const struct gk_points *x, const struct gk_pca_conf *conf,
           struct gk_pool *pool, struct gk_err *err)
{
    static const enum gk_sweep_center center[] = {GK_SWEEP_LAST, GK_SWEEP_MEAN, GK_SWEEP_NONE};
    *r = (struct gk_pca){.n = x->n, .k = conf->components};
    if (x->n < 2)
        return gk_fail(err, "%s: one point has no axes: at least 2 are needed", x->name);
    const size_t most = gk_pca_most(x, conf->center);
    if (r->k == 0)
        r->k = most;
    if (r->k > most) {
        gk_fail_usage(err, "%zu are asked for: %zu points of %zu coordinates have at most %zu",
                      r->k, x->n, x->width, most);
        return gk_fail_about(err, "components");
    }
    struct work w = {.conf = conf, .r = r};
    w.sweep.x = x;
    w.sweep.center = center[conf->center];
    w.sweep.transposed = x->width < x->n;
    w.rows = gk_sweep_rows(&w.sweep);
    int rc = alloc_results(r, x->width, conf, err);
    if (rc == 0)
        rc = alloc_work(&w, err);
    if (rc == 0)
        rc = compute(&w, pool, err);
    free_work(&w);
    if (rc != 0)
        gk_pca_free(r);
    return rc;
}

int gk_pca_variance(const struct gk_pca *r, size_t k, const struct gk_points *x, double *variance,
                    struct gk_err *err)
{
    *variance = ldexp(r->variance[k], 2 * r->exponent);
    if (isfinite(*variance))
        return 0;
    return gk_fail(err, "%s: the points are too large: the squares of their distances overflow",
                   x->name);
}

void gk_pca_free(struct gk_pca *r)
{
    gk_free(r->variance);
    gk_free(r->score);
    gk_free(r->residual);
    gk_free(r->axis);
    *r = (struct gk_pca){0};
}
