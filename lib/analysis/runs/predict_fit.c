/* Fitting the model: standardised terms, folds, calibration. */
#include "gk/predict.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/logistic.h"
#include "gk/mem.h"
#include "gk/scale.h"
#include "gk/rng.h"

enum { FOLDS = 10 }; /* of all runs if there are no groups, and within the remaining runs */

struct work {
    const struct gk_runs *r;
    double ridge;
    size_t folds;
    const size_t *fold;    /* [n] */
    const uint32_t *count; /* [n] how often each run stands in the resample; NULL: once */
    bool *in;              /* [n] the runs that train */
    double *z, *y;         /* [n, d] and [n] of those, packed */
    double *beta;          /* [d + 1] */
    double *score;         /* [n] held-out scores to calibrate with */
    bool *scored;          /* [n] */
};

static uint32_t times(const struct work *w, size_t i)
{
    return w->count ? w->count[i] : 1;
}

static double raw_value(const struct gk_term *t, double x)
{
    return t->log ? log(fmax(x, t->floor)) : x;
}

double gk_term_value(const struct gk_term *t, double x)
{
    const double v = raw_value(t, x), away = v - t->centre;
    return isinf(away) ? v / t->scale - t->centre / t->scale : away / t->scale;
}

static double score(const struct gk_model *m, const double *x)
{
    double s = m->intercept;
    for (size_t j = 0; j < m->d; j++)
        s += m->term[j].weight * gk_term_value(&m->term[j], x[j]);
    return s;
}

double gk_model_probability(const struct gk_model *m, const double *x)
{
    return gk_sigmoid(score(m, x));
}

void gk_model_free(struct gk_model *m)
{
    for (size_t j = 0; m->term && j < m->d; j++)
        free(m->term[j].feature.name);
    free(m->term);
    *m = (struct gk_model){0};
}

/* ---- one fit ---- */

static void find_range(struct gk_term *t, const struct gk_runs *r, const bool *in, size_t j)
{
    t->least = INFINITY;
    t->most = -INFINITY;
    for (size_t i = 0; i < r->n; i++)
        if (in[i]) {
            t->least = fmin(t->least, r->x[i * r->d + j]);
            t->most = fmax(t->most, r->x[i * r->d + j]);
        }
}

void gk_term_standardise(struct gk_term *t, const struct gk_runs *r, const bool *in,
                         const uint32_t *count, size_t j)
{
    double n = 0, sum = 0, squares = 0, most = 0;
    *t = (struct gk_term){.feature = t->feature, .log = t->log, .floor = -INFINITY, .scale = 1};
    find_range(t, r, in, j);
    if (t->log) /* another run may have 0: its logarithm is then finite, and below all others */
        t->floor = fmax(t->least * 1e-3, DBL_TRUE_MIN);
    for (size_t i = 0; i < r->n; i++)
        if (in[i])
            most = fmax(most, fabs(raw_value(t, r->x[i * r->d + j])));
    const int exponent = gk_exponent_of(most);
    for (size_t i = 0; i < r->n; i++)
        if (in[i]) {
            const double k = count ? count[i] : 1;
            n += k;
            sum += k * ldexp(raw_value(t, r->x[i * r->d + j]), -exponent);
        }
    const double centre = sum / n;
    for (size_t i = 0; i < r->n; i++)
        if (in[i]) {
            double z = ldexp(raw_value(t, r->x[i * r->d + j]), -exponent) - centre;
            squares += (count ? count[i] : 1) * z * z;
        }
    double sd = sqrt(squares / n);
    t->centre = ldexp(centre, exponent);
    if (sd > 1e-12 * fabs(centre)) /* otherwise it is constant, and uninformative */
        t->scale = ldexp(sd, exponent);
}

static bool both_outcomes(const struct work *w)
{
    bool seen[2] = {false, false};
    for (size_t i = 0; i < w->r->n; i++)
        if (w->in[i])
            seen[w->r->outcome[i]] = true;
    return seen[0] && seen[1];
}

/* Fits the model to the runs in W->in, without calibration. */
static int train(struct work *w, struct gk_model *m, struct gk_err *err)
{
    const struct gk_runs *r = w->r;
    size_t n = 0;
    for (size_t j = 0; j < r->d; j++)
        gk_term_standardise(&m->term[j], r, w->in, w->count, j);
    for (size_t i = 0; i < r->n; i++) {
        for (uint32_t k = 0; w->in[i] && k < times(w, i); k++) {
            for (size_t j = 0; j < r->d; j++)
                w->z[n * r->d + j] = gk_term_value(&m->term[j], r->x[i * r->d + j]);
            w->y[n++] = r->outcome[i];
        }
    }
    if (gk_logistic_fit(n, r->d, w->z, w->y, w->ridge, w->beta, err))
        return -1;
    m->intercept = w->beta[0];
    for (size_t j = 0; j < r->d; j++)
        m->term[j].weight = w->beta[j + 1];
    return 0;
}

/* Replaces M's score s by A s + B, fitted to the existing scores. Targets slightly off 0 and 1
 * (Platt 1999) keep A finite if the scores separate the outcomes. */
static int calibrate(struct work *w, struct gk_model *m, struct gk_err *err)
{
    const struct gk_runs *r = w->r;
    double n[2] = {0, 0}, ab[2];
    size_t k = 0;
    for (size_t i = 0; i < r->n; i++)
        if (w->scored[i])
            n[r->outcome[i]] += times(w, i);
    if (n[0] == 0 || n[1] == 0)
        return 0;
    for (size_t i = 0; i < r->n; i++)
        for (uint32_t c = 0; w->scored[i] && c < times(w, i); c++) {
            w->z[k] = w->score[i];
            w->y[k++] = r->outcome[i] ? (n[1] + 1) / (n[1] + 2) : 1 / (n[0] + 2);
        }
    if (gk_logistic_fit(k, 1, w->z, w->y, 1e-6, ab, err))
        return -1;
    if (ab[1] < 0) { /* held-out scores that rank the wrong way are uninformative: the base rate */
        double p = (n[1] * (n[1] + 1) / (n[1] + 2) + n[0] / (n[0] + 2)) / (n[0] + n[1]);
        ab[0] = log(p / (1 - p));
        ab[1] = 0;
    }
    m->intercept = ab[1] * m->intercept + ab[0];
    for (size_t j = 0; j < m->d; j++)
        m->term[j].weight = ab[1] > 0 ? ab[1] * m->term[j].weight : 0;
    return 0;
}

/* ---- folds ---- */

static int deal(const struct gk_runs *r, uint64_t seed, size_t *fold, size_t *folds,
                struct gk_err *err)
{
    size_t count[2] = {0, 0};
    for (size_t i = 0; i < r->n; i++)
        count[r->outcome[i]]++;
    if (!r->n)
        return gk_fail(err, "no run is left");
    if (r->n == 1)
        return gk_fail(err, "one run alone: there is nothing to tell apart");
    if (!count[0] || !count[1])
        return gk_fail(err, "all %zu runs have outcome %d: there is nothing to tell apart", r->n,
                       count[1] > 0);
    if (r->group) {
        for (size_t i = 0; i < r->n; i++)
            fold[i] = r->group[i];
        *folds = r->groups;
        return *folds > 1 ? 0 : gk_fail(err, "one group only: none can be left out");
    }
    size_t least = count[0] < count[1] ? count[0] : count[1];
    if (least < 2)
        return gk_fail(err, "only one run has outcome %d: it cannot be left out",
                       count[1] == least);
    *folds = least < FOLDS ? least : FOLDS;
    uint32_t *order = gk_alloc(r->n, sizeof *order, err);
    if (!order)
        return -1;
    struct gk_rng rng;
    gk_rng_seed(&rng, seed, GK_RNG_FOLDS);
    for (uint32_t i = 0; i < r->n; i++)
        order[i] = i;
    gk_rng_shuffle(&rng, order, r->n);
    size_t next = 0;
    for (int outcome = 0; outcome < 2; outcome++)
        for (size_t k = 0; k < r->n; k++)
            if (r->outcome[order[k]] == (outcome == 1))
                fold[order[k]] = next++ % *folds;
    gk_free(order);
    return 0;
}

/* Held-out scores of the runs outside fold OUT, from models trained neither on OUT nor on the run's
 * own part of the other folds. */
static int score_within(struct work *w, size_t out, struct gk_model *m, struct gk_err *err)
{
    const struct gk_runs *r = w->r;
    size_t parts = w->folds - 1 < FOLDS ? w->folds - 1 : FOLDS;
    for (size_t i = 0; i < r->n; i++)
        w->scored[i] = false;
    if (parts < 2)
        return 0;
    for (size_t part = 0; part < parts; part++) {
        for (size_t i = 0; i < r->n; i++)
            w->in[i] = times(w, i) > 0 && w->fold[i] != out &&
                       (w->fold[i] - (w->fold[i] > out)) % parts != part;
        if (!both_outcomes(w))
            continue;
        if (train(w, m, err))
            return -1;
        for (size_t i = 0; i < r->n; i++)
            if (w->fold[i] != out && !w->in[i] && times(w, i) > 0) {
                w->score[i] = score(m, r->x + i * r->d);
                w->scored[i] = true;
            }
    }
    return 0;
}

/* HELDOUT and RAW (before calibration) of the runs in fold OUT. Returns 0, -1, or 1 if in a
 * resample all runs outside this fold have one outcome. */
static int hold_out(struct work *w, size_t out, struct gk_model *m, double *heldout, double *raw,
                    struct gk_err *err)
{
    const struct gk_runs *r = w->r;
    if (score_within(w, out, m, err))
        return -1;
    for (size_t i = 0; i < r->n; i++)
        w->in[i] = times(w, i) > 0 && w->fold[i] != out;
    if (!both_outcomes(w)) {
        if (!w->count)
            gk_fail(err, "without group %s all runs have the same outcome", r->group_name[out]);
        return w->count ? 1 : -1;
    }
    if (train(w, m, err))
        return -1;
    for (size_t i = 0; i < r->n; i++)
        if (w->fold[i] == out)
            raw[i] = score(m, r->x + i * r->d);
    if (calibrate(w, m, err))
        return -1;
    for (size_t i = 0; i < r->n; i++)
        if (w->fold[i] == out)
            heldout[i] = gk_model_probability(m, r->x + i * r->d);
    return 0;
}

static int fit(struct work *w, struct gk_model *m, double *heldout, double *raw, struct gk_err *err)
{
    for (size_t k = 0; k < w->folds; k++)
        if (hold_out(w, k, m, heldout, raw, err))
            return -1;
    for (size_t i = 0; i < w->r->n; i++) {
        w->in[i] = w->scored[i] = true;
        w->score[i] = raw[i];
    }
    return train(w, m, err) || calibrate(w, m, err) ? -1 : 0;
}

int gk_model_start(struct gk_model *m, const struct gk_runs *r, const bool *in, struct gk_err *err)
{
    size_t cap = 0;
    if (gk_grow(&m->term, &cap, r->d, sizeof *m->term, err))
        return -1;
    memset(m->term, 0, r->d * sizeof *m->term);
    m->d = r->d;
    for (size_t j = 0; j < r->d; j++) {
        struct gk_term *t = &m->term[j];
        t->feature = r->feature[j];
        if (!(t->feature.name = gk_strdup(r->feature[j].name, err)))
            return -1;
        t->log = true;
        for (size_t i = 0; i < r->n; i++)
            t->log = t->log && (!in[i] || r->x[i * r->d + j] > 0);
    }
    return 0;
}

static int start_work(struct work *w, struct gk_model *m, struct gk_err *err)
{
    const struct gk_runs *r = w->r;
    *m = (struct gk_model){0};
    w->in = gk_alloc(r->n, sizeof *w->in, err);
    w->scored = gk_alloc(r->n, sizeof *w->scored, err);
    w->z = gk_alloc(r->n, r->d * sizeof *w->z, err);
    w->y = gk_alloc(r->n, sizeof *w->y, err);
    w->score = gk_alloc(r->n, 2 * sizeof *w->score, err);
    w->beta = gk_alloc(r->d + 1, sizeof *w->beta, err);
    if (!w->in || !w->scored || !w->z || !w->y || !w->score || !w->beta)
        return -1;
    for (size_t i = 0; i < r->n; i++)
        w->in[i] = true;
    return gk_model_start(m, r, w->in, err);
}

static void end_work(struct work *w)
{
    gk_free(w->in);
    gk_free(w->scored);
    gk_free(w->z);
    gk_free(w->y);
    gk_free(w->score);
    gk_free(w->beta);
}

int gk_model_fit(struct gk_model *m, const struct gk_runs *r, double ridge, uint64_t seed,
                 double *heldout, double *raw, size_t *fold, struct gk_err *err)
{
    struct work w = {.r = r, .ridge = ridge, .fold = fold};
    if (deal(r, seed, fold, &w.folds, err))
        return -1;
    int rc = start_work(&w, m, err);
    if (!rc)
        rc = fit(&w, m, heldout, raw ? raw : w.score + r->n, err);
    end_work(&w);
    if (rc)
        gk_model_free(m);
    return rc;
}

static size_t count_folds(const struct gk_runs *r, const size_t *fold)
{
    size_t folds = 0;
    for (size_t i = 0; i < r->n; i++)
        folds = fold[i] >= folds ? fold[i] + 1 : folds;
    return folds;
}

double gk_model_refit_cost(const struct gk_runs *r, const size_t *fold)
{
    const double folds = (double)count_folds(r, fold), parameters = (double)(r->d + 1);
    return folds * (1 + fmin(folds - 1, FOLDS)) * (double)r->n * parameters * parameters;
}

int gk_model_refit(const struct gk_runs *r, double ridge, const size_t *fold, const uint32_t *count,
                   double *heldout, double *raw, struct gk_err *err)
{
    struct work w = {
        .r = r, .ridge = ridge, .fold = fold, .count = count, .folds = count_folds(r, fold)};
    struct gk_model m;
    int rc = start_work(&w, &m, err);
    for (size_t k = 0; rc == 0 && k < w.folds; k++)
        rc = hold_out(&w, k, &m, heldout, raw ? raw : w.score + r->n, err);
    end_work(&w);
    gk_model_free(&m);
    return rc;
}
