/* The derivative of everything in block.c along a direction: each product becomes two
 * (kernels.h). */
#include "transformer.h"

void X(block_r_qkv)(const struct transformer *tf, size_t l, const struct tape *tp,
                    const struct tape *rt, size_t from, size_t to)
{
    const size_t d = tf->d;
    const struct qkv_parts q = X(qkv_parts)(tf, l, tp, from, to);
    const struct ln ln = X(block_ln)(tf, l, 1, tp, rt, from, NULL);
    const real *w = tf->w.transposed[l].wqkv, *rw = tf->rw.transposed[l].wqkv;
    const real *h = tp->f[l].h1, *rh = rt->f[l].h1;
    real *rqkv = rt->f[l].qkv;
    tf->norm->r_enter(to - from, d, rt->f[l].x + from * d, &ln, rt->f[l].h1 + from * d);
    for (const struct qkv_part *p = q.part; p < q.part + q.n; p++)
        linear_r_forward_wt(to - p->row, p->width, d, h + p->row * d, rh + p->row * d, d,
                            w + p->column, rw + p->column, 3 * d, rqkv + p->row * 3 * d + p->column,
                            3 * d);
    X(qkv_bias)(d, tf->rw.block[l].bqkv, rqkv, from, q.q0, to);
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
    X(bias_add)(n, d, rw->bo, ry, d);
    const struct ln ln1 = tf->norm->joins ? X(block_ln)(tf, l, 1, tp, rt, i, NULL) : (struct ln){0};
    tf->norm->r_join(n, d, (tf->norm->carries ? rf->h1 : rf->x) + from * d, &ln1, ry);
    tf->norm->r_enter(n, d, ry, &ln2, rh);
    linear_r_forward_wt(n, ff, d, f->h2 + id, rh, d, t->up, rwt->up, ff, ru, ff);
    X(bias_add)(n, ff, rw->bup, ru, ff);
    tf->act->r_forward(n * ff, f->u + iu, curved ? f->f1 + iu : NULL, curved ? rf->f1 + iu : NULL,
                       ru);
    linear_r_forward_wt(n, d, ff, f->u + iu, ru, ff, t->down, rwt->down, d, rout, d);
    X(bias_add)(n, d, rw->bdown, rout, d);
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
    take_turn(lane);
    tf->norm->r_join_backward(n, d, b->dout + id, rb->dout + id, &ln, dsum, rdsum);
    linear_r_backward_weight(n, d, ff, dsum, rdsum, d, u, rf->u + iu, ff, keep, rdw->down);
    X(bias_sum)(n, d, rdsum, d, rdw->bdown);
    pass_turn(lane);
    linear_r_backward_input(n, d, ff, dsum, rdsum, d, w->down, rw->down, 0, rdu, ff);
    tf->act->r_backward(n * ff, u, curved ? f->f1 + iu : NULL, curved ? f->f2 + iu : NULL,
                        curved ? rf->f1 + iu : NULL, rdu);
    const bool enters = tf->norm->enters;
    const real *dh = enters ? b->dh2 + id : NULL, *dl = enters ? b->dl2 + id : NULL;
    real *rdh = enters ? rb->dh2 + id : NULL, *rdl = enters ? rb->dl2 + id : NULL;
    linear_r_backward_input(n, ff, d, b->du + iu, rdu, ff, w->up, rw->up, tf->norm->rest.beta,
                            tf->norm->rest.lead(n, d, rdsum, rb->dy + id, rdh), d);
    take_turn(lane);
    linear_r_backward_weight(n, ff, d, b->du + iu, rdu, ff, f->h2 + id, rf->h2 + id, d, keep,
                             rdw->up);
    X(bias_sum)(n, ff, rdu, ff, rdw->bup);
    tf->norm->rest.r_led(n, d, rdsum, dh, rdh, &ln, dl, rdl, rb->dy + id);
    pass_turn(lane);
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
    take_turn(lane);
    tf->norm->r_join_backward(n, d, b->dy + id, rb->dy + id, &ln, dsum, rdsum);
    X(bias_sum)(n, d, rdsum, d, rdw->bo);
    if (l == 0) {
        X(attention_r_backward)(&at, from, to, f->p + ip, rf->p + ip, dsum, rdsum, &sums);
        X(scatter_rows)(n, d, rdsum, g->tab + from, lane->dtabx);
        pass_turn(lane);
        return;
    }
    linear_r_backward_weight(n, d, d, dsum, rdsum, d, f->a + id, rf->a + id, d, lane->g.keep,
                             rdw->wo);
    pass_turn(lane);
    linear_r_backward_input(n, d, d, dsum, rdsum, d, w->wo, rw->wo, 0, rb->da + id, d);
    take_turn(lane);
    X(attention_r_backward)(&at, from, to, f->p + ip, rf->p + ip, b->da + id, rb->da + id, &sums);
    pass_turn(lane);
}

void X(block_r_qkv_backward)(const struct transformer *tf, size_t l, const struct tape *tp,
                             const struct tape *rt, size_t from, size_t to, struct lane *lane)
{
    const size_t d = tf->d, n = to - from;
    const struct qkv_parts q = X(qkv_parts)(tf, l, tp, from, to);
    const struct norm *norm = tf->norm;
    const struct bwd *b = &tp->b[l], *rb = &rt->b[l];
    const struct ln ln = X(block_ln)(tf, l, 1, tp, rt, from, lane);
    const real *w = tf->w.block[l].wqkv, *rw = tf->rw.block[l].wqkv;
    const real *h = tp->f[l].h1, *rh = rt->f[l].h1;
    const real *dh = norm->enters ? b->dh1 + from * d : NULL, *dl = dh ? b->dl1 + from * d : NULL;
    const real *rdsum = q.last ? NULL : rb->dsum1 + from * d;
    real *rdh = dh ? rb->dh1 + from * d : NULL, *rdl = dh ? rb->dl1 + from * d : NULL;
    real *rdw = lane->g.block[l].wqkv, *rdx = rt->b[l - 1].dout + from * d;
    real *to_h = norm->first.lead(n, d, rdsum, rdx, rdh), beta = q.last ? 0 : norm->first.beta;
    for (const struct qkv_part *p = q.part; p < q.part + q.n; p++) {
        const size_t at = p->row * 3 * d + p->column;
        linear_r_backward_input(to - p->row, p->width, d, b->dqkv + at, rb->dqkv + at, 3 * d,
                                w + p->column * d, rw + p->column * d, beta,
                                to_h + (p->row - from) * d, d);
        beta = 1; /* the next part adds to this */
    }
    take_turn(lane);
    X(qkv_bias_sum)(d, lane->g.block[l].bqkv, rb->dqkv, from, q.q0, to);
    for (const struct qkv_part *p = q.part; p < q.part + q.n; p++) {
        const size_t at = p->row * 3 * d + p->column;
        linear_r_backward_weight(to - p->row, p->width, d, b->dqkv + at, rb->dqkv + at, 3 * d,
                                 h + p->row * d, rh + p->row * d, d, lane->g.keep,
                                 rdw + p->column * d);
    }
    if (norm->carries)
        X(add_last_residual)(&q, tp->q0, d, rb->dsum1, from, to, rdh);
    norm->first.r_led(n, d, rdsum, dh, rdh, &ln, dl, rdl, rdx);
    pass_turn(lane);
    if (!norm->carries)
        X(add_last_residual)(&q, tp->q0, d, rb->dsum1, from, to, rdx);
}
