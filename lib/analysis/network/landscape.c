/* Scores on a grid around a checkpoint: theta + alpha delta (+ beta eta). */
#include "gk/landscape.h"

#include <math.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/network.h"
#include "gk/scale.h"
#include "gk/table.h"
#include "landscape_direction.h"

struct gk_landscape {
    struct gk_landscape_conf *conf;
    struct gk_study *s;
    struct gk_network network; /* of the first frame, and hence of all */
    size_t n;
    double *theta;    /* [n] the centre */
    double *delta[2]; /* [n] */
    void *at;         /* [n] a point of the grid, in the study's precision */
    uint64_t frame;   /* the centre's index */
    double points;    /* points computed or skipped so far */
};

/* Scales the largest of |v| [n] to near 1; then the norm of v can be computed. */
static double near_one(double *v, size_t n)
{
    gk_scale(v, v, n, -gk_exponent(v, n));
    return gk_norm2(v, n);
}

/* Scales delta [ps->total] in place. */
static void normalise(const struct gk_params *ps, enum gk_norm norm, const double *theta,
                      double *delta)
{
    if (norm == GK_NORM_UNIT) {
        const double length = near_one(delta, ps->total);
        for (size_t i = 0; length > 0 && i < ps->total; i++)
            delta[i] /= length;
    }
    if (norm != GK_NORM_FILTER)
        return;
    for (size_t i = 0; i < ps->n; i++) {
        const struct gk_param *p = &ps->p[i];
        const double *t = theta + p->offset;
        double *d = delta + p->offset;
        const size_t width =
            p->rank == 2 ? p->shape[1] : 1; /* a tensor of rank 1 is one row per element */
        for (size_t r = 0; r < p->count; r += width) {
            const double length = near_one(d + r, width);
            const double scale = length > 0 ? gk_norm2(t + r, width) / length : 0;
            for (size_t j = 0; j < width; j++)
                d[r + j] *= scale;
        }
    }
}

int gk_landscape_new(struct gk_landscape **out, struct gk_landscape_conf *conf, struct gk_study *s,
                     struct gk_err *err)
{
    struct gk_landscape *l = gk_alloc(1, sizeof *l, err);
    if (!l)
        return -1;
    l->conf = conf;
    l->s = s;
    *out = l;
    return 0;
}

void gk_landscape_free(struct gk_landscape *l)
{
    if (!l)
        return;
    gk_free(l->theta);
    gk_free(l->delta[0]);
    gk_free(l->delta[1]);
    gk_free(l->at);
    gk_free(l);
}

/* At the first frame: allocates, and finds what is known about the directions. */
static int begin(struct gk_landscape *l, struct gk_err *err)
{
    l->n = l->s->ckpt.params.total;
    l->theta = gk_alloc(l->n, sizeof *l->theta, err);
    l->delta[0] = gk_alloc(l->n, sizeof *l->delta[0], err);
    l->delta[1] = gk_alloc(l->n, sizeof *l->delta[1], err);
    l->at = gk_alloc(l->n, sizeof(double), err);
    return l->theta && l->delta[0] && l->delta[1] && l->at ? 0 : -1;
}

static void load(struct gk_landscape *l)
{
    gk_reals_widen(l->s->real, l->n, l->s->theta, l->theta);
}

/* The direction up to its norm; 0 in excluded parameters. */
static void form_delta(const struct gk_landscape *l, const struct gk_toward *t, double *delta)
{
    const struct gk_params *ps = &l->s->ckpt.params;
    for (size_t i = 0; i < ps->n; i++) {
        const struct gk_param *p = &ps->p[i];
        const bool used = gk_toward_uses(l->conf, p);
        for (size_t j = p->offset; j < p->offset + p->count; j++)
            delta[j] = !used ? 0 : t->point ? t->v[j] - l->theta[j] : t->v[j];
    }
}

/* Checks that some parameter is left. */
static int check_parameters(const struct gk_landscape *l, struct gk_err *err)
{
    const struct gk_params *ps = &l->s->ckpt.params;
    for (size_t i = 0; i < ps->n; i++)
        if (gk_toward_uses(l->conf, &ps->p[i]))
            return 0;
    gk_fail_usage(err, "no parameter is left");
    return gk_fail_about(err, l->conf->exclude ? "exclude" : "tensor");
}

static bool all_zero(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] != 0)
            return false;
    return true;
}

static bool all_finite(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

/* Direction I, scaled, around the centre; returns as gk_landscape_aim does. */
static int aim(struct gk_landscape *l, int i, const struct gk_frame *f, const struct gk_frame *next,
               struct gk_err *err)
{
    struct gk_toward *t = &l->conf->toward[i];
    double *delta = l->delta[i];
    if (t->kind == GK_TOWARD_NEXT && !next) {
        gk_frame_fail(f, err, "there is no next frame");
        return 0;
    }
    if (t->kind == GK_TOWARD_NEXT && gk_toward_point(next, l->s, t->v, err))
        return -1;
    form_delta(l, t, delta);
    if (!all_finite(delta, l->n))
        return gk_frame_fail(f, err, "the distance toward %s is too large", t->text);
    if (all_zero(delta, l->n)) {
        gk_frame_fail(f, err, "there is no distance toward %s", t->text);
        return 0;
    }
    normalise(&l->s->ckpt.params, l->conf->norm, l->theta, delta);
    if (all_zero(delta, l->n)) {
        gk_frame_fail(f, err, "the parameters are 0 wherever %s moves them: filter leaves nothing",
                      t->text);
        return 0;
    }
    return 1;
}

int gk_landscape_aim(struct gk_landscape *l, const struct gk_frame *f, const struct gk_frame *next,
                     struct gk_err *err)
{
    const bool first = !l->theta;
    if (first && (check_parameters(l, err) || begin(l, err)))
        return -1;
    const struct gk_network now = gk_network_of(&l->s->ckpt);
    if (first)
        l->network = now;
    if (gk_network_check(f, &now, &l->network, "the first frame's", err))
        return -1;
    load(l);
    l->frame = f->index;
    for (int i = 0; first && i < l->conf->directions; i++)
        if (gk_toward_find(&l->conf->toward[i], l->s, l->conf, l->theta, err))
            return -1;
    int rc = 1;
    for (int i = 0; i < l->conf->directions && rc == 1; i++)
        rc = aim(l, i, f, next, err);
    return rc;
}

/* Summed in double and rounded once, so that alpha = 0 gives exactly the centre. */
static void walk(struct gk_landscape *l, double alpha, double beta)
{
    const bool two = l->conf->directions == 2;
    float *single = l->at;
    double *wide = l->at;
    for (size_t i = 0; i < l->n; i++) {
        const double x = l->theta[i] + alpha * l->delta[0][i] + (two ? beta * l->delta[1][i] : 0);
        if (l->s->real == GK_F32)
            single[i] = (float)x;
        else
            wide[i] = x;
    }
}

static int point(struct gk_landscape *l, double alpha, double beta, struct gk_out *out,
                 struct gk_err *err)
{
    FILE *fp = out->fp;
    struct gk_score score[2];
    walk(l, alpha, beta);
    if (gk_study_score(l->s, l->at, score, err))
        return -1;
    gk_study_put_step(l->s, fp);
    gk_put_number(fp, alpha, false, '\t');
    if (l->conf->directions == 2)
        gk_put_number(fp, beta, false, '\t');
    gk_study_put_score(l->s, score, fp);
    if (l->conf->tick)
        l->conf->tick(l->conf->tick_ctx, ++l->points);
    return gk_out_row(out, err);
}

double gk_landscape_points(const struct gk_landscape_conf *conf)
{
    return (double)conf->grid[0].n * (conf->directions == 2 ? (double)conf->grid[1].n : 1);
}

int gk_landscape_rows(struct gk_landscape *l, struct gk_out *out, struct gk_err *err)
{
    const struct gk_grid *alpha = &l->conf->grid[0], *beta = &l->conf->grid[1];
    const int64_t nb = l->conf->directions == 2 ? beta->n : 1;
    l->points = (double)l->frame * gk_landscape_points(l->conf);
    for (int64_t i = 0; i < alpha->n; i++)
        for (int64_t j = 0; j < nb; j++)
            if (point(l, gk_grid_at(alpha, i), gk_grid_at(beta, j), out, err))
                return -1;
    return 0;
}
