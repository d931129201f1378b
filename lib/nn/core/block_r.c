/* The derivative along a direction of everything in block.c: each product becomes two (kernels.h).
 */
#include "transformer.h"

void X(block_r_qkv)(const struct transformer *tf, size_t l, const struct tape *tp,
                    const struct tape *rt, size_t from, size_t to)
{
    const size_t d = tf->d, q0 = l + 1 < tf->L || tp->q0 < from ? from : tp->q0;
    const struct ln ln = X(block_ln)(tf, l, 1, tp, rt, from, NULL);
    const real *w = tf->w.transposed[l].wqkv, *rw = tf->rw.transposed[l].wqkv;
    const real *h = tp->f[l].h1, *rh = rt->f[l].h1;
    real *rqkv = rt->f[l].qkv;
    tf->norm->r_enter(to - from, d, rt->f[l].x + from * d, &ln, rt->f[l].h1 + from * d);
    if (l + 1 < tf->L) {
        linear_r_forward_wt(to - from, 3 * d, d, h + from * d, rh + from * d, d, w, rw, 3 * d,
                            rqkv + from * 3 * d, 3 * d);
    } else {
        linear_r_forward_wt(to - from, 2 * d, d, h + from * d, rh + from * d, d, w + d, rw + d,
                            3 * d, rqkv + from * 3 * d + d, 3 * d);
        if (q0 < to)
            linear_r_forward_wt(to - q0, d, d, h + q0 * d, rh + q0 * d, d, w, rw, 3 * d,
                                rqkv + q0 * 3 * d, 3 * d);
    }
    X(qkv_bias)(d, tf->rw.block[l].bqkv, rqkv, from, q0, to);
}

static void add_bias(size_t n, size_t width, const real *rbias, real *ry)
{
    if (rbias)
        X(bias_add)(n, width, rbias, ry, width);
}

static void sum_bias(size_t n, size_t width, const real *rdy, real *rdb)
{
    if (rdb)
        X(bias_sum)(n, width, rdy, width, rdb);
}

void X(block_r_forward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                        const struct tape *tp, const struct tape *rt, size_t from, size_t to)
{
    const size_t d = tf->d, ff = tf->ff, n = to - from, i = from - (l + 1 < tf->L ? 0 : tp->q0);
    const size_t id = i * d, iu = i * ff, ip = i * tf->H * tf->T;
    const struct block *rw = &tf->rw.block[l];
    const struct transposes *t = &tf->w.transposed[l], *rwt = &tf->rw.transposed[l];
    const struct fwd *f = &tp->f[l], *rf = &rt->f[l];
    const struct attention at = X(block_heads)(tf, l, g, tp, rt);
    const struct ln ln2 = X(block_ln)(tf, l, 2, tp, rt, i, NULL);
    const bool curved = tf->act->curved;
    real *ry = rf->y + id, *rh = rf->h2 + id, *ru = rf->u + iu, *rout = rt->f[l + 1].x + id;
    X(attention_r_forward)(&at, from, to, f->p + ip, rf->p + ip, l == 0 ? ry : rf->a + id);
    if (l > 0)
        linear_r_forward_wt(n, d, d, f->a + id, rf->a + id, d, t->wo, rwt->wo, d, ry, d);
    add_bias(n, d, rw->bo, ry);
    const struct ln ln1 = tf->norm->joins ? X(block_ln)(tf, l, 1, tp, rt, i, NULL) : (struct ln){0};
    tf->norm->r_join(n, d, rf->x + from * d, &ln1, ry);
    tf->norm->r_enter(n, d, ry, &ln2, rh);
    linear_r_forward_wt(n, ff, d, f->h2 + id, rh, d, t->up, rwt->up, ff, ru, ff);
    add_bias(n, ff, rw->bup, ru);
    tf->act->r_forward(n * ff, f->u + iu, curved ? f->f1 + iu : NULL, curved ? rf->f1 + iu : NULL,
                       ru);
    linear_r_forward_wt(n, d, ff, f->u + iu, ru, ff, t->down, rwt->down, d, rout, d);
    add_bias(n, d, rw->bdown, rout);
    tf->norm->r_join(n, d, ry, &ln2, rout);
}

static void ffn_r_backward(const struct transformer *tf, size_t l, const struct tape *tp,
                           const struct tape *rt, size_t i, size_t n, struct lane *lane)
{
    const size_t d = tf->d, ff = tf->ff, id = i * d, iu = i * ff;
    const struct block *w = &tf->w.block[l], *rw = &tf->rw.block[l], *rdw = &lane->g.block[l];
    const real keep = lane->g.keep;
    const struct fwd *f = &tp->f[l], *rf = &rt->f[l];
    const struct bwd *b = &tp->b[l], *rb = &rt->b[l];
    const struct ln ln = X(block_ln)(tf, l, 2, tp, rt, i, lane);
    const bool curved = tf->act->curved;
    const real *dsum = b->dsum2 + id, *u = f->u + iu;
    real *rdsum = rb->dsum2 + id, *rdu = rb->du + iu;
    tf->norm->r_join_backward(n, d, b->dout + id, rb->dout + id, &ln, dsum, rdsum);
    linear_r_backward_weight(n, d, ff, dsum, rdsum, d, u, rf->u + iu, ff, keep, rdw->down);
    sum_bias(n, d, rdsum, rdw->bdown);
    linear_r_backward_input(n, d, ff, dsum, rdsum, d, w->down, rw->down, 0, rdu, ff);
    tf->act->r_backward(n * ff, u, curved ? f->f1 + iu : NULL, curved ? f->f2 + iu : NULL,
                        curved ? rf->f1 + iu : NULL, rdu);
    linear_r_backward_weight(n, ff, d, b->du + iu, rdu, ff, f->h2 + id, rf->h2 + id, d, keep,
                             rdw->up);
    sum_bias(n, ff, rdu, rdw->bup);
    const bool enters = tf->norm->enters;
    const real *dh = enters ? b->dh2 + id : NULL, *dl = enters ? b->dl2 + id : NULL;
    real *rdh = enters ? rb->dh2 + id : NULL, *rdl = enters ? rb->dl2 + id : NULL;
    linear_r_backward_input(n, ff, d, b->du + iu, rdu, ff, w->up, rw->up, tf->norm->beta,
                            tf->norm->lead(n, d, rdsum, rb->dy + id, rdh), d);
    tf->norm->r_led(n, d, rdsum, dh, rdh, &ln, dl, rdl, rb->dy + id);
}

void X(block_r_backward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                         const struct tape *tp, const struct tape *rt, size_t from, size_t to,
                         struct lane *lane)
{
    const size_t d = tf->d, n = to - from, i = from - (l + 1 < tf->L ? 0 : tp->q0);
    const size_t id = i * d, ip = i * tf->H * tf->T;
    const struct block *w = &tf->w.block[l], *rw = &tf->rw.block[l], *rdw = &lane->g.block[l];
    const struct fwd *f = &tp->f[l], *rf = &rt->f[l];
    const struct bwd *b = &tp->b[l], *rb = &rt->b[l];
    const struct attention_sums sums = X(block_sums)(tf, l, rb, lane);
    const struct attention at = X(block_heads)(tf, l, g, tp, rt);
    const real *dsum = b->dsum1 + id;
    real *rdsum = rb->dsum1 + id;
    ffn_r_backward(tf, l, tp, rt, i, n, lane);
    const struct ln ln = tf->norm->joins ? X(block_ln)(tf, l, 1, tp, rt, i, lane) : (struct ln){0};
    tf->norm->r_join_backward(n, d, b->dy + id, rb->dy + id, &ln, dsum, rdsum);
    sum_bias(n, d, rdsum, rdw->bo);
    if (l == 0) {
        X(attention_r_backward)(&at, from, to, f->p + ip, rf->p + ip, dsum, rdsum, &sums);
        X(scatter_rows)(n, d, rdsum, g->tab + from, lane->dtabx);
        return;
    }
    linear_r_backward_weight(n, d, d, dsum, rdsum, d, f->a + id, rf->a + id, d, lane->g.keep,
                             rdw->wo);
    linear_r_backward_input(n, d, d, dsum, rdsum, d, w->wo, rw->wo, 0, rb->da + id, d);
    X(attention_r_backward)(&at, from, to, f->p + ip, rf->p + ip, b->da + id, rb->da + id, &sums);
}

void X(block_r_qkv_backward)(const struct transformer *tf, size_t l, const struct tape *tp,
                             const struct tape *rt, size_t from, size_t to, struct lane *lane)
{
    const size_t d = tf->d, n = to - from, q0 = l + 1 < tf->L || tp->q0 < from ? from : tp->q0;
    const struct norm *norm = tf->norm;
    const struct bwd *b = &tp->b[l], *rb = &rt->b[l];
    const struct ln ln = X(block_ln)(tf, l, 1, tp, rt, from, lane);
    const real *w = tf->w.block[l].wqkv, *rw = tf->rw.block[l].wqkv;
    const real *h = tp->f[l].h1, *rh = rt->f[l].h1, *dqkv = b->dqkv, *rdqkv = rb->dqkv;
    const real *dh = norm->enters ? b->dh1 + from * d : NULL, *dl = dh ? b->dl1 + from * d : NULL;
    real *rdh = dh ? rb->dh1 + from * d : NULL, *rdl = dh ? rb->dl1 + from * d : NULL;
    real *rdw = lane->g.block[l].wqkv, *rdx = rt->b[l - 1].dout + from * d;
    const real keep = lane->g.keep;
    X(qkv_bias_sum)(d, lane->g.block[l].bqkv, rdqkv, from, q0, to);
    if (l + 1 < tf->L) {
        const real *rdsum = rb->dsum1 + from * d;
        linear_r_backward_weight(n, 3 * d, d, dqkv + from * 3 * d, rdqkv + from * 3 * d, 3 * d,
                                 h + from * d, rh + from * d, d, keep, rdw);
        linear_r_backward_input(n, 3 * d, d, dqkv + from * 3 * d, rdqkv + from * 3 * d, 3 * d, w,
                                rw, norm->beta, norm->lead(n, d, rdsum, rdx, rdh), d);
        norm->r_led(n, d, rdsum, dh, rdh, &ln, dl, rdl, rdx);
        return;
    }
    const size_t kv = from * 3 * d + d;
    real *to_h = norm->lead(n, d, NULL, rdx, rdh);
    linear_r_backward_weight(n, 2 * d, d, dqkv + kv, rdqkv + kv, 3 * d, h + from * d, rh + from * d,
                             d, keep, rdw + d * d);
    linear_r_backward_input(n, 2 * d, d, dqkv + kv, rdqkv + kv, 3 * d, w + d * d, rw + d * d, 0,
                            to_h, d);
    if (q0 < to) {
        linear_r_backward_weight(to - q0, d, d, dqkv + q0 * 3 * d, rdqkv + q0 * 3 * d, 3 * d,
                                 h + q0 * d, rh + q0 * d, d, keep, rdw);
        linear_r_backward_input(to - q0, d, d, dqkv + q0 * 3 * d, rdqkv + q0 * 3 * d, 3 * d, w, rw,
                                1, to_h + (q0 - from) * d, d);
    }
    norm->r_led(n, d, NULL, dh, rdh, &ln, dl, rdl, rdx);
    if (q0 < to)
        X(add_rows)(rdx + (q0 - from) * d, rb->dsum1 + (q0 - tp->q0) * d, (to - q0) * d);
}
