/* Muon: the matrices inside blocks and hidden layers, each a task of the pool. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "optim_priv.h"

bool gk_muon_takes(const struct gk_optim_conf *conf, const struct gk_param *p)
{
    return conf->kind == GK_MUON && p->rank == 2 &&
           (strncmp(p->name, "blocks.", 7) == 0 || strncmp(p->name, "layers.", 7) == 0);
}

static void update_matrix(void *ctx, size_t task, int thread)
{
    const struct gk_optim *o = ctx;
    const struct gk_optim_conf *c = &o->conf;
    const struct gk_param *p = &o->all.p[o->matrix[task]];
    const size_t at = p->offset * o->size;
    const double rate = c->muon_lr * o->warm;
    const double tall = (double)p->shape[0] / (double)p->shape[1];
    const struct gk_muon_update u = {.rows = p->shape[0],
                                     .cols = p->shape[1],
                                     .scale = o->update.scale,
                                     .momentum = c->momentum,
                                     .lr = rate * sqrt(fmax(1, tall)),
                                     .shrink = 1 - rate * c->weight_decay};
    if (o->keep)
        memcpy(o->keep + at, o->theta + at, p->count * o->size);
    o->changes->muon(&u, o->theta + at, o->grad + at, o->a + at,
                     o->work + (size_t)thread * o->work_size);
}

static void update_matrices(struct gk_optim *o)
{
    gk_pool_run(o->pool, o->nmatrix, update_matrix, o);
}

/* The largest first, so that threads finish together. */
static void sort(struct gk_optim *o)
{
    for (size_t i = 1; i < o->nmatrix; i++) {
        const size_t m = o->matrix[i];
        size_t j = i;
        for (; j > 0 && o->all.p[o->matrix[j - 1]].count < o->all.p[m].count; j--)
            o->matrix[j] = o->matrix[j - 1];
        o->matrix[j] = m;
    }
}

int gk_muon_new(struct gk_optim *o, struct gk_err *err)
{
    if (o->conf.kind != GK_MUON)
        return 0;
    size_t most = 0;
    o->matrix = gk_alloc(o->all.n, sizeof *o->matrix, err);
    if (!o->matrix)
        return -1;
    for (size_t i = 0; i < o->all.n; i++) {
        const struct gk_param *p = &o->all.p[i];
        if (!gk_muon_takes(&o->conf, p))
            continue;
        o->matrix[o->nmatrix++] = i;
        const size_t need = gk_muon_work(p->shape[0], p->shape[1]);
        most = need > most ? need : most;
    }
    sort(o);
    o->work_size = (most * o->size + 63) / 64 * 64;
    o->work = gk_alloc((size_t)gk_pool_threads(o->pool), o->work_size, err);
    if (!o->work)
        return -1;
    gk_optim_add_stage(o, update_matrices);
    return 0;
}

void gk_muon_free(struct gk_optim *o)
{
    gk_free(o->matrix);
    gk_free(o->work);
}
