/* The engine's products, in its precision and over all parameters, as an operator in double on the
 * selected ones. */
#include "gk/hessian.h"

#include <math.h>
#include <string.h>

#include "gk/basis.h"
#include "gk/mem.h"
#include "gk/scale.h"
#include "precondition.h"

static bool chosen(const struct gk_hessian *h, const struct gk_param *p)
{
    return !h->conf.matrices || p->rank == 2;
}

/* v = x on the selected tensors, 0 elsewhere. */
static void to_real(const struct gk_hessian *h, const double *x)
{
    for (size_t i = 0; i < h->params->n; i++) {
        const struct gk_param *p = &h->params->p[i];
        char *to = (char *)h->v + p->offset * gk_dtype_size(h->real);
        if (!chosen(h, p)) {
            memset(to, 0, p->count * gk_dtype_size(h->real));
            continue;
        }
        gk_reals_narrow(h->real, p->count, x, to);
        x += p->count;
    }
}

/* y = the selected tensors of hv. */
static void from_real(const struct gk_hessian *h, double *y)
{
    for (size_t i = 0; i < h->params->n; i++) {
        const struct gk_param *p = &h->params->p[i];
        if (!chosen(h, p))
            continue;
        gk_reals_widen(h->real, p->count, (const char *)h->hv + p->offset * gk_dtype_size(h->real),
                       y);
        y += p->count;
    }
}

/* to [op.n] = P^-1/2 x */
static const double *rescale(const struct gk_hessian *h, const double *x, double *to)
{
    if (!h->scale)
        return x;
    for (size_t i = 0; i < h->op.n; i++)
        to[i] = h->scale[i] * x[i];
    return to;
}

static int apply(void *ctx, const double *x, double *y, struct gk_err *err)
{
    struct gk_hessian *h = ctx;
    to_real(h, rescale(h, x, h->scaled));
    if (gk_engine_hvp(h->engine, h->v, h->hv, err))
        return -1;
    from_real(h, y);
    (void)rescale(h, y, y);
    h->products++;
    if (h->conf.tick)
        h->conf.tick();
    return 0;
}

int gk_hessian_init(struct gk_hessian *h, struct gk_study *s, const struct gk_hessian_conf *conf,
                    struct gk_err *err)
{
    struct gk_engine *e = s->engine[conf->split];
    const struct gk_params *ps = gk_engine_params(e);
    *h = (struct gk_hessian){.engine = e, .params = ps, .real = s->real, .conf = *conf};
    h->op = (struct gk_operator){.apply = apply, .ctx = h};
    for (size_t i = 0; i < ps->n; i++)
        h->op.n += chosen(h, &ps->p[i]) ? ps->p[i].count : 0;
    h->grad = gk_alloc(h->op.n, sizeof *h->grad, err);
    h->v = gk_alloc(ps->total, gk_dtype_size(s->real), err);
    h->hv = gk_alloc(ps->total, gk_dtype_size(s->real), err);
    bool room = h->grad && h->v && h->hv;
    if (room && conf->precondition) {
        h->scale = gk_alloc(h->op.n, sizeof *h->scale, err);
        h->scaled = gk_alloc(h->op.n, sizeof *h->scaled, err);
        h->all = gk_alloc(ps->total, sizeof *h->all, err);
        room = h->scale && h->scaled && h->all;
    }
    if (room)
        return 0;
    gk_hessian_free(h);
    return -1;
}

void gk_hessian_free(struct gk_hessian *h)
{
    gk_free(h->grad);
    gk_free(h->v);
    gk_free(h->hv);
    gk_free(h->scale);
    gk_free(h->scaled);
    gk_free(h->all);
    *h = (struct gk_hessian){0};
}

int gk_hessian_at(struct gk_hessian *h, struct gk_study *s, const struct gk_frame *f,
                  struct gk_err *err)
{
    struct gk_score score;
    const int none = h->scale ? precondition_read(f, &s->ckpt, h->all, err) : 0;
    if (none) {
        gk_fail_about(err, "precondition");
        return none;
    }
    if (h->scale)
        gk_hessian_take(h, h->all, h->scale);
    if (gk_engine_linearise(h->engine, s->theta, h->hv, &score, err))
        return gk_frame_fail_at(f, err);
    from_real(h, h->grad);
    (void)rescale(h, h->grad, h->grad);
    h->products = 0;
    for (size_t i = 0; i < h->op.n; i++)
        if (!isfinite(h->grad[i]))
            return gk_frame_fail(f, err, "the gradient is not finite");
    if (h->conf.gauss_newton && gk_engine_linearise_logits(h->engine, s->theta, err))
        return gk_frame_fail_at(f, err);
    return 0;
}

void gk_hessian_take(const struct gk_hessian *h, const double *all, double *x)
{
    for (size_t i = 0; i < h->params->n; i++) {
        const struct gk_param *p = &h->params->p[i];
        if (!chosen(h, p))
            continue;
        memcpy(x, all + p->offset, p->count * sizeof *x);
        x += p->count;
    }
}

void gk_hessian_spread(const struct gk_hessian *h, const double *x, double *all)
{
    for (size_t i = 0; i < h->params->n; i++) {
        const struct gk_param *p = &h->params->p[i];
        const bool is = chosen(h, p);
        for (size_t j = 0; j < p->count; j++)
            all[p->offset + j] = is ? x[j] : 0;
        x += is ? p->count : 0;
    }
}

int gk_hessian_rayleigh(struct gk_hessian *h, double *rayleigh, struct gk_err *err)
{
    const size_t n = h->op.n;
    double *hg = gk_alloc(n, 2 * sizeof *hg, err);
    if (!hg)
        return -1;
    double *g = hg + n;
    gk_scale(g, h->grad, n, -gk_exponent(h->grad, n)); /* its length does not matter */
    if (apply(h, g, hg, err)) {
        gk_free(hg);
        return -1;
    }
    const double gg = gk_long_dot(n, g, g);
    *rayleigh = gg > 0 ? gk_long_dot(n, g, hg) / gg : NAN;
    gk_free(hg);
    return 0;
}
