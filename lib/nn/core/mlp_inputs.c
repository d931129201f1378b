/* Layer 0 of the mlp is linear in what its operands contribute, so it needs no product for a row:
 *   sum     W (E[a] + E[b])     = P[a] + P[b]  with P = E W'
 *   concat  W [E[a]; E[b]]      = P[a] + Q[b]  with P = E W_1', Q = E W_2', where W = [W_1 W_2]
 *   onehot  W (e_a + e_(V + b)) = P[a] + Q[b]  with [P; Q] = W'
 * P and Q are one table, with a row for each token that occurs. Its gradient G adds up the rows'
 * gradients, token by token, and dW = G' E, dE = G W. Along a direction, R{P} = R{E} W' + E R{W}',
 * R{dW} = R{G}' E + G' R{E} and R{dE} = R{G} W + G R{W}.
 *
 * With `sum`, (a, b) and (b, a) have the same result, and the plan makes them neighbours. */
#include <string.h>

#include "mlp.h"

/* ---- the rows ---- */

/* The operands of example I, as indices of slot_of. */
static void operands(const struct mlp *m, size_t i, size_t to[2])
{
    const int32_t *t = gk_plan_tokens(m->plan, i);
    to[0] = (size_t)t[0];
    to[1] = (size_t)t[m->second];
    if (m->inputs->tables == 2)
        to[1] += m->V;
    else if (to[0] > to[1]) {
        const size_t larger = to[0];
        to[0] = to[1];
        to[1] = larger;
    }
}

/* Numbers the operands that occur. */
static void number_slots(struct mlp *m)
{
    const size_t all = m->inputs->tables * m->V;
    size_t used = 0;
    memset(m->slot_of, m->inputs->embed ? -1 : 0, all * sizeof *m->slot_of);
    for (size_t i = 0; i < m->plan->n && m->inputs->embed; i++) {
        size_t at[2];
        operands(m, i, at);
        m->slot_of[at[0]] = m->slot_of[at[1]] = 0;
    }
    m->slots[1] = 0;
    for (size_t i = 0; i < all; i++) {
        if (m->slot_of[i] == 0) {
            m->slot_of[i] = (int32_t)used;
            m->token_of[used++] = (int32_t)(i % m->V);
        }
        if (i + 1 == m->V)
            m->slots[1] = used;
    }
    m->slots[2] = used;
}

void X(mlp_select)(struct mlp *m)
{
    const struct gk_plan *p = m->plan;
    size_t rows = 0;
    if (m->selection == p->selection)
        return;
    m->selection = p->selection;
    number_slots(m);
    for (size_t t = 0; t < p->ntile; t++) {
        const size_t first = m->tile_row[t] = rows;
        for (size_t i = p->tile[t]; i < p->tile[t + 1]; i++) {
            size_t at[2];
            operands(m, i, at);
            const int32_t s[2] = {m->slot_of[at[0]], m->slot_of[at[1]]};
            if (rows > first && i == m->example[rows - 1] + 1 &&
                memcmp(m->slot + 2 * (rows - 1), s, sizeof s) == 0)
                continue;
            memcpy(m->slot + 2 * rows, s, sizeof s);
            m->example[rows++] = i;
        }
    }
    m->tile_row[p->ntile] = rows;
    m->example[rows] = p->n;
}

/* ---- the table ---- */

/* e (slots, d): rows of the embedding at THETA. */
static void embeddings(const struct mlp *m, const real *theta, real *e)
{
    for (size_t s = 0; s < m->slots[2]; s++)
        memcpy(e + s * m->d, theta + m->embed + (size_t)m->token_of[s] * m->d, m->d * sizeof *e);
}

/* table = e W' + beta table, each part with its columns of W' = WT. */
static void add_product(const struct mlp *m, const real *e, const real *wt, real beta)
{
    for (size_t i = 0; i < m->inputs->tables; i++)
        linear_forward_wt(m->slots[i + 1] - m->slots[i], m->hidden, m->d, e + m->slots[i] * m->d,
                          m->d, wt + i * m->d * m->hidden, m->hidden, beta,
                          m->table + m->slots[i] * m->hidden, m->hidden);
}

void X(mlp_load_table)(const struct mlp *m)
{
    const size_t in = mlp_width(m, 0), out = m->hidden;
    const real *dir = m->q->mode == GK_NET_PRODUCT ? m->q->v : NULL;
    if (!m->inputs->embed) {
        X(transpose)(out, in, (dir ? dir : m->theta) + m->weight[0], m->table, out);
        return;
    }
    X(transpose)(out, in, m->theta + m->weight[0], m->wt[0], out);
    embeddings(m, m->theta, m->e);
    if (!dir) {
        add_product(m, m->e, m->wt[0], 0);
        return;
    }
    X(transpose)(out, in, dir + m->weight[0], m->rwt[0], out);
    embeddings(m, dir, m->re);
    add_product(m, m->re, m->wt[0], 0);
    add_product(m, m->e, m->rwt[0], 1);
}

void X(mlp_gather)(const struct mlp *m, size_t row, size_t n, real *restrict y)
{
    const size_t h = m->hidden;
    for (size_t i = row; i < row + n; i++, y += h) {
        const real *p = m->table + (size_t)m->slot[2 * i] * h;
        const real *q = m->table + (size_t)m->slot[2 * i + 1] * h;
#pragma omp simd
        for (size_t j = 0; j < h; j++)
            y[j] = p[j] + q[j];
    }
}

/* A row that reads one row of the table twice adds to it twice. */
void X(mlp_scatter)(const struct mlp *m, size_t row, size_t n, const real *dy, real *g)
{
    const size_t h = m->hidden;
    for (size_t i = row; i < row + n; i++, dy += h)
        for (int operand = 0; operand < 2; operand++)
            X(bias_sum)(1, h, dy, h, g + (size_t)m->slot[2 * i + (size_t)operand] * h);
}

/* ---- from the table's gradient to the parameters' ---- */

/* dw = G' e + beta dw */
static void add_weights(const struct mlp *m, const real *g, const real *e, real beta, real *dw)
{
    const size_t d = m->d, h = m->hidden, in = mlp_width(m, 0);
    for (size_t i = 0; i < m->inputs->tables; i++) {
        const size_t s = m->slots[i], n = m->slots[i + 1] - s;
        X(multiply)(true, false, h, d, n, g + s * h, h, e + s * d, d, beta, dw + i * d, in);
    }
}

/* de (slots, d) = G W + beta de */
static void add_embeddings(const struct mlp *m, const real *g, const real *w, real beta)
{
    const size_t d = m->d, h = m->hidden, in = mlp_width(m, 0);
    for (size_t i = 0; i < m->inputs->tables; i++) {
        const size_t s = m->slots[i], n = m->slots[i + 1] - s;
        X(multiply)(false, false, n, d, h, g + s * h, h, w + i * d, in, beta, m->de + s * d, d);
    }
}

static void finish_weights(const struct mlp *m, const real *dir, const real *g, real *dw)
{
    if (!m->inputs->embed) {
        X(transpose)(m->slots[2], m->hidden, g, dw, m->slots[2]);
        return;
    }
    add_weights(m, g, m->e, 0, dw);
    if (dir)
        add_weights(m, m->kept, m->re, 1, dw);
}

static void finish_embedding(const struct mlp *m, const real *dir, const real *g, real *out)
{
    add_embeddings(m, g, m->theta + m->weight[0], 0);
    if (dir)
        add_embeddings(m, m->kept, dir + m->weight[0], 1);
    memset(out, 0, m->V * m->d * sizeof *out);
    for (size_t s = 0; s < m->slots[2]; s++)
        X(bias_sum)(1, m->d, m->de + s * m->d, m->d, out + (size_t)m->token_of[s] * m->d);
}

/* Every row adds its gradient to the first operand's part of the table. If there is one part, it
 * adds it twice. */
static void finish_bias(const struct mlp *m, const real *g, real *db)
{
    const size_t parts = m->inputs->tables;
    if (!db)
        return;
    memset(db, 0, m->hidden * sizeof *db);
    X(bias_sum)(m->slots[1], m->hidden, g, m->hidden, db);
    for (size_t j = 0; j < m->hidden && parts == 1; j++)
        db[j] /= 2;
}

void X(mlp_finish)(const struct mlp *m, size_t task)
{
    const bool product = m->q->mode == GK_NET_PRODUCT;
    const real *dir = product ? m->q->v : NULL;
    const real *g = m->q->mode == GK_NET_LINEARISE ? m->kept : m->sums;
    real *out = m->q->out;
    if (task == 0) {
        finish_weights(m, dir, g, out + m->weight[0]);
        return;
    }
    if (m->inputs->embed)
        finish_embedding(m, dir, g, out + m->embed);
    finish_bias(m, g, mlp_bias(m, out, 0));
}

/* ---- x, for requests of activations ---- */

static void embed_sum(const struct mlp *m, const int32_t token[2], real *x)
{
    const real *e = m->theta + m->embed;
    for (size_t j = 0; j < m->d; j++)
        x[j] = e[(size_t)token[0] * m->d + j] + e[(size_t)token[1] * m->d + j];
}

static void embed_concat(const struct mlp *m, const int32_t token[2], real *x)
{
    for (size_t i = 0; i < 2; i++)
        memcpy(x + i * m->d, m->theta + m->embed + (size_t)token[i] * m->d, m->d * sizeof *x);
}

const struct inputs X(mlp_inputs)[3] = {[GK_INPUTS_SUM] = {1, 0, 1, embed_sum},
                                        [GK_INPUTS_CONCAT] = {2, 0, 2, embed_concat},
                                        [GK_INPUTS_ONEHOT] = {0, 2, 2, NULL}};
