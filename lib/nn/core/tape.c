/* The transformer's memory: everything is carved from a few arenas when the network is made, or
 * when curvature is first asked for; a step allocates nothing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gk/mem.h"
#include "transformer.h"

/* An arena is laid out twice: with mem NULL to learn its size, then for good. */
struct arena {
    real *mem;
    size_t used;
};

static real *carve(struct arena *a, size_t n)
{
    real *p = a->mem ? a->mem + a->used : NULL;
    a->used += (n + 15) / 16 * 16; /* whole cache lines */
    return p;
}

static void carve_forward(struct tape *tp, const struct transformer *tf, bool stem, size_t examples,
                          struct arena *ar)
{
    const size_t d = tf->d, n = tp->rows;
    for (size_t l = 0; l <= tf->L; l++) {
        struct fwd *f = &tp->f[l];
        const bool last = l + 1 == tf->L;
        const size_t m = last ? n - tp->q0 : n;
        f->x = carve(ar, l == tf->L ? (n - tp->q0) * d : n * d);
        if (l == tf->L)
            break;
        f->qkv = l ? carve(ar, n * 3 * d) : NULL;
        if (stem && last)
            break;
        f->p = carve(ar, m * tf->H * tf->T);
        f->a = l ? carve(ar, m * d) : NULL;
        f->xh1 = carve(ar, m * d);
        f->s1 = carve(ar, m);
        f->y = carve(ar, m * d);
        f->u = carve(ar, m * tf->ff);
        f->xh2 = carve(ar, m * d);
        f->s2 = carve(ar, m);
    }
    tp->z = carve(ar, tf->k * examples * tf->V);
}

static void carve_backward(struct tape *tp, const struct transformer *tf, size_t examples,
                           bool keep, struct arena *ar)
{
    const size_t d = tf->d, n = tp->rows;
    for (size_t l = 0; l < tf->L; l++) {
        struct bwd *b = &tp->b[l];
        if (l > 0 && !keep) { /* a step is done with one block before it comes to the next */
            *b = tp->b[0];
            continue;
        }
        b->dout = carve(ar, n * d);
        b->dh2 = carve(ar, n * d);
        b->du = carve(ar, n * tf->ff);
        b->dy = carve(ar, n * d);
        b->dh = carve(ar, n * d);
        b->da = carve(ar, n * d);
        b->dqkv = carve(ar, n * 3 * d);
    }
    if (keep)
        tp->prob = carve(ar, tf->k * examples * tf->V);
}

int X(tape_new)(struct tape *tp, const struct transformer *tf, size_t rows, size_t q0, bool stem,
                size_t examples, int backward, struct gk_err *err)
{
    *tp = (struct tape){.rows = rows, .q0 = q0};
    tp->f = gk_alloc(tf->L + 1, sizeof *tp->f, err);
    tp->b = gk_alloc(tf->L, sizeof *tp->b, err);
    if (!tp->f || !tp->b)
        return -1;
    for (int pass = 0; pass < 2; pass++) {
        struct arena ar = {tp->mem, 0};
        carve_forward(tp, tf, stem, examples, &ar);
        if (backward)
            carve_backward(tp, tf, examples, backward == 2, &ar);
        if (pass == 0 && !(tp->mem = gk_alloc(ar.used, sizeof(real), err)))
            return -1;
    }
    return 0;
}

void X(tape_free)(struct tape *tp)
{
    gk_free(tp->mem);
    gk_free(tp->f);
    gk_free(tp->b);
    *tp = (struct tape){0};
}

/* Struct weights' own order: the tensors that are used together stand together, then the
 * transposes. */
static struct segment *place(struct transformer *tf, const struct gk_params *ps, const char *name,
                             bool one_lane)
{
    const struct gk_param *p = gk_params_find(ps, name);
    struct segment *s = &tf->seg[tf->nseg++];
    *s = (struct segment){
        .flat = p->offset, .inner = tf->inner, .count = p->count, .one_lane = one_lane};
    tf->inner += p->count;
    return s;
}

static void align(size_t *at)
{
    *at = (*at + 15) / 16 * 16;
}

static void place_all(struct transformer *tf, const struct gk_params *ps)
{
    static const char *const names[] = {
        "attn.q.weight", "attn.k.weight", "attn.v.weight",   "attn.o.weight", "norm1.weight",
        "norm1.bias",    "ffn.up.weight", "ffn.down.weight", "norm2.weight",  "norm2.bias"};
    place(tf, ps, "embed.weight", true);
    align(&tf->inner);
    place(tf, ps, "unembed.weight", false);
    for (size_t l = 0; l < tf->L; l++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            char name[64];
            snprintf(name, sizeof name, "blocks.%zu.%s", l, names[i]);
            if (i == 0 || i > 2) /* q, k, v without gaps */
                align(&tf->inner);
            place(tf, ps, name, l == 0 && i < 4);
        }
    align(&tf->inner);
}

/* COUNT matrices, each (ld / count, in), have their transposes side by side, in rows of LD. */
static void transpose_together(struct transformer *tf, struct segment *s, size_t count, size_t in,
                               size_t ld)
{
    for (size_t i = 0; i < count; i++) {
        s[i].in = in;
        s[i].transposed = tf->with_transposes + i * (ld / count);
        s[i].ld = ld;
    }
    tf->with_transposes += in * ld;
    align(&tf->with_transposes);
}

static void place_transposes(struct transformer *tf)
{
    const size_t d = tf->d;
    struct segment *s = tf->seg + 1;
    tf->with_transposes = tf->inner;
    transpose_together(tf, s++, 1, d, tf->V);
    for (size_t l = 0; l < tf->L; l++, s += 10) {
        transpose_together(tf, s, 3, d, 3 * d);
        transpose_together(tf, s + 3, 1, d, d);
        transpose_together(tf, s + 6, 1, d, tf->ff);
        transpose_together(tf, s + 7, 1, tf->ff, d);
    }
}

int X(weights_new)(struct weights *w, const struct transformer *tf, bool transposed,
                   struct gk_err *err)
{
    w->mem = gk_alloc(transposed ? tf->with_transposes : tf->inner, sizeof(real), err);
    w->block = gk_alloc(tf->L, sizeof *w->block, err);
    w->transposed = transposed ? gk_alloc(tf->L, sizeof *w->transposed, err) : NULL;
    if (!w->mem || !w->block || (transposed && !w->transposed))
        return -1;
    const struct segment *s = tf->seg;
    real *mem = w->mem;
    w->embed = mem + s[0].inner;
    w->unembed = mem + s[1].inner;
    w->unembed_t = transposed ? mem + s[1].transposed : NULL;
    s += 2;
    for (size_t l = 0; l < tf->L; l++, s += 10) {
        w->block[l] =
            (struct block){mem + s[0].inner, mem + s[3].inner, mem + s[4].inner, mem + s[5].inner,
                           mem + s[6].inner, mem + s[7].inner, mem + s[8].inner, mem + s[9].inner};
        if (transposed)
            w->transposed[l] = (struct transposes){mem + s[0].transposed, mem + s[3].transposed,
                                                   mem + s[6].transposed, mem + s[7].transposed};
    }
    return 0;
}

void X(weights_free)(struct weights *w)
{
    gk_free(w->mem);
    gk_free(w->block);
    gk_free(w->transposed);
    *w = (struct weights){0};
}

static int table_new(struct table *t, const struct transformer *tf, bool backward,
                     struct gk_err *err)
{
    t->x = gk_alloc(tf->ntab_max * tf->d, sizeof(real), err);
    t->qkv = gk_alloc(tf->ntab_max * 3 * tf->d, sizeof(real), err);
    t->vo = gk_alloc(tf->ntab_max * tf->H * tf->d, sizeof(real), err);
    t->dvo = backward ? gk_alloc(tf->ntab_max * tf->H * tf->d, sizeof(real), err) : NULL;
    t->dqkv = backward ? gk_alloc(tf->ntab_max * 3 * tf->d, sizeof(real), err) : NULL;
    t->dx = backward ? gk_alloc(tf->ntab_max * tf->d, sizeof(real), err) : NULL;
    return t->x && t->qkv && t->vo && (!backward || (t->dqkv && t->dvo && t->dx)) ? 0 : -1;
}

static void table_free(struct table *t)
{
    gk_free(t->x);
    gk_free(t->qkv);
    gk_free(t->vo);
    gk_free(t->dqkv);
    gk_free(t->dvo);
    gk_free(t->dx);
}

static int lane_new(struct lane *ln, const struct transformer *tf, struct gk_err *err)
{
    ln->dstem = gk_alloc(tf->L, sizeof *ln->dstem, err);
    if (!ln->dstem || X(weights_new)(&ln->g, tf, false, err))
        return -1;
    ln->dtab = gk_alloc(tf->ntab_max * 3 * tf->d, sizeof(real), err);
    ln->dtabx = gk_alloc(tf->ntab_max * tf->d, sizeof(real), err);
    ln->dtabvo = gk_alloc(tf->ntab_max * tf->H * tf->d, sizeof(real), err);
    if (!ln->dtab || !ln->dtabx || !ln->dtabvo)
        return -1;
    for (size_t l = 1; l < tf->L; l++)
        if (!(ln->dstem[l] = gk_alloc(tf->nstem_max * 3 * tf->d, sizeof(real), err)))
            return -1;
    return 0;
}

static void lane_free(struct lane *ln, size_t L)
{
    X(weights_free)(&ln->g);
    gk_free(ln->dtab);
    gk_free(ln->dtabx);
    gk_free(ln->dtabvo);
    for (size_t l = 0; ln->dstem && l < L; l++)
        gk_free(ln->dstem[l]);
    gk_free(ln->dstem);
}

/* Fixed sinusoids (gk-train(1)), (T, d). */
static void positions(real *pos, size_t T, size_t d)
{
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < d; i++) {
            const double w = (double)t / pow(10000, (double)(i - i % 2) / (double)d);
            pos[t * d + i] = (real)(i % 2 ? cos(w) : sin(w));
        }
}

static size_t leaf_positions(const struct gk_plan *p)
{
    return (size_t)(p->T - p->s);
}

static int leaf_tape(struct tape *tp, const struct transformer *tf, size_t m, int backward,
                     struct gk_err *err)
{
    return X(tape_new)(tp, tf, m * leaf_positions(tf->plan),
                       m * (size_t)(tf->plan->first - tf->plan->s), false, m, backward, err);
}

/* Gradients are asked of a shared plan only: a full one serves activations. */
static int make_room(struct transformer *tf, struct gk_err *err)
{
    const bool grad = tf->plan->kind == GK_PLAN_SHARED;
    const size_t threads = tf->pool ? (size_t)gk_pool_threads(tf->pool) : 1;
    if (X(weights_new)(&tf->w, tf, true, err) || table_new(&tf->tab, tf, grad, err) ||
        X(tape_new)(&tf->stem, tf, tf->nstem_max, tf->nstem_max, true, 0, grad ? 2 : 0, err))
        return -1;
    for (size_t i = 0; grad && i < tf->nlane_max; i++)
        if (lane_new(&tf->lane[i], tf, err))
            return -1;
    tf->scratch = gk_alloc(threads, sizeof *tf->scratch, err);
    for (size_t i = 0; tf->scratch && i < threads; i++)
        if (leaf_tape(&tf->scratch[i], tf, tf->plan->tile_cap, grad, err))
            return -1;
    tf->position = gk_alloc(tf->T * tf->d, sizeof(real), err);
    tf->tile_loss = gk_alloc(tf->plan->n, sizeof *tf->tile_loss, err);
    tf->right = gk_alloc(tf->plan->n * tf->k, 1, err);
    if (!tf->scratch || !tf->position || !tf->tile_loss || !tf->right)
        return -1;
    positions(tf->position, tf->T, tf->d);
    return 0;
}

void *X(transformer_make)(const struct gk_arch *a, const struct gk_params *ps,
                          const struct gk_plan *plan, struct gk_pool *pool, struct gk_err *err)
{
    struct transformer *tf = gk_alloc(1, sizeof *tf, err);
    if (!tf)
        return NULL;
    tf->d = (size_t)a->dim;
    tf->H = (size_t)a->heads;
    tf->ff = (size_t)a->ff;
    tf->V = (size_t)a->vocab;
    tf->L = (size_t)a->layers;
    tf->T = (size_t)plan->T;
    tf->k = (size_t)plan->k;
    tf->plan = plan;
    tf->pool = pool;
    tf->nlane_max = plan->nlane;
    tf->nstem_max = plan->nstem;
    tf->ntab_max = plan->ntab;
    tf->seg = gk_alloc(ps->n, sizeof *tf->seg, err);
    if (!tf->seg) {
        X(transformer_free)(tf);
        return NULL;
    }
    place_all(tf, ps);
    place_transposes(tf);
    if (make_room(tf, err)) {
        X(transformer_free)(tf);
        return NULL;
    }
    return tf;
}

int X(transformer_linearise_room)(struct transformer *tf, struct gk_err *err)
{
    if (tf->kept)
        return 0;
    tf->kept = gk_alloc(tf->plan->ntile, sizeof *tf->kept, err);
    for (size_t t = 0; tf->kept && t < tf->plan->ntile; t++)
        if (leaf_tape(&tf->kept[t], tf, tf->plan->tile[t + 1] - tf->plan->tile[t], 2, err))
            return -1;
    return tf->kept ? 0 : -1;
}

int X(transformer_product_room)(struct transformer *tf, struct gk_err *err)
{
    if (tf->rscratch)
        return 0;
    const size_t threads = tf->pool ? (size_t)gk_pool_threads(tf->pool) : 1;
    if (X(weights_new)(&tf->rw, tf, true, err) || table_new(&tf->rtab, tf, true, err) ||
        X(tape_new)(&tf->rstem, tf, tf->nstem_max, tf->nstem_max, true, 0, 2, err))
        return -1;
    tf->rscratch = gk_alloc(threads, sizeof *tf->rscratch, err);
    for (size_t i = 0; tf->rscratch && i < threads; i++)
        if (leaf_tape(&tf->rscratch[i], tf, tf->plan->tile_cap, 1, err))
            return -1;
    return tf->rscratch ? 0 : -1;
}

static void tapes_free(struct tape *tp, size_t n)
{
    for (size_t i = 0; tp && i < n; i++)
        X(tape_free)(&tp[i]);
    gk_free(tp);
}

void X(transformer_free)(void *net)
{
    struct transformer *tf = net;
    if (!tf)
        return;
    const size_t threads = tf->pool ? (size_t)gk_pool_threads(tf->pool) : 1;
    tapes_free(tf->scratch, threads);
    tapes_free(tf->rscratch, threads);
    tapes_free(tf->kept, tf->kept ? tf->plan->ntile : 0);
    X(tape_free)(&tf->stem);
    X(tape_free)(&tf->rstem);
    table_free(&tf->tab);
    table_free(&tf->rtab);
    for (size_t i = 0; i < tf->nlane_max; i++)
        lane_free(&tf->lane[i], tf->L);
    X(weights_free)(&tf->w);
    X(weights_free)(&tf->rw);
    gk_free(tf->position);
    gk_free(tf->tile_loss);
    gk_free(tf->right);
    gk_free(tf->seg);
    gk_free(tf);
}
