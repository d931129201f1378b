/* The transformer's memory: a few arenas, allocated when the network is made, or when curvature is
 * first requested. A step allocates nothing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gk/mem.h"
#include "transformer.h"

/* An arena is laid out twice: with mem NULL to find its size, then for use. */
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
                          int backward, struct arena *ar)
{
    const size_t d = tf->d, n = tp->rows;
    const bool enters = tf->norm->enters, joins = tf->norm->joins;
    for (size_t l = 0; l <= tf->L; l++) {
        struct fwd *f = &tp->f[l];
        const bool last = l + 1 == tf->L;
        const size_t m = last ? n - tp->q0 : n;
        f->x = carve(ar, l == tf->L ? (n - tp->q0) * d : n * d);
        if (l == tf->L)
            break;
        f->h1 = enters && l ? carve(ar, n * d) : f->x;
        f->qkv = l ? carve(ar, n * 3 * d) : NULL;
        f->xh1 = enters && l ? carve(ar, n * d) : joins ? carve(ar, m * d) : NULL;
        f->s1 = enters && l ? carve(ar, n) : joins ? carve(ar, m) : NULL;
        if (stem && last)
            break;
        f->p = carve(ar, m * tf->H * tf->T);
        f->a = l ? carve(ar, m * d) : NULL;
        f->y = carve(ar, m * d);
        f->h2 = enters ? carve(ar, m * d) : f->y;
        f->u = carve(ar, m * tf->ff);
        f->f1 = tf->act->curved && backward ? carve(ar, m * tf->ff) : NULL;
        f->f2 = tf->act->curved && backward == 2 ? carve(ar, m * tf->ff) : NULL;
        f->xh2 = enters || joins ? carve(ar, m * d) : NULL;
        f->s2 = enters || joins ? carve(ar, m) : NULL;
    }
    const size_t read = enters ? tf->k * examples : 0;
    tp->h = carve(ar, read * d);
    tp->xh = carve(ar, read * d);
    tp->s = carve(ar, read);
    tp->dh = carve(ar, read * d);
    tp->z = carve(ar, tf->k * examples * tf->V);
}

static void carve_backward(struct tape *tp, const struct transformer *tf, size_t examples,
                           bool keep, struct arena *ar)
{
    const size_t d = tf->d, n = tp->rows;
    const bool enters = tf->norm->enters, joins = tf->norm->joins;
    for (size_t l = 0; l < tf->L; l++) {
        struct bwd *b = &tp->b[l];
        if (l > 0 && !keep) { /* a step finishes one block before it reaches the next */
            *b = tp->b[0];
            continue;
        }
        b->dout = carve(ar, n * d);
        b->dsum2 = joins ? carve(ar, n * d) : b->dout;
        b->du = carve(ar, n * tf->ff);
        /* The gradient through the half is added to that of its sum, which is not read again. */
        b->dy = joins && !keep ? b->dsum2 : carve(ar, n * d);
        b->dsum1 = joins ? carve(ar, n * d) : b->dy;
        b->da = carve(ar, n * d);
        b->dqkv = carve(ar, n * 3 * d);
        real **const before[] = {&b->dh1, &b->dl1, &b->dh2, &b->dl2};
        for (int i = 0; enters && i < 4; i++)
            *before[i] = carve(ar, n * d);
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
        carve_forward(tp, tf, stem, examples, backward, &ar);
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

static int table_new(struct table *t, const struct transformer *tf, bool backward,
                     struct gk_err *err)
{
    t->x = gk_alloc(tf->ntab_max * tf->d, sizeof(real), err);
    t->qkv = gk_alloc(tf->ntab_max * 3 * tf->d, sizeof(real), err);
    t->vo = gk_alloc(tf->ntab_max * tf->H * tf->d, sizeof(real), err);
    t->dvo = backward ? gk_alloc(tf->ntab_max * tf->H * tf->d, sizeof(real), err) : NULL;
    t->dqkv = backward ? gk_alloc(tf->ntab_max * 3 * tf->d, sizeof(real), err) : NULL;
    t->dx = backward ? gk_alloc(tf->ntab_max * tf->d, sizeof(real), err) : NULL;
    if (!t->x || !t->qkv || !t->vo || (backward && (!t->dqkv || !t->dvo || !t->dx)))
        return -1;
    t->h = t->x;
    real **const normed[] = {&t->h, &t->xh, &t->s, &t->dh, &t->dl};
    for (int i = 0; tf->norm->enters && i < (backward ? 5 : 3); i++)
        if (!(*normed[i] = gk_alloc(tf->ntab_max * (i == 2 ? 1 : tf->d), sizeof(real), err)))
            return -1;
    return 0;
}

static void table_free(struct table *t)
{
    if (t->h != t->x)
        gk_free(t->h);
    gk_free(t->xh);
    gk_free(t->s);
    gk_free(t->dh);
    gk_free(t->dl);
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
    ln->g.keep = 1; /* the stem and the table add to the leaves' sums */
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

/* Only a shared plan computes gradients: a full one is for activations. */
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
    if (gk_share_new(&tf->share, tf->plan, tf->pool, err))
        return -1;
    tf->scratch = gk_alloc(threads, sizeof *tf->scratch, err);
    for (size_t i = 0; tf->scratch && i < threads; i++)
        if (leaf_tape(&tf->scratch[i], tf, tf->plan->tile_cap, grad, err))
            return -1;
    tf->tile_loss = gk_alloc(tf->plan->n, sizeof *tf->tile_loss, err);
    tf->right = gk_alloc(tf->plan->n * tf->k, 1, err);
    return tf->scratch && tf->tile_loss && tf->right ? 0 : -1;
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
    tf->norm = &X(norms)[a->norm];
    tf->act = &X(activations)[a->activation];
    tf->loss = &X(losses)[a->loss];
    if (a->positions == GK_POSITIONS_SINUSOIDAL) {
        tf->sinusoid = gk_alloc(tf->T * tf->d, sizeof(real), err);
        if (!tf->sinusoid)
            goto fail;
        positions(tf->sinusoid, tf->T, tf->d);
    }
    if (X(weights_place)(tf, ps, err) == 0 && make_room(tf, err) == 0) {
        if (tf->sinusoid) /* a constant: it has no direction in tf->rw */
            tf->w.position = tf->sinusoid;
        return tf;
    }
fail:
    X(transformer_free)(tf);
    return NULL;
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
    gk_share_free(tf->share);
    X(tape_free)(&tf->stem);
    X(tape_free)(&tf->rstem);
    table_free(&tf->tab);
    table_free(&tf->rtab);
    for (size_t i = 0; i < tf->nlane_max; i++)
        lane_free(&tf->lane[i], tf->L);
    X(weights_free)(&tf->w);
    X(weights_free)(&tf->rw);
    gk_free(tf->sinusoid);
    gk_free(tf->tile_loss);
    gk_free(tf->right);
    gk_free(tf->seg);
    gk_free(tf);
}
