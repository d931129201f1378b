/* The input of the mlp's first layer for a row's operands a and b, and its product:
 *   sum     x = E[a] + E[b]
 *   concat  x = [E[a]; E[b]]
 *   onehot  x has ones at a and V + b, so W x is a sum of two columns of W: no product. */
#include <string.h>

#include "mlp.h"

/* Embeddings of the two operands of rows: pointers into E (V, d). */
static size_t at(const struct mlp *m, size_t i, size_t position)
{
    return m->embed + (size_t)gk_plan_tokens(m->plan, i)[position] * m->d;
}

static void embed_sum(const struct mlp *m, const real *theta, size_t a, size_t b, real *h)
{
    for (size_t i = a; i < b; i++) {
        const real *x = theta + at(m, i, 0), *y = theta + at(m, i, m->second);
#pragma omp simd
        for (size_t j = 0; j < m->d; j++)
            h[i * m->d + j] = x[j] + y[j];
    }
}

static void embed_sum_backward(const struct mlp *m, size_t a, size_t b, const real *dh, real *g)
{
    for (size_t i = a; i < b; i++) {
        real *x = g + at(m, i, 0), *y = g + at(m, i, m->second);
        for (size_t j = 0; j < m->d; j++) {
            x[j] += dh[i * m->d + j];
            y[j] += dh[i * m->d + j];
        }
    }
}

static void embed_concat(const struct mlp *m, const real *theta, size_t a, size_t b, real *h)
{
    for (size_t i = a; i < b; i++) {
        memcpy(h + 2 * i * m->d, theta + at(m, i, 0), m->d * sizeof *h);
        memcpy(h + (2 * i + 1) * m->d, theta + at(m, i, m->second), m->d * sizeof *h);
    }
}

static void embed_concat_backward(const struct mlp *m, size_t a, size_t b, const real *dh, real *g)
{
    for (size_t i = a; i < b; i++) {
        real *x = g + at(m, i, 0), *y = g + at(m, i, m->second);
        for (size_t j = 0; j < m->d; j++)
            x[j] += dh[2 * i * m->d + j];
        for (size_t j = 0; j < m->d; j++)
            y[j] += dh[(2 * i + 1) * m->d + j];
    }
}

/* ---- x is stored ---- */

#define DENSE(name)                                                                                \
    static void name##_forward(const struct mlp *m, size_t a, size_t b)                            \
    {                                                                                              \
        const size_t in = mlp_width(m, 0), out = m->hidden;                                        \
        embed_##name(m, m->theta, a, b, m->v.h[0]);                                                \
        linear_forward(b - a, out, in, m->v.h[0] + a * in, in, m->theta + m->weight[0], 0,         \
                       m->v.h[1] + a * out, out);                                                  \
    }                                                                                              \
    static void name##_backward(const struct mlp *m, size_t a, size_t b, real *g)                  \
    {                                                                                              \
        const size_t in = mlp_width(m, 0), out = m->hidden;                                        \
        const real *dy = m->v.dh[1] + a * out;                                                     \
        linear_backward_weight(b - a, out, in, dy, out, m->v.h[0] + a * in, in, 1,                 \
                               g + m->weight[0]);                                                  \
        linear_backward_input(b - a, out, in, dy, out, m->theta + m->weight[0], 0,                 \
                              m->v.dh[0] + a * in, in);                                            \
        embed_##name##_backward(m, a, b, m->v.dh[0], g);                                           \
    }                                                                                              \
    static void name##_r_forward(const struct mlp *m, size_t a, size_t b)                          \
    {                                                                                              \
        const size_t in = mlp_width(m, 0), out = m->hidden;                                        \
        const real *dir = m->q->v;                                                                 \
        embed_##name(m, dir, a, b, m->r.h[0]);                                                     \
        linear_r_forward(b - a, out, in, m->v.h[0] + a * in, m->r.h[0] + a * in, in,               \
                         m->theta + m->weight[0], dir + m->weight[0], m->r.h[1] + a * out, out);   \
    }                                                                                              \
    static void name##_r_backward(const struct mlp *m, size_t a, size_t b, real *g)                \
    {                                                                                              \
        const size_t in = mlp_width(m, 0), out = m->hidden;                                        \
        const real *dir = m->q->v, *dy = m->v.dh[1] + a * out, *rdy = m->r.dh[1] + a * out;        \
        linear_r_backward_weight(b - a, out, in, dy, rdy, out, m->v.h[0] + a * in,                 \
                                 m->r.h[0] + a * in, in, 1, g + m->weight[0]);                     \
        linear_r_backward_input(b - a, out, in, dy, rdy, out, m->theta + m->weight[0],             \
                                dir + m->weight[0], 0, m->r.dh[0] + a * in, in);                   \
        embed_##name##_backward(m, a, b, m->r.dh[0], g);                                           \
    }

DENSE(sum)
DENSE(concat)

/* ---- x is gathered ---- */

/* The rows of columns (2V, hidden) that belong to row i. */
static size_t column(const struct mlp *m, size_t i, int which)
{
    const int32_t *t = gk_plan_tokens(m->plan, i);
    return (which ? m->V + (size_t)t[m->second] : (size_t)t[0]) * m->hidden;
}

static void gather(const struct mlp *m, const real *columns, size_t a, size_t b, real *y)
{
    const size_t h = m->hidden;
    for (size_t i = a; i < b; i++) {
        const real *p = columns + column(m, i, 0), *q = columns + column(m, i, 1);
        real *yi = y + i * h;
#pragma omp simd
        for (size_t j = 0; j < h; j++)
            yi[j] = p[j] + q[j];
    }
}

static void scatter(const struct mlp *m, const real *dy, size_t a, size_t b, real *g)
{
    const size_t h = m->hidden;
    for (size_t i = a; i < b; i++)
        for (int which = 0; which < 2; which++)
            X(bias_sum)(1, h, dy + i * h, h, g + m->weight[0] + column(m, i, which));
}

static void onehot_forward(const struct mlp *m, size_t a, size_t b)
{
    gather(m, m->columns, a, b, m->v.h[1]);
}

static void onehot_backward(const struct mlp *m, size_t a, size_t b, real *g)
{
    scatter(m, m->v.dh[1], a, b, g);
}

static void onehot_r_forward(const struct mlp *m, size_t a, size_t b)
{
    gather(m, m->rcolumns, a, b, m->r.h[1]);
}

static void onehot_r_backward(const struct mlp *m, size_t a, size_t b, real *g)
{
    scatter(m, m->r.dh[1], a, b, g);
}

void X(mlp_load_columns)(struct mlp *m, bool direction)
{
    const real *w = (direction ? (const real *)m->q->v : m->theta) + m->weight[0];
    if (m->inputs->gathers)
        X(transpose)(m->hidden, 2 * m->V, w, direction ? m->rcolumns : m->columns, m->hidden);
}

void X(mlp_store_columns)(struct mlp *m)
{
    const size_t n = 2 * m->V * m->hidden;
    real *g = (real *)m->q->out + m->weight[0];
    if (!m->inputs->gathers)
        return;
    memcpy(m->rcolumns, g, n * sizeof *g);
    X(transpose)(2 * m->V, m->hidden, m->rcolumns, g, 2 * m->V);
}

#define INPUTS(name) name##_forward, name##_backward, name##_r_forward, name##_r_backward
const struct inputs X(mlp_inputs)[3] = {[GK_INPUTS_SUM] = {1, 0, false, INPUTS(sum)},
                                        [GK_INPUTS_CONCAT] = {2, 0, false, INPUTS(concat)},
                                        [GK_INPUTS_ONEHOT] = {0, 2, true, INPUTS(onehot)}};
