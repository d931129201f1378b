/* Optimisers on a flat vector. The vector is cut into fixed blocks at the borders of what decays
 * and what does not; a block is a task of the pool. */
#include "gk/optim.h"

#include <math.h>
#include <string.h>

#include "nn/core/kernels/optim_kernels.h"
#include "nn/engine/dispatch.h"
#include "gk/mem.h"

enum { BLOCK = 8192, MOST_STATES = 2 };

struct block {
    size_t begin, end;
    bool decays;
};

struct gk_optim {
    struct gk_optim_conf conf;
    const struct gk_optim_kernels *kernels;
    struct gk_pool *pool;
    size_t n, size; /* elements, bytes an element */
    struct block *block;
    size_t nblock;
    void *state[MOST_STATES]; /* [n] each, or NULL */
    char *keep;               /* [n] or NULL */
    /* the update at hand */
    struct gk_update update, undecayed;
    char *theta;
    const char *grad;
};

static const char *const state_names[GK_OPTIM_KINDS][MOST_STATES] = {
    [GK_ADAMW] = {"m", "v"},
    [GK_ADAM] = {"m", "v"},
    [GK_ADAMAX] = {"m", "u"},
    [GK_RMSPROP] = {"v"},
    [GK_MOMENTUM] = {"buf"},
    [GK_SGD] = {NULL},
    [GK_RPROP] = {"before", "stepsize"}};

struct gk_optim_conf gk_optim_defaults(enum gk_optimizer kind)
{
    return (struct gk_optim_conf){.kind = kind,
                                  .lr = 1e-3,
                                  .weight_decay = kind == GK_ADAMW ? 1 : 0,
                                  .beta1 = 0.9,
                                  .beta2 = kind == GK_RMSPROP ? 0.99 : 0.98,
                                  .eps = 1e-8,
                                  .momentum = 0.9,
                                  .warmup = 10};
}

/* Cuts [begin, end) into blocks; counts them only while there is no array yet. */
static void cut(struct gk_optim *o, size_t begin, size_t end, bool decays)
{
    for (; begin < end; begin += BLOCK, o->nblock++)
        if (o->block)
            o->block[o->nblock] =
                (struct block){begin, end - begin < BLOCK ? end : begin + BLOCK, decays};
}

static void cut_all(struct gk_optim *o, const struct gk_params *ps)
{
    o->nblock = 0;
    if (!o->conf.decay_matrices || !ps) {
        cut(o, 0, o->n, true);
        return;
    }
    for (size_t i = 0, next; i < ps->n; i = next) {
        const bool decays = ps->p[i].rank == 2;
        for (next = i + 1; next < ps->n && (ps->p[next].rank == 2) == decays;)
            next++;
        cut(o, ps->p[i].offset, ps->p[next - 1].offset + ps->p[next - 1].count, decays);
    }
}

static void fill(enum gk_dtype real, size_t n, void *v, double x)
{
    for (size_t i = 0; i < n; i++) {
        if (real == GK_F64)
            ((double *)v)[i] = x;
        else
            ((float *)v)[i] = (float)x;
    }
}

int gk_optim_new(struct gk_optim **out, const struct gk_optim_conf *conf, size_t n,
                 const struct gk_params *ps, enum gk_dtype real, struct gk_pool *pool,
                 struct gk_err *err)
{
    *out = NULL;
    struct gk_optim *o = gk_alloc(1, sizeof *o, err);
    if (!o)
        return -1;
    *o = (struct gk_optim){
        .conf = *conf, .kernels = GK_COMPILATION(gk_optim_kernels, real), .pool = pool};
    o->n = n;
    o->size = gk_dtype_size(real);
    cut_all(o, ps);
    o->block = gk_alloc(o->nblock, sizeof *o->block, err);
    if (!o->block)
        goto failed;
    cut_all(o, ps);
    for (size_t i = 0; i < gk_optim_states(o); i++) {
        o->state[i] = gk_alloc(n, o->size, err);
        if (!o->state[i])
            goto failed;
        if (conf->kind == GK_RPROP && i == 1)
            fill(real, n, o->state[i], conf->lr); /* the first step sizes */
    }
    *out = o;
    return 0;
failed:
    gk_optim_free(o);
    return -1;
}

void gk_optim_free(struct gk_optim *o)
{
    if (!o)
        return;
    for (int i = 0; i < MOST_STATES; i++)
        gk_free(o->state[i]);
    gk_free(o->block);
    gk_free(o);
}

double gk_optim_lr(const struct gk_optim_conf *conf, int64_t k)
{
    if (conf->kind == GK_RPROP || k >= conf->warmup)
        return conf->lr;
    return conf->lr * ((double)k / (double)conf->warmup);
}

void gk_optim_keep(struct gk_optim *o, void *prev)
{
    o->keep = prev;
}

static void update_block(void *ctx, size_t task, int thread)
{
    const struct gk_optim *o = ctx;
    const struct block b = o->block[task];
    const size_t at = b.begin * o->size;
    (void)thread;
    if (o->keep)
        memcpy(o->keep + at, o->theta + at, (b.end - b.begin) * o->size);
    o->kernels->update[o->conf.kind](b.decays ? &o->update : &o->undecayed, b.end - b.begin,
                                     o->theta + at, o->grad + at,
                                     o->state[0] ? (char *)o->state[0] + at : NULL,
                                     o->state[1] ? (char *)o->state[1] + at : NULL);
}

void gk_optim_step(struct gk_optim *o, int64_t k, void *theta, const void *grad, double grad_norm)
{
    const struct gk_optim_conf *c = &o->conf;
    o->update = (struct gk_update){
        .scale = c->clip > 0 && grad_norm > c->clip ? c->clip / grad_norm : 1,
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
    o->theta = theta;
    o->grad = grad;
    gk_pool_run(o->pool, o->nblock, update_block, o);
}

size_t gk_optim_states(const struct gk_optim *o)
{
    size_t n = 0;
    while (n < MOST_STATES && state_names[o->conf.kind][n])
        n++;
    return n;
}

const char *gk_optim_state_name(const struct gk_optim *o, size_t i)
{
    return state_names[o->conf.kind][i];
}

void *gk_optim_state(struct gk_optim *o, size_t i)
{
    return o->state[i];
}

/* At most MOST_PARTS sums: their array fits on the stack whatever N is. */
enum { MOST_PARTS = 256 };

struct dots {
    gk_dots_kernel *kernel;
    size_t n, block, size;
    const char *theta, *grad, *prev, *init;
    double part[MOST_PARTS][GK_DOTS];
};

static void dot_block(void *ctx, size_t task, int thread)
{
    struct dots *d = ctx;
    const size_t begin = task * d->block, at = begin * d->size;
    const size_t n = d->n - begin < d->block ? d->n - begin : d->block;
    (void)thread;
    d->kernel(n, d->theta + at, d->grad + at, d->prev + at, d->init + at, d->part[task]);
}

void gk_vec_dots(struct gk_pool *pool, enum gk_dtype real, size_t n, const void *theta,
                 const void *grad, const void *prev, const void *init, struct gk_dots *out)
{
    struct dots d = {.kernel = GK_COMPILATION(gk_optim_kernels, real)->dots,
                     .n = n,
                     .block = BLOCK,
                     .size = gk_dtype_size(real),
                     .theta = theta,
                     .grad = grad ? grad : theta, /* read, and not told */
                     .prev = prev ? prev : theta,
                     .init = init ? init : theta};
    double sum[GK_DOTS] = {0};
    while (n / d.block >= MOST_PARTS)
        d.block *= 2;
    const size_t parts = (n + d.block - 1) / d.block;
    gk_pool_run(pool, parts, dot_block, &d);
    for (size_t i = 0; i < parts; i++)
        for (int j = 0; j < GK_DOTS; j++)
            sum[j] += d.part[i][j];
    *out = (struct gk_dots){.gg = grad ? sum[GK_DOT_GG] : NAN,
                            .tt = sum[GK_DOT_TT],
                            .tp = prev ? sum[GK_DOT_TP] : NAN,
                            .pp = prev ? sum[GK_DOT_PP] : NAN,
                            .ti = init ? sum[GK_DOT_TI] : NAN};
}
