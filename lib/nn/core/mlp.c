/* The multilayer perceptron: h_l = f(W_l h_{l-1} + b_l), z = U h_L + c, where h_0 is computed from
 * a row's operands (mlp_inputs.c; Liu et al. 2022 add their embeddings). This file makes the
 * network and runs it: threads share the tiles of the lanes (mlp_tile.c). */
#include "mlp.h"

#include <stdio.h>
#include <string.h>

#include "gk/mem.h"

/* A piece of a lane's gradient. */
struct piece {
    size_t from, n;
    real *to; /* its sum over lanes; NULL: not wanted */
};

/* Allocates the array *TO [L + 2] of buffers of layers FIRST to LAST. */
static int layers_new(real ***to, const struct mlp *m, size_t rows, size_t first, size_t last,
                      struct gk_err *err)
{
    *to = gk_alloc(m->L + 2, sizeof **to, err);
    for (size_t l = first; l <= last && *to; l++)
        if (!((*to)[l] = gk_alloc(rows * mlp_width(m, l), sizeof(real), err)))
            return -1;
    return *to ? 0 : -1;
}

static int rows_new(struct rows *r, const struct mlp *m, size_t rows, struct gk_err *err)
{
    /* a network without curved activations has arrays of NULLs */
    const size_t last = m->act->curved ? m->L : 0;
    if (r->h)
        return 0;
    return layers_new(&r->h, m, rows, 1, m->L + 1, err) ||
                   layers_new(&r->dh, m, rows, 2, m->L, err) ||
                   layers_new(&r->f1, m, rows, 1, last, err) ||
                   layers_new(&r->f2, m, rows, 1, last, err)
               ? -1
               : 0;
}

static void free_all(real **array, size_t n)
{
    for (size_t i = 0; i < n && array; i++)
        gk_free(array[i]);
    gk_free(array);
}

static void rows_free(struct rows *r, size_t L)
{
    real **const all[] = {r->h, r->dh, r->f1, r->f2};
    for (int i = 0; i < 4; i++)
        free_all(all[i], L + 2);
}

static void mlp_free(void *net)
{
    struct mlp *m = net;
    if (!m)
        return;
    for (size_t i = 0; i < GK_MAX_LANES; i++)
        gk_free(m->lane[i]);
    for (size_t i = 0; i < m->threads && m->scratch; i++) {
        rows_free(&m->scratch[i].v, m->L);
        rows_free(&m->scratch[i].r, m->L);
        gk_free(m->scratch[i].z);
        gk_free(m->scratch[i].dx);
    }
    gk_share_free(m->share);
    rows_free(&m->v, m->L);
    free_all(m->wt, m->L + 1);
    free_all(m->rwt, m->L + 1);
    void *own[] = {m->scratch,   m->weight,   m->bias,      m->gweight,  m->gbias, m->slot,
                   m->example,   m->tile_row, m->slot_of,   m->token_of, m->table, m->e,
                   m->re,        m->de,       m->sums,      m->kept,     m->prob,  m->piece,
                   m->tile_loss, m->right,    m->theta_kept};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        gk_free(own[i]);
    gk_free(m);
}

static size_t offset(const struct gk_params *ps, const char *name)
{
    const struct gk_param *p = gk_params_find(ps, name);
    return p ? p->offset : 0;
}

/* Room for N numbers after those of a lane's gradient, on a cache line. */
static size_t place(struct mlp *m, size_t n)
{
    const size_t at = m->inner;
    m->inner += (n + 15) / 16 * 16;
    m->pieces += n / SUM_PIECE + 1;
    return at;
}

static int layers_place(struct mlp *m, const struct gk_params *ps, struct gk_err *err)
{
    m->weight = gk_alloc(m->L + 1, sizeof *m->weight, err);
    m->bias = gk_alloc(m->L + 1, sizeof *m->bias, err);
    m->gweight = gk_alloc(m->L + 1, sizeof *m->gweight, err);
    m->gbias = gk_alloc(m->L + 1, sizeof *m->gbias, err);
    if (!m->weight || !m->bias || !m->gweight || !m->gbias)
        return -1;
    m->embed = offset(ps, "embed.weight");
    place(m, m->inputs->tables * m->V * m->hidden);
    for (size_t l = 0; l <= m->L; l++) {
        char weight[64] = "unembed.weight", bias[64] = "unembed.bias";
        if (l < m->L) {
            snprintf(weight, sizeof weight, "layers.%zu.weight", l);
            snprintf(bias, sizeof bias, "layers.%zu.bias", l);
        }
        m->weight[l] = offset(ps, weight);
        m->bias[l] = offset(ps, bias);
        if (l > 0) {
            m->gweight[l] = place(m, mlp_width(m, l + 1) * m->hidden);
            m->gbias[l] = place(m, mlp_width(m, l + 1));
        }
    }
    m->piece = gk_alloc(m->pieces, sizeof *m->piece, err);
    return m->piece ? 0 : -1;
}

static int transposes_new(real ***to, const struct mlp *m, struct gk_err *err)
{
    if (*to)
        return 0;
    *to = gk_alloc(m->L + 1, sizeof **to, err);
    for (size_t l = m->inputs->embed ? 0 : 1; l <= m->L && *to; l++)
        if (!((*to)[l] = gk_alloc(mlp_width(m, l) * mlp_width(m, l + 1), sizeof(real), err)))
            return -1;
    return *to ? 0 : -1;
}

static int scratch_new(struct scratch *own, const struct mlp *m, struct gk_err *err)
{
    const size_t rows = m->plan->tile_cap;
    own->z = gk_alloc(rows * m->V, sizeof(real), err);
    own->dx = gk_alloc(rows * m->hidden, sizeof(real), err);
    return own->z && own->dx ? rows_new(&own->v, m, rows, err) : -1;
}

static int make_room(struct mlp *m, struct gk_err *err)
{
    const size_t slots = m->inputs->tables * m->V;
    m->slot = gk_alloc(2 * m->n, sizeof *m->slot, err);
    m->example = gk_alloc(m->n + 1, sizeof *m->example, err);
    m->tile_row = gk_alloc(m->n + 2, sizeof *m->tile_row, err);
    m->slot_of = gk_alloc(slots, sizeof *m->slot_of, err);
    m->token_of = gk_alloc(slots, sizeof *m->token_of, err);
    m->table = gk_alloc(slots * m->hidden, sizeof(real), err);
    m->sums = gk_alloc(slots * m->hidden, sizeof(real), err);
    m->e = gk_alloc(slots * m->d, sizeof(real), err);
    m->de = gk_alloc(slots * m->d, sizeof(real), err);
    m->tile_loss = gk_alloc(m->n, sizeof *m->tile_loss, err);
    m->right = gk_alloc(m->n, 1, err);
    if (!m->slot || !m->example || !m->tile_row || !m->slot_of || !m->token_of || !m->table ||
        !m->sums || !m->e || !m->de || !m->tile_loss || !m->right || transposes_new(&m->wt, m, err))
        return -1;
    for (size_t i = 0; i < m->plan->nlane; i++)
        if (!(m->lane[i] = gk_alloc(m->inner, sizeof(real), err)))
            return -1;
    m->scratch = gk_alloc(m->threads, sizeof *m->scratch, err);
    for (size_t i = 0; i < m->threads; i++)
        if (!m->scratch || scratch_new(&m->scratch[i], m, err))
            return -1;
    return gk_share_new(&m->share, m->plan, m->pool, err);
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
    m->threads = (size_t)gk_pool_threads(pool);
    if (layers_place(m, ps, err) || make_room(m, err)) {
        mlp_free(m);
        return NULL;
    }
    return m;
}

static int linearise_room(struct mlp *m, struct gk_err *err)
{
    const size_t slots = m->inputs->tables * m->V;
    if (m->theta_kept)
        return 0;
    m->prob = gk_alloc(m->n * m->V, sizeof(real), err);
    m->re = gk_alloc(slots * m->d, sizeof(real), err);
    m->kept = gk_alloc(slots * m->hidden, sizeof(real), err);
    if (!m->prob || !m->re || !m->kept || transposes_new(&m->rwt, m, err) ||
        rows_new(&m->v, m, m->n, err))
        return -1;
    for (size_t i = 0; i < m->threads; i++)
        if (rows_new(&m->scratch[i].r, m, m->plan->tile_cap, err))
            return -1;
    m->theta_kept = gk_alloc(m->total, sizeof(real), err);
    return m->theta_kept ? 0 : -1;
}

/* ---- a run ---- */

/* Layer 0's table, and the transposes of the other weights. */
static void load_task(void *ctx, size_t l, int thread)
{
    (void)thread;
    const struct mlp *m = ctx;
    if (l == 0) {
        X(mlp_load_table)(m);
        return;
    }
    const size_t out = mlp_width(m, l + 1);
    X(transpose)(out, m->hidden, m->theta + m->weight[l], m->wt[l], out);
    if (m->q->mode == GK_NET_PRODUCT)
        X(transpose)(out, m->hidden, (const real *)m->q->v + m->weight[l], m->rwt[l], out);
}

/* The table's gradient and the biases' are added to, tile after tile; the weights' are set by a
 * lane's first tile. */
static void clear(const struct mlp *m, real *g)
{
    memset(g, 0, m->slots[2] * m->hidden * sizeof *g);
    for (size_t l = 1; l <= m->L && m->biased; l++)
        memset(g + m->gbias[l], 0, mlp_width(m, l + 1) * sizeof *g);
}

static void tile_task(void *ctx, size_t lane, size_t tile, struct gk_turn *turn, int thread)
{
    struct mlp *m = ctx;
    const size_t a = m->tile_row[tile];
    const bool every = m->q->mode >= GK_NET_LINEARISE, first = tile == m->plan->lane[lane];
    struct scratch *own = &m->scratch[thread];
    const struct tile t = {.m = m,
                           .own = own,
                           .turn = turn,
                           .row = a,
                           .n = m->tile_row[tile + 1] - a,
                           .v = every ? &m->v : &own->v,
                           .at = every ? a : 0,
                           .g = m->lane[lane],
                           .keep = first ? 0 : 1};
    if (first && m->q->mode != GK_NET_SCORE)
        clear(m, t.g);
    if (m->q->mode == GK_NET_PRODUCT)
        X(mlp_r_tile)(&t);
    else
        m->tile_loss[tile] = X(mlp_tile)(&t);
}

static void add_pieces(struct mlp *m, size_t from, size_t n, real *to)
{
    for (size_t i = 0; i < n && to; i += SUM_PIECE)
        m->piece[m->pieces++] =
            (struct piece){from + i, n - i < SUM_PIECE ? n - i : SUM_PIECE, to + i};
}

/* Where the sums over lanes go. */
static void list_pieces(struct mlp *m)
{
    real *out = m->q->out;
    m->pieces = 0;
    add_pieces(m, 0, m->slots[2] * m->hidden, m->q->mode == GK_NET_LINEARISE ? m->kept : m->sums);
    for (size_t l = 1; l <= m->L && out; l++) {
        add_pieces(m, m->gweight[l], mlp_width(m, l + 1) * m->hidden, out + m->weight[l]);
        add_pieces(m, m->gbias[l], mlp_width(m, l + 1), mlp_bias(m, out, l));
    }
}

static void sum_task(void *ctx, size_t task, int thread)
{
    (void)thread;
    const struct mlp *m = ctx;
    const struct piece *p = m->piece + task;
    const real *sums[GK_MAX_LANES];
    for (size_t i = 0; i < m->plan->nlane; i++)
        sums[i] = m->lane[i] + p->from;
    X(sum_lanes)(m->plan->nlane, sums, p->n, p->to);
}

static void finish_task(void *ctx, size_t task, int thread)
{
    (void)thread;
    X(mlp_finish)(ctx, task);
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
    X(mlp_select)(m);
    gk_pool_run(m->pool, m->L + 1, load_task, m);
    gk_share_run(m->share, tile_task, m);
    if (q->mode != GK_NET_SCORE) {
        list_pieces(m);
        gk_pool_run(m->pool, m->pieces, sum_task, m);
    }
    if (q->out)
        gk_pool_run(m->pool, 2, finish_task, m);
    if (q->score)
        *q->score = gk_plan_score(m->plan, m->tile_loss, m->right);
    return 0;
}

/* The gradients of the weights are read and written once a tile; a tile's values should fit the
 * second cache beside them. */
enum { TILE = GK_LIBXSMM ? 160 : 320 };

const struct gk_net_ops X(mlp) = {mlp_make, mlp_free, mlp_run, X(multiply_check), TILE};
