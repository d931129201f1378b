/* Ranks, the area under the ROC curve and Spearman's correlation, and their bootstrap. */
#include "gk/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/rng.h"

struct work {
    const struct gk_rank_data *data;
    size_t *by_score, *by_value; /* [n] runs in increasing order */
    double *score_rank, *value_rank;
    uint32_t *count; /* [n] how often each run is in the resample */
    double *tally;   /* [n, 2] with groups: the outcomes of each in the resample */
    size_t *yes, *no;
    size_t nyes, nno;
};

struct item {
    double v;
    size_t i, group;
};

static int by_v(const void *a, const void *b)
{
    const struct item *p = a, *q = b;
    return p->group != q->group ? (p->group > q->group) - (p->group < q->group)
                                : (p->v > q->v) - (p->v < q->v);
}

static void sort_order(const double *v, const size_t *group, size_t n, struct item *tmp,
                       size_t *order)
{
    for (size_t i = 0; i < n; i++)
        tmp[i] = (struct item){v[i], i, group ? group[i] : 0};
    qsort(tmp, n, sizeof *tmp, by_v);
    for (size_t i = 0; i < n; i++)
        order[i] = tmp[i].i;
}

/* Mean ranks from 1 in the resample, where run i stands count[i] times; in each group from 1. */
static void rank(const double *v, const size_t *order, const size_t *group, const uint32_t *count,
                 size_t n, double *ranks)
{
    double below = 0;
    for (size_t i = 0, j; i < n; i = j) {
        double here = 0;
        if (group && i && group[order[i]] != group[order[i - 1]])
            below = 0;
        for (j = i;
             j < n && v[order[j]] == v[order[i]] && (!group || group[order[j]] == group[order[i]]);
             j++)
            here += count[order[j]];
        for (size_t k = i; k < j; k++)
            ranks[order[k]] = below + (here + 1) / 2;
        below += here;
    }
}

/* The AUC over pairs of one group: SUM adds the ranks, each within its group, of the runs with
 * outcome 1. */
static double auc_within(const struct work *w, double sum)
{
    const size_t n = w->data->n;
    double pairs = 0;
    memset(w->tally, 0, 2 * n * sizeof *w->tally);
    for (size_t i = 0; i < n; i++)
        w->tally[2 * w->data->group[i] + w->data->outcome[i]] += w->count[i];
    for (size_t g = 0; g < n; g++) {
        const double no = w->tally[2 * g], yes = w->tally[2 * g + 1];
        sum -= yes * (yes + 1) / 2;
        pairs += yes * no;
    }
    return pairs > 0 ? sum / pairs : NAN;
}

static double auc(const struct work *w)
{
    double sum = 0, yes = (double)w->nyes, no = (double)w->nno;
    for (size_t k = 0; k < w->nyes; k++)
        sum += w->count[w->yes[k]] * w->score_rank[w->yes[k]];
    if (w->data->group)
        return auc_within(w, sum);
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
    rank(d->score, w->by_score, d->group, w->count, d->n, w->score_rank);
    *a = auc(w);
    *s = NAN;
    if (!d->value || d->group)
        return;
    rank(d->value, w->by_value, NULL, w->count, d->n, w->value_rank);
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
    const double part = at - (double)i;
    if (i + 1 >= n || part == 0 || v[i] == v[i + 1]) /* infinities have no distance */
        return v[i];
    const double gap = v[i + 1] - v[i];
    return isfinite(gap) ? v[i] + part * gap : (1 - part) * v[i] + part * v[i + 1];
}

/* The interval of a measure from its values V [n] in the resamples. A resample in which the measure
 * is undefined does not count; if most are like that, there is no interval. */
static void interval(double *v, size_t n, struct gk_rank_score *out)
{
    size_t good = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(v[i]))
            v[good++] = v[i];
    out->lower = out->upper = NAN;
    if (!good || good < n - good)
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
    sort_order(d->score, d->group, d->n, tmp, w->by_score);
    if (d->value)
        sort_order(d->value, NULL, d->n, tmp, w->by_value);
    for (size_t i = 0; i < d->n; i++) {
        w->count[i] = 1;
        if (d->outcome[i])
            w->yes[w->nyes++] = i;
        else
            w->no[w->nno++] = i;
    }
}

/* The measures of the resample that W->count says, of scores that are fitted to it. */
static int measure_again(struct work *w, const struct gk_rank_again *again, double *score,
                         struct item *tmp, double *a, double *s, struct gk_err *err)
{
    const struct gk_rank_data *fixed = w->data;
    struct gk_rank_data d = *fixed;
    *a = *s = NAN;
    const int rc = again->score(again->ctx, w->count, score, err);
    if (rc)
        return rc > 0 ? 0 : -1;
    d.score = score;
    sort_order(score, d.group, d.n, tmp, w->by_score);
    w->data = &d;
    measure(w, a, s);
    w->data = fixed;
    return 0;
}

/* Half of the interval on each side of the measure itself: a resample holds fewer different runs,
 * and what is fitted to it ranks less well. */
static void recentre(struct gk_rank_score *s, double least)
{
    const double half = (s->upper - s->lower) / 2;
    if (isnan(half))
        return;
    s->lower = fmax(s->at - half, least);
    s->upper = fmin(s->at + half, 1);
}

/* AUC and Spearman's correlation, and those of REPS resamples: REP [2, reps]. AGAIN: NULL, or the
 * fit that gives the scores of each resample. */
static int resample(const struct gk_rank_data *d, const struct gk_rank_again *again, size_t reps,
                    uint64_t seed, double *a, double *s, double *rep, struct gk_err *err)
{
    size_t n = d->n;
    size_t *index = gk_alloc(n, 4 * sizeof *index, err);
    double *ranks = gk_alloc(n, 3 * sizeof *ranks, err);
    uint32_t *count = gk_alloc(n, sizeof *count, err);
    struct item *tmp = gk_alloc(n, sizeof *tmp, err);
    double *tally = gk_alloc(n, 2 * sizeof *tally, err);
    int rc = index && ranks && count && tmp && tally ? 0 : -1;
    if (!rc) {
        struct work w = {.data = d,
                         .count = count,
                         .tally = tally,
                         .score_rank = ranks,
                         .value_rank = ranks + n};
        struct gk_rng rng;
        w.by_score = index;
        w.by_value = index + n;
        w.yes = index + 2 * n;
        w.no = index + 3 * n;
        prepare(&w, tmp);
        measure(&w, a, s);
        gk_rng_seed(&rng, seed, GK_RNG_BOOTSTRAP);
        for (size_t k = 0; k < reps && rc == 0; k++) {
            draw(&w, &rng);
            if (again)
                rc = measure_again(&w, again, ranks + 2 * n, tmp, &rep[k], &rep[reps + k], err);
            else
                measure(&w, &rep[k], &rep[reps + k]);
        }
    }
    gk_free(index);
    gk_free(ranks);
    gk_free(count);
    gk_free(tmp);
    gk_free(tally);
    return rc;
}

int gk_rank_study_again(const struct gk_rank_data *d, const struct gk_rank_again *again,
                        int64_t replicates, uint64_t seed, struct gk_rank_score *a,
                        struct gk_rank_score *s, struct gk_err *err)
{
    const size_t reps = (size_t)replicates;
    double *rep = gk_alloc(reps, 2 * sizeof *rep, err);
    const int rc = rep ? resample(d, again, reps, seed, &a->at, &s->at, rep, err) : -1;
    if (!rc) {
        interval(rep, reps, a);
        interval(rep + reps, reps, s);
        if (again) {
            recentre(a, 0);
            recentre(s, -1);
        }
    }
    gk_free(rep);
    return rc;
}

int gk_rank_study(const struct gk_rank_data *d, int64_t replicates, uint64_t seed,
                  struct gk_rank_score *a, struct gk_rank_score *s, struct gk_err *err)
{
    return gk_rank_study_again(d, NULL, replicates, seed, a, s, err);
}

/* The draws come from the seed and the outcomes alone, so those of both scores are the same. */
int gk_rank_difference(const struct gk_rank_data *d, const double *other, int64_t replicates,
                       uint64_t seed, struct gk_rank_score *a, struct gk_rank_score *s,
                       struct gk_err *err)
{
    const size_t reps = (size_t)replicates;
    struct gk_rank_data second = *d;
    double *rep = gk_alloc(reps, 4 * sizeof *rep, err), auc2 = NAN, rho2 = NAN;
    second.score = other;
    int rc = rep ? resample(d, NULL, reps, seed, &a->at, &s->at, rep, err) : -1;
    if (!rc)
        rc = resample(&second, NULL, reps, seed, &auc2, &rho2, rep + 2 * reps, err);
    if (!rc) {
        for (size_t k = 0; k < 2 * reps; k++)
            rep[k] -= rep[2 * reps + k];
        a->at -= auc2;
        s->at -= rho2;
        interval(rep, reps, a);
        interval(rep + reps, reps, s);
    }
    gk_free(rep);
    return rc;
}
