/* The multilayer perceptron: h_l = f(W_l h_{l-1} + b_l), z = U h_L + c, where h_0 is computed from
 * a row's operands (mlp_inputs.c; Liu et al. 2022 add their embeddings). Forward, backward, and the
 * derivatives of both along a direction. Threads share the tiles of the lanes, in buffers that hold
 * every row, since the network is small. */
#include "mlp.h"

#include <stdio.h>
#include <string.h>

#include "gk/mem.h"

/* Allocates the array *TO [L + 1] of rows' buffers for layers FIRST to L. */
static int layers_new(real ***to, const struct mlp *m, size_t first, struct gk_err *err)
{
    *to = gk_alloc(m->L + 1, sizeof **to, err);
    for (size_t l = first; l <= m->L && *to; l++)
        if (!((*to)[l] = gk_alloc(m->n * mlp_width(m, l), sizeof(real), err)))
            return -1;
    return *to ? 0 : -1;
}

static int rows_new(struct rows *r, const struct mlp *m, struct gk_err *err)
{
    const size_t first = m->inputs->gathers ? 1 : 0;
    if (r->h)
        return 0;
    r->z = gk_alloc(m->n * m->V, sizeof *r->z, err);
    if (!r->z || layers_new(&r->h, m, first, err) || layers_new(&r->dh, m, first, err))
        return -1;
    /* a network without curved activations has an array of NULLs */
    const size_t none = m->L + 1;
    return layers_new(&r->f1, m, m->act->curved ? 1 : none, err) ||
                   layers_new(&r->f2, m, m->act->curved ? 1 : none, err)
               ? -1
               : 0;
}

static void rows_free(struct rows *r, size_t L)
{
    real **const all[] = {r->h, r->dh, r->f1, r->f2};
    for (int i = 0; i < 4; i++) {
        for (size_t l = 0; l <= L && all[i]; l++)
            gk_free(all[i][l]);
        gk_free(all[i]);
    }
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
    gk_share_free(m->share);
    gk_free(m->columns);
    gk_free(m->rcolumns);
    gk_free(m->prob);
    gk_free(m->weight);
    gk_free(m->bias);
    gk_free(m->tile_loss);
    gk_free(m->right);
    gk_free(m->theta_kept);
    gk_free(m);
}

static size_t offset(const struct gk_params *ps, const char *name)
{
    const struct gk_param *p = gk_params_find(ps, name);
    return p ? p->offset : 0;
}

static int make_room(struct mlp *m, const struct gk_params *ps, struct gk_err *err)
{
    const size_t columns = m->inputs->gathers ? 2 * m->V * m->hidden : 0;
    m->weight = gk_alloc(m->L, sizeof *m->weight, err);
    m->bias = gk_alloc(m->L, sizeof *m->bias, err);
    m->tile_loss = gk_alloc(m->n, sizeof *m->tile_loss, err);
    m->right = gk_alloc(m->n, 1, err);
    m->columns = gk_alloc(columns, sizeof(real), err);
    m->rcolumns = gk_alloc(columns, sizeof(real), err);
    if (!m->weight || !m->bias || !m->tile_loss || !m->right || !m->columns || !m->rcolumns ||
        rows_new(&m->v, m, err))
        return -1;
    for (size_t i = 0; i < m->plan->nlane; i++)
        if (!(m->lane[i] = gk_alloc(m->total, sizeof(real), err)))
            return -1;
    if (gk_share_new(&m->share, m->plan, m->pool, err))
        return -1;
    m->embed = offset(ps, "embed.weight");
    m->unembed = offset(ps, "unembed.weight");
    m->unbias = offset(ps, "unembed.bias");
    for (size_t l = 0; l < m->L; l++) {
        char name[64];
        snprintf(name, sizeof name, "layers.%zu.weight", l);
        m->weight[l] = offset(ps, name);
        snprintf(name, sizeof name, "layers.%zu.bias", l);
        m->bias[l] = offset(ps, name);
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
    m->biased = a->bias == GK_BIAS_ALL;
    m->inputs = &X(mlp_inputs)[a->inputs];
    m->act = &X(activations)[a->activation];
    m->loss = &X(losses)[a->loss];
    m->n = plan->n;
    m->second = (size_t)plan->second;
    m->total = ps->total;
    m->plan = plan;
    m->pool = pool;
    if (make_room(m, ps, err)) {
        mlp_free(m);
        return NULL;
    }
    return m;
}

/* The biases at THETA, or their gradients; NULL: none. */
static real *biases(const struct mlp *m, const real *theta, size_t at)
{
    return m->biased ? (real *)theta + at : NULL;
}

/* The part of layer L's buffer from row A on; NULL: none. */
static real *part(const struct mlp *m, real *const *buffer, size_t l, size_t a)
{
    return buffer[l] ? buffer[l] + a * m->hidden : NULL;
}

static void activate(const struct mlp *m, size_t l, size_t a, size_t n)
{
    const enum gk_net_mode mode = m->q->mode;
    m->act->forward(n, m->hidden, biases(m, m->theta, m->bias[l]), part(m, m->v.h, l + 1, a),
                    mode == GK_NET_SCORE ? NULL : part(m, m->v.f1, l + 1, a),
                    mode == GK_NET_LINEARISE ? part(m, m->v.f2, l + 1, a) : NULL);
}

static double forward(struct mlp *m, size_t a, size_t b)
{
    const real *theta = m->theta;
    const size_t n = b - a, hid = m->hidden;
    for (size_t l = 0; l < m->L; l++) {
        if (l == 0)
            m->inputs->forward(m, a, b);
        else
            linear_forward(n, hid, hid, m->v.h[l] + a * hid, hid, theta + m->weight[l], 0,
                           m->v.h[l + 1] + a * hid, hid);
        activate(m, l, a, n);
    }
    real *z = m->v.z + a * m->V;
    linear_forward(n, m->V, hid, m->v.h[m->L] + a * hid, hid, theta + m->unembed, 0, z, m->V);
    X(bias_add)(n, m->V, biases(m, theta, m->unbias), z, m->V);
    return m->loss->forward(n, m->V, z, m->plan->labels + a, 1, m->right + a);
}

static void backward(struct mlp *m, size_t a, size_t b, real *g, struct gk_turn *turn)
{
    const real *theta = m->theta;
    const size_t n = b - a, hid = m->hidden;
    const bool keeps = m->q->mode == GK_NET_LINEARISE;
    real *z = m->v.z + a * m->V;
    m->loss->backward(n, m->V, z, m->plan->labels + a, 1, 1 / (real)m->plan->n,
                      keeps ? m->prob + a * m->V : NULL);
    if (m->q->gauss_newton)
        memset(z, 0, n * m->V * sizeof *z);
    gk_turn_take(turn);
    linear_backward_weight(n, m->V, hid, z, m->V, m->v.h[m->L] + a * hid, hid, 1, g + m->unembed);
    X(bias_sum)(n, m->V, z, m->V, biases(m, g, m->unbias));
    gk_turn_pass(turn);
    linear_backward_input(n, m->V, hid, z, m->V, theta + m->unembed, 0, m->v.dh[m->L] + a * hid,
                          hid);
    for (size_t l = m->L; l-- > 0;) {
        real *dy = m->v.dh[l + 1] + a * hid;
        m->act->backward(n * hid, m->v.h[l + 1] + a * hid, part(m, m->v.f1, l + 1, a),
                         keeps ? part(m, m->v.f2, l + 1, a) : NULL, dy);
        gk_turn_take(turn);
        X(bias_sum)(n, hid, dy, hid, biases(m, g, m->bias[l]));
        if (l == 0)
            m->inputs->backward(m, a, b, g);
        else
            linear_backward_weight(n, hid, hid, dy, hid, m->v.h[l] + a * hid, hid, 1,
                                   g + m->weight[l]);
        gk_turn_pass(turn);
        if (l == 0)
            return;
        linear_backward_input(n, hid, hid, dy, hid, theta + m->weight[l], 0, m->v.dh[l] + a * hid,
                              hid);
    }
}

static void r_forward(struct mlp *m, size_t a, size_t b)
{
    const real *theta = m->theta, *dir = m->q->v;
    const size_t n = b - a, hid = m->hidden;
    for (size_t l = 0; l < m->L; l++) {
        real *ry = m->r.h[l + 1] + a * hid;
        if (l == 0)
            m->inputs->r_forward(m, a, b);
        else
            linear_r_forward(n, hid, hid, m->v.h[l] + a * hid, m->r.h[l] + a * hid, hid,
                             theta + m->weight[l], dir + m->weight[l], ry, hid);
        X(bias_add)(n, hid, biases(m, dir, m->bias[l]), ry, hid);
        m->act->r_forward(n * hid, m->v.h[l + 1] + a * hid, part(m, m->v.f1, l + 1, a),
                          part(m, m->r.f1, l + 1, a), ry);
    }
    real *rz = m->r.z + a * m->V;
    linear_r_forward(n, m->V, hid, m->v.h[m->L] + a * hid, m->r.h[m->L] + a * hid, hid,
                     theta + m->unembed, dir + m->unembed, rz, m->V);
    X(bias_add)(n, m->V, biases(m, dir, m->unbias), rz, m->V);
}

static void r_backward(struct mlp *m, size_t a, size_t b, real *g, struct gk_turn *turn)
{
    const real *theta = m->theta, *dir = m->q->v;
    const size_t n = b - a, hid = m->hidden;
    const real *dz = m->v.z + a * m->V;
    real *rz = m->r.z + a * m->V;
    m->loss->r_backward(n, m->V, m->prob + a * m->V, m->plan->labels + a, 1, 1 / (real)m->plan->n,
                        rz);
    gk_turn_take(turn);
    linear_r_backward_weight(n, m->V, hid, dz, rz, m->V, m->v.h[m->L] + a * hid,
                             m->r.h[m->L] + a * hid, hid, 1, g + m->unembed);
    X(bias_sum)(n, m->V, rz, m->V, biases(m, g, m->unbias));
    gk_turn_pass(turn);
    linear_r_backward_input(n, m->V, hid, dz, rz, m->V, theta + m->unembed, dir + m->unembed, 0,
                            m->r.dh[m->L] + a * hid, hid);
    for (size_t l = m->L; l-- > 0;) {
        const real *dy = m->v.dh[l + 1] + a * hid;
        real *rdy = m->r.dh[l + 1] + a * hid;
        m->act->r_backward(n * hid, m->v.h[l + 1] + a * hid, part(m, m->v.f1, l + 1, a),
                           part(m, m->v.f2, l + 1, a), part(m, m->r.f1, l + 1, a), rdy);
        gk_turn_take(turn);
        X(bias_sum)(n, hid, rdy, hid, biases(m, g, m->bias[l]));
        if (l == 0)
            m->inputs->r_backward(m, a, b, g);
        else
            linear_r_backward_weight(n, hid, hid, dy, rdy, hid, m->v.h[l] + a * hid,
                                     m->r.h[l] + a * hid, hid, 1, g + m->weight[l]);
        gk_turn_pass(turn);
        if (l == 0)
            return;
        linear_r_backward_input(n, hid, hid, dy, rdy, hid, theta + m->weight[l], dir + m->weight[l],
                                0, m->r.dh[l] + a * hid, hid);
    }
}

static void tile_task(void *ctx, size_t lane, size_t t, struct gk_turn *turn, int thread)
{
    (void)thread;
    struct mlp *m = ctx;
    const struct gk_plan *p = m->plan;
    const size_t a = p->tile[t], b = p->tile[t + 1];
    real *g = m->lane[lane];
    if (t == p->lane[lane] && m->q->mode != GK_NET_SCORE)
        memset(g, 0, m->total * sizeof *g);
    if (m->q->mode == GK_NET_PRODUCT) {
        r_forward(m, a, b);
        r_backward(m, a, b, g, turn);
        return;
    }
    m->tile_loss[t] = forward(m, a, b);
    for (size_t i = a; m->q->logits && i < b; i++)
        memcpy((real *)m->q->logits + p->example[i] * m->V, m->v.z + i * m->V, m->V * sizeof *g);
    if (m->q->mode != GK_NET_SCORE)
        backward(m, a, b, g, turn);
}

static void sum_task(void *ctx, size_t task, int thread)
{
    (void)thread;
    const struct mlp *m = ctx;
    const size_t from = task * SUM_PIECE;
    const real *sums[GK_MAX_LANES];
    for (size_t i = 0; i < m->plan->nlane; i++)
        sums[i] = m->lane[i] + from;
    X(sum_lanes)
    (m->plan->nlane, sums, m->total - from < SUM_PIECE ? m->total - from : SUM_PIECE,
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
    X(mlp_load_columns)(m, q->mode == GK_NET_PRODUCT);
    gk_share_run(m->share, tile_task, m);
    if (q->out) {
        gk_pool_run(m->pool, (m->total + SUM_PIECE - 1) / SUM_PIECE, sum_task, m);
        X(mlp_store_columns)(m);
    }
    if (q->score)
        *q->score = gk_plan_score(m->plan, m->tile_loss, m->right);
    if (q->act)
        memcpy(q->act, m->v.h[q->layer],
               m->plan->n * mlp_width(m, (size_t)q->layer) * sizeof(real));
    return 0;
}

const struct gk_net_ops X(mlp) = {mlp_make, mlp_free, mlp_run, X(multiply_check), 320};
