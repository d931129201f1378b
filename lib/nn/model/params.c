/* The tensors of each description, in name order, and their initial values: one table gives each
 * tensor's shape, its role, and the networks that have it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/net.h"
#include "gk/rng.h"
#include "gk/scale.h"

/* The lengths that make up shapes; NONE: a vector. IN is the width of the mlp's input. */
enum length { NONE, VOCAB, DIM, FF, TOKENS, IN };

/* The networks that have a tensor: those whose int at AT has one of VALUES, a set of bits. */
struct rule {
    const char *name; /* "%d": one per layer */
    enum gk_model model;
    enum length rows, cols;
    enum gk_param_kind kind;
    size_t at;
    unsigned values;
};

#define ALWAYS           offsetof(struct gk_arch, model), GK_TM
#define HAS(field, bits) offsetof(struct gk_arch, field), (bits)
#define NORMED           HAS(norm, 1 << GK_NORM_POST | 1 << GK_NORM_PRE | 1 << GK_NORM_BLOCK)
#define LAST_NORMED      HAS(norm, 1 << GK_NORM_PRE | 1 << GK_NORM_BLOCK)
#define FFN_BIAS         HAS(bias, 1 << GK_BIAS_FFN | 1 << GK_BIAS_ALL | 1 << GK_BIAS_BLOCKS)
#define ATTN_BIAS        HAS(bias, 1 << GK_BIAS_ALL | 1 << GK_BIAS_BLOCKS)
#define ALL_BIAS         HAS(bias, 1 << GK_BIAS_ALL)
static const struct rule rules[] = {
    {"embed.weight", GK_TRANSFORMER, VOCAB, DIM, GK_EMBED, ALWAYS},
    {"positions.weight", GK_TRANSFORMER, TOKENS, DIM, GK_EMBED,
     HAS(positions, 1 << GK_POSITIONS_LEARNED)},
    {"unembed.weight", GK_TRANSFORMER, VOCAB, DIM, GK_UNEMBED, ALWAYS},
    {"unembed.bias", GK_TRANSFORMER, VOCAB, NONE, GK_BIAS, ALL_BIAS},
    {"final_norm.weight", GK_TRANSFORMER, DIM, NONE, GK_GAIN, LAST_NORMED},
    {"final_norm.bias", GK_TRANSFORMER, DIM, NONE, GK_SHIFT, LAST_NORMED},
    {"blocks.%d.attn.q.weight", GK_TRANSFORMER, DIM, DIM, GK_MATRIX, ALWAYS},
    {"blocks.%d.attn.q.bias", GK_TRANSFORMER, DIM, NONE, GK_BIAS, ATTN_BIAS},
    {"blocks.%d.attn.k.weight", GK_TRANSFORMER, DIM, DIM, GK_MATRIX, ALWAYS},
    {"blocks.%d.attn.k.bias", GK_TRANSFORMER, DIM, NONE, GK_BIAS, ATTN_BIAS},
    {"blocks.%d.attn.v.weight", GK_TRANSFORMER, DIM, DIM, GK_MATRIX, ALWAYS},
    {"blocks.%d.attn.v.bias", GK_TRANSFORMER, DIM, NONE, GK_BIAS, ATTN_BIAS},
    {"blocks.%d.attn.o.weight", GK_TRANSFORMER, DIM, DIM, GK_MATRIX, ALWAYS},
    {"blocks.%d.attn.o.bias", GK_TRANSFORMER, DIM, NONE, GK_BIAS, ATTN_BIAS},
    {"blocks.%d.norm1.weight", GK_TRANSFORMER, DIM, NONE, GK_GAIN, NORMED},
    {"blocks.%d.norm1.bias", GK_TRANSFORMER, DIM, NONE, GK_SHIFT, NORMED},
    {"blocks.%d.ffn.up.weight", GK_TRANSFORMER, FF, DIM, GK_MATRIX, ALWAYS},
    {"blocks.%d.ffn.up.bias", GK_TRANSFORMER, FF, NONE, GK_BIAS, FFN_BIAS},
    {"blocks.%d.ffn.down.weight", GK_TRANSFORMER, DIM, FF, GK_MATRIX, ALWAYS},
    {"blocks.%d.ffn.down.bias", GK_TRANSFORMER, DIM, NONE, GK_BIAS, FFN_BIAS},
    {"blocks.%d.norm2.weight", GK_TRANSFORMER, DIM, NONE, GK_GAIN, NORMED},
    {"blocks.%d.norm2.bias", GK_TRANSFORMER, DIM, NONE, GK_SHIFT, NORMED},
    {"embed.weight", GK_MLP, VOCAB, DIM, GK_EMBED,
     HAS(inputs, 1 << GK_INPUTS_SUM | 1 << GK_INPUTS_CONCAT)},
    {"layers.%d.weight", GK_MLP, FF, IN, GK_MATRIX, ALWAYS},
    {"layers.%d.bias", GK_MLP, FF, NONE, GK_BIAS, ALL_BIAS},
    {"unembed.weight", GK_MLP, VOCAB, FF, GK_UNEMBED, ALWAYS},
    {"unembed.bias", GK_MLP, VOCAB, NONE, GK_BIAS, ALL_BIAS},
};
enum { RULES = sizeof rules / sizeof *rules };

static bool holds(const struct rule *r, const struct gk_arch *a)
{
    int v;
    memcpy(&v, (const char *)a + r->at, sizeof v);
    return r->model == a->model && (r->values & 1u << v);
}

static size_t length(enum length what, const struct gk_arch *a, int layer)
{
    const size_t d = (size_t)a->dim, v = (size_t)a->vocab;
    switch (what) {
    case NONE:
        return 1;
    case VOCAB:
        return v;
    case DIM:
        return d;
    case FF:
        return (size_t)a->ff;
    case TOKENS:
        return (size_t)a->tokens;
    case IN:
        break;
    }
    if (layer > 0)
        return (size_t)a->ff;
    return a->inputs == GK_INPUTS_SUM ? d : a->inputs == GK_INPUTS_CONCAT ? 2 * d : 2 * v;
}

static void name_of(const struct rule *r, int layer, char *buf, size_t size)
{
    const char *at = strstr(r->name, "%d");
    if (at)
        snprintf(buf, size, "%.*s%d%s", (int)(at - r->name), r->name, layer, at + 2);
    else
        snprintf(buf, size, "%s", r->name);
}

static void add(struct gk_params *ps, const struct rule *r, const struct gk_arch *a, int layer)
{
    struct gk_param *p = &ps->p[ps->n++];
    name_of(r, layer, p->name, sizeof p->name);
    p->kind = r->kind;
    p->rank = r->cols == NONE ? 1 : 2;
    p->shape[0] = length(r->rows, a, layer);
    p->shape[1] = length(r->cols, a, layer);
    p->count = p->shape[0] * p->shape[1];
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct gk_param *)a)->name, ((const struct gk_param *)b)->name);
}

int gk_params_init(struct gk_params *ps, const struct gk_arch *a, struct gk_err *err)
{
    *ps = (struct gk_params){0};
    if (gk_arch_check(a, err))
        return -1;
    ps->p = gk_alloc(RULES * (size_t)a->layers, sizeof *ps->p, err);
    if (!ps->p)
        return -1;
    for (const struct rule *r = rules; r < rules + RULES; r++)
        for (int l = 0; holds(r, a) && l < (strchr(r->name, '%') ? a->layers : 1); l++)
            add(ps, r, a, l);
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

const struct gk_arch_item *gk_params_missing(const struct gk_arch *a, const char *name)
{
    for (const struct rule *r = rules; r < rules + RULES; r++) {
        bool same = r->model == a->model && !holds(r, a);
        for (int l = 0; same && l < (strchr(r->name, '%') ? a->layers : 1); l++) {
            char would[sizeof((struct gk_param *)0)->name];
            name_of(r, l, would, sizeof would);
            if (strcmp(would, name) != 0)
                continue;
            for (size_t i = 0; gk_arch_item(i); i++)
                if (gk_arch_item(i)->at == r->at)
                    return gk_arch_item(i);
        }
    }
    return NULL;
}

/* A bias is drawn from the range of its matrix, as in PyTorch's nn.Linear. */
static size_t fan_in(const struct gk_params *ps, const struct gk_param *p)
{
    if (p->rank == 2)
        return p->shape[1];
    char name[sizeof p->name];
    snprintf(name, sizeof name, "%.*sweight", (int)(strlen(p->name) - strlen("bias")), p->name);
    return gk_params_find(ps, name)->shape[1];
}

/* Is it q, k or v, or a bias of the attention? PyTorch's nn.MultiheadAttention draws these as one
 * matrix (3 dim, dim) by Xavier's rule, and has biases of 0. */
static bool in_attention(const struct gk_param *p)
{
    const char *at = strstr(p->name, ".attn.");
    return at && (p->kind == GK_BIAS || at[strlen(".attn.")] != 'o');
}

/* The bound of a tensor that is drawn uniformly. */
static double bound_of(const struct gk_params *ps, const struct gk_param *p,
                       const struct gk_init *in)
{
    if (in->kind != GK_INIT_TORCH || !in_attention(p))
        return 1 / sqrt((double)fan_in(ps, p));
    return p->kind == GK_BIAS ? 0 : sqrt(6 / (4 * (double)p->shape[1]));
}

/* The standard deviation of a matrix that is drawn from a normal distribution. */
static double deviation(const struct gk_param *p, const struct gk_arch *a, const struct gk_init *in)
{
    const double width =
        a->dim > 0 ? a->dim : a->ff; /* one-hot inputs leave only the hidden width */
    if (in->kind == GK_INIT_NORMAL)
        return in->std;
    if (in->kind == GK_INIT_NANDA)
        return 1 / sqrt(p->kind == GK_UNEMBED ? (double)a->vocab : width);
    return 1 / sqrt((double)p->shape[1]);
}

/* Scales x [n] to the norm WANT. */
static void set_norm(size_t n, double *x, double want)
{
    gk_scale(x, x, n, -gk_exponent(x, n));
    const double norm = gk_norm2(x, n);
    for (size_t i = 0; i < n && norm > 0; i++)
        x[i] *= want / norm;
}

void gk_params_rescale(const struct gk_params *ps, const struct gk_init *in, double *theta)
{
    for (size_t i = 0; i < ps->n; i++) {
        const struct gk_param *p = &ps->p[i];
        const size_t width = p->rank == 2 ? p->shape[1] : p->count;
        double *w = theta + p->offset;
        for (size_t j = 0; p->rank == 2 && j < p->count; j++)
            w[j] *= in->scale;
        for (size_t j = 0; in->rows > 0 && j < p->count; j += width)
            set_norm(width, w + j, in->rows);
    }
}

void gk_params_draw(const struct gk_params *ps, const struct gk_arch *a, const struct gk_init *in,
                    uint64_t seed, double *theta)
{
    static const struct gk_init paper = {.kind = GK_INIT_PAPER, .scale = 1};
    struct gk_rng rng;
    gk_rng_seed(&rng, seed, GK_RNG_INIT);
    in = in ? in : &paper;
    for (size_t i = 0; i < ps->n; i++) {
        const struct gk_param *p = &ps->p[i];
        const bool linear = in->kind == GK_INIT_PAPER || in->kind == GK_INIT_TORCH;
        const bool uniform = linear && p->kind != GK_EMBED;
        double *w = theta + p->offset;
        if (p->rank == 1 && (p->kind != GK_BIAS || !uniform)) {
            for (size_t j = 0; j < p->count; j++)
                w[j] = p->kind == GK_GAIN ? 1 : 0;
        } else if (uniform) {
            const double bound = bound_of(ps, p, in);
            for (size_t j = 0; j < p->count; j++)
                w[j] = bound * (2 * gk_rng_uniform(&rng) - 1);
        } else {
            const double std = linear ? 1 : deviation(p, a, in);
            for (size_t j = 0; j < p->count; j++)
                w[j] = std * gk_rng_normal(&rng);
        }
    }
    gk_params_rescale(ps, in, theta);
}

static int fits_mlp(const struct gk_arch *a, const struct gk_dataset *d, struct gk_err *err)
{
    const int b = gk_dataset_second_operand(d);
    if (b < 0)
        return gk_fail(err,
                       "model mlp, inputs %s: it reads the operands of layout paper or nanda, and "
                       "the dataset's layout is %s%s%s",
                       gk_choice_word(GK_INPUTS_CHOICES, a->inputs).s, d->layout ? "'" : "",
                       d->layout ? gk_show(d->layout).s : "not in its metadata",
                       d->layout ? "'" : "");
    if (a->vocab != d->elements)
        return gk_fail(err, "the mlp knows %d elements, the dataset has %d", a->vocab, d->elements);
    for (int s = 0; s < 2; s++) {
        const struct gk_rowset *r = &d->split[s];
        for (size_t i = 0; i < r->n; i++) {
            const int32_t *t = r->tokens + i * (size_t)d->T;
            if (t[0] >= d->elements || t[b] >= d->elements || r->labels[i] >= d->elements)
                return gk_fail(err, "%s row %zu: an operand or answer is not among the %d elements",
                               s == GK_TRAIN ? "train" : "val", i, d->elements);
        }
    }
    return 0;
}

int gk_arch_fits(const struct gk_arch *a, const struct gk_dataset *d, struct gk_err *err)
{
    if (a->model == GK_MLP)
        return fits_mlp(a, d, err);
    if (a->vocab != d->vocab)
        return gk_fail(err, "the network has a vocabulary of %d tokens, the dataset of %d",
                       a->vocab, d->vocab);
    if (a->positions == GK_POSITIONS_LEARNED && a->tokens < d->T)
        return gk_fail(err, "the network has learned %d positions, the dataset has %d tokens a row",
                       a->tokens, d->T);
    return 0;
}
