/* A block of the transformer and its read-out, forward and backward:
 *   y = LN1(x + Wo attn(Wq x, Wk x, Wv x)),  x' = LN2(y + Wdown relu(Wup y)),  z = U x'
 * block_r.c holds the derivatives of both. */
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

/* The last block has no queries before row q0. */
void X(block_qkv)(const struct transformer *tf, size_t l, const struct tape *tp, size_t from,
                  size_t to)
{
    const size_t d = tf->d;
    const real *x = tp->f[l].x + from * d, *w = tf->w.transposed[l].wqkv;
    real *qkv = tp->f[l].qkv + from * 3 * d;
    if (l + 1 < tf->L) {
        linear_forward_wt(to - from, 3 * d, d, x, d, w, 3 * d, 0, qkv, 3 * d);
        return;
    }
    linear_forward_wt(to - from, 2 * d, d, x, d, w + d, 3 * d, 0, qkv + d, 3 * d);
    const size_t q0 = tp->q0 > from ? tp->q0 : from;
    if (q0 < to)
        linear_forward_wt(to - q0, d, d, tp->f[l].x + q0 * d, d, w, 3 * d, 0,
                          tp->f[l].qkv + q0 * 3 * d, 3 * d);
}

void X(block_forward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                      const struct tape *tp, size_t from, size_t to)
{
    const size_t d = tf->d, ff = tf->ff, n = to - from, i = from - (l + 1 < tf->L ? 0 : tp->q0);
    const struct block *w = &tf->w.block[l];
    const struct transposes *t = &tf->w.transposed[l];
    const struct fwd *f = &tp->f[l];
    const struct attention at = X(block_heads)(tf, l, g, tp, NULL);
    real *y = f->y + i * d, *u = f->u + i * ff, *out = tp->f[l + 1].x + i * d;
    X(attention_forward)(&at, from, to, f->p + i * tf->H * tf->T, l == 0 ? y : f->a + i * d);
    if (l > 0)
        linear_forward_wt(n, d, d, f->a + i * d, d, t->wo, d, 0, y, d);
    X(layernorm_forward)
    (n, d, f->x + from * d, y, w->gain1, w->bias1, f->xh1 + i * d, f->s1 + i, y);
    linear_forward_wt(n, ff, d, y, d, t->up, ff, 0, u, ff);
    X(rectifier_forward)(n * ff, 0, u);
    linear_forward_wt(n, d, ff, u, ff, t->down, d, 0, out, d);
    X(layernorm_forward)(n, d, y, out, w->gain2, w->bias2, f->xh2 + i * d, f->s2 + i, out);
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

void X(block_backward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                       const struct tape *tp, size_t from, size_t to, struct lane *lane)
{
    const size_t d = tf->d, ff = tf->ff, n = to - from, i = from - (l + 1 < tf->L ? 0 : tp->q0);
    const struct block *w = &tf->w.block[l];
    const struct block *dw = &lane->g.block[l];
    const real keep = lane->g.keep;
    const struct fwd *f = &tp->f[l];
    const struct bwd *b = &tp->b[l];
    const struct attention at = X(block_heads)(tf, l, g, tp, NULL);
    const struct attention_sums sums = X(block_sums)(tf, l, b, lane);
    real *dh2 = b->dh2 + i * d, *du = b->du + i * ff, *dy = b->dy + i * d, *dh = b->dh + i * d;
    const real *u = f->u + i * ff, *y = f->y + i * d, *p = f->p + i * tf->H * tf->T;

    X(layernorm_backward)
    (n, d, b->dout + i * d, w->gain2, f->xh2 + i * d, f->s2 + i, dh2, dw->gain2, dw->bias2);
    linear_backward_weight(n, d, ff, dh2, d, u, ff, keep, dw->down);
    linear_backward_input(n, d, ff, dh2, d, w->down, 0, du, ff);
    X(rectifier_backward)(n * ff, 0, u, du);
    linear_backward_weight(n, ff, d, du, ff, y, d, keep, dw->up);
    memcpy(dy, dh2, n * d * sizeof *dy);
    linear_backward_input(n, ff, d, du, ff, w->up, 1, dy, d);
    X(layernorm_backward)(n, d, dy, w->gain1, f->xh1 + i * d, f->s1 + i, dh, dw->gain1, dw->bias1);
    if (l == 0) { /* the table takes care of Wo, and gets what the residual path brings */
        X(attention_backward)(&at, from, to, p, dh, &sums);
        X(scatter_rows)(n, d, dh, g->tab + from, lane->dtabx);
        return;
    }
    linear_backward_weight(n, d, d, dh, d, f->a + i * d, d, keep, dw->wo);
    linear_backward_input(n, d, d, dh, d, w->wo, 0, b->da + i * d, d);
    X(attention_backward)(&at, from, to, p, b->da + i * d, &sums);
}

void X(block_qkv_backward)(const struct transformer *tf, size_t l, const struct tape *tp,
                           size_t from, size_t to, struct lane *lane)
{
    const size_t d = tf->d, n = to - from;
    const real *w = tf->w.block[l].wqkv, *x = tp->f[l].x + from * d;
    real *dw = lane->g.block[l].wqkv, *dqkv = tp->b[l].dqkv + from * 3 * d;
    real *dx = tp->b[l - 1].dout + from * d;
    const real keep = lane->g.keep;
    if (l + 1 < tf->L) {
        linear_backward_weight(n, 3 * d, d, dqkv, 3 * d, x, d, keep, dw);
        memcpy(dx, tp->b[l].dh + from * d, n * d * sizeof *dx);
        linear_backward_input(n, 3 * d, d, dqkv, 3 * d, w, 1, dx, d);
        return;
    }
    linear_backward_weight(n, 2 * d, d, dqkv + d, 3 * d, x, d, keep, dw + d * d);
    linear_backward_input(n, 2 * d, d, dqkv + d, 3 * d, w + d * d, 0, dx, d);
    const size_t q0 = tp->q0 > from ? tp->q0 : from;
    if (q0 >= to)
        return;
    const real *dq = tp->b[l].dqkv + q0 * 3 * d, *dh = tp->b[l].dh + (q0 - tp->q0) * d;
    dx = tp->b[l - 1].dout + q0 * d;
    linear_backward_weight(to - q0, d, d, dq, 3 * d, tp->f[l].x + q0 * d, d, keep, dw);
    linear_backward_input(to - q0, d, d, dq, 3 * d, w, 1, dx, d);
#pragma omp simd
    for (size_t j = 0; j < (to - q0) * d; j++)
        dx[j] += dh[j];
}

double X(readout)(const struct transformer *tf, const struct tape *tp, size_t m,
                  const int32_t *labels, unsigned char *right)
{
    double loss = 0;
    for (size_t j = 0; j < tf->k; j++) {
        const size_t row = (size_t)(tf->plan->score[j] - tf->plan->first) * m;
        real *z = tp->z + j * m * tf->V;
        linear_forward_wt(m, tf->V, tf->d, tp->f[tf->L].x + row * tf->d, tf->d, tf->w.unembed_t,
                          tf->V, 0, z, tf->V);
        loss += X(crossentropy_forward)(m, tf->V, z, labels + j, tf->k, right + j);
    }
    return loss;
}

void X(readout_backward)(const struct transformer *tf, const struct tape *tp, size_t m,
                         const int32_t *labels, struct lane *lane)
{
    const size_t d = tf->d, V = tf->V;
    const real scale = 1 / (real)(tf->plan->n * tf->k);
    real *dout = tp->b[tf->L - 1].dout;
    memset(dout, 0, (size_t)(tf->plan->T - tf->plan->first) * m * d * sizeof *dout);
    for (size_t j = 0; j < tf->k; j++) {
        const size_t row = (size_t)(tf->plan->score[j] - tf->plan->first) * m;
        real *z = tp->z + j * m * V;
        X(crossentropy_backward)
        (m, V, z, labels + j, tf->k, scale, tp->prob ? tp->prob + j * m * V : NULL);
        linear_backward_weight(m, V, d, z, V, tp->f[tf->L].x + row * d, d, j ? 1 : lane->g.keep,
                               lane->g.unembed);
        linear_backward_input(m, V, d, z, V, tf->w.unembed, 0, dout + row * d, d);
    }
}
