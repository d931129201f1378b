/* The networks as they are defined, without any sharing: every position of every example by itself,
 * naive loops in double, for every description. For the tests of the engine. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "gk/mem.h"
#include "gk/net.h"
#include "gk/rng.h"

struct ref {
    const struct gk_arch *a;
    const struct gk_params *ps;
    const double *theta;
};

/* NULL: the network has no such tensor. */
static inline const double *ref_tensor(const struct ref *r, const char *fmt, int l)
{
    char name[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(name, sizeof name, fmt, l);
#pragma GCC diagnostic pop
    const struct gk_param *p = gk_params_find(r->ps, name);
    return p ? r->theta + p->offset : NULL;
}

enum { MAX_T = 8, MAX_D = 128, MAX_FF = 64, MAX_V = 64 };

/* y = W x + b with the tensors KIND.weight and KIND.bias of layer L. */
static inline void ref_affine(const struct ref *r, const char *kind, int l, int out, int in,
                              const double *x, double *y)
{
    char name[64];
    snprintf(name, sizeof name, "%s.weight", kind);
    const double *w = ref_tensor(r, name, l);
    snprintf(name, sizeof name, "%s.bias", kind);
    const double *b = ref_tensor(r, name, l);
    for (int i = 0; i < out; i++) {
        y[i] = b ? b[i] : 0;
        for (int j = 0; j < in; j++)
            y[i] += w[i * in + j] * x[j];
    }
}

static inline void ref_layernorm(const struct ref *r, const char *kind, int l, const double *x,
                                 double *y)
{
    const int d = r->a->dim;
    double mean = 0, var = 0;
    char name[64];
    for (int j = 0; j < d; j++)
        mean += x[j] / d;
    for (int j = 0; j < d; j++)
        var += (x[j] - mean) * (x[j] - mean) / d;
    snprintf(name, sizeof name, "%s.weight", kind);
    const double *gain = ref_tensor(r, name, l);
    snprintf(name, sizeof name, "%s.bias", kind);
    const double *bias = ref_tensor(r, name, l);
    for (int j = 0; j < d; j++)
        y[j] = gain[j] * (x[j] - mean) / sqrt(var + 1e-5) + bias[j];
}

static inline double ref_activation(const struct ref *r, double x)
{
    switch ((enum gk_activation)r->a->activation) {
    case GK_RELU:
        return x > 0 ? x : 0;
    case GK_LEAKY:
        return x > 0 ? x : 0.01 * x;
    case GK_GELU:
        return x * (1 + erf(x / sqrt(2))) / 2;
    case GK_SQUARE:
        return x * x;
    case GK_SILU:
        return x / (1 + exp(-x));
    case GK_TANH:
        return tanh(x);
    case GK_ACTIVATION_KINDS:
        break;
    }
    abort();
}

/* What a half of a block reads of the stream at X, and how its result Y joins it. */
static inline void ref_enter(const struct ref *r, const char *norm, int l, const double *x,
                             double *h)
{
    if (r->a->norm == GK_NORM_PRE || r->a->norm == GK_NORM_BLOCK)
        ref_layernorm(r, norm, l, x, h);
    else
        memcpy(h, x, (size_t)r->a->dim * sizeof *h);
}

static inline void ref_join(const struct ref *r, const char *norm, int l, const double *y,
                            double *x)
{
    for (int i = 0; i < r->a->dim; i++)
        x[i] += y[i];
    if (r->a->norm == GK_NORM_POST)
        ref_layernorm(r, norm, l, x, x);
}

static inline void ref_block(const struct ref *r, int l, int T, double x[MAX_T][MAX_D])
{
    const int d = r->a->dim, H = r->a->heads, w = d / H, ff = r->a->ff;
    double q[MAX_T][MAX_D], k[MAX_T][MAX_D], v[MAX_T][MAX_D], h[MAX_D], y[MAX_D], up[MAX_FF];
    for (int t = 0; t < T; t++) {
        ref_enter(r, "blocks.%d.norm1", l, x[t], h);
        if (r->a->norm == GK_NORM_BLOCK)
            memcpy(x[t], h, (size_t)d * sizeof *h);
        ref_affine(r, "blocks.%d.attn.q", l, d, d, h, q[t]);
        ref_affine(r, "blocks.%d.attn.k", l, d, d, h, k[t]);
        ref_affine(r, "blocks.%d.attn.v", l, d, d, h, v[t]);
    }
    for (int t = 0; t < T; t++) {
        double a[MAX_D] = {0};
        for (int head = 0; head < H; head++) {
            double s[MAX_T], sum = 0;
            for (int j = 0; j <= t; j++) {
                s[j] = 0;
                for (int i = head * w; i < (head + 1) * w; i++)
                    s[j] += q[t][i] * k[j][i];
                sum += s[j] = exp(s[j] / sqrt(w));
            }
            for (int j = 0; j <= t; j++)
                for (int i = head * w; i < (head + 1) * w; i++)
                    a[i] += s[j] / sum * v[j][i];
        }
        ref_affine(r, "blocks.%d.attn.o", l, d, d, a, y);
        ref_join(r, "blocks.%d.norm1", l, y, x[t]);
        ref_enter(r, "blocks.%d.norm2", l, x[t], h);
        ref_affine(r, "blocks.%d.ffn.up", l, ff, d, h, up);
        for (int i = 0; i < ff; i++)
            up[i] = ref_activation(r, up[i]);
        ref_affine(r, "blocks.%d.ffn.down", l, d, ff, up, y);
        ref_join(r, "blocks.%d.norm2", l, y, x[t]);
    }
}

static inline double ref_position(const struct ref *r, int t, int i)
{
    const int d = r->a->dim;
    const double w = t / pow(10000, (double)(i - i % 2) / d);
    if (r->a->positions == GK_POSITIONS_LEARNED)
        return ref_tensor(r, "positions.weight", 0)[t * d + i];
    return r->a->positions == GK_POSITIONS_NONE ? 0 : i % 2 ? cos(w) : sin(w);
}

/* One read-out's loss of label Y; *TOP is the largest output. */
static inline double ref_loss(const struct ref *r, const double *z, int y, int *top)
{
    const int V = r->a->vocab;
    double sum = 0, squares = 0, at = 0;
    *top = 0;
    for (int i = 0; i < V; i++)
        *top = z[i] > z[*top] ? i : *top;
    for (int i = 0; i < V; i++) {
        const double s = r->a->loss != GK_STABLEMAX ? exp(z[i] - z[*top])
                         : z[i] >= 0                ? z[i] + 1
                                                    : 1 / (1 - z[i]);
        sum += s;
        at = i == y ? s : at;
        squares += (z[i] - (i == y)) * (z[i] - (i == y)) / V;
    }
    if (r->a->loss == GK_MSE)
        return squares;
    return r->a->loss == GK_STABLEMAX ? log(sum / at) : log(sum) + z[*top] - z[y];
}

static inline void ref_transformer(const struct ref *r, const struct gk_dataset *ds,
                                   const int32_t *tokens, double z[][MAX_V])
{
    const int d = r->a->dim;
    double x[MAX_T][MAX_D], h[MAX_D];
    for (int t = 0; t < ds->T; t++)
        for (int i = 0; i < d; i++)
            x[t][i] = ref_tensor(r, "embed.weight", 0)[tokens[t] * d + i] + ref_position(r, t, i);
    for (int l = 0; l < r->a->layers; l++)
        ref_block(r, l, ds->T, x);
    for (int j = 0; j < ds->k; j++) {
        ref_enter(r, "final_norm", 0, x[ds->score[j]], h);
        ref_affine(r, "unembed", 0, r->a->vocab, d, h, z[j]);
    }
}

static inline void ref_mlp(const struct ref *r, int a, int b, double *z)
{
    const int d = r->a->dim, V = r->a->vocab;
    double x[2 * MAX_D + 2 * MAX_V] = {0}, y[MAX_FF];
    int in = r->a->inputs == GK_INPUTS_SUM ? d : r->a->inputs == GK_INPUTS_CONCAT ? 2 * d : 2 * V;
    const double *e = ref_tensor(r, "embed.weight", 0);
    for (int i = 0; e && i < d; i++) {
        x[i] += e[a * d + i];
        x[i + in - d] += e[b * d + i];
    }
    if (!e)
        x[a] = x[V + b] = 1;
    for (int l = 0; l < r->a->layers; l++, in = r->a->ff) {
        ref_affine(r, "layers.%d", l, r->a->ff, in, x, y);
        for (int i = 0; i < r->a->ff; i++)
            x[i] = ref_activation(r, y[i]);
    }
    ref_affine(r, "unembed", 0, V, in, x, z);
}

/* Sum of the scored positions' losses of one row; *RIGHT if all their largest outputs are right. */
static inline double ref_row(const struct ref *r, const struct gk_dataset *ds,
                             const int32_t *tokens, const int32_t *labels, int *right)
{
    double z[MAX_T][MAX_V], loss = 0;
    if (r->a->model == GK_MLP)
        ref_mlp(r, tokens[0], tokens[gk_dataset_second_operand(ds)], z[0]);
    else
        ref_transformer(r, ds, tokens, z);
    *right = 1;
    for (int j = 0; j < ds->k; j++) {
        int top;
        loss += ref_loss(r, z[j], labels[j], &top);
        *right &= top == labels[j];
    }
    return loss;
}

static inline struct gk_score ref_score(const struct ref *r, const struct gk_dataset *ds,
                                        const uint32_t *subset, size_t n)
{
    struct gk_score s = {0, 0};
    const struct gk_rowset *rows = &ds->split[GK_TRAIN];
    for (size_t i = 0; i < n; i++) {
        const size_t row = subset ? subset[i] : i;
        int right;
        s.loss += ref_row(r, ds, rows->tokens + row * (size_t)ds->T,
                          rows->labels + row * (size_t)ds->k, &right);
        s.acc += right;
    }
    s.loss /= (double)n * ds->k;
    s.acc /= (double)n;
    return s;
}

static inline void must(int rc, const struct gk_err *err)
{
    if (rc) {
        fprintf(stderr, "%s\n", err->msg);
        exit(1);
    }
}

/* ---- random datasets ---- */

/* The first SHARED positions take few values, so that prefixes are shared; the others any. */
static inline void dataset(struct gk_dataset *ds, struct gk_rng *rng, size_t n, int T, int shared,
                           const int *score, int k, int vocab)
{
    *ds = (struct gk_dataset){.T = T, .k = k, .vocab = vocab, .elements = vocab};
    struct gk_rowset *r = &ds->split[GK_TRAIN];
    r->n = n;
    r->tokens = gk_alloc(n * (size_t)T, sizeof *r->tokens, NULL);
    r->labels = gk_alloc(n * (size_t)k, sizeof *r->labels, NULL);
    for (size_t i = 0; i < n * (size_t)T; i++) {
        const bool few = (int)(i % (size_t)T) < shared;
        r->tokens[i] = (int32_t)gk_rng_below(rng, few ? 3 : (uint64_t)vocab);
    }
    for (size_t i = 0; i < n * (size_t)k; i++)
        r->labels[i] = (int32_t)gk_rng_below(rng, (uint64_t)vocab);
    for (int j = 0; j < k; j++)
        ds->score[j] = score[j];
}

static inline double dot(const double *a, const double *b, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += a[i] * b[i];
    return s;
}

/* theta + h v */
static inline void along(const double *theta, const double *v, double h, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = theta[i] + h * v[i];
}

#endif
