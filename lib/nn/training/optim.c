/* Optimisers on a flat vector. The vector is cut into fixed blocks where decaying and other
 * parameters meet; each block is a task of the pool. */
#include "gk/optim.h"

#include <math.h>
#include <string.h>

#include "gk/mem.h"
#include "nn/engine/dispatch.h"
#include "optim_priv.h"

/* What each kind has: the names of its states, its unusual defaults, and what its update uses. */
static const struct kind {
    const char *a, *b;
    double weight_decay, beta2, momentum;
    struct gk_optim_uses uses;
} kinds[GK_OPTIM_KINDS] = {
    [GK_ADAMW] = {"m", "v", .weight_decay = 1, .uses = {true, true, true, .warmup = true}},
    [GK_ADAM] = {"m", "v", .uses = {true, true, true, .warmup = true}},
    [GK_ADAMAX] = {"m", "u", .uses = {true, true, true, .warmup = true}},
    [GK_RMSPROP] = {"v", .beta2 = 0.99, .uses = {.beta2 = true, .eps = true, .warmup = true}},
    [GK_RPROP] = {.a = "before", .b = "stepsize", .uses = {.signs = true}},
    [GK_MOMENTUM] = {"buf", .uses = {.momentum = true, .warmup = true}},
    [GK_SGD] = {.uses = {.warmup = true}},
    [GK_LION] = {"m", .weight_decay = 1, .beta2 = 0.99, .uses = {true, true, .warmup = true}},
    [GK_MUON] = {"m", "v", .weight_decay = 1, .momentum = 0.95,
                 .uses = {true, true, true, true, true, .warmup = true}}};

struct gk_optim_conf gk_optim_defaults(enum gk_optimizer kind)
{
    const struct kind *q = &kinds[kind];
    return (struct gk_optim_conf){.kind = kind,
                                  .lr = 1e-3,
                                  .weight_decay = q->weight_decay,
                                  .beta1 = 0.9,
                                  .beta2 = q->beta2 > 0 ? q->beta2 : 0.98,
                                  .eps = 1e-8,
                                  .momentum = q->momentum > 0 ? q->momentum : 0.9,
                                  .muon_lr = 0.02,
                                  .warmup = 10};
}

struct gk_optim_uses gk_optim_uses(enum gk_optimizer kind)
{
    return kinds[kind].uses;
}

/* Cuts [begin, end) into blocks; while there is no array yet, only counts them. */
static void cut(struct gk_optim *o, size_t begin, size_t end, bool decays)
{
    for (; begin < end; begin += GK_OPTIM_BLOCK, o->nblock++)
        if (o->block)
            o->block[o->nblock] = (struct gk_block){
                begin, end - begin < GK_OPTIM_BLOCK ? end : begin + GK_OPTIM_BLOCK, decays};
}

/* Adjacent tensors with the same treatment are cut as one. */
static void cut_all(struct gk_optim *o)
{
    const struct gk_params *ps = &o->some;
    o->nblock = 0;
    for (size_t i = 0, next; i < ps->n; i = next) {
        const bool decays = !o->conf.decay_matrices || ps->p[i].rank == 2;
        size_t end = ps->p[i].offset + ps->p[i].count;
        for (next = i + 1; next < ps->n && ps->p[next].offset == end &&
                           (!o->conf.decay_matrices || ps->p[next].rank == 2) == decays;
             next++)
            end += ps->p[next].count;
        cut(o, ps->p[i].offset, end, decays);
    }
}

static void update_block(void *ctx, size_t task, int thread)
{
    const struct gk_optim *o = ctx;
    const struct gk_block b = o->block[task];
    const size_t at = b.begin * o->size;
    (void)thread;
    if (o->keep)
        memcpy(o->keep + at, o->theta + at, (b.end - b.begin) * o->size);
    o->kernels->update[o->conf.kind](b.decays ? &o->update : &o->undecayed, b.end - b.begin,
                                     o->theta + at, o->grad + at, o->a ? o->a + at : NULL,
                                     o->b ? o->b + at : NULL);
}

static void update_elements(struct gk_optim *o)
{
    gk_pool_run(o->pool, o->nblock, update_block, o);
}

/* The tensors of PS; without PS, all N elements as one tensor that decays. */
static int list_tensors(struct gk_optim *o, const struct gk_params *ps, struct gk_err *err)
{
    const struct gk_param whole = {.rank = 2, .shape = {o->n, 1}, .count = o->n};
    const size_t n = ps ? ps->n : 1;
    o->all = (struct gk_params){gk_alloc(n, sizeof *o->all.p, err), n, o->n};
    o->some = (struct gk_params){gk_alloc(n, sizeof *o->some.p, err), 0, o->n};
    if (!o->all.p || !o->some.p)
        return -1;
    for (size_t i = 0; i < n; i++) {
        o->all.p[i] = ps ? ps->p[i] : whole;
        if (!gk_muon_takes(&o->conf, &o->all.p[i]))
            o->some.p[o->some.n++] = o->all.p[i];
    }
    return 0;
}

static int make_update(struct gk_optim *o, struct gk_err *err)
{
    const struct kind *q = &kinds[o->conf.kind];
    cut_all(o);
    o->block = gk_alloc(o->nblock, sizeof *o->block, err);
    if (!o->block)
        return -1;
    cut_all(o);
    const struct gk_optim_state a = {.name = q->a, .tensors = &o->all};
    const struct gk_optim_state b = {.name = q->b, .tensors = &o->some};
    if ((q->a && !(o->a = gk_optim_add_state(o, a, o->n, err))) ||
        (q->b && !(o->b = gk_optim_add_state(o, b, o->n, err))))
        return -1;
    if (o->conf.kind == GK_RPROP) { /* the first step sizes */
        for (size_t i = 0; i < o->n; i++)
            gk_reals_narrow(o->real, 1, &o->conf.lr, o->b + i * o->size);
    }
    gk_optim_add_stage(o, update_elements);
    return 0;
}

static int make(struct gk_optim *o, const struct gk_params *ps, struct gk_err *err)
{
    if (list_tensors(o, ps, err) || gk_change_gradient(o, err) || make_update(o, err) ||
        gk_muon_new(o, err))
        return -1;
    if (o->conf.clip_rows > 0)
        gk_optim_add_stage(o, gk_clip_rows);
    if (o->conf.hold_norm > 0)
        gk_optim_add_stage(o, gk_hold_norm);
    return 0;
}

int gk_optim_new(struct gk_optim **out, const struct gk_optim_conf *conf, size_t n,
                 const struct gk_params *ps, enum gk_dtype real, struct gk_pool *pool,
                 struct gk_err *err)
{
    *out = NULL;
    struct gk_optim *o = gk_alloc(1, sizeof *o, err);
    if (!o)
        return -1;
    *o = (struct gk_optim){.conf = *conf,
                           .kernels = GK_COMPILATION(gk_optim_kernels, real),
                           .changes = GK_COMPILATION(gk_intervention_kernels, real),
                           .pool = pool,
                           .real = real};
    o->n = n;
    o->size = gk_dtype_size(real);
    if (make(o, ps, err)) {
        gk_optim_free(o);
        return -1;
    }
    *out = o;
    return 0;
}

void gk_optim_free(struct gk_optim *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->nstate; i++)
        gk_free(o->state[i].vector);
    gk_muon_free(o);
    gk_interventions_free(o);
    gk_free(o->block);
    gk_params_free(&o->all);
    gk_params_free(&o->some);
    gk_free(o);
}

/* The rate after warm-up, at update K. */
static double warm(const struct gk_optim_conf *conf, int64_t k)
{
    return !kinds[conf->kind].uses.warmup || k >= conf->warmup ? 1
                                                               : (double)k / (double)conf->warmup;
}

double gk_optim_lr(const struct gk_optim_conf *conf, int64_t k)
{
    return conf->lr * warm(conf, k);
}

void gk_optim_keep(struct gk_optim *o, void *prev)
{
    o->keep = prev;
}

void gk_optim_step(struct gk_optim *o, int64_t k, void *theta, const void *grad, double grad_norm)
{
    const struct gk_optim_conf *c = &o->conf;
    o->update = (struct gk_update){
        .decay = c->weight_decay,
        .lr = gk_optim_lr(c, k),
        .beta1 = c->beta1,
        .beta2 = c->beta2,
        .eps = c->eps,
        .momentum = c->momentum,
        .bias1 = 1 - pow(c->beta1, (double)k + 1),
        .bias2 = 1 - pow(c->beta2, (double)k + 1),
    };
    o->undecayed = o->update;
    o->undecayed.decay = 0;
    o->k = k;
    o->warm = warm(c, k);
    o->theta = theta;
    o->grad = grad;
    gk_optim_clip(o, grad_norm);
    for (size_t i = 0; i < o->nstage; i++)
        o->stage[i](o);
}

size_t gk_optim_states(const struct gk_optim *o)
{
    return o->nstate;
}
