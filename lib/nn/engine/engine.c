/* The engine: a dataset's split, its prefix plan, and the compiled network that this machine
 * runs. */
#include <math.h>

#include "nn/core/compiled_net.h"
#include "dispatch.h"
#include "gk/mem.h"
#include "gk/net.h"
#include "gk/subnormal.h"
#include "nn/plan/plan.h"

struct gk_engine {
    struct gk_arch arch;
    struct gk_params params;
    enum gk_dtype real;
    struct gk_pool *pool;
    const struct gk_dataset *data;
    const struct gk_rowset *rows;
    const struct gk_net_ops *ops;
    struct gk_plan plan;
    void *net;                /* NULL for an empty split */
    bool subset;              /* the plan covers some rows only */
    bool linearised;          /* since the plan last changed */
    struct gk_plan full_plan; /* for activations; made on request */
    void *full;
};

static size_t tile_of(const struct gk_engine *e)
{
    return gk_plan_tile(&e->arch, e->rows->n, e->ops->tile);
}

/* A sum of embeddings does not depend on their order, so the mlp computes such rows once. */
static enum gk_plan_kind plan_kind(const struct gk_arch *a)
{
    return a->model == GK_MLP && a->inputs == GK_INPUTS_SUM ? GK_PLAN_PAIRS : GK_PLAN_SHARED;
}

int gk_engine_new(struct gk_engine **out, const struct gk_arch *a, const struct gk_dataset *d,
                  enum gk_split split, enum gk_dtype real, struct gk_pool *pool, struct gk_err *err)
{
    struct gk_engine *e = gk_alloc(1, sizeof *e, err);
    if (!e)
        return -1;
    e->arch = *a;
    e->real = real;
    e->pool = pool;
    e->data = d;
    e->rows = &d->split[split];
    e->ops = a->model == GK_MLP ? GK_COMPILATION(mlp, real) : GK_COMPILATION(transformer, real);
    if (gk_params_init(&e->params, a, err) || gk_arch_fits(a, d, err) || e->ops->products(err))
        goto fail;
    if (e->rows->n > 0) {
        if (gk_plan_new(&e->plan, d, e->rows, plan_kind(a), tile_of(e), err))
            goto fail;
        e->net = e->ops->make(a, &e->params, &e->plan, pool, err);
        if (!e->net)
            goto fail;
    }
    *out = e;
    return 0;
fail:
    gk_engine_free(e);
    return -1;
}

void gk_engine_free(struct gk_engine *e)
{
    if (!e)
        return;
    if (e->net)
        e->ops->free(e->net);
    if (e->full)
        e->ops->free(e->full);
    gk_plan_free(&e->plan);
    gk_plan_free(&e->full_plan);
    gk_params_free(&e->params);
    gk_free(e);
}

const struct gk_params *gk_engine_params(const struct gk_engine *e)
{
    return &e->params;
}

size_t gk_engine_rows(const struct gk_engine *e)
{
    return e->rows->n;
}

/* Makes the plan cover SUBSET, or all rows again. */
static void select_rows(struct gk_engine *e, const uint32_t *subset, size_t n)
{
    if (subset)
        gk_plan_select(&e->plan, subset, n);
    else if (e->subset)
        gk_plan_select(&e->plan, NULL, e->rows->n);
    if (subset || e->subset)
        e->linearised = false;
    e->subset = subset != NULL;
}

/* Runs Q on NET. The logits of a network that has memorised are so far apart that most
 * probabilities are subnormal, and with them a part of every gradient before the sums over rows.
 * They are lost in these sums, but make a step several times as slow. So subnormal numbers are 0
 * here; they are kept in the optimiser, where a second moment is the square of a gradient. */
static int run(const struct gk_engine *e, void *net, const struct gk_net_request *q,
               struct gk_err *err)
{
    const gk_fpmode mode = gk_fpmode_get();
    gk_fpmode_set(gk_fpmode_flushing(mode));
    const int rc = e->ops->run(net, q, err);
    gk_fpmode_set(mode);
    return rc || e->ops->products(err) ? -1 : 0;
}

static int need_rows(const struct gk_engine *e, struct gk_err *err)
{
    return e->net ? 0 : gk_fail(err, "the split has no rows");
}

int gk_engine_score(struct gk_engine *e, const void *theta, struct gk_score *s, struct gk_err *err)
{
    if (!e->net) {
        *s = (struct gk_score){NAN, NAN};
        return 0;
    }
    select_rows(e, NULL, 0);
    const struct gk_net_request q = {.mode = GK_NET_SCORE, .theta = theta, .score = s};
    if (run(e, e->net, &q, err))
        return -1;
    if (!isfinite(s->loss)) /* an overflow: no logits were compared */
        s->acc = NAN;
    return 0;
}

int gk_engine_grad(struct gk_engine *e, const void *theta, const uint32_t *subset, size_t n,
                   void *grad, struct gk_score *s, struct gk_err *err)
{
    if (need_rows(e, err))
        return -1;
    if (subset && (n < 1 || n > e->rows->n))
        return gk_fail(err, "a batch of %zu of %zu rows", n, e->rows->n);
    select_rows(e, subset, n);
    const struct gk_net_request q = {
        .mode = GK_NET_GRADIENT, .theta = theta, .out = grad, .score = s};
    return run(e, e->net, &q, err);
}

int gk_engine_logits(struct gk_engine *e, const void *theta, void *logits, struct gk_err *err)
{
    if (need_rows(e, err))
        return -1;
    select_rows(e, NULL, 0);
    const struct gk_net_request q = {.mode = GK_NET_SCORE, .theta = theta, .logits = logits};
    return run(e, e->net, &q, err);
}

static int linearise(struct gk_engine *e, const struct gk_net_request *q, struct gk_err *err)
{
    if (need_rows(e, err))
        return -1;
    select_rows(e, NULL, 0);
    e->linearised = run(e, e->net, q, err) == 0;
    return e->linearised ? 0 : -1;
}

int gk_engine_linearise(struct gk_engine *e, const void *theta, void *grad, struct gk_score *s,
                        struct gk_err *err)
{
    const struct gk_net_request q = {
        .mode = GK_NET_LINEARISE, .theta = theta, .out = grad, .score = s};
    return linearise(e, &q, err);
}

int gk_engine_linearise_logits(struct gk_engine *e, const void *theta, struct gk_err *err)
{
    const struct gk_net_request q = {
        .mode = GK_NET_LINEARISE, .theta = theta, .gauss_newton = true};
    return linearise(e, &q, err);
}

int gk_engine_hvp(struct gk_engine *e, const void *v, void *hv, struct gk_err *err)
{
    if (!e->linearised)
        return gk_fail(err, "a Hessian product needs a linearised engine");
    const struct gk_net_request q = {.mode = GK_NET_PRODUCT, .v = v, .out = hv};
    return run(e, e->net, &q, err);
}

size_t gk_engine_activation_width(const struct gk_engine *e, int layer)
{
    if (e->arch.model == GK_MLP && layer > 0)
        return (size_t)e->arch.ff;
    return (size_t)e->arch.dim * (e->arch.inputs == GK_INPUTS_CONCAT ? 2 : 1);
}

int gk_engine_activation_positions(const struct gk_engine *e)
{
    return e->arch.model == GK_MLP ? 1 : e->data->T;
}

int gk_engine_activations(struct gk_engine *e, const void *theta, int layer, void *act,
                          struct gk_err *err)
{
    if (need_rows(e, err))
        return -1;
    if (layer < 0 || layer > e->arch.layers)
        return gk_fail(err, "there is no layer %d: the network has %d", layer, e->arch.layers);
    if (layer == 0 && e->arch.inputs == GK_INPUTS_ONEHOT)
        return gk_fail(err, "a network with inputs onehot has no activations 'embed'");
    if (!e->full) {
        if (gk_plan_new(&e->full_plan, e->data, e->rows, GK_PLAN_FULL, tile_of(e), err))
            return -1;
        e->full = e->ops->make(&e->arch, &e->params, &e->full_plan, e->pool, err);
        if (!e->full)
            return -1;
    }
    const struct gk_net_request q = {
        .mode = GK_NET_SCORE, .theta = theta, .act = act, .layer = layer};
    return run(e, e->full, &q, err);
}
