/* Random probes of a symmetric operator. */
#include "gk/spectral_density.h"

#include <math.h>
#include <string.h>

#include "gk/basis.h"
#include "gk/mem.h"
#include "gk/rng.h"

static void signs(struct gk_rng *rng, size_t n, double *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = gk_rng_u64(rng) >> 63 ? 1 : -1;
}

struct probing {
    const struct gk_operator *op;
    struct gk_basis q;
    size_t m;      /* vectors in q */
    double *x, *y; /* [n] */
    double *h;     /* [q.cap] */
    struct gk_rng rng;
};

/* q: an orthonormal basis of A times K random probes. A probe counts if it adds more than
 * rounding. */
static int find_space(struct probing *p, size_t k, struct gk_err *err)
{
    const size_t n = p->op->n;
    for (size_t i = 0; i < k; i++) {
        signs(&p->rng, n, p->x);
        if (p->op->apply(p->op->ctx, p->x, p->y, err))
            return -1;
        const double before = sqrt(gk_long_dot(n, p->y, p->y));
        const double after = p->m > 0 ? gk_basis_orthogonalise(&p->q, p->m, p->y, p->h) : before;
        if (after > 1e-12 * before)
            gk_basis_set(&p->q, p->m++, 1 / after, p->y);
    }
    return 0;
}

/* x'Ax. */
static int form(struct probing *p, double *v, struct gk_err *err)
{
    if (p->op->apply(p->op->ctx, p->x, p->y, err))
        return -1;
    *v = gk_long_dot(p->op->n, p->x, p->y);
    return 0;
}

static int hutch(struct probing *p, size_t rest, struct gk_trace *t, struct gk_err *err)
{
    double inside = 0, sum = 0, squares = 0, v;
    for (size_t i = 0; i < p->m; i++) {
        gk_basis_get(&p->q, i, p->x);
        if (form(p, &v, err))
            return -1;
        inside += v;
    }
    for (size_t i = 0; i < rest && p->m < p->op->n; i++) {
        signs(&p->rng, p->op->n, p->x);
        if (p->m > 0)
            gk_basis_orthogonalise(&p->q, p->m, p->x, p->h);
        if (form(p, &v, err))
            return -1;
        /* Welford's running mean and squares */
        const double step = v - sum;
        sum += step / (double)(i + 1);
        squares += step * (v - sum);
    }
    t->trace = inside + sum;
    t->error = sqrt(squares / ((double)(rest - 1) * (double)rest));
    return isfinite(t->trace) ? 0 : gk_fail(err, "a product with the matrix is not finite");
}

int gk_trace(const struct gk_operator *op, size_t products, uint64_t seed, struct gk_pool *pool,
             struct gk_trace *t, struct gk_err *err)
{
    const size_t k = products / 3 < op->n ? products / 3 : op->n;
    struct probing p = {.op = op};
    gk_rng_seed(&p.rng, seed, GK_RNG_PROBE);
    p.x = gk_alloc(op->n, sizeof *p.x, err);
    p.y = gk_alloc(op->n, sizeof *p.y, err);
    p.h = gk_alloc(k, sizeof *p.h, err);
    int rc = p.x && p.y && p.h ? gk_basis_init(&p.q, op->n, k, GK_F64, pool, err) : -1;
    if (!rc)
        rc = find_space(&p, k, err);
    if (!rc)
        rc = hutch(&p, products - 2 * k, t, err);
    gk_basis_free(&p.q);
    gk_free(p.x);
    gk_free(p.y);
    gk_free(p.h);
    return rc;
}

static int probe(struct gk_density *d, struct gk_lanczos *l, const struct gk_operator *op,
                 uint64_t seed, double *start, struct gk_err *err)
{
    struct gk_rng rng;
    gk_rng_seed(&rng, seed, GK_RNG_PROBE);
    for (size_t i = 0; i < d->probes; i++) {
        signs(&rng, op->n, start);
        if (gk_lanczos_quadrature(l, op, start, d->depth, d->node + i * d->depth,
                                  d->weight + i * d->depth, &d->k[i], err))
            return -1;
        d->low = fmin(d->low, d->node[i * d->depth]);
        d->high = fmax(d->high, d->node[i * d->depth + d->k[i] - 1]);
    }
    return 0;
}

int gk_density(struct gk_density *d, const struct gk_operator *op, size_t probes, size_t depth,
               enum gk_dtype store, uint64_t seed, struct gk_pool *pool, struct gk_err *err)
{
    const struct gk_lanczos_conf conf = {.high = 1, .low = 1, .store = store, .basis = depth};
    struct gk_lanczos *l = NULL;
    size_t all;
    *d = (struct gk_density){.probes = probes, .depth = depth, .low = INFINITY, .high = -INFINITY};
    if (!gk_mul(probes, depth, &all))
        return gk_fail(err, "too many probes");
    double *start = gk_alloc(op->n, sizeof *start, err);
    d->node = gk_alloc(all, sizeof *d->node, err);
    d->weight = gk_alloc(all, sizeof *d->weight, err);
    d->k = gk_alloc(probes, sizeof *d->k, err);
    int rc =
        start && d->node && d->weight && d->k ? gk_lanczos_new(&l, op->n, &conf, pool, err) : -1;
    if (!rc)
        rc = probe(d, l, op, seed, start, err);
    gk_lanczos_free(l);
    gk_free(start);
    if (rc)
        gk_density_free(d);
    return rc;
}

void gk_density_free(struct gk_density *d)
{
    gk_free(d->node);
    gk_free(d->weight);
    gk_free(d->k);
    *d = (struct gk_density){0};
}

void gk_density_at(const struct gk_density *d, double lambda, double sigma, double *density,
                   double *error)
{
    const double peak = 1 / (sigma * sqrt(2 * M_PI));
    double mean = 0, squares = 0;
    for (size_t i = 0; i < d->probes; i++) {
        const double *node = d->node + i * d->depth, *weight = d->weight + i * d->depth;
        double sum = 0;
        for (size_t j = 0; j < d->k[i]; j++) {
            const double z = (lambda - node[j]) / sigma;
            sum += weight[j] * exp(-z * z / 2);
        }
        const double step = peak * sum - mean;
        mean += step / (double)(i + 1);
        squares += step * (peak * sum - mean);
    }
    const double n = (double)d->probes;
    *density = mean;
    *error = n > 1 ? sqrt(squares / ((n - 1) * n)) : NAN;
}
