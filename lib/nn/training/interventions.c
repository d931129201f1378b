/* Interventions in a step: changes to the gradient before the update, and a norm held after it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/list.h"
#include "gk/mem.h"
#include "optim_priv.h"

enum { MOST_WINDOW = 100000 };

static int parse_grokfast(struct gk_grokfast *g, const char *text, struct gk_err *err)
{
    double *v;
    size_t n;
    *g = (struct gk_grokfast){.kind = GK_GROKFAST_NONE};
    if (strcmp(text, "none") == 0)
        return 0;
    const bool ema = strncmp(text, "ema:", 4) == 0, ma = strncmp(text, "ma:", 3) == 0;
    if (!ema && !ma)
        return gk_fail_usage(err, "'%s' is none of: none ema:A,L ma:W,L", text);
    if (gk_list_reals("grokfast", text + (ema ? 4 : 3), &v, &n, err))
        return -1;
    const double first = v[0], gain = n == 2 ? v[1] : 0;
    free(v);
    if (n != 2)
        return gk_fail_usage(err, "'%s' has %zu numbers, not two", text, n);
    if (gain < 0)
        return gk_fail_usage(err, "L = %g is not in [0, inf)", gain);
    if (ema && !(first >= 0 && first < 1))
        return gk_fail_usage(err, "A = %g is not in [0, 1)", first);
    if (ma && !(first >= 1 && first <= MOST_WINDOW && first == floor(first)))
        return gk_fail_usage(err, "W = %g is no integer in [1, %d]", first, MOST_WINDOW);
    *g = (struct gk_grokfast){.kind = ema ? GK_GROKFAST_EMA : GK_GROKFAST_MA,
                              .keep = ema ? first : 0,
                              .window = ma ? (size_t)first : 0,
                              .gain = gain};
    return 0;
}

int gk_grokfast_parse(struct gk_grokfast *g, const char *text, struct gk_err *err)
{
    return parse_grokfast(g, text, err) ? gk_fail_about(err, "grokfast") : 0;
}

/* ---- grokfast ---- */

const char *gk_grokfast_state(enum gk_grokfast_kind kind)
{
    return kind == GK_GROKFAST_EMA ? "ema" : "queue";
}

static void ema_piece(void *ctx, size_t task, int thread)
{
    const struct gk_optim *o = ctx;
    const struct gk_piece p = o->piece[task];
    const size_t at = p.begin * o->size;
    (void)thread;
    o->changes->ema(o->conf.grokfast.keep, o->conf.grokfast.gain, o->k == o->since, p.end - p.begin,
                    o->grad + at, o->average + at, (char *)o->changed + at);
}

/* The queue's row for the gradient of update K, and the number of rows filled before it. */
static size_t row_of(const struct gk_optim *o, int64_t k)
{
    return (size_t)((uint64_t)(k - o->since) % o->conf.grokfast.window);
}

static size_t rows_before(const struct gk_optim *o, int64_t k)
{
    const uint64_t seen = (uint64_t)(k - o->since);
    return seen < o->conf.grokfast.window ? (size_t)seen : o->conf.grokfast.window;
}

/* The queue of a tensor lies at its offset times the window, one row per gradient. */
static void ma_piece(void *ctx, size_t task, int thread)
{
    const struct gk_optim *o = ctx;
    const size_t window = o->conf.grokfast.window;
    const struct gk_piece p = o->piece[task];
    const struct gk_param *t = &o->all.p[p.tensor];
    const size_t at = p.begin * o->size, n = p.end - p.begin;
    char *queue = o->average + (window * t->offset + (p.begin - t->offset)) * o->size;
    (void)thread;
    memcpy(queue + row_of(o, o->k) * t->count * o->size, o->grad + at, n * o->size);
    if (rows_before(o, o->k + 1) == window)
        o->changes->ma(o->conf.grokfast.gain, window, t->count, n, o->grad + at, queue,
                       (char *)o->changed + at);
    else
        memcpy((char *)o->changed + at, o->grad + at, n * o->size);
}

static void grokfast(struct gk_optim *o)
{
    const bool ema = o->conf.grokfast.kind == GK_GROKFAST_EMA;
    gk_pool_run(o->pool, o->npiece, ema ? ema_piece : ma_piece, o);
    o->grad = o->changed;
}

static int make_pieces(struct gk_optim *o, struct gk_err *err)
{
    size_t cap = 0;
    for (size_t i = 0; i < o->all.n; i++) {
        const struct gk_param *p = &o->all.p[i];
        const size_t end = p->offset + p->count;
        for (size_t at = p->offset; at < end; at += GK_OPTIM_BLOCK) {
            if (gk_grow(&o->piece, &cap, o->npiece + 1, sizeof *o->piece, err))
                return -1;
            o->piece[o->npiece++] =
                (struct gk_piece){i, at, end - at < GK_OPTIM_BLOCK ? end : at + GK_OPTIM_BLOCK};
        }
    }
    return 0;
}

static int make_grokfast(struct gk_optim *o, struct gk_err *err)
{
    const bool ema = o->conf.grokfast.kind == GK_GROKFAST_EMA;
    size_t count = o->n;
    if (!ema && !gk_mul(o->n, o->conf.grokfast.window, &count)) {
        gk_fail(err, "no memory for a queue of %zu gradients", o->conf.grokfast.window);
        return gk_fail_about(err, "grokfast");
    }
    o->queue = (struct gk_params){gk_alloc(o->all.n, sizeof *o->queue.p, err), o->all.n, count};
    if (!o->queue.p || make_pieces(o, err))
        return -1;
    const struct gk_optim_state state = {.name = gk_grokfast_state(o->conf.grokfast.kind),
                                         .tensors = ema ? &o->all : &o->queue,
                                         .grokfast = true};
    o->average = gk_optim_add_state(o, state, count, err);
    if (!o->average)
        return -1;
    gk_optim_add_stage(o, grokfast);
    return 0;
}

struct gk_optim_state gk_optim_state(struct gk_optim *o, size_t i, int64_t k)
{
    if (o->state[i].tensors == &o->queue) {
        const size_t rows = rows_before(o, k), window = o->conf.grokfast.window;
        for (size_t j = 0; j < o->all.n; j++) {
            o->queue.p[j] = o->all.p[j];
            o->queue.p[j].rank = 2;
            o->queue.p[j].shape[0] = rows;
            o->queue.p[j].shape[1] = o->all.p[j].count;
            o->queue.p[j].offset = window * o->all.p[j].offset;
            o->queue.p[j].count = rows * o->all.p[j].count;
        }
    }
    return o->state[i];
}

int64_t gk_optim_grokfast_since(const struct gk_optim *o)
{
    return o->since;
}

void gk_optim_set_grokfast_since(struct gk_optim *o, int64_t k)
{
    o->since = k;
}

/* ---- the gradient without its component along theta ---- */

static void orthogonal_tensor(void *ctx, size_t task, int thread)
{
    const struct gk_optim *o = ctx;
    const struct gk_param *p = &o->all.p[task];
    const size_t at = p->offset * o->size;
    (void)thread;
    o->changes->orthogonal(p->count, o->theta + at, o->grad + at, (char *)o->changed + at);
}

static void orthogonal(struct gk_optim *o)
{
    gk_pool_run(o->pool, o->all.n, orthogonal_tensor, o);
    o->grad = o->changed;
}

/* ---- assembling the stages ---- */

static double norm(const struct gk_optim *o, const void *v)
{
    struct gk_dots d;
    gk_vec_dots(o->pool, o->real, o->n, v, NULL, NULL, NULL, &d);
    return gk_vec_norm(o->real, o->n, v, d.tt);
}

/* Clipping sees the gradient that the stages before it produced. */
static void measure(struct gk_optim *o)
{
    gk_optim_clip(o, norm(o, o->grad));
}

int gk_change_gradient(struct gk_optim *o, struct gk_err *err)
{
    const bool fast = o->conf.grokfast.kind != GK_GROKFAST_NONE;
    if (!fast && !o->conf.orthogonal)
        return 0;
    o->changed = gk_alloc(o->n, o->size, err);
    if (!o->changed || (fast && make_grokfast(o, err)))
        return -1;
    if (o->conf.orthogonal)
        gk_optim_add_stage(o, orthogonal);
    if (o->conf.clip > 0)
        gk_optim_add_stage(o, measure);
    return 0;
}

void gk_interventions_free(struct gk_optim *o)
{
    gk_free(o->changed);
    gk_params_free(&o->queue);
    free(o->piece);
}

/* ---- the rows of theta ---- */

/* Embedding and read-out are free, because the loss needs logits of any size. */
static bool has_free_rows(const struct gk_param *p)
{
    return strcmp(p->name, "embed.weight") == 0 || strncmp(p->name, "unembed.", 8) == 0;
}

static void clip_rows_of_tensor(void *ctx, size_t task, int thread)
{
    const struct gk_optim *o = ctx;
    const struct gk_param *p = &o->all.p[task];
    const bool matrix = p->rank == 2;
    (void)thread;
    if (!has_free_rows(p))
        o->changes->clip_rows(o->conf.clip_rows, matrix ? p->shape[0] : 1,
                              matrix ? p->shape[1] : p->count, o->theta + p->offset * o->size);
}

void gk_clip_rows(struct gk_optim *o)
{
    gk_pool_run(o->pool, o->all.n, clip_rows_of_tensor, o);
}

/* ---- the norm of theta ---- */

static void scale_block(void *ctx, size_t task, int thread)
{
    const struct gk_optim *o = ctx;
    const size_t begin = task * GK_OPTIM_BLOCK, left = o->n - begin;
    (void)thread;
    o->changes->scale(o->longer, left < GK_OPTIM_BLOCK ? left : GK_OPTIM_BLOCK,
                      o->theta + begin * o->size);
}

void gk_optim_start(struct gk_optim *o, const void *theta0)
{
    o->held = o->conf.hold_norm * norm(o, theta0);
}

/* A theta of zeros has no direction to scale. */
void gk_hold_norm(struct gk_optim *o)
{
    const double now = norm(o, o->theta);
    if (!(now > 0))
        return;
    o->longer = o->held / now;
    gk_pool_run(o->pool, (o->n + GK_OPTIM_BLOCK - 1) / GK_OPTIM_BLOCK, scale_block, o);
}
