/* The tensors of each architecture, in name order, and their initial values. */
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/net.h"
#include "gk/rng.h"

static int check_arch(const struct gk_arch *a, struct gk_err *err)
{
    static const struct {
        const char *name;
        int max;
    } limit[] = {{"layers", 64}, {"dim", 1 << 16}, {"ff", 1 << 20}, {"vocab", 1 << 20}};
    const int value[] = {a->layers, a->dim, a->ff, a->vocab};
    for (int i = 0; i < 4; i++)
        if (value[i] < 1 || value[i] > limit[i].max)
            return gk_fail_usage(err, "%s = %d is not in [1, %d]", limit[i].name, value[i],
                                 limit[i].max);
    if (a->model == GK_TRANSFORMER && (a->heads < 1 || a->dim % a->heads != 0))
        return gk_fail_usage(err, "%d heads do not divide the width %d", a->heads, a->dim);
    return 0;
}

/* Adds one tensor; shape1 = 0 makes it rank 1. */
static void add(struct gk_params *ps, size_t shape0, size_t shape1, const char *fmt, int layer)
{
    struct gk_param *p = &ps->p[ps->n++];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(p->name, sizeof p->name, fmt, layer);
#pragma GCC diagnostic pop
    p->rank = shape1 ? 2 : 1;
    p->shape[0] = shape0;
    p->shape[1] = shape1 ? shape1 : 1;
    p->count = p->shape[0] * p->shape[1];
}

static void add_transformer(struct gk_params *ps, const struct gk_arch *a)
{
    const size_t d = (size_t)a->dim, ff = (size_t)a->ff, v = (size_t)a->vocab;
    add(ps, v, d, "embed.weight", 0);
    add(ps, v, d, "unembed.weight", 0);
    for (int l = 0; l < a->layers; l++) {
        add(ps, d, d, "blocks.%d.attn.q.weight", l);
        add(ps, d, d, "blocks.%d.attn.k.weight", l);
        add(ps, d, d, "blocks.%d.attn.v.weight", l);
        add(ps, d, d, "blocks.%d.attn.o.weight", l);
        add(ps, d, 0, "blocks.%d.norm1.weight", l);
        add(ps, d, 0, "blocks.%d.norm1.bias", l);
        add(ps, ff, d, "blocks.%d.ffn.up.weight", l);
        add(ps, d, ff, "blocks.%d.ffn.down.weight", l);
        add(ps, d, 0, "blocks.%d.norm2.weight", l);
        add(ps, d, 0, "blocks.%d.norm2.bias", l);
    }
}

static void add_mlp(struct gk_params *ps, const struct gk_arch *a)
{
    const size_t d = (size_t)a->dim, h = (size_t)a->ff, v = (size_t)a->vocab;
    add(ps, v, d, "embed.weight", 0);
    for (int l = 0; l < a->layers; l++) {
        add(ps, h, l == 0 ? d : h, "layers.%d.weight", l);
        add(ps, h, 0, "layers.%d.bias", l);
    }
    add(ps, v, h, "unembed.weight", 0);
    add(ps, v, 0, "unembed.bias", 0);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct gk_param *)a)->name, ((const struct gk_param *)b)->name);
}

int gk_params_init(struct gk_params *ps, const struct gk_arch *a, struct gk_err *err)
{
    *ps = (struct gk_params){0};
    if (check_arch(a, err))
        return -1;
    ps->p = gk_alloc(4 + 10 * (size_t)a->layers, sizeof *ps->p, err);
    if (!ps->p)
        return -1;
    if (a->model == GK_TRANSFORMER)
        add_transformer(ps, a);
    else
        add_mlp(ps, a);
    qsort(ps->p, ps->n, sizeof *ps->p, by_name);
    for (size_t i = 0; i < ps->n; i++) {
        ps->p[i].offset = ps->total;
        ps->total += ps->p[i].count;
    }
    return 0;
}

void gk_params_free(struct gk_params *ps)
{
    gk_free(ps->p);
    *ps = (struct gk_params){0};
}

const struct gk_param *gk_params_find(const struct gk_params *ps, const char *name)
{
    for (size_t i = 0; i < ps->n; i++)
        if (strcmp(ps->p[i].name, name) == 0)
            return &ps->p[i];
    return NULL;
}

/* A bias draws from the range of the matrix it belongs to, as PyTorch's nn.Linear does. */
static size_t fan_in(const struct gk_params *ps, const struct gk_param *p)
{
    if (p->rank == 2)
        return p->shape[1];
    char name[sizeof p->name];
    snprintf(name, sizeof name, "%.*sweight", (int)(strlen(p->name) - strlen("bias")), p->name);
    return gk_params_find(ps, name)->shape[1];
}

void gk_params_draw(const struct gk_params *ps, const struct gk_arch *a, uint64_t seed,
                    double *theta)
{
    struct gk_rng rng;
    gk_rng_seed(&rng, seed, GK_RNG_INIT);
    for (size_t i = 0; i < ps->n; i++) {
        const struct gk_param *p = &ps->p[i];
        double *w = theta + p->offset;
        if (a->model == GK_TRANSFORMER && p->rank == 1) { /* LayerNorm */
            const bool gain = strstr(p->name, ".weight") != NULL;
            for (size_t j = 0; j < p->count; j++)
                w[j] = gain ? 1 : 0;
        } else if (strcmp(p->name, "embed.weight") == 0) {
            for (size_t j = 0; j < p->count; j++)
                w[j] = gk_rng_normal(&rng);
        } else {
            const double bound = 1 / sqrt((double)fan_in(ps, p));
            for (size_t j = 0; j < p->count; j++)
                w[j] = bound * (2 * gk_rng_uniform(&rng) - 1);
        }
    }
}

int gk_arch_fits(const struct gk_arch *a, const struct gk_dataset *d, struct gk_err *err)
{
    if (a->model == GK_TRANSFORMER) {
        if (a->vocab != d->vocab)
            return gk_fail(err, "the network has a vocabulary of %d tokens, the dataset of %d",
                           a->vocab, d->vocab);
        return 0;
    }
    if (!d->layout || strcmp(d->layout, "paper") != 0 || d->T < 3 || d->k != 1)
        return gk_fail(err, "the mlp reads operands at positions 0 and 2: it needs layout paper");
    if (a->vocab != d->elements)
        return gk_fail(err, "the mlp knows %d elements, the dataset has %d", a->vocab, d->elements);
    for (int s = 0; s < 2; s++) {
        const struct gk_rowset *r = &d->split[s];
        for (size_t i = 0; i < r->n; i++) {
            const int32_t *t = r->tokens + i * (size_t)d->T;
            if (t[0] >= d->elements || t[2] >= d->elements || r->labels[i] >= d->elements)
                return gk_fail(err, "%s row %zu: an operand or answer is not among the %d elements",
                               s == GK_TRAIN ? "train" : "val", i, d->elements);
        }
    }
    return 0;
}
