/* A tile of the mlp's rows: forward, backward, and the derivatives of both along a direction. A
 * tile goes in blocks, whose values stay in the first cache from the table to the logits and back.
 * The gradients of the weights come last, for the whole tile: a sum over many rows is the faster
 * product. */
#include <string.h>

#include "kernels/vec.h"
#include "mlp.h"

/* Rows of a block. OpenBLAS copies the weights for each product, so there a tile is one block. */
enum { BLOCK = GK_LIBXSMM ? 16 : 1 << 20 };

/* Row I of the tile in layer L's buffer; NULL: none. */
static real *at(const struct tile *t, real *const *buffer, size_t l, size_t i)
{
    return buffer[l] ? buffer[l] + (t->at + i) * mlp_width(t->m, l) : NULL;
}

/* Row I of layer L's buffer, if the buffer belongs to a thread and so begins with the tile. */
static real *thread_at(const struct tile *t, real *const *buffer, size_t l, size_t i)
{
    return buffer[l] ? buffer[l] + i * mlp_width(t->m, l) : NULL;
}

/* The gradient of layer L's output, from row I on. That of layer 0 is not kept for products. */
static real *gradient(const struct tile *t, size_t l, size_t i)
{
    return l == t->m->L + 1 ? at(t, t->v->h, l, i)
           : l == 1         ? t->own->dx + i * t->m->hidden
                            : at(t, t->v->dh, l, i);
}

static real *r_gradient(const struct tile *t, size_t l, size_t i)
{
    const struct rows *r = &t->own->r;
    return l == t->m->L + 1 ? thread_at(t, r->h, l, i)
           : l == 1         ? t->own->dx + i * t->m->hidden
                            : thread_at(t, r->dh, l, i);
}

/* ---- examples that share a row ---- */

struct examples {
    size_t first, n;
    real *z; /* (n, V) their logits: the rows' own if each row has one example */
};

static struct examples examples_of(const struct tile *t, size_t i, size_t n, real *z)
{
    const size_t *example = t->m->example + t->row + i;
    const size_t V = t->m->V, count = example[n] - example[0];
    const struct examples x = {example[0], count, count == n ? z : t->own->z};
    for (size_t r = 0; x.z != z && r < n; r++)
        for (size_t e = example[r]; e < example[r + 1]; e++)
            memcpy(x.z + (e - x.first) * V, z + r * V, V * sizeof *z);
    return x;
}

/* The gradient of a row's logits is the sum of its examples'. */
static void collect(const struct tile *t, size_t i, size_t n, const struct examples *x, real *z)
{
    const size_t *example = t->m->example + t->row + i;
    const size_t V = t->m->V;
    for (size_t r = 0; x->z != z && r < n; r++) {
        const size_t e = example[r];
        memcpy(z + r * V, x->z + (e - x->first) * V, V * sizeof *z);
        X(bias_sum)(example[r + 1] - e - 1, V, x->z + (e + 1 - x->first) * V, V, z + r * V);
    }
}

/* ---- forward and backward ---- */

/* Copies N rows of the output of the layer whose activations are requested, from row I on, once for
 * each of their examples. */
static void show_activations(const struct tile *t, size_t i, size_t n)
{
    const struct mlp *m = t->m;
    const size_t l = (size_t)m->q->layer, w = mlp_width(m, l);
    for (size_t r = 0; r < n; r++)
        for (size_t e = m->example[t->row + i + r]; e < m->example[t->row + i + r + 1]; e++) {
            real *to = (real *)m->q->act + m->plan->example[e] * w;
            if (l > 0) {
                memcpy(to, at(t, t->v->h, l, i + r), w * sizeof *to);
                continue;
            }
            const int32_t *token = gk_plan_tokens(m->plan, e);
            m->inputs->embed(m, (const int32_t[2]){token[0], token[m->second]}, to);
        }
}

/* y (n, out) = x W' + beta y for layer L > 0. LIBXSMM takes as long for one column as for a vector
 * of them, so the few columns that are left behind whole vectors (97 = 6 x 16 + 1) are dot
 * products. */
static void multiply_layer(const struct mlp *m, size_t l, size_t n, const real *x,
                           const real *theta, const real *wt, real beta, real *y)
{
    enum { FEW = GK_LIBXSMM ? 4 : 1 };
    const size_t in = m->hidden, out = mlp_width(m, l + 1);
    const size_t whole = out % VEC < FEW ? out / VEC * VEC : out;
    const real *w = theta + m->weight[l];
    if (whole > 0)
        linear_forward_wt(n, whole, in, x, in, wt, out, beta, y, out);
    for (size_t i = 0; i < n; i++)
        for (size_t j = whole; j < out; j++) {
            real *to = y + i * out + j;
            *to = dot(x + i * in, w + j * in, in) + (beta == 0 ? 0 : *to);
        }
}

static void forward(const struct tile *t, size_t i, size_t n)
{
    const struct mlp *m = t->m;
    const enum gk_net_mode mode = m->q->mode;
    for (size_t l = 0; l <= m->L; l++) {
        const size_t out = mlp_width(m, l + 1);
        real *y = at(t, t->v->h, l + 1, i);
        if (l == 0)
            X(mlp_gather)(m, t->row + i, n, y);
        else
            multiply_layer(m, l, n, at(t, t->v->h, l, i), m->theta, m->wt[l], 0, y);
        if (l == m->L)
            X(bias_add)(n, out, mlp_bias(m, m->theta, l), y, out);
        else
            m->act->forward(n, out, mlp_bias(m, m->theta, l), y,
                            mode == GK_NET_SCORE ? NULL : at(t, t->v->f1, l + 1, i),
                            mode == GK_NET_LINEARISE ? at(t, t->v->f2, l + 1, i) : NULL);
    }
}

/* The loss; the logits become their gradient. */
static double logits(const struct tile *t, size_t i, size_t n)
{
    const struct mlp *m = t->m;
    const size_t V = m->V;
    real *z = at(t, t->v->h, m->L + 1, i);
    const struct examples x = examples_of(t, i, n, z);
    const int32_t *labels = m->plan->labels + x.first;
    unsigned char *right = m->right + x.first;
    for (size_t e = 0; m->q->logits && e < x.n; e++)
        memcpy((real *)m->q->logits + m->plan->example[x.first + e] * V, x.z + e * V,
               V * sizeof *z);
    if (m->q->mode == GK_NET_SCORE)
        return m->loss->forward(x.n, V, x.z, labels, 1, right);
    const double loss =
        m->loss->both(x.n, V, x.z, labels, 1, right, 1 / (real)m->plan->n,
                      m->q->mode == GK_NET_LINEARISE ? m->prob + x.first * V : NULL);
    if (m->q->gauss_newton)
        memset(x.z, 0, x.n * V * sizeof *z);
    collect(t, i, n, &x, z);
    return loss;
}

static void backward(const struct tile *t, size_t i, size_t n)
{
    const struct mlp *m = t->m;
    const bool keeps = m->q->mode == GK_NET_LINEARISE;
    for (size_t l = m->L; l > 0; l--) {
        const size_t out = mlp_width(m, l + 1);
        const real *dy = gradient(t, l + 1, i);
        real *dx = gradient(t, l, i);
        linear_backward_input(n, out, m->hidden, dy, out, m->theta + m->weight[l], 0, dx,
                              m->hidden);
        m->act->backward(n * m->hidden, at(t, t->v->h, l, i), at(t, t->v->f1, l, i),
                         keeps ? at(t, t->v->f2, l, i) : NULL, dx);
    }
}

static void add_biases(const struct tile *t, size_t l, const real *dy)
{
    const size_t out = mlp_width(t->m, l + 1);
    X(bias_sum)(t->n, out, dy, out, t->m->biased ? t->g + t->m->gbias[l] : NULL);
}

static void add_table(const struct tile *t)
{
    gk_turn_take(t->turn);
    X(mlp_scatter)(t->m, t->row, t->n, t->own->dx, t->g);
    gk_turn_pass(t->turn);
}

/* Tiles of a lane take turns (share.h), a layer each. */
static void add_gradients(const struct tile *t)
{
    const struct mlp *m = t->m;
    for (size_t l = m->L; l > 0; l--) {
        const size_t out = mlp_width(m, l + 1);
        const real *dy = gradient(t, l + 1, 0);
        gk_turn_take(t->turn);
        linear_backward_weight(t->n, out, m->hidden, dy, out, at(t, t->v->h, l, 0), m->hidden,
                               t->keep, t->g + m->gweight[l]);
        add_biases(t, l, dy);
        gk_turn_pass(t->turn);
    }
    add_table(t);
}

double X(mlp_tile)(const struct tile *t)
{
    const struct mlp *m = t->m;
    double loss = 0;
    for (size_t i = 0; i < t->n; i += BLOCK) {
        const size_t n = t->n - i < BLOCK ? t->n - i : BLOCK;
        forward(t, i, n);
        loss += logits(t, i, n);
        if (m->q->act)
            show_activations(t, i, n);
        if (m->q->mode != GK_NET_SCORE)
            backward(t, i, n);
    }
    if (m->q->mode != GK_NET_SCORE)
        add_gradients(t);
    return loss;
}

/* ---- along a direction ---- */

static void r_forward(const struct tile *t, size_t i, size_t n)
{
    const struct mlp *m = t->m;
    const struct rows *r = &t->own->r;
    for (size_t l = 0; l <= m->L; l++) {
        const size_t out = mlp_width(m, l + 1);
        real *ry = thread_at(t, r->h, l + 1, i);
        if (l == 0)
            X(mlp_gather)(m, t->row + i, n, ry);
        else {
            multiply_layer(m, l, n, thread_at(t, r->h, l, i), m->theta, m->wt[l], 0, ry);
            multiply_layer(m, l, n, at(t, t->v->h, l, i), m->q->v, m->rwt[l], 1, ry);
        }
        X(bias_add)(n, out, mlp_bias(m, m->q->v, l), ry, out);
        if (l < m->L)
            m->act->r_forward(n * out, at(t, t->v->h, l + 1, i), at(t, t->v->f1, l + 1, i),
                              thread_at(t, r->f1, l + 1, i), ry);
    }
}

static void r_logits(const struct tile *t, size_t i, size_t n)
{
    const struct mlp *m = t->m;
    real *rz = thread_at(t, t->own->r.h, m->L + 1, i);
    const struct examples x = examples_of(t, i, n, rz);
    m->loss->r_backward(x.n, m->V, m->prob + x.first * m->V, m->plan->labels + x.first, 1,
                        1 / (real)m->plan->n, x.z);
    collect(t, i, n, &x, rz);
}

static void r_backward(const struct tile *t, size_t i, size_t n)
{
    const struct mlp *m = t->m;
    const real *dir = m->q->v;
    for (size_t l = m->L; l > 0; l--) {
        const size_t out = mlp_width(m, l + 1);
        const real *rdy = r_gradient(t, l + 1, i);
        real *rdx = r_gradient(t, l, i);
        linear_r_backward_input(n, out, m->hidden, gradient(t, l + 1, i), rdy, out,
                                m->theta + m->weight[l], dir + m->weight[l], 0, rdx, m->hidden);
        m->act->r_backward(n * m->hidden, at(t, t->v->h, l, i), at(t, t->v->f1, l, i),
                           at(t, t->v->f2, l, i), thread_at(t, t->own->r.f1, l, i), rdx);
    }
}

void X(mlp_r_tile)(const struct tile *t)
{
    const struct mlp *m = t->m;
    for (size_t i = 0; i < t->n; i += BLOCK) {
        const size_t n = t->n - i < BLOCK ? t->n - i : BLOCK;
        r_forward(t, i, n);
        r_logits(t, i, n);
        r_backward(t, i, n);
    }
    for (size_t l = m->L; l > 0; l--) {
        const size_t out = mlp_width(m, l + 1);
        gk_turn_take(t->turn);
        linear_r_backward_weight(t->n, out, m->hidden, gradient(t, l + 1, 0),
                                 r_gradient(t, l + 1, 0), out, at(t, t->v->h, l, 0),
                                 thread_at(t, t->own->r.h, l, 0), m->hidden, t->keep,
                                 t->g + m->gweight[l]);
        add_biases(t, l, r_gradient(t, l + 1, 0));
        gk_turn_pass(t->turn);
    }
    add_table(t);
}
