/* The line from the first point to the last. */
#include "gk/pca.h"

#include <math.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/scale.h"
#include "gram.h"

struct line {
    size_t n;
    double *along;                  /* [n] (x_t - x_0).d over d.d, d from first to last */
    double *square;                 /* (SLOTS, n) partial sums */
    double longest[GK_SWEEP_SLOTS]; /* the largest coordinate of d in absolute value */
    int exponent; /* a further scaling of d, which may be far shorter than other differences */
};

static void find_longest(void *ctx, const struct gk_chunk *c)
{
    struct line *l = ctx;
    for (size_t i = 0; i < c->n; i++)
        l->longest[c->slot] = fmax(l->longest[c->slot], fabs(c->z[(l->n - 1) * c->ld + i]));
}

/* The last row of a chunk, scaled: d. */
static const double *scale_last(const struct line *l, const struct gk_chunk *c)
{
    double *d = c->z + (l->n - 1) * c->ld;
    if (l->exponent != 0)
        gk_scale(d, d, c->n, -l->exponent);
    return d;
}

static void add_dots(void *ctx, const struct gk_chunk *c)
{
    const struct line *l = ctx;
    const double *d = scale_last(l, c);
    for (size_t t = 0; t < l->n; t++)
        l->square[c->slot * l->n + t] += gk_dot(c->z + t * c->ld, d, c->n);
}

static void add_residuals(void *ctx, const struct gk_chunk *c)
{
    const struct line *l = ctx;
    const double *d = scale_last(l, c);
    for (size_t t = 0; t < l->n - 1; t++) { /* the last is on the line */
        double *z = c->z + t * c->ld;
        for (size_t i = 0; i < c->n; i++)
            z[i] -= l->along[t] * d[i];
        l->square[c->slot * l->n + t] += gk_dot(z, z, c->n);
    }
}

/* One sweep; SUM [n] receives its sums. */
static int sum_line(struct gk_sweep *sweep, struct line *l,
                    void (*each)(void *, const struct gk_chunk *), double *sum,
                    struct gk_pool *pool, struct gk_err *err)
{
    sweep->each = each;
    sweep->ctx = l;
    memset(l->square, 0, GK_SWEEP_SLOTS * l->n * sizeof *l->square);
    memset(sum, 0, l->n * sizeof *sum);
    if (gk_sweep_run(sweep, pool, err) != 0)
        return -1;
    for (size_t s = 0; s < GK_SWEEP_SLOTS; s++)
        for (size_t t = 0; t < l->n; t++)
            sum[t] += l->square[s * l->n + t];
    return 0;
}

/* ALONG [n] receives (x_t - x_0).d, of points that are scaled if necessary. */
static int sum_along(struct gk_sweep *sweep, struct line *l, double *along, struct gk_pool *pool,
                     struct gk_err *err)
{
    double most = 0;
    if (sum_line(sweep, l, add_dots, along, pool, err) != 0)
        return -1;
    for (size_t t = 0; t < l->n; t++)
        most = isfinite(along[t]) ? fmax(most, fabs(along[t])) : INFINITY;
    if (!gk_sweep_needs_scale(along[l->n - 1]) && !gk_sweep_needs_scale(most))
        return 0;
    if (gk_sweep_scale(sweep, pool, err) != 0)
        return -1;
    sweep->each = find_longest;
    if (gk_sweep_run(sweep, pool, err) != 0)
        return -1;
    l->exponent = gk_exponent(l->longest, GK_SWEEP_SLOTS);
    return sum_line(sweep, l, add_dots, along, pool, err);
}

int gk_pca_line(const struct gk_points *x, double *alpha, double *residual, double *length,
                struct gk_pool *pool, struct gk_err *err)
{
    if (x->n < 2)
        return gk_fail(err, "%s: one point makes no line: at least 2 are needed", x->name);
    struct gk_sweep sweep = {.x = x, .center = GK_SWEEP_FIRST};
    struct line l = {.n = x->n, .along = alpha};
    bool finite = true;
    l.square = gk_alloc(x->n, GK_SWEEP_SLOTS * sizeof *l.square, err);
    int rc = l.square ? sum_along(&sweep, &l, alpha, pool, err) : -1;
    const double dd = rc == 0 ? alpha[x->n - 1] : 0, d = sqrt(dd);
    if (rc == 0 && dd == 0)
        rc = gk_fail(err, "%s: the first and the last point coincide: there is no line", x->name);
    for (size_t t = 0; t < x->n && rc == 0; t++)
        alpha[t] /= dd;
    if (rc == 0)
        rc = sum_line(&sweep, &l, add_residuals, residual, pool, err);
    *length = ldexp(d, sweep.exponent + l.exponent);
    for (size_t t = 0; t < x->n && rc == 0; t++) {
        const bool last = t == x->n - 1;
        alpha[t] = last ? *length : ldexp(alpha[t] * d, sweep.exponent);
        residual[t] = ldexp(sqrt(residual[t]), sweep.exponent);
        finite = finite && isfinite(alpha[t]) && isfinite(residual[t]);
    }
    if (rc == 0 && !finite)
        rc = gk_fail(err, "%s: the points are too large: their distances overflow", x->name);
    gk_free(l.square);
    return rc;
}
