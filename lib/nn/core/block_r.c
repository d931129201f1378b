/* The derivative along a direction of everything in block.c: each product becomes two (ops.h). */
#include <string.h>

#include "transformer.h"

void X(block_r_qkv)(const struct transformer *tf, size_t l, const struct tape *tp,
                    const struct tape *rt, size_t from, size_t to)
{
    const size_t d = tf->d;
    const real *w = tf->w.transposed[l].wqkv, *rw = tf->rw.transposed[l].wqkv;
    const real *x = tp->f[l].x, *rx = rt->f[l].x;
    real *rqkv = rt->f[l].qkv;
    if (l + 1 < tf->L) {
        linear_r_forward_wt(to - from, 3 * d, d, x + from * d, rx + from * d, d, w, rw, 3 * d,
                            rqkv + from * 3 * d, 3 * d);
        return;
    }
    linear_r_forward_wt(to - from, 2 * d, d, x + from * d, rx + from * d, d, w + d, rw + d, 3 * d,
                        rqkv + from * 3 * d + d, 3 * d);
    const size_t q0 = tp->q0 > from ? tp->q0 : from;
    if (q0 < to)
        linear_r_forward_wt(to - q0, d, d, x + q0 * d, rx + q0 * d, d, w, rw, 3 * d,
                            rqkv + q0 * 3 * d, 3 * d);
}

void X(block_r_forward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                        const struct tape *tp, const struct tape *rt, size_t from, size_t to)
{
    const size_t d = tf->d, ff = tf->ff, n = to - from, i = from - (l + 1 < tf->L ? 0 : tp->q0);
    const size_t ip = i * tf->H * tf->T;
    const struct block *w = &tf->w.block[l], *rw = &tf->rw.block[l];
    const struct transposes *t = &tf->w.transposed[l], *rwt = &tf->rw.transposed[l];
    const struct fwd *f = &tp->f[l], *rf = &rt->f[l];
    const struct attention at = X(block_heads)(tf, l, g, tp, rt);
    real *ry = rf->y + i * d, *ru = rf->u + i * ff;
    real *rout = rt->f[l + 1].x + i * d;
    X(attention_r_forward)(&at, from, to, f->p + ip, rf->p + ip, l == 0 ? ry : rf->a + i * d);
    if (l > 0)
        linear_r_forward_wt(n, d, d, f->a + i * d, rf->a + i * d, d, t->wo, rwt->wo, d, ry, d);
    X(layernorm_r_forward)
    (n, d, rf->x + from * d, ry, w->gain1, rw->gain1, rw->bias1, f->xh1 + i * d, f->s1 + i,
     rf->xh1 + i * d, rf->s1 + i, ry);
    linear_r_forward_wt(n, ff, d, f->y + i * d, ry, d, t->up, rwt->up, ff, ru, ff);
    X(rectifier_backward)(n * ff, 0, f->u + i * ff, ru);
    linear_r_forward_wt(n, d, ff, f->u + i * ff, ru, ff, t->down, rwt->down, d, rout, d);
    X(layernorm_r_forward)
    (n, d, ry, rout, w->gain2, rw->gain2, rw->bias2, f->xh2 + i * d, f->s2 + i, rf->xh2 + i * d,
     rf->s2 + i, rout);
}

void X(block_r_backward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                         const struct tape *tp, const struct tape *rt, size_t from, size_t to,
                         struct lane *lane)
{
    const size_t d = tf->d, ff = tf->ff, n = to - from, i = from - (l + 1 < tf->L ? 0 : tp->q0);
    const size_t id = i * d, iu = i * ff, ip = i * tf->H * tf->T;
    const struct block *w = &tf->w.block[l], *rw = &tf->rw.block[l], *rdw = &lane->g.block[l];
    const real keep = lane->g.keep;
    const struct fwd *f = &tp->f[l], *rf = &rt->f[l];
    const struct bwd *b = &tp->b[l], *rb = &rt->b[l];
    const struct attention_sums sums = X(block_sums)(tf, l, rb, lane);
    const struct attention at = X(block_heads)(tf, l, g, tp, rt);

    X(layernorm_r_backward)
    (n, d, b->dout + id, rb->dout + id, w->gain2, rw->gain2, f->xh2 + id, f->s2 + i, rf->xh2 + id,
     rf->s2 + i, b->dh2 + id, rb->dh2 + id, rdw->gain2, rdw->bias2);
    linear_r_backward_weight(n, d, ff, b->dh2 + id, rb->dh2 + id, d, f->u + iu, rf->u + iu, ff,
                             keep, rdw->down);
    linear_r_backward_input(n, d, ff, b->dh2 + id, rb->dh2 + id, d, w->down, rw->down, 0,
                            rb->du + iu, ff);
    X(rectifier_backward)(n * ff, 0, f->u + iu, rb->du + iu);
    linear_r_backward_weight(n, ff, d, b->du + iu, rb->du + iu, ff, f->y + id, rf->y + id, d, keep,
                             rdw->up);
    memcpy(rb->dy + id, rb->dh2 + id, n * d * sizeof *rb->dy);
    linear_r_backward_input(n, ff, d, b->du + iu, rb->du + iu, ff, w->up, rw->up, 1, rb->dy + id,
                            d);
    X(layernorm_r_backward)
    (n, d, b->dy + id, rb->dy + id, w->gain1, rw->gain1, f->xh1 + id, f->s1 + i, rf->xh1 + id,
     rf->s1 + i, b->dh + id, rb->dh + id, rdw->gain1, rdw->bias1);
    if (l == 0) {
        X(attention_r_backward)
        (&at, from, to, f->p + ip, rf->p + ip, b->dh + id, rb->dh + id, &sums);
        X(scatter_rows)(n, d, rb->dh + id, g->tab + from, lane->dtabx);
        return;
    }
    linear_r_backward_weight(n, d, d, b->dh + id, rb->dh + id, d, f->a + id, rf->a + id, d, keep,
                             rdw->wo);
    linear_r_backward_input(n, d, d, b->dh + id, rb->dh + id, d, w->wo, rw->wo, 0, rb->da + id, d);
    X(attention_r_backward)(&at, from, to, f->p + ip, rf->p + ip, b->da + id, rb->da + id, &sums);
}

void X(block_r_qkv_backward)(const struct transformer *tf, size_t l, const struct tape *tp,
                             const struct tape *rt, size_t from, size_t to, struct lane *lane)
{
    const size_t d = tf->d, n = to - from, q0 = tp->q0 > from ? tp->q0 : from;
    const real *w = tf->w.block[l].wqkv, *rw = tf->rw.block[l].wqkv;
    const real *x = tp->f[l].x, *rx = rt->f[l].x;
    const real *dqkv = tp->b[l].dqkv, *rdqkv = rt->b[l].dqkv, *rdh = rt->b[l].dh;
    real *rdw = lane->g.block[l].wqkv, *rdx = rt->b[l - 1].dout;
    const real keep = lane->g.keep;
    if (l + 1 < tf->L) {
        linear_r_backward_weight(n, 3 * d, d, dqkv + from * 3 * d, rdqkv + from * 3 * d, 3 * d,
                                 x + from * d, rx + from * d, d, keep, rdw);
        memcpy(rdx + from * d, rdh + from * d, n * d * sizeof *rdx);
        linear_r_backward_input(n, 3 * d, d, dqkv + from * 3 * d, rdqkv + from * 3 * d, 3 * d, w,
                                rw, 1, rdx + from * d, d);
        return;
    }
    const size_t kv = from * 3 * d + d;
    linear_r_backward_weight(n, 2 * d, d, dqkv + kv, rdqkv + kv, 3 * d, x + from * d, rx + from * d,
                             d, keep, rdw + d * d);
    linear_r_backward_input(n, 2 * d, d, dqkv + kv, rdqkv + kv, 3 * d, w + d * d, rw + d * d, 0,
                            rdx + from * d, d);
    if (q0 >= to)
        return;
    linear_r_backward_weight(to - q0, d, d, dqkv + q0 * 3 * d, rdqkv + q0 * 3 * d, 3 * d,
                             x + q0 * d, rx + q0 * d, d, keep, rdw);
    linear_r_backward_input(to - q0, d, d, dqkv + q0 * 3 * d, rdqkv + q0 * 3 * d, 3 * d, w, rw, 1,
                            rdx + q0 * d, d);
    rdx += q0 * d;
    rdh += (q0 - tp->q0) * d;
#pragma omp simd
    for (size_t j = 0; j < (to - q0) * d; j++)
        rdx[j] += rdh[j];
}

void X(readout_r)(const struct transformer *tf, const struct tape *tp, const struct tape *rt,
                  size_t m, struct lane *lane)
{
    const size_t d = tf->d, V = tf->V, L = tf->L;
    const real scale = 1 / (real)(tf->plan->n * tf->k);
    const real *u = tf->w.unembed, *ru = tf->rw.unembed;
    real *rdout = rt->b[L - 1].dout;
    memset(rdout, 0, (size_t)(tf->plan->T - tf->plan->first) * m * d * sizeof *rdout);
    for (size_t j = 0; j < tf->k; j++) {
        const size_t row = (size_t)(tf->plan->score[j] - tf->plan->first) * m;
        const real *x = tp->f[L].x + row * d, *rx = rt->f[L].x + row * d, *dz = tp->z + j * m * V;
        real *rz = rt->z + j * m * V;
        linear_r_forward_wt(m, V, d, x, rx, d, tf->w.unembed_t, tf->rw.unembed_t, V, rz, V);
        X(crossentropy_r_backward)(m, V, tp->prob + j * m * V, scale, rz);
        linear_r_backward_weight(m, V, d, dz, rz, V, x, rx, d, j ? 1 : lane->g.keep,
                                 lane->g.unembed);
        linear_r_backward_input(m, V, d, dz, rz, V, u, ru, 0, rdout + row * d, d);
    }
}
