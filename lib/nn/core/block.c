/* A block of the transformer, forward and backward:
 *   h1 = enter(x),  y = join(x + Wo attn(Wq h1, Wk h1, Wv h1)),
 *   h2 = enter(y),  x' = join(y + Wdown f(Wup h2))
 * with biases where there are any. The network's description chooses enter, join and f
 * (tf->norm, tf->act). block_r.c holds the derivatives, readout.c what follows the blocks. */
#include <string.h>

#include "transformer.h"

struct attention X(block_heads)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                                const struct tape *tp, const struct tape *rt)
{
    const size_t d = tf->d, w = d / tf->H;
    if (l == 0)
        return (struct attention){
            .d = d,
            .heads = tf->H,
            .T = tf->T,
            .nkeys = g->nkeys,
            .ref = g->ref0,
            .qrow = g->tab,
            .shared = tf->tab.qkv,
            .rshared = tf->rtab.qkv,
            .vshared = tf->tab.vo,
            .rvshared = tf->rtab.vo,
            .ldv = tf->H * d,
            .vwidth = d,
            .vstep = d,
        };
    struct attention at = {
        .d = d,
        .heads = tf->H,
        .T = tf->T,
        .nkeys = g->nkeys,
        .ref = g->ref,
        .shared = tf->stem.f[l].qkv,
        .own = tp->f[l].qkv,
        .vshared = tf->stem.f[l].qkv + 2 * d,
        .vown = tp->f[l].qkv + 2 * d,
        .ldv = 3 * d,
        .vwidth = w,
        .vstep = w,
        .ostep = w,
    };
    if (rt) {
        at.rshared = tf->rstem.f[l].qkv;
        at.rown = rt->f[l].qkv;
        at.rvshared = at.rshared + 2 * d;
        at.rvown = at.rown + 2 * d;
    }
    return at;
}

struct attention_sums X(block_sums)(const struct transformer *tf, size_t l, const struct bwd *b,
                                    const struct lane *lane)
{
    if (l == 0)
        return (struct attention_sums){.shared = lane->dtab, .vshared = lane->dtabvo};
    return (struct attention_sums){lane->dstem[l], b->dqkv, lane->dstem[l] + 2 * tf->d,
                                   b->dqkv + 2 * tf->d};
}

struct ln X(block_ln)(const struct transformer *tf, size_t l, int half, const struct tape *tp,
                      const struct tape *rt, size_t row, const struct lane *lane)
{
    const struct block *w = &tf->w.block[l], *rw = rt ? &tf->rw.block[l] : NULL;
    const struct block *dw = lane ? &lane->g.block[l] : NULL;
    const struct fwd *f = &tp->f[l], *rf = rt ? &rt->f[l] : NULL;
    const bool first = half == 1;
    struct ln ln = {.gain = first ? w->gain1 : w->gain2, .bias = first ? w->bias1 : w->bias2};
    if (!ln.gain)
        return ln;
    ln.xh = (first ? f->xh1 : f->xh2) + row * tf->d;
    ln.s = (first ? f->s1 : f->s2) + row;
    if (rt) {
        ln.rgain = first ? rw->gain1 : rw->gain2;
        ln.rbias = first ? rw->bias1 : rw->bias2;
        ln.rxh = (first ? rf->xh1 : rf->xh2) + row * tf->d;
        ln.rc = (first ? rf->s1 : rf->s2) + row;
    }
    if (lane) {
        ln.dgain = first ? dw->gain1 : dw->gain2;
        ln.dbias = first ? dw->bias1 : dw->bias2;
    }
    return ln;
}

struct qkv_parts X(qkv_parts)(const struct transformer *tf, size_t l, const struct tape *tp,
                              size_t from, size_t to)
{
    const size_t d = tf->d;
    if (l + 1 < tf->L)
        return (struct qkv_parts){.part = {{from, 0, 3 * d}}, .n = 1, .q0 = from};
    const size_t q0 = tp->q0 < from ? from : tp->q0;
    return (struct qkv_parts){
        .part = {{from, d, 2 * d}, {q0, 0, d}}, .n = q0 < to ? 2 : 1, .q0 = q0, .last = true};
}

void X(qkv_bias)(size_t d, const real *bqkv, real *qkv, size_t from, size_t q0, size_t to)
{
    if (!bqkv)
        return;
    if (q0 < to)
        X(bias_add)(to - q0, d, bqkv, qkv + q0 * 3 * d, 3 * d);
    X(bias_add)(to - from, d, bqkv + 2 * d, qkv + from * 3 * d + 2 * d, 3 * d);
}

void X(qkv_bias_sum)(size_t d, real *dbqkv, const real *dqkv, size_t from, size_t q0, size_t to)
{
    if (!dbqkv)
        return;
    if (q0 < to)
        X(bias_sum)(to - q0, d, dqkv + q0 * 3 * d, 3 * d, dbqkv);
    X(bias_sum)(to - from, d, dqkv + from * 3 * d + 2 * d, 3 * d, dbqkv + 2 * d);
}

void X(block_qkv)(const struct transformer *tf, size_t l, const struct tape *tp, size_t from,
                  size_t to)
{
    const size_t d = tf->d;
    const struct qkv_parts q = X(qkv_parts)(tf, l, tp, from, to);
    const struct fwd *f = &tp->f[l];
    const struct ln ln = X(block_ln)(tf, l, 1, tp, NULL, from, NULL);
    const real *w = tf->w.transposed[l].wqkv;
    tf->norm->enter(to - from, d, f->x + from * d, &ln, f->h1 + from * d);
    for (const struct qkv_part *p = q.part; p < q.part + q.n; p++)
        linear_forward_wt(to - p->row, p->width, d, f->h1 + p->row * d, d, w + p->column, 3 * d, 0,
                          f->qkv + p->row * 3 * d + p->column, 3 * d);
    X(qkv_bias)(d, tf->w.block[l].bqkv, f->qkv, from, q.q0, to);
}

void X(block_forward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                      const struct tape *tp, size_t from, size_t to)
{
    const size_t d = tf->d, ff = tf->ff, n = to - from, i = from - (l + 1 < tf->L ? 0 : tp->q0);
    const struct block *w = &tf->w.block[l];
    const struct transposes *t = &tf->w.transposed[l];
    const struct fwd *f = &tp->f[l];
    const struct attention at = X(block_heads)(tf, l, g, tp, NULL);
    const struct ln ln2 = X(block_ln)(tf, l, 2, tp, NULL, i, NULL);
    const bool keeps = tf->act->curved && tf->q->mode != GK_NET_SCORE;
    real *y = f->y + i * d, *h = f->h2 + i * d, *u = f->u + i * ff, *out = tp->f[l + 1].x + i * d;
    X(attention_forward)(&at, from, to, f->p + i * tf->H * tf->T, l == 0 ? y : f->a + i * d);
    if (l > 0)
        linear_forward_wt(n, d, d, f->a + i * d, d, t->wo, d, 0, y, d);
    X(bias_add)(n, d, w->bo, y, d);
    const struct ln ln1 =
        tf->norm->joins ? X(block_ln)(tf, l, 1, tp, NULL, i, NULL) : (struct ln){0};
    tf->norm->join(n, d, (tf->norm->carries ? f->h1 : f->x) + from * d, &ln1, y);
    tf->norm->enter(n, d, y, &ln2, h);
    linear_forward_wt(n, ff, d, h, d, t->up, ff, 0, u, ff);
    tf->act->forward(n, ff, w->bup, u, keeps ? f->f1 + i * ff : NULL,
                     keeps && tf->q->mode == GK_NET_LINEARISE ? f->f2 + i * ff : NULL);
    linear_forward_wt(n, d, ff, u, ff, t->down, d, 0, out, d);
    X(bias_add)(n, d, w->bdown, out, d);
    tf->norm->join(n, d, y, &ln2, out);
}

void X(add_rows)(real *sum, const real *part, size_t n)
{
#pragma omp simd
    for (size_t j = 0; j < n; j++)
        sum[j] += part[j];
}

void X(scatter_rows)(size_t n, size_t d, const real *x, const int32_t *row, real *sum)
{
    for (size_t r = 0; r < n; r++) {
        real *to = sum + (size_t)row[r] * d;
#pragma omp simd
        for (size_t j = 0; j < d; j++)
            to[j] += x[r * d + j];
    }
}

/* From dsum2 to dy: backward through the feed-forward half. */
static void ffn_backward(const struct transformer *tf, size_t l, const struct tape *tp, size_t i,
                         size_t n, struct lane *lane)
{
    const size_t d = tf->d, ff = tf->ff;
    const struct block *w = &tf->w.block[l], *dw = &lane->g.block[l];
    const real keep = lane->g.keep;
    const struct fwd *f = &tp->f[l];
    const struct bwd *b = &tp->b[l];
    const struct ln ln = X(block_ln)(tf, l, 2, tp, NULL, i, lane);
    const bool curved = tf->act->curved;
    real *dsum = b->dsum2 + i * d, *du = b->du + i * ff, *dy = b->dy + i * d;
    const real *u = f->u + i * ff;
    take_turn(lane);
    tf->norm->join_backward(n, d, b->dout + i * d, &ln, dsum);
    linear_backward_weight(n, d, ff, dsum, d, u, ff, keep, dw->down);
    X(bias_sum)(n, d, dsum, d, dw->bdown);
    pass_turn(lane);
    linear_backward_input(n, d, ff, dsum, d, w->down, 0, du, ff);
    tf->act->backward(n * ff, u, curved ? f->f1 + i * ff : NULL,
                      curved && tf->q->mode == GK_NET_LINEARISE ? f->f2 + i * ff : NULL, du);
    real *dh = tf->norm->enters ? b->dh2 + i * d : NULL, *dl = dh ? b->dl2 + i * d : NULL;
    linear_backward_input(n, ff, d, du, ff, w->up, tf->norm->rest.beta,
                          tf->norm->rest.lead(n, d, dsum, dy, dh), d);
    take_turn(lane);
    linear_backward_weight(n, ff, d, du, ff, f->h2 + i * d, d, keep, dw->up);
    X(bias_sum)(n, ff, du, ff, dw->bup);
    tf->norm->rest.led(n, d, dsum, dh, &ln, dl, dy);
    pass_turn(lane);
}

void X(block_backward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                       const struct tape *tp, size_t from, size_t to, struct lane *lane)
{
    const size_t d = tf->d, n = to - from, i = from - (l + 1 < tf->L ? 0 : tp->q0);
    const struct block *w = &tf->w.block[l], *dw = &lane->g.block[l];
    const struct fwd *f = &tp->f[l];
    const struct bwd *b = &tp->b[l];
    const struct attention at = X(block_heads)(tf, l, g, tp, NULL);
    const struct attention_sums sums = X(block_sums)(tf, l, b, lane);
    const real *p = f->p + i * tf->H * tf->T;
    real *dsum = b->dsum1 + i * d;
    ffn_backward(tf, l, tp, i, n, lane);
    const struct ln ln =
        tf->norm->joins ? X(block_ln)(tf, l, 1, tp, NULL, i, lane) : (struct ln){0};
    take_turn(lane);
    tf->norm->join_backward(n, d, b->dy + i * d, &ln, dsum);
    X(bias_sum)(n, d, dsum, d, dw->bo);
    if (l == 0) { /* the table phase handles Wo, and receives the residual path's gradient */
        X(attention_backward)(&at, from, to, p, dsum, &sums);
        X(scatter_rows)(n, d, dsum, g->tab + from, lane->dtabx);
        pass_turn(lane);
        return;
    }
    linear_backward_weight(n, d, d, dsum, d, f->a + i * d, d, lane->g.keep, dw->wo);
    pass_turn(lane);
    linear_backward_input(n, d, d, dsum, d, w->wo, 0, b->da + i * d, d);
    take_turn(lane);
    X(attention_backward)(&at, from, to, p, b->da + i * d, &sums);
    pass_turn(lane);
}

void X(add_last_residual)(const struct qkv_parts *q, size_t q0, size_t d, const real *dsum1,
                          size_t from, size_t to, real *sum)
{
    if (q->last && q->q0 < to)
        X(add_rows)(sum + (q->q0 - from) * d, dsum1 + (q->q0 - q0) * d, (to - q->q0) * d);
}

void X(block_qkv_backward)(const struct transformer *tf, size_t l, const struct tape *tp,
                           size_t from, size_t to, struct lane *lane)
{
    const size_t d = tf->d, n = to - from;
    const struct qkv_parts q = X(qkv_parts)(tf, l, tp, from, to);
    const struct norm *norm = tf->norm;
    const struct bwd *b = &tp->b[l];
    const struct ln ln = X(block_ln)(tf, l, 1, tp, NULL, from, lane);
    const real *w = tf->w.block[l].wqkv, *h = tp->f[l].h1;
    const real *dsum = q.last ? NULL : b->dsum1 + from * d;
    real *dw = lane->g.block[l].wqkv, *dx = tp->b[l - 1].dout + from * d;
    real *dh = norm->enters ? b->dh1 + from * d : NULL, *dl = dh ? b->dl1 + from * d : NULL;
    real *to_h = norm->first.lead(n, d, dsum, dx, dh), beta = q.last ? 0 : norm->first.beta;
    for (const struct qkv_part *p = q.part; p < q.part + q.n; p++) {
        linear_backward_input(to - p->row, p->width, d, b->dqkv + p->row * 3 * d + p->column, 3 * d,
                              w + p->column * d, beta, to_h + (p->row - from) * d, d);
        beta = 1; /* the next part adds to this */
    }
    take_turn(lane);
    X(qkv_bias_sum)(d, lane->g.block[l].bqkv, b->dqkv, from, q.q0, to);
    for (const struct qkv_part *p = q.part; p < q.part + q.n; p++)
        linear_backward_weight(to - p->row, p->width, d, b->dqkv + p->row * 3 * d + p->column,
                               3 * d, h + p->row * d, d, lane->g.keep, dw + p->column * d);
    if (norm->carries)
        X(add_last_residual)(&q, tp->q0, d, b->dsum1, from, to, dh);
    norm->first.led(n, d, dsum, dh, &ln, dl, dx);
    pass_turn(lane);
    if (!norm->carries)
        X(add_last_residual)(&q, tp->q0, d, b->dsum1, from, to, dx);
}
