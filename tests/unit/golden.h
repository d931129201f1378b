/* The golden files of tests/golden as datasets and flat vectors, for the tests of the networks. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "gk/checkpoint.h"
#include "gk/dataset.h"
#include "gk/frame.h"
#include "gk/mem.h"
#include "gk/net.h"

struct golden {
    struct gk_frame f;
    struct gk_arch arch;
    struct gk_dataset data;
    struct gk_params params;
};

static inline void golden_must(int rc, const struct gk_err *err)
{
    if (rc) {
        fprintf(stderr, "golden: %s\n", err->msg);
        exit(1);
    }
}

static inline int golden_int(const struct gk_frame *f, const char *key)
{
    const char *v = gk_frame_meta(f, key);
    return v ? atoi(v) : 0;
}

static inline double *golden_tensor(const struct golden *g, const char *name, size_t *n)
{
    const struct gk_tensor *t = gk_frame_tensor(&g->f, name);
    if (!t) {
        fprintf(stderr, "golden: no tensor %s\n", name);
        exit(1);
    }
    double *v = gk_alloc(t->count, sizeof *v, NULL);
    gk_tensor_f64(t, v);
    if (n)
        *n = t->count;
    return v;
}

/* The parameters' flat vector of tensors PREFIX + name. */
static inline double *golden_vector(const struct golden *g, const char *prefix)
{
    struct gk_err err = {0};
    double *v = gk_alloc(g->params.total, sizeof *v, NULL);
    golden_must(gk_checkpoint_vector(&g->f, &g->params, prefix, GK_F64, v, &err), &err);
    return v;
}

/* mlp.safetensors has rows of bare operands; gk's mlp reads positions 0 and 2 of layout paper. */
static inline void golden_rows(struct golden *g, enum gk_split s, const char *tokens,
                               const char *labels)
{
    struct gk_err err = {0};
    const struct gk_tensor *t = gk_frame_tensor(&g->f, tokens), *l = gk_frame_tensor(&g->f, labels);
    struct gk_rowset *r = &g->data.split[s];
    if (!t || !l)
        return;
    const size_t n = t->shape[0], width = t->shape[1];
    g->data.T = width == 2 ? 3 : (int)width;
    g->data.k = (int)l->shape[1];
    r->n = n;
    int32_t *raw = gk_alloc(t->count, sizeof *raw, NULL);
    r->tokens = gk_alloc(n * (size_t)g->data.T, sizeof *r->tokens, NULL);
    r->labels = gk_alloc(l->count, sizeof *r->labels, NULL);
    golden_must(gk_tensor_i32(t, raw, &err), &err);
    golden_must(gk_tensor_i32(l, r->labels, &err), &err);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < width; j++)
            r->tokens[i * (size_t)g->data.T + (width == 2 ? 2 * j : j)] = raw[i * width + j];
    gk_free(raw);
}

/* The network's description from the metadata; the vocabulary of an mlp is its elements. */
static inline void golden_describe(struct golden *g)
{
    const struct gk_frame *f = &g->f;
    const struct gk_arch_item *item;
    const struct gk_tensor *positions = gk_frame_tensor(f, "param.positions.weight");
    g->arch = gk_arch_defaults(
        (enum gk_model)gk_choice_index(GK_MODEL_CHOICES, gk_frame_meta(f, "model")));
    g->arch.vocab = golden_int(f, "vocab");
    g->arch.tokens = positions ? (int)positions->shape[0] : 0;
    for (size_t i = 0; (item = gk_arch_item(i)); i++) {
        const char *said = gk_frame_meta(f, item->name);
        if (said && item->models & 1u << g->arch.model)
            gk_arch_set(&g->arch, item,
                        item->choices ? gk_choice_index(item->choices, said) : atoi(said));
    }
    if (g->arch.inputs == GK_INPUTS_ONEHOT)
        g->arch.dim = 0;
}

static inline void golden_open(struct golden *g, const char *file)
{
    struct gk_err err = {0};
    *g = (struct golden){0};
    golden_must(gk_frame_read_one(file, &g->f, &err), &err);
    const struct gk_frame *f = &g->f;
    golden_describe(g);
    const char *layout = gk_frame_meta(f, "layout");
    g->data.vocab = g->data.elements = g->arch.vocab;
    g->data.layout = gk_strdup(layout ? layout : "paper", NULL);
    golden_rows(g, GK_TRAIN, "train.tokens", "train.labels");
    golden_rows(g, GK_VAL, "val.tokens", "val.labels");
    for (int j = 0; j < g->data.k; j++)
        g->data.score[j] = g->data.T - g->data.k + j;
    golden_must(gk_params_init(&g->params, &g->arch, &err), &err);
}

static inline void golden_close(struct golden *g)
{
    gk_params_free(&g->params);
    gk_dataset_free(&g->data);
    gk_frame_free(&g->f);
}

/* |a - b| / |b| over n entries. */
static inline double golden_distance(const double *a, const double *b, size_t n)
{
    double diff = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        diff += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
    }
    return norm > 0 ? sqrt(diff / norm) : sqrt(diff);
}

/* Each tensor by itself: a small one must not hide behind a large one. A tensor that is all but
 * zero is measured against the whole vector. */
static inline double golden_worst(const struct gk_params *ps, const double *a, const double *b)
{
    double worst = 0, whole = 0;
    for (size_t i = 0; i < ps->total; i++)
        whole += b[i] * b[i];
    for (size_t i = 0; i < ps->n; i++) {
        const struct gk_param *p = &ps->p[i];
        double diff = 0, norm = 0;
        for (size_t j = p->offset; j < p->offset + p->count; j++) {
            diff += (a[j] - b[j]) * (a[j] - b[j]);
            norm += b[j] * b[j];
        }
        const double floor = 1e-8 * whole;
        const double rel = sqrt(diff / (norm > floor ? norm : floor));
        worst = rel > worst ? rel : worst;
    }
    return worst;
}

#endif
