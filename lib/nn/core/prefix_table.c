/* The table's phases. For every distinct (position, token): embeddings, the first block's q and k,
 * and its values after the output matrix; then the gradients of these. */
#include <string.h>

#include "transformer.h"

size_t X(chunks)(const struct transformer *tf, size_t n)
{
    size_t c = n <= 64 ? 1 : (n + 127) / 128 * 2;
    if (c > tf->plan->nlane)
        c = tf->plan->nlane;
    return c > 0 ? c : 1;
}

void X(chunk)(const struct transformer *tf, size_t n, size_t task, size_t *from, size_t *to)
{
    const size_t c = X(chunks)(tf, n);
    *from = n * task / c;
    *to = n * (task + 1) / c;
}

/* The values of head h, v_h (rows, w), pass through its columns of the output matrix, Wo_h (d, w):
 * forward, backward, and the gradient of Wo_h. */

/* vo_h = beta vo_h + v_h Wo_h' */
static void head_values(const struct transformer *tf, size_t h, const real *qkv, const real *wo_t,
                        real beta, real *vo, size_t from, size_t to)
{
    const size_t d = tf->d, w = d / tf->H, Hd = tf->H * d;
    X(multiply)
    (false, false, to - from, d, w, qkv + from * 3 * d + 2 * d + h * w, 3 * d, wo_t + h * w * d, d,
     beta, vo + from * Hd + h * d, Hd);
}

/* dv_h = beta dv_h + dvo_h Wo_h */
static void head_values_backward(const struct transformer *tf, size_t h, const real *dvo,
                                 const real *wo, real beta, real *dqkv, size_t from, size_t to)
{
    const size_t d = tf->d, w = d / tf->H, Hd = tf->H * d;
    X(multiply)
    (false, false, to - from, w, d, dvo + from * Hd + h * d, Hd, wo + h * w, d, beta,
     dqkv + from * 3 * d + 2 * d + h * w, 3 * d);
}

/* dWo_h = beta dWo_h + dvo_h' v_h, over all table rows */
static void head_values_weight(const struct transformer *tf, size_t h, const real *dvo,
                               const real *qkv, real beta, real *dwo)
{
    const size_t d = tf->d, w = d / tf->H;
    X(multiply)
    (true, false, d, w, tf->plan->ntab, dvo + h * d, tf->H * d, qkv + 2 * d + h * w, 3 * d, beta,
     dwo + h * w, d);
}

/* The first block's first LayerNorm, if the attention reads one: of table rows from FROM on. */
static struct ln table_ln(const struct transformer *tf, size_t from, const struct lane *lane)
{
    const struct block *w = &tf->w.block[0];
    if (!tf->norm->enters)
        return (struct ln){0};
    struct ln ln = {
        .gain = w->gain1, .bias = w->bias1, .xh = tf->tab.xh + from * tf->d, .s = tf->tab.s + from};
    if (product(tf)) {
        ln.rgain = tf->rw.block[0].gain1;
        ln.rbias = tf->rw.block[0].bias1;
        ln.rxh = tf->rtab.xh + from * tf->d;
        ln.rc = tf->rtab.s + from;
    }
    if (lane) {
        ln.dgain = lane->g.block[0].gain1;
        ln.dbias = lane->g.block[0].bias1;
    }
    return ln;
}

void X(table_task)(void *ctx, size_t task, int thread)
{
    (void)thread;
    const struct transformer *tf = ctx;
    const struct gk_plan *p = tf->plan;
    const size_t d = tf->d;
    size_t from, to;
    X(chunk)(tf, p->ntab, task, &from, &to);
    real *x = (product(tf) ? tf->rtab.x : tf->tab.x) + from * d;
    const real *embed = product(tf) ? tf->rw.embed : tf->w.embed;
    const real *position = product(tf) ? tf->rw.position : tf->w.position;
    for (size_t i = 0; i < to - from; i++) {
        memcpy(x + i * d, embed + (size_t)p->tab_token[from + i] * d, d * sizeof *x);
        for (size_t j = 0; position && j < d; j++)
            x[i * d + j] += position[(size_t)p->tab_pos[from + i] * d + j];
    }
    const struct ln ln = table_ln(tf, from, NULL);
    const real *in = tf->tab.h + from * d;
    real *rin = product(tf) ? tf->rtab.h + from * d : NULL;
    if (product(tf))
        tf->norm->r_enter(to - from, d, x, &ln, rin);
    else
        tf->norm->enter(to - from, d, x, &ln, tf->tab.h + from * d);
    const struct transposes *t = &tf->w.transposed[0],
                            *rt = product(tf) ? &tf->rw.transposed[0] : NULL;
    if (product(tf))
        linear_r_forward_wt(to - from, 3 * d, d, in, rin, d, t->wqkv, rt->wqkv, 3 * d,
                            tf->rtab.qkv + from * 3 * d, 3 * d);
    else
        linear_forward_wt(to - from, 3 * d, d, in, d, t->wqkv, 3 * d, 0, tf->tab.qkv + from * 3 * d,
                          3 * d);
    X(qkv_bias)
    (d, (product(tf) ? &tf->rw : &tf->w)->block[0].bqkv, (product(tf) ? &tf->rtab : &tf->tab)->qkv,
     from, from, to);
    for (size_t h = 0; h < tf->H; h++) {
        if (product(tf)) {
            head_values(tf, h, tf->rtab.qkv, t->wo, 0, tf->rtab.vo, from, to);
            head_values(tf, h, tf->tab.qkv, rt->wo, 1, tf->rtab.vo, from, to);
        } else {
            head_values(tf, h, tf->tab.qkv, t->wo, 0, tf->tab.vo, from, to);
        }
    }
}

/* Gradients of a chunk of table rows: sums over lanes, then goes back through Wo and q, k, v. */
void X(table_rows_task)(void *ctx, size_t task, int thread)
{
    (void)thread;
    struct transformer *tf = ctx;
    const size_t d = tf->d, Hd = tf->H * d;
    const struct block *w = &tf->w.block[0], *rw = product(tf) ? &tf->rw.block[0] : NULL;
    struct table *t = product(tf) ? &tf->rtab : &tf->tab;
    size_t from, to;
    X(chunk)(tf, tf->plan->ntab, task, &from, &to);
    const size_t n = to - from;
    memset(t->dqkv + from * 3 * d, 0, n * 3 * d * sizeof(real));
    memset(t->dvo + from * Hd, 0, n * Hd * sizeof(real));
    memset(t->dx + from * d, 0, n * d * sizeof(real));
    for (size_t i = 0; i < tf->plan->nlane; i++) {
        const struct lane *lane = &tf->lane[i];
        X(add_rows)(t->dqkv + from * 3 * d, lane->dtab + from * 3 * d, n * 3 * d);
        X(add_rows)(t->dvo + from * Hd, lane->dtabvo + from * Hd, n * Hd);
        X(add_rows)(t->dx + from * d, lane->dtabx + from * d, n * d);
    }
    for (size_t h = 0; h < tf->H; h++) {
        head_values_backward(tf, h, t->dvo, w->wo, 0, t->dqkv, from, to);
        if (product(tf))
            head_values_backward(tf, h, tf->tab.dvo, rw->wo, 1, t->dqkv, from, to);
    }
    const struct entry *first = &tf->norm->first;
    const struct ln ln = table_ln(tf, from, &tf->lane[task]);
    real *dx = t->dx + from * d, *dh = tf->norm->enters ? t->dh + from * d : NULL;
    real *dl = dh ? t->dl + from * d : NULL, *to_h = first->lead(n, d, dx, dx, dh);
    if (product(tf)) {
        linear_r_backward_input(n, 3 * d, d, tf->tab.dqkv + from * 3 * d, t->dqkv + from * 3 * d,
                                3 * d, w->wqkv, rw->wqkv, first->beta, to_h, d);
        first->r_led(n, d, dx, dh ? tf->tab.dh + from * d : NULL, dh, &ln,
                     dh ? tf->tab.dl + from * d : NULL, dl, dx);
    } else {
        linear_backward_input(n, 3 * d, d, t->dqkv + from * 3 * d, 3 * d, w->wqkv, first->beta,
                              to_h, d);
        first->led(n, d, dx, dh, &ln, dl, dx);
    }
}

void X(table_weights_task)(void *ctx, size_t task, int thread)
{
    (void)thread;
    struct transformer *tf = ctx;
    const size_t d = tf->d, n = tf->plan->ntab;
    const struct table *t = &tf->tab, *rt = &tf->rtab;
    struct weights *g = &tf->lane[0].g;
    struct block *b = &g->block[0];
    if (task == 3) {
        const real *dx = product(tf) ? rt->dx : t->dx;
        memset(g->embed, 0, tf->V * d * sizeof(real));
        X(scatter_rows)(n, d, dx, tf->plan->tab_token, g->embed);
        if (g->position) { /* it stays 0 at positions beyond the rows' tokens */
            memset(g->position, 0, tf->T * d * sizeof(real));
            X(scatter_rows)(n, d, dx, tf->plan->tab_pos, g->position);
        }
    } else if (task == 4) {
        for (size_t h = 0; h < tf->H; h++) {
            head_values_weight(tf, h, product(tf) ? rt->dvo : t->dvo, t->qkv, 0, b->wo);
            if (product(tf))
                head_values_weight(tf, h, t->dvo, rt->qkv, 1, b->wo);
        }
    } else if (product(tf)) {
        linear_r_backward_weight(n, d, d, t->dqkv + task * d, rt->dqkv + task * d, 3 * d, t->h,
                                 rt->h, d, 0, b->wqkv + task * d * d);
    } else {
        linear_backward_weight(n, d, d, t->dqkv + task * d, 3 * d, t->h, d, 0,
                               b->wqkv + task * d * d);
    }
    if (task == 0)
        X(qkv_bias_sum)(d, b->bqkv, product(tf) ? rt->dqkv : t->dqkv, 0, 0, n);
}
