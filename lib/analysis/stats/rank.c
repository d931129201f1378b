/* Ranks, the area under the ROC curve and Spearman's correlation, and their bootstrap. */
#include "gk/rank.h"

#include <math.h>
#include <stdlib.h>

#include "gk/mem.h"
#include "gk/rng.h"

struct work {
    const struct gk_rank_data *data;
    size_t *by_score, *by_value; /* [n] runs in increasing order */
    double *score_rank, *value_rank;
    uint32_t *count; /* [n] how often each run is in the resample */
    size_t *yes, *no;
    size_t nyes, nno;
};

struct item {
    double v;
    size_t i;
};

static int by_v(const void *a, const void *b)
{
    const struct item *p = a, *q = b;
    return (p->v > q->v) - (p->v < q->v);
}

static void sort_order(const double *v, size_t n, struct item *tmp, size_t *order)
{
    for (size_t i = 0; i < n; i++)
        tmp[i] = (struct item){v[i], i};
    qsort(tmp, n, sizeof *tmp, by_v);
    for (size_t i = 0; i < n; i++)
        order[i] = tmp[i].i;
}

/* Mean ranks from 1 in the resample, in which run i occurs count[i] times. */
static void rank(const double *v, const size_t *order, const uint32_t *count, size_t n,
                 double *ranks)
{
    double below = 0;
    for (size_t i = 0, j; i < n; i = j) {
        double here = 0;
        for (j = i; j < n && v[order[j]] == v[order[i]]; j++)
            here += count[order[j]];
        for (size_t k = i; k < j; k++)
            ranks[order[k]] = below + (here + 1) / 2;
        below += here;
    }
}

static double auc(const struct work *w)
{
    double sum = 0, yes = (double)w->nyes, no = (double)w->nno;
    for (size_t k = 0; k < w->nyes; k++)
        sum += w->count[w->yes[k]] * w->score_rank[w->yes[k]];
    return w->nyes && w->nno ? (sum - yes * (yes + 1) / 2) / (yes * no) : NAN;
}

static double spearman(const struct work *w)
{
    double mean = ((double)w->data->n + 1) / 2, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < w->data->n; i++) {
        double x = w->score_rank[i] - mean, y = w->value_rank[i] - mean;
        xx += w->count[i] * x * x;
        yy += w->count[i] * y * y;
        xy += w->count[i] * x * y;
    }
    return xx > 0 && yy > 0 ? fmax(-1, fmin(1, xy / sqrt(xx * yy))) : NAN;
}

static void measure(struct work *w, double *a, double *s)
{
    const struct gk_rank_data *d = w->data;
    rank(d->score, w->by_score, w->count, d->n, w->score_rank);
    *a = auc(w);
    *s = NAN;
    if (!d->value)
        return;
    rank(d->value, w->by_value, w->count, d->n, w->value_rank);
    *s = spearman(w);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void gk_sort(double *v, size_t n)
{
    if (n)
        qsort(v, n, sizeof *v, compare);
}

double gk_quantile(const double *v, size_t n, double q)
{
    if (!n)
        return NAN;
    const double at = q * (double)(n - 1);
    const size_t i = (size_t)at;
    if (i + 1 >= n)
        return v[i];
    const double part = at - (double)i, gap = v[i + 1] - v[i];
    return isfinite(gap) ? v[i] + part * gap : (1 - part) * v[i] + part * v[i + 1];
}

/* Resamples in which it is undefined do not count, unless they are the majority. */
static void interval(double *v, size_t n, struct gk_rank_score *out)
{
    size_t good = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(v[i]))
            v[good++] = v[i];
    out->lower = out->upper = NAN;
    if (!good || good < n / 2)
        return;
    gk_sort(v, good);
    out->lower = gk_quantile(v, good, 0.025);
    out->upper = gk_quantile(v, good, 0.975);
}

static void draw(struct work *w, struct gk_rng *rng)
{
    for (size_t i = 0; i < w->data->n; i++)
        w->count[i] = 0;
    for (size_t k = 0; k < w->nyes; k++)
        w->count[w->yes[gk_rng_below(rng, w->nyes)]]++;
    for (size_t k = 0; k < w->nno; k++)
        w->count[w->no[gk_rng_below(rng, w->nno)]]++;
}

static void prepare(struct work *w, struct item *tmp)
{
    const struct gk_rank_data *d = w->data;
    sort_order(d->score, d->n, tmp, w->by_score);
    if (d->value)
        sort_order(d->value, d->n, tmp, w->by_value);
    for (size_t i = 0; i < d->n; i++) {
        w->count[i] = 1;
        if (d->outcome[i])
            w->yes[w->nyes++] = i;
        else
            w->no[w->nno++] = i;
    }
}

int gk_rank_study(const struct gk_rank_data *d, int64_t replicates, uint64_t seed,
                  struct gk_rank_score *a, struct gk_rank_score *s, struct gk_err *err)
{
    size_t n = d->n, reps = (size_t)replicates;
    size_t *index = gk_alloc(n, 4 * sizeof *index, err);
    double *ranks = gk_alloc(n, 2 * sizeof *ranks, err);
    uint32_t *count = gk_alloc(n, sizeof *count, err);
    struct item *tmp = gk_alloc(n, sizeof *tmp, err);
    double *rep = gk_alloc(reps, 2 * sizeof *rep, err);
    int rc = index && ranks && count && tmp && rep ? 0 : -1;
    if (!rc) {
        struct work w = {.data = d, .count = count, .score_rank = ranks, .value_rank = ranks + n};
        struct gk_rng rng;
        w.by_score = index;
        w.by_value = index + n;
        w.yes = index + 2 * n;
        w.no = index + 3 * n;
        prepare(&w, tmp);
        measure(&w, &a->at, &s->at);
        gk_rng_seed(&rng, seed, GK_RNG_BOOTSTRAP);
        for (size_t k = 0; k < reps; k++) {
            draw(&w, &rng);
            measure(&w, &rep[k], &rep[reps + k]);
        }
        interval(rep, reps, a);
        interval(rep + reps, reps, s);
    }
    gk_free(index);
    gk_free(ranks);
    gk_free(count);
    gk_free(tmp);
    gk_free(rep);
    return rc;
}
