/* The line from the first point to the last. */
#include "gk/pca.h"

#include <math.h>
#include <string.h>

#include "gk/mem.h"
#include "gram.h"

struct line {
    size_t n;
    double *along;  /* [n] (x_t - x_0).d over d.d, d from first to last */
    double *square; /* (SLOTS, n) partial sums */
};

static void add_dots(void *ctx, const struct gk_chunk *c)
{
    const struct line *l = ctx;
    const double *d = c->z + (l->n - 1) * c->ld;
    for (size_t t = 0; t < l->n; t++)
        l->square[c->slot * l->n + t] += gk_dot(c->z + t * c->ld, d, c->n);
}

static void add_residuals(void *ctx, const struct gk_chunk *c)
{
    const struct line *l = ctx;
    const double *d = c->z + (l->n - 1) * c->ld;
    for (size_t t = 0; t < l->n - 1; t++) { /* the last is on the line */
        double *z = c->z + t * c->ld;
        for (size_t i = 0; i < c->n; i++)
            z[i] -= l->along[t] * d[i];
        l->square[c->slot * l->n + t] += gk_dot(z, z, c->n);
    }
}

/* One sweep; SUM [n] gets its sums. */
static int sum_line(const struct gk_points *x, struct line *l,
                    void (*each)(void *, const struct gk_chunk *), double *sum,
                    struct gk_pool *pool, struct gk_err *err)
{
    const struct gk_sweep sweep = {.x = x, .center = GK_SWEEP_FIRST, .each = each, .ctx = l};
    memset(l->square, 0, GK_SWEEP_SLOTS * l->n * sizeof *l->square);
    memset(sum, 0, l->n * sizeof *sum);
    if (gk_sweep_run(&sweep, pool, err) != 0)
        return -1;
    for (size_t s = 0; s < GK_SWEEP_SLOTS; s++)
        for (size_t t = 0; t < l->n; t++)
            sum[t] += l->square[s * l->n + t];
    return 0;
}

int gk_pca_line(const struct gk_points *x, double *alpha, double *residual, double *length,
                struct gk_pool *pool, struct gk_err *err)
{
    if (x->n < 2)
        return gk_fail(err, "%s: one point makes no line: at least 2 are needed", x->name);
    struct line l = {.n = x->n, .along = alpha};
    l.square = gk_alloc(x->n, GK_SWEEP_SLOTS * sizeof *l.square, err);
    int rc = l.square ? sum_line(x, &l, add_dots, alpha, pool, err) : -1;
    const double dd = rc == 0 ? alpha[x->n - 1] : 0;
    for (size_t t = 0; t < x->n && rc == 0; t++)
        if (!isfinite(alpha[t]))
            rc = gk_blame(x, err);
    if (rc == 0 && dd == 0)
        rc = gk_fail(err, "%s: the first and the last point coincide: there is no line", x->name);
    for (size_t t = 0; t < x->n && rc == 0; t++)
        alpha[t] /= dd;
    if (rc == 0)
        rc = sum_line(x, &l, add_residuals, residual, pool, err);
    *length = sqrt(dd);
    for (size_t t = 0; t < x->n && rc == 0; t++) {
        alpha[t] *= *length;
        residual[t] = sqrt(residual[t]);
    }
    gk_free(l.square);
    return rc;
}
