/* A training step: gradient, measurements, update. Everything is allocated before the first one. */
#include "gk/train.h"

#include <inttypes.h>
#include <math.h>

#include "gk/fnv.h"
#include "gk/mem.h"
#include "gk/rng.h"
#include "train_priv.h"

/* FNV-1a over the rows, to recognise a checkpoint's dataset. Scored positions are hashed only if
 * they are not the last ones of a row, as in all layouts of gk-data. */
static uint64_t digest(const struct gk_dataset *d)
{
    uint64_t h = GK_FNV_START;
    for (int s = 0; s < 2; s++) {
        const struct gk_rowset *r = &d->split[s];
        const int32_t *const part[2] = {r->tokens, r->labels};
        const size_t count[2] = {r->n * (size_t)d->T, r->n * (size_t)d->k};
        for (int p = 0; p < 2; p++)
            for (size_t i = 0; i < count[p]; i++)
                h = gk_fnv(h, (uint32_t)part[p][i]);
        h = gk_fnv(h, r->n);
    }
    for (int i = 0; i < d->k; i++)
        if (d->score[i] != d->T - d->k + i)
            h = gk_fnv(h, (uint64_t)(i + 1) * GK_MAX_TOKENS + (uint64_t)d->score[i]);
    return h;
}

void gk_trainer_start(struct gk_trainer *t, const double *theta)
{
    const size_t n = t->ps->total;
    struct gk_dots d;
    gk_reals_narrow(t->conf.real, n, theta, t->theta);
    gk_reals_narrow(t->conf.real, n, theta, t->init);
    gk_vec_dots(t->pool, t->conf.real, n, t->init, NULL, NULL, NULL, &d);
    t->init_squared = d.tt;
    gk_optim_start(t->optim, t->init);
}

static int draw_init(struct gk_trainer *t, struct gk_err *err)
{
    double *wide = gk_alloc(t->ps->total, sizeof *wide, err);
    if (!wide)
        return -1;
    gk_params_draw(t->ps, &t->conf.arch, t->conf.init.scale > 0 ? &t->conf.init : NULL,
                   (uint64_t)t->conf.seed, wide);
    gk_trainer_start(t, wide);
    gk_free(wide);
    return 0;
}

static int make_vectors(struct gk_trainer *t, struct gk_err *err)
{
    void **const vector[] = {&t->theta, &t->grad, &t->prev, &t->init};
    for (int i = 0; i < 4; i++) {
        *vector[i] = gk_alloc(t->ps->total, gk_dtype_size(t->conf.real), err);
        if (!*vector[i])
            return -1;
    }
    return 0;
}

static int make(struct gk_trainer *t, struct gk_err *err)
{
    const struct gk_train_conf *c = &t->conf;
    const size_t rows = t->data->split[GK_TRAIN].n;
    if (gk_engine_new(&t->train, &c->arch, t->data, GK_TRAIN, c->real, t->pool, err) ||
        gk_engine_new(&t->val, &c->arch, t->data, GK_VAL, c->real, t->pool, err))
        return -1;
    t->ps = gk_engine_params(t->train);
    if (c->batch > 0 && (uint64_t)c->batch < rows) {
        t->batch = (size_t)c->batch;
        t->order = gk_alloc(rows, sizeof *t->order, err);
        if (!t->order)
            return -1;
    }
    if (make_vectors(t, err) ||
        gk_optim_new(&t->optim, &c->optim, t->ps->total, t->ps, c->real, t->pool, err) ||
        draw_init(t, err))
        return -1;
    gk_optim_keep(t->optim, t->prev);
    return 0;
}

int gk_trainer_new(struct gk_trainer **out, const struct gk_train_conf *conf,
                   const struct gk_dataset *d, struct gk_pool *pool, struct gk_err *err)
{
    *out = NULL;
    struct gk_trainer *t = gk_alloc(1, sizeof *t, err);
    if (!t)
        return -1;
    *t = (struct gk_trainer){.conf = *conf, .data = d, .pool = pool, .epoch = -1};
    t->digest = digest(d);
    if (make(t, err)) {
        gk_trainer_free(t);
        return -1;
    }
    *out = t;
    return 0;
}

void gk_trainer_free(struct gk_trainer *t)
{
    if (!t)
        return;
    gk_optim_free(t->optim);
    gk_engine_free(t->train);
    gk_engine_free(t->val);
    gk_free(t->theta);
    gk_free(t->grad);
    gk_free(t->prev);
    gk_free(t->init);
    gk_free(t->order);
    gk_free(t);
}

int64_t gk_trainer_step(const struct gk_trainer *t)
{
    return t->step;
}

const void *gk_trainer_theta(const struct gk_trainer *t)
{
    return t->theta;
}

/* The rows of update k: all (NULL), or the next ones in this epoch's order. */
static const uint32_t *choose_rows(struct gk_trainer *t, size_t *n)
{
    const size_t rows = t->data->split[GK_TRAIN].n;
    *n = rows;
    if (!t->order)
        return NULL;
    const size_t batches = (rows + t->batch - 1) / t->batch;
    const int64_t epoch = t->step / (int64_t)batches;
    const size_t begin = (size_t)(t->step % (int64_t)batches) * t->batch;
    if (epoch != t->epoch) {
        struct gk_rng rng;
        gk_rng_seed(&rng, (uint64_t)t->conf.seed, GK_RNG_BATCH + ((uint64_t)epoch << 8));
        for (size_t i = 0; i < rows; i++)
            t->order[i] = (uint32_t)i;
        gk_rng_shuffle(&rng, t->order, rows);
        t->epoch = epoch;
    }
    *n = rows - begin < t->batch ? rows - begin : t->batch;
    return t->order + begin;
}

static int check_finite(const struct gk_trainer *t, const char *what, double v, struct gk_err *err)
{
    if (isfinite(v))
        return 0;
    return gk_fail(err, "step %" PRId64 ": %s is not finite (%s)", t->step, what,
                   isnan(v) ? "nan" : "inf");
}

/* The cosine of two vectors from their product and squares, within [-1, 1] despite rounding. The
 * squares are first scaled to near 1, because a double may not hold their product; a power of 4
 * changes no bit of the result. Where a double does not hold a square, the cosine is unknown. */
static double cosine(double xy, double xx, double yy)
{
    if (!isnormal(xx) || !isnormal(yy))
        return NAN;
    const int ex = ilogb(xx) / 2, ey = ilogb(yy) / 2;
    const double c = scalbn(xy, -ex - ey) / sqrt(scalbn(xx, -2 * ex) * scalbn(yy, -2 * ey));
    return c > 1 ? 1 : c < -1 ? -1 : c;
}

int gk_trainer_measure(struct gk_trainer *t, bool eval, struct gk_train_row *row,
                       struct gk_err *err)
{
    size_t n;
    struct gk_dots d;
    const uint32_t *rows = choose_rows(t, &n);
    *row = (struct gk_train_row){.step = t->step,
                                 .lr = gk_optim_lr(&t->conf.optim, t->step),
                                 .val = {NAN, NAN},
                                 .cos_prev = NAN};
    if (gk_engine_grad(t->train, t->theta, rows, n, t->grad, &row->train, err) ||
        check_finite(t, "the training loss", row->train.loss, err))
        return -1;
    gk_vec_dots(t->pool, t->conf.real, t->ps->total, t->theta, t->grad,
                t->have_prev ? t->prev : NULL, t->init, &d);
    t->grad_norm = row->grad_norm = gk_vec_norm(t->conf.real, t->ps->total, t->grad, d.gg);
    row->param_norm = gk_vec_norm(t->conf.real, t->ps->total, t->theta, d.tt);
    row->cos_init = cosine(d.ti, d.tt, t->init_squared);
    if (t->have_prev)
        row->cos_prev = cosine(d.tp, d.tt, d.pp);
    if (check_finite(t, "the gradient's norm", row->grad_norm, err) ||
        check_finite(t, "the parameters' norm", row->param_norm, err))
        return -1;
    if (!eval || gk_engine_rows(t->val) == 0)
        return 0;
    if (gk_engine_score(t->val, t->theta, &row->val, err) ||
        check_finite(t, "the validation loss", row->val.loss, err))
        return -1;
    return 0;
}

void gk_trainer_update(struct gk_trainer *t)
{
    gk_optim_step(t->optim, t->step, t->theta, t->grad, t->grad_norm);
    t->have_prev = true;
    t->step++;
}
