/* The phases of a step and of a Hessian product (transformer.h). Phase functions are pool tasks: a
 * task writes only to its chunk of rows or to its lane. */
#include <string.h>

#include "transformer.h"

static void load_task(void *ctx, size_t task, int thread)
{
    (void)thread;
    const struct transformer *tf = ctx;
    const struct segment *s = &tf->seg[task];
    const real *from = product(tf) ? tf->q->v : tf->q->theta;
    real *to = product(tf) ? tf->rw.mem : tf->w.mem;
    memcpy(to + s->inner, from + s->flat, s->count * sizeof(real));
    if (s->in)
        X(transpose)(s->count / s->in, s->in, from + s->flat, to + s->transposed, s->ld);
}

static void gather_rows(size_t d, const real *x, const int32_t *row, size_t n, real *to)
{
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * d, x + (size_t)row[i] * d, d * sizeof *to);
}

/* What the first block's residual path reads. */
static const real *stream(const struct transformer *tf, const struct table *t)
{
    return tf->norm->carries ? t->h : t->x;
}

/* The argument of a stem phase beside its chunk: the block. */
struct stage {
    struct transformer *tf;
    size_t l;
};

static void stem_forward_task(void *ctx, size_t task, int thread)
{
    (void)thread;
    const struct stage *st = ctx;
    const struct transformer *tf = st->tf;
    const struct gk_rowgroup *g = &tf->plan->stem;
    const size_t l = st->l, d = tf->d;
    size_t from, to;
    X(chunk)(tf, g->rows, task, &from, &to);
    if (product(tf)) {
        if (l == 0)
            gather_rows(d, stream(tf, &tf->rtab), g->tab + from, to - from,
                        tf->rstem.f[0].x + from * d);
        X(block_r_forward)(tf, l, g, &tf->stem, &tf->rstem, from, to);
        X(block_r_qkv)(tf, l + 1, &tf->stem, &tf->rstem, from, to);
    } else {
        if (l == 0)
            gather_rows(d, stream(tf, &tf->tab), g->tab + from, to - from,
                        tf->stem.f[0].x + from * d);
        X(block_forward)(tf, l, g, &tf->stem, from, to);
        X(block_qkv)(tf, l + 1, &tf->stem, from, to);
    }
}

/* A stem row's k and v are read by rows of all lanes, so their gradient is the sum over lanes. It
 * then continues through the block below. */
static void stem_backward_task(void *ctx, size_t task, int thread)
{
    (void)thread;
    const struct stage *st = ctx;
    struct transformer *tf = st->tf;
    const struct gk_rowgroup *g = &tf->plan->stem;
    const size_t l = st->l, w = 3 * tf->d;
    struct tape *tp = product(tf) ? &tf->rstem : &tf->stem;
    size_t from, to;
    X(chunk)(tf, g->rows, task, &from, &to);
    real *sum = tp->b[l + 1].dqkv;
    if (l + 2 == tf->L) /* no query of the last block is a stem row's */
        memset(sum + from * w, 0, (to - from) * w * sizeof *sum);
    for (size_t i = 0; i < tf->plan->nlane; i++)
        X(add_rows)(sum + from * w, tf->lane[i].dstem[l + 1] + from * w, (to - from) * w);
    struct lane *lane = &tf->lane[task];
    if (product(tf))
        X(block_r_qkv_backward)(tf, l + 1, &tf->stem, tp, from, to, lane);
    else
        X(block_qkv_backward)(tf, l + 1, tp, from, to, lane);
    if (l > 0)
        memset(tp->b[l].dqkv + from * w, 0, (to - from) * w * sizeof *sum);
    if (product(tf))
        X(block_r_backward)(tf, l, g, &tf->stem, tp, from, to, lane);
    else
        X(block_backward)(tf, l, g, tp, from, to, lane);
}

/* Copies a tile's activations to [n, T, width] rows of the result. */
static void copy_activations(const struct transformer *tf, const struct tape *tp, size_t tile)
{
    const struct gk_plan *p = tf->plan;
    const size_t from = p->tile[tile], m = p->tile[tile + 1] - from;
    const real *x = tp->f[tf->q->layer].x;
    real *act = tf->q->act;
    for (size_t t = 0; t < tf->T; t++)
        for (size_t i = 0; i < m; i++)
            memcpy(act + ((from + i) * tf->T + t) * tf->d, x + (t * m + i) * tf->d,
                   tf->d * sizeof *act);
}

static void copy_logits(const struct transformer *tf, const struct tape *tp, size_t tile)
{
    const size_t from = tf->plan->tile[tile], m = tf->plan->tile[tile + 1] - from;
    real *logits = tf->q->logits;
    for (size_t j = 0; j < tf->k; j++)
        for (size_t i = 0; i < m; i++)
            memcpy(logits + (tf->plan->example[from + i] * tf->k + j) * tf->V,
                   tp->z + (j * m + i) * tf->V, tf->V * sizeof *logits);
}

static void leaf_forward(struct transformer *tf, const struct tape *tp, size_t tile,
                         const struct gk_rowgroup *g)
{
    const size_t from = tf->plan->tile[tile], m = tf->plan->tile[tile + 1] - from;
    gather_rows(tf->d, stream(tf, &tf->tab), g->tab, g->rows, tp->f[0].x);
    for (size_t l = 0; l < tf->L; l++) {
        if (l > 0)
            X(block_qkv)(tf, l, tp, 0, g->rows);
        X(block_forward)(tf, l, g, tp, l + 1 < tf->L ? 0 : tp->q0, g->rows);
    }
    tf->tile_loss[tile] =
        X(readout)(tf, tp, m, tf->plan->labels + from * tf->k, tf->right + from * tf->k);
    if (tf->q->act && tf->q->layer == 0) /* the embedding, whatever the residual path reads */
        gather_rows(tf->d, tf->tab.x, g->tab, g->rows, tp->f[0].x);
    if (tf->q->act)
        copy_activations(tf, tp, tile);
    if (tf->q->logits)
        copy_logits(tf, tp, tile);
}

static void leaf_backward(struct transformer *tf, const struct tape *tp, size_t tile,
                          const struct gk_rowgroup *g, struct lane *lane)
{
    const size_t from = tf->plan->tile[tile], m = tf->plan->tile[tile + 1] - from;
    X(readout_backward)(tf, tp, m, tf->plan->labels + from * tf->k, lane);
    for (size_t l = tf->L; l-- > 0;) {
        if (l > 0)
            memset(tp->b[l].dqkv, 0, g->rows * 3 * tf->d * sizeof(real));
        X(block_backward)(tf, l, g, tp, l + 1 < tf->L ? 0 : tp->q0, g->rows, lane);
        if (l > 0)
            X(block_qkv_backward)(tf, l, tp, 0, g->rows, lane);
    }
}

static void leaf_product(struct transformer *tf, const struct tape *tp, const struct tape *rt,
                         size_t tile, const struct gk_rowgroup *g, struct lane *lane)
{
    const size_t m = tf->plan->tile[tile + 1] - tf->plan->tile[tile];
    gather_rows(tf->d, stream(tf, &tf->rtab), g->tab, g->rows, rt->f[0].x);
    for (size_t l = 0; l < tf->L; l++) {
        if (l > 0)
            X(block_r_qkv)(tf, l, tp, rt, 0, g->rows);
        X(block_r_forward)(tf, l, g, tp, rt, l + 1 < tf->L ? 0 : tp->q0, g->rows);
    }
    X(readout_r)(tf, tp, rt, m, tf->plan->labels + tf->plan->tile[tile] * tf->k, lane);
    for (size_t l = tf->L; l-- > 0;) {
        if (l > 0)
            memset(rt->b[l].dqkv, 0, g->rows * 3 * tf->d * sizeof(real));
        X(block_r_backward)(tf, l, g, tp, rt, l + 1 < tf->L ? 0 : tp->q0, g->rows, lane);
        if (l > 0)
            X(block_r_qkv_backward)(tf, l, tp, rt, 0, g->rows, lane);
    }
}

/* A lane's matrices are overwritten by its first tile; tensors that are only added to are
 * cleared. */
static void lane_clear(const struct transformer *tf, struct lane *lane)
{
    const size_t d = tf->d;
    for (size_t i = 0; i < tf->nseg; i++)
        if (tf->seg[i].added)
            memset(lane->g.mem + tf->seg[i].inner, 0, tf->seg[i].count * sizeof(real));
    for (size_t l = 1; l < tf->L; l++)
        memset(lane->dstem[l], 0, tf->plan->nstem * 3 * d * sizeof(real));
    memset(lane->dtab, 0, tf->plan->ntab * 3 * d * sizeof(real));
    memset(lane->dtabvo, 0, tf->plan->ntab * tf->H * d * sizeof(real));
    memset(lane->dtabx, 0, tf->plan->ntab * d * sizeof(real));
}

static void leaf_task(void *ctx, size_t lane, size_t t, struct gk_turn *turn, int thread)
{
    struct transformer *tf = ctx;
    const enum gk_net_mode mode = tf->q->mode;
    const bool first = t == tf->plan->lane[lane];
    struct lane own = tf->lane[lane];
    own.turn = turn;
    own.g.keep = first ? 0 : 1;
    if (first && mode != GK_NET_SCORE)
        lane_clear(tf, &own);
    const struct gk_rowgroup g = gk_plan_leaf(tf->plan, t);
    struct tape *tp = mode >= GK_NET_LINEARISE ? &tf->kept[t] : &tf->scratch[thread];
    if (tp == &tf->scratch[thread]) { /* a tile's rows lie as close together as possible */
        tp->rows = g.rows;
        tp->q0 =
            g.rows / (size_t)(tf->plan->T - tf->plan->s) * (size_t)(tf->plan->first - tf->plan->s);
    }
    if (mode == GK_NET_PRODUCT) {
        leaf_product(tf, tp, &tf->rscratch[thread], t, &g, &own);
        return;
    }
    leaf_forward(tf, tp, t, &g);
    if (mode != GK_NET_SCORE)
        leaf_backward(tf, tp, t, &g, &own);
}

/* Sums over lanes, one piece of a tensor at a time. */
static size_t pieces(const struct segment *s)
{
    return (s->count + SUM_PIECE - 1) / SUM_PIECE;
}

static void sum_task(void *ctx, size_t task, int thread)
{
    (void)thread;
    const struct transformer *tf = ctx;
    const struct segment *s = tf->seg;
    while (task >= pieces(s))
        task -= pieces(s++);
    const size_t from = task * SUM_PIECE;
    const size_t n = s->count - from < SUM_PIECE ? s->count - from : SUM_PIECE;
    const size_t lanes = s->one_lane ? 1 : tf->plan->nlane;
    const real *part[GK_MAX_LANES];
    for (size_t i = 0; i < lanes; i++)
        part[i] = tf->lane[i].g.mem + s->inner + from;
    X(sum_lanes)(lanes, part, n, (real *)tf->q->out + s->flat + from);
}

static void backward_phases(struct transformer *tf)
{
    for (size_t l = tf->L - 1; l-- > 0;)
        if (tf->plan->nstem) {
            struct stage st = {tf, l};
            gk_pool_run(tf->pool, X(chunks)(tf, tf->plan->nstem), stem_backward_task, &st);
        }
    gk_pool_run(tf->pool, X(chunks)(tf, tf->plan->ntab), X(table_rows_task), tf);
    gk_pool_run(tf->pool, TABLE_WEIGHTS, X(table_weights_task), tf);
    size_t tasks = 0;
    for (size_t i = 0; tf->q->out && i < tf->nseg; i++)
        tasks += pieces(&tf->seg[i]);
    gk_pool_run(tf->pool, tasks, sum_task, tf);
}

static int transformer_run(void *net, const struct gk_net_request *q, struct gk_err *err)
{
    struct transformer *tf = net;
    if (q->mode >= GK_NET_LINEARISE && X(transformer_linearise_room)(tf, err))
        return -1;
    if (q->mode == GK_NET_PRODUCT && X(transformer_product_room)(tf, err))
        return -1;
    tf->q = q;
    gk_pool_run(tf->pool, tf->nseg, load_task, tf);
    gk_pool_run(tf->pool, X(chunks)(tf, tf->plan->ntab), X(table_task), tf);
    for (size_t l = 0; l + 1 < tf->L && tf->plan->nstem; l++) {
        struct stage st = {tf, l};
        gk_pool_run(tf->pool, X(chunks)(tf, tf->plan->nstem), stem_forward_task, &st);
    }
    gk_share_run(tf->share, leaf_task, tf);
    if (q->mode != GK_NET_SCORE)
        backward_phases(tf);
    if (q->score)
        *q->score = gk_plan_score(tf->plan, tf->tile_loss, tf->right);
    return 0;
}

/* The examples of a tile. Every tile reads all weights and adds to all their gradients, which is
 * where products lose most time: so tiles are large, and tiles whose activations fit in a core's
 * cache were slower. OpenBLAS also copies the weights for every product, and is faster with still
 * larger tiles. */
enum { TILE = GK_LIBXSMM ? 160 : 320 };

const struct gk_net_ops X(transformer) = {X(transformer_make), X(transformer_free), transformer_run,
                                          X(multiply_check), TILE};
