/* The engine's products, in its precision and over all parameters, as an operator in double on the
 * chosen ones. */
#include "gk/hessian.h"

#include <math.h>
#include <string.h>

#include "gk/basis.h"
#include "gk/mem.h"
#include "gk/scale.h"

/* v = x on the chosen tensors, 0 elsewhere. */
static void to_real(const struct gk_hessian *h, const double *x)
{
    for (size_t i = 0; i < h->params->n; i++) {
        const struct gk_param *p = &h->params->p[i];
        char *to = (char *)h->v + p->offset * gk_dtype_size(h->real);
        if (h->matrices && p->rank != 2) {
            memset(to, 0, p->count * gk_dtype_size(h->real));
            continue;
        }
        gk_reals_narrow(h->real, p->count, x, to);
        x += p->count;
    }
}

/* y = the chosen tensors of hv. */
static void from_real(const struct gk_hessian *h, double *y)
{
    for (size_t i = 0; i < h->params->n; i++) {
        const struct gk_param *p = &h->params->p[i];
        if (h->matrices && p->rank != 2)
            continue;
        gk_reals_widen(h->real, p->count, (const char *)h->hv + p->offset * gk_dtype_size(h->real),
                       y);
        y += p->count;
    }
}

static int apply(void *ctx, const double *x, double *y, struct gk_err *err)
{
    struct gk_hessian *h = ctx;
    to_real(h, x);
    if (gk_engine_hvp(h->engine, h->v, h->hv, err))
        return -1;
    from_real(h, y);
    h->products++;
    return 0;
}

int gk_hessian_init(struct gk_hessian *h, struct gk_study *s, enum gk_split split, bool matrices,
                    struct gk_err *err)
{
    const struct gk_params *ps = gk_engine_params(s->engine[split]);
    *h = (struct gk_hessian){
        .engine = s->engine[split], .params = ps, .real = s->real, .matrices = matrices};
    h->op = (struct gk_operator){.apply = apply, .ctx = h};
    for (size_t i = 0; i < ps->n; i++)
        h->op.n += !matrices || ps->p[i].rank == 2 ? ps->p[i].count : 0;
    h->grad = gk_alloc(h->op.n, sizeof *h->grad, err);
    h->v = gk_alloc(ps->total, gk_dtype_size(s->real), err);
    h->hv = gk_alloc(ps->total, gk_dtype_size(s->real), err);
    if (h->grad && h->v && h->hv)
        return 0;
    gk_hessian_free(h);
    return -1;
}

void gk_hessian_free(struct gk_hessian *h)
{
    gk_free(h->grad);
    gk_free(h->v);
    gk_free(h->hv);
    *h = (struct gk_hessian){0};
}

int gk_hessian_at(struct gk_hessian *h, struct gk_study *s, struct gk_err *err)
{
    struct gk_score score;
    if (gk_engine_linearise(h->engine, s->theta, h->hv, &score, err))
        return -1;
    from_real(h, h->grad);
    h->products = 0;
    for (size_t i = 0; i < h->op.n; i++)
        if (!isfinite(h->grad[i]))
            return gk_fail(err, "the gradient is not finite");
    return 0;
}

void gk_hessian_take(const struct gk_hessian *h, const double *all, double *x)
{
    for (size_t i = 0; i < h->params->n; i++) {
        const struct gk_param *p = &h->params->p[i];
        if (h->matrices && p->rank != 2)
            continue;
        memcpy(x, all + p->offset, p->count * sizeof *x);
        x += p->count;
    }
}

void gk_hessian_spread(const struct gk_hessian *h, const double *x, double *all)
{
    for (size_t i = 0; i < h->params->n; i++) {
        const struct gk_param *p = &h->params->p[i];
        const bool chosen = !h->matrices || p->rank == 2;
        for (size_t j = 0; j < p->count; j++)
            all[p->offset + j] = chosen ? x[j] : 0;
        x += chosen ? p->count : 0;
    }
}

int gk_hessian_rayleigh(struct gk_hessian *h, double *rayleigh, struct gk_err *err)
{
    const size_t n = h->op.n;
    double *hg = gk_alloc(n, 2 * sizeof *hg, err), *g = hg + n;
    if (hg)
        gk_scale(g, h->grad, n, -gk_exponent(h->grad, n)); /* its length does not matter */
    if (!hg || apply(h, g, hg, err)) {
        gk_free(hg);
        return -1;
    }
    const double gg = gk_long_dot(n, g, g);
    *rayleigh = gg > 0 ? gk_long_dot(n, g, hg) / gg : NAN;
    gk_free(hg);
    return 0;
}
