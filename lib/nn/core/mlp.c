/* The multilayer perceptron of Liu et al. 2022: h_0 = E[a] + E[b], h_l = leaky(W_l h_{l-1} + b_l),
 * z = U h_L + c; forward, backward, and the derivative of both along a direction. A lane is a task:
 * its tiles, in order, over buffers that hold every row (the network is small). */
#include <stdio.h>
#include <string.h>

#include "gk/mem.h"
#include "net.h"
#include "ops.h"

#define SLOPE ((real)0.01)

/* Every row's values, or their derivatives along the direction. */
struct rows {
    real **h;  /* [L + 1] (n, width of layer) */
    real **dh; /* [L + 1] gradient of h; of l >= 1 then of what entered the rectifier */
    real *z;   /* (n, V) logits, then their gradient */
};

struct mlp {
    size_t d, hidden, V, L, n, total;
    const struct gk_plan *plan;
    struct gk_pool *pool;
    size_t embed, unembed, unbias, *weight, *bias; /* offsets in the flat vector */
    struct rows v, r;
    real *prob;               /* (n, V) kept for products */
    real *lane[GK_MAX_LANES]; /* [total] gradients */
    double *tile_loss;
    unsigned char *right;
    const real *theta;
    real *theta_kept; /* of the last linearisation */
    const struct gk_net_request *q;
};

static size_t width(const struct mlp *m, size_t l)
{
    return l == 0 ? m->d : m->hidden;
}

static int rows_new(struct rows *r, const struct mlp *m, struct gk_err *err)
{
    if (r->h)
        return 0;
    r->h = gk_alloc(m->L + 1, sizeof *r->h, err);
    r->dh = gk_alloc(m->L + 1, sizeof *r->dh, err);
    r->z = gk_alloc(m->n * m->V, sizeof *r->z, err);
    for (size_t l = 0; l <= m->L && r->h && r->dh; l++) {
        r->h[l] = gk_alloc(m->n * width(m, l), sizeof(real), err);
        r->dh[l] = gk_alloc(m->n * width(m, l), sizeof(real), err);
        if (!r->h[l] || !r->dh[l])
            return -1;
    }
    return r->h && r->dh && r->z ? 0 : -1;
}

static void rows_free(struct rows *r, size_t L)
{
    for (size_t l = 0; l <= L; l++) {
        gk_free(r->h ? r->h[l] : NULL);
        gk_free(r->dh ? r->dh[l] : NULL);
    }
    gk_free(r->h);
    gk_free(r->dh);
    gk_free(r->z);
}

static void mlp_free(void *net)
{
    struct mlp *m = net;
    if (!m)
        return;
    rows_free(&m->v, m->L);
    rows_free(&m->r, m->L);
    for (size_t i = 0; i < GK_MAX_LANES; i++)
        gk_free(m->lane[i]);
    gk_free(m->prob);
    gk_free(m->weight);
    gk_free(m->bias);
    gk_free(m->tile_loss);
    gk_free(m->right);
    gk_free(m->theta_kept);
    gk_free(m);
}

static int make_room(struct mlp *m, const struct gk_params *ps, struct gk_err *err)
{
    m->weight = gk_alloc(m->L, sizeof *m->weight, err);
    m->bias = gk_alloc(m->L, sizeof *m->bias, err);
    m->tile_loss = gk_alloc(m->n, sizeof *m->tile_loss, err);
    m->right = gk_alloc(m->n, 1, err);
    if (!m->weight || !m->bias || !m->tile_loss || !m->right || rows_new(&m->v, m, err))
        return -1;
    for (size_t i = 0; i < m->plan->nlane; i++)
        if (!(m->lane[i] = gk_alloc(m->total, sizeof(real), err)))
            return -1;
    m->embed = gk_params_find(ps, "embed.weight")->offset;
    m->unembed = gk_params_find(ps, "unembed.weight")->offset;
    m->unbias = gk_params_find(ps, "unembed.bias")->offset;
    for (size_t l = 0; l < m->L; l++) {
        char name[64];
        snprintf(name, sizeof name, "layers.%zu.weight", l);
        m->weight[l] = gk_params_find(ps, name)->offset;
        snprintf(name, sizeof name, "layers.%zu.bias", l);
        m->bias[l] = gk_params_find(ps, name)->offset;
    }
    return 0;
}

static void *mlp_make(const struct gk_arch *a, const struct gk_params *ps,
                      const struct gk_plan *plan, struct gk_pool *pool, struct gk_err *err)
{
    struct mlp *m = gk_alloc(1, sizeof *m, err);
    if (!m)
        return NULL;
    m->d = (size_t)a->dim;
    m->hidden = (size_t)a->ff;
    m->V = (size_t)a->vocab;
    m->L = (size_t)a->layers;
    m->n = plan->n;
    m->total = ps->total;
    m->plan = plan;
    m->pool = pool;
    if (make_room(m, ps, err)) {
        mlp_free(m);
        return NULL;
    }
    return m;
}

static void add_bias(size_t n, size_t out, const real *bias, real *y)
{
    for (size_t i = 0; i < n; i++)
#pragma omp simd
        for (size_t j = 0; j < out; j++)
            y[i * out + j] += bias[j];
}

static void sum_bias(size_t n, size_t out, const real *dy, real *db)
{
    for (size_t i = 0; i < n; i++)
#pragma omp simd
        for (size_t j = 0; j < out; j++)
            db[j] += dy[i * out + j];
}

/* h_0 of rows A..B from an embedding (or its derivative). */
static void embed(const struct mlp *m, const real *theta, size_t a, size_t b, real *h)
{
    const real *e = theta + m->embed;
    for (size_t i = a; i < b; i++) {
        const int32_t *t = gk_plan_tokens(m->plan, i);
        const real *x = e + (size_t)t[0] * m->d, *y = e + (size_t)t[2] * m->d;
#pragma omp simd
        for (size_t j = 0; j < m->d; j++)
            h[i * m->d + j] = x[j] + y[j];
    }
}

static void embed_backward(const struct mlp *m, size_t a, size_t b, const real *dh, real *g)
{
    real *e = g + m->embed;
    for (size_t i = a; i < b; i++) {
        const int32_t *t = gk_plan_tokens(m->plan, i);
        real *x = e + (size_t)t[0] * m->d, *y = e + (size_t)t[2] * m->d;
        for (size_t j = 0; j < m->d; j++) {
            x[j] += dh[i * m->d + j];
            y[j] += dh[i * m->d + j];
        }
    }
}

static double forward(struct mlp *m, size_t a, size_t b)
{
    const real *theta = m->theta;
    const size_t n = b - a;
    embed(m, theta, a, b, m->v.h[0]);
    for (size_t l = 0; l < m->L; l++) {
        const size_t in = width(m, l), out = m->hidden;
        real *y = m->v.h[l + 1] + a * out;
        linear_forward(n, out, in, m->v.h[l] + a * in, in, theta + m->weight[l], 0, y, out);
        add_bias(n, out, theta + m->bias[l], y);
        rectifier_forward(n * out, SLOPE, y);
    }
    real *z = m->v.z + a * m->V;
    linear_forward(n, m->V, m->hidden, m->v.h[m->L] + a * m->hidden, m->hidden, theta + m->unembed,
                   0, z, m->V);
    add_bias(n, m->V, theta + m->unbias, z);
    return crossentropy_forward(n, m->V, z, m->plan->labels + a, 1, m->right + a);
}

static void backward(struct mlp *m, size_t a, size_t b, real *g)
{
    const real *theta = m->theta;
    const size_t n = b - a, hid = m->hidden;
    real *z = m->v.z + a * m->V;
    crossentropy_backward(n, m->V, z, m->plan->labels + a, 1, 1 / (real)m->plan->n,
                          m->q->mode == GK_NET_LINEARISE ? m->prob + a * m->V : NULL);
    linear_backward_weight(n, m->V, hid, z, m->V, m->v.h[m->L] + a * hid, hid, 1, g + m->unembed);
    sum_bias(n, m->V, z, g + m->unbias);
    linear_backward_input(n, m->V, hid, z, m->V, theta + m->unembed, 0, m->v.dh[m->L] + a * hid,
                          hid);
    for (size_t l = m->L; l-- > 0;) {
        const size_t in = width(m, l);
        real *dy = m->v.dh[l + 1] + a * hid;
        rectifier_backward(n * hid, SLOPE, m->v.h[l + 1] + a * hid, dy);
        linear_backward_weight(n, hid, in, dy, hid, m->v.h[l] + a * in, in, 1, g + m->weight[l]);
        sum_bias(n, hid, dy, g + m->bias[l]);
        linear_backward_input(n, hid, in, dy, hid, theta + m->weight[l], 0, m->v.dh[l] + a * in,
                              in);
    }
    embed_backward(m, a, b, m->v.dh[0], g);
}

static void r_forward(struct mlp *m, size_t a, size_t b)
{
    const real *theta = m->theta, *dir = m->q->v;
    const size_t n = b - a, hid = m->hidden;
    embed(m, dir, a, b, m->r.h[0]);
    for (size_t l = 0; l < m->L; l++) {
        const size_t in = width(m, l);
        real *ry = m->r.h[l + 1] + a * hid;
        linear_r_forward(n, hid, in, m->v.h[l] + a * in, m->r.h[l] + a * in, in,
                         theta + m->weight[l], dir + m->weight[l], ry, hid);
        add_bias(n, hid, dir + m->bias[l], ry);
        rectifier_backward(n * hid, SLOPE, m->v.h[l + 1] + a * hid, ry);
    }
    real *rz = m->r.z + a * m->V;
    linear_r_forward(n, m->V, hid, m->v.h[m->L] + a * hid, m->r.h[m->L] + a * hid, hid,
                     theta + m->unembed, dir + m->unembed, rz, m->V);
    add_bias(n, m->V, dir + m->unbias, rz);
}

static void r_backward(struct mlp *m, size_t a, size_t b, real *g)
{
    const real *theta = m->theta, *dir = m->q->v;
    const size_t n = b - a, hid = m->hidden;
    const real *dz = m->v.z + a * m->V;
    real *rz = m->r.z + a * m->V;
    crossentropy_r_backward(n, m->V, m->prob + a * m->V, 1 / (real)m->plan->n, rz);
    linear_r_backward_weight(n, m->V, hid, dz, rz, m->V, m->v.h[m->L] + a * hid,
                             m->r.h[m->L] + a * hid, hid, 1, g + m->unembed);
    sum_bias(n, m->V, rz, g + m->unbias);
    linear_r_backward_input(n, m->V, hid, dz, rz, m->V, theta + m->unembed, dir + m->unembed, 0,
                            m->r.dh[m->L] + a * hid, hid);
    for (size_t l = m->L; l-- > 0;) {
        const size_t in = width(m, l);
        const real *dy = m->v.dh[l + 1] + a * hid;
        real *rdy = m->r.dh[l + 1] + a * hid;
        rectifier_backward(n * hid, SLOPE, m->v.h[l + 1] + a * hid, rdy);
        linear_r_backward_weight(n, hid, in, dy, rdy, hid, m->v.h[l] + a * in, m->r.h[l] + a * in,
                                 in, 1, g + m->weight[l]);
        sum_bias(n, hid, rdy, g + m->bias[l]);
        linear_r_backward_input(n, hid, in, dy, rdy, hid, theta + m->weight[l], dir + m->weight[l],
                                0, m->r.dh[l] + a * in, in);
    }
    embed_backward(m, a, b, m->r.dh[0], g);
}

static void lane_task(void *ctx, size_t task, int thread)
{
    (void)thread;
    struct mlp *m = ctx;
    const struct gk_plan *p = m->plan;
    real *g = m->lane[task];
    if (m->q->mode != GK_NET_SCORE)
        memset(g, 0, m->total * sizeof *g);
    for (size_t t = p->lane[task]; t < p->lane[task + 1]; t++) {
        const size_t a = p->tile[t], b = p->tile[t + 1];
        if (m->q->mode == GK_NET_PRODUCT) {
            r_forward(m, a, b);
            r_backward(m, a, b, g);
            continue;
        }
        m->tile_loss[t] = forward(m, a, b);
        for (size_t i = a; m->q->logits && i < b; i++)
            memcpy((real *)m->q->logits + p->example[i] * m->V, m->v.z + i * m->V,
                   m->V * sizeof *g);
        if (m->q->mode != GK_NET_SCORE)
            backward(m, a, b, g);
    }
}

static void sum_task(void *ctx, size_t task, int thread)
{
    (void)thread;
    const struct mlp *m = ctx;
    const size_t from = task * SUM_PIECE;
    const real *part[GK_MAX_LANES];
    for (size_t i = 0; i < m->plan->nlane; i++)
        part[i] = m->lane[i] + from;
    sum_lanes(m->plan->nlane, part, m->total - from < SUM_PIECE ? m->total - from : SUM_PIECE,
              (real *)m->q->out + from);
}

static int linearise_room(struct mlp *m, struct gk_err *err)
{
    if (!m->prob)
        m->prob = gk_alloc(m->n * m->V, sizeof(real), err);
    if (!m->theta_kept)
        m->theta_kept = gk_alloc(m->total, sizeof(real), err);
    return m->prob && m->theta_kept && rows_new(&m->r, m, err) == 0 ? 0 : -1;
}

static int mlp_run(void *net, const struct gk_net_request *q, struct gk_err *err)
{
    struct mlp *m = net;
    m->q = q;
    if (q->mode == GK_NET_LINEARISE) {
        if (linearise_room(m, err))
            return -1;
        memcpy(m->theta_kept, q->theta, m->total * sizeof(real));
    }
    m->theta = q->mode >= GK_NET_LINEARISE ? m->theta_kept : q->theta;
    gk_pool_run(m->pool, m->plan->nlane, lane_task, m);
    if (q->out)
        gk_pool_run(m->pool, (m->total + SUM_PIECE - 1) / SUM_PIECE, sum_task, m);
    if (q->score)
        *q->score = gk_plan_score(m->plan, m->tile_loss, m->right);
    if (q->act)
        memcpy(q->act, m->v.h[q->layer], m->plan->n * width(m, (size_t)q->layer) * sizeof(real));
    return 0;
}

const struct gk_net_ops GKN(mlp) = {mlp_make, mlp_free, mlp_run, multiply_check, 320};
