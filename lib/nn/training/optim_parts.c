/* The parts of a step: its stages, its states, clipping, and sums over vectors. */
#include <math.h>

#include "gk/mem.h"
#include "gk/scale.h"
#include "nn/engine/dispatch.h"
#include "optim_priv.h"

void gk_optim_add_stage(struct gk_optim *o, gk_stage *stage)
{
    o->stage[o->nstage++] = stage;
}

void *gk_optim_add_state(struct gk_optim *o, struct gk_optim_state s, size_t count,
                         struct gk_err *err)
{
    s.vector = gk_alloc(count, o->size, err);
    if (s.vector)
        o->state[o->nstate++] = s;
    return s.vector;
}

void gk_optim_clip(struct gk_optim *o, double grad_norm)
{
    const double clip = o->conf.clip;
    o->update.scale = o->undecayed.scale = clip > 0 && grad_norm > clip ? clip / grad_norm : 1;
}

/* At most MOST_PARTS sums: the array fits on the stack for any N. */
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
                     .block = GK_OPTIM_BLOCK,
                     .size = gk_dtype_size(real),
                     .theta = theta,
                     .grad = grad ? grad : theta, /* read, but not reported */
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

double gk_vec_norm(enum gk_dtype real, size_t n, const void *v, double squared)
{
    return isnormal(squared) || real == GK_F32 ? sqrt(squared) : gk_norm2(v, n);
}
