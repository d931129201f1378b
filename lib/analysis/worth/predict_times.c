/* When will a run grok that groks? Intervals for the time by conformal prediction: a linear model
 * of log time, and the size of its errors on runs that it has not seen. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/logistic.h"
#include "gk/mem.h"
#include "gk/predict.h"
#include "gk/rank.h"

struct work {
    const struct gk_report_of *of;
    const struct gk_runs *r;
    size_t folds;
    bool *grokked, *in; /* [n] */
    double *z, *y;      /* [n, d] and [n] of the runs that are in, packed */
    double *beta;       /* [d + 1] */
    double *error;      /* [n] */
    double *guess, *q;  /* [n] log time, and how far the interval goes to both sides */
    size_t endless;     /* runs whose interval has no end */
    struct gk_model m;
};

static double log_time(const struct work *w, size_t i)
{
    double t = w->beta[0];
    for (size_t j = 0; j < w->r->d; j++)
        t += w->beta[j + 1] * gk_term_value(&w->m.term[j], w->r->x[i * w->r->d + j]);
    return t;
}

/* Fits the linear model to the runs in W->in; if there are none, it stays as it is. */
static int train(struct work *w, struct gk_err *err)
{
    const struct gk_runs *r = w->r;
    size_t n = 0;
    for (size_t j = 0; j < r->d; j++)
        gk_term_standardise(&w->m.term[j], r, w->in, NULL, j);
    for (size_t i = 0; i < r->n; i++) {
        if (!w->in[i])
            continue;
        for (size_t j = 0; j < r->d; j++)
            w->z[n * r->d + j] = gk_term_value(&w->m.term[j], r->x[i * r->d + j]);
        w->y[n++] = log(r->time[i]);
    }
    return n ? gk_ridge_fit(n, r->d, w->z, w->y, w->of->ridge, w->beta, err) : 0;
}

/* Leaves fold OUT out, and part PART < PARTS of the other folds. Part 1 of 1 is empty: only OUT is
 * left out. */
static size_t choose(struct work *w, size_t out, size_t part, size_t parts)
{
    size_t n = 0;
    for (size_t i = 0; i < w->r->n; i++) {
        const size_t f = w->of->fold[i];
        w->in[i] = w->grokked[i] && f != out && (f - (f > out)) % parts != part;
        n += w->in[i];
    }
    return n;
}

/* Half the width for fold OUT: the quantile of errors on parts of the other folds by models that
 * have seen neither (Vovk 2015). */
static int half_width(struct work *w, size_t out, double *q, struct gk_err *err)
{
    enum { PARTS = 10 };
    const size_t parts = w->folds - 1 < PARTS ? w->folds - 1 : PARTS;
    size_t n = 0;
    for (size_t part = 0; part < parts; part++) {
        if (!choose(w, out, part, parts))
            continue;
        if (train(w, err))
            return -1;
        for (size_t i = 0; i < w->r->n; i++)
            if (w->grokked[i] && !w->in[i] && w->of->fold[i] != out)
                w->error[n++] = fabs(log(w->r->time[i]) - log_time(w, i));
    }
    gk_sort(w->error, n);
    const double k = ceil(((double)n + 1) * w->of->cover);
    *q = k <= (double)n ? w->error[(size_t)k - 1] : INFINITY;
    return 0;
}

static int predict(struct work *w, struct gk_err *err)
{
    for (size_t out = 0; out < w->folds; out++) {
        double q = INFINITY;
        if (w->folds > 2 && half_width(w, out, &q, err))
            return -1;
        if (!choose(w, out, 1, 1))
            return w->r->group ? gk_fail(err, "without group %s no run has a time to grok",
                                         w->r->group_name[out])
                               : gk_fail(err,
                                         "too few runs have a time to grok: all of them are "
                                         "in one of %zu folds",
                                         w->folds);
        if (train(w, err))
            return -1;
        for (size_t i = 0; i < w->r->n; i++)
            if (w->grokked[i] && w->of->fold[i] == out) {
                w->guess[i] = log_time(w, i);
                w->q[i] = q;
                w->endless += isinf(q) ? 1 : 0;
            }
    }
    return 0;
}

static double median(double *v, size_t n)
{
    gk_sort(v, n);
    return gk_quantile(v, n, 0.5);
}

/* The row of fold ONLY, or of all (folds). V [3, n] is work space. */
static int put_group(struct gk_out *out, const struct work *w, size_t only, double *v,
                     struct gk_err *err)
{
    const struct gk_runs *r = w->r;
    double *width = v, *factor = v + r->n, *error = v + 2 * r->n, covered = 0, lower, upper;
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (!w->grokked[i] || (only < w->folds && w->of->fold[i] != only))
            continue;
        /* a run that still goes on has not grokked yet */
        const double low = fmax(w->of->at, exp(w->guess[i] - w->q[i]));
        const double high = fmax(low, exp(w->guess[i] + w->q[i]));
        covered += r->time[i] >= low && r->time[i] <= high;
        width[n] = high - low;
        factor[n] = high / low;
        error[n++] = exp(fabs(log(r->time[i]) - w->guess[i]));
    }
    if (!n)
        return 0;
    gk_share_interval(covered, (double)n, &lower, &upper);
    if (only == w->folds)
        gk_put_text(out->fp, "all", '\t');
    else if (r->group)
        gk_put_text(out->fp, r->group_name[only], '\t');
    else
        fprintf(out->fp, "%zu\t", only);
    fprintf(out->fp, "%zu\t", n);
    gk_put_number(out->fp, covered / (double)n, false, '\t');
    gk_put_number(out->fp, lower, false, '\t');
    gk_put_number(out->fp, upper, false, '\t');
    gk_put_number(out->fp, median(width, n), false, '\t');
    gk_put_number(out->fp, median(factor, n), false, '\t');
    gk_put_number(out->fp, median(error, n), false, '\n');
    return gk_out_row(out, err);
}

static int begin(struct work *w, struct gk_err *err)
{
    const struct gk_runs *r = w->r;
    const size_t n = r->n;
    w->grokked = gk_alloc(n, 2 * sizeof *w->grokked, err);
    w->z = gk_alloc(n, (r->d + 4) * sizeof *w->z, err);
    w->beta = gk_alloc(r->d + 1, sizeof *w->beta, err);
    if (!w->grokked || !w->z || !w->beta)
        return -1;
    w->in = w->grokked + n;
    w->y = w->z + n * r->d;
    w->error = w->y + n;
    w->guess = w->error + n;
    w->q = w->guess + n;
    for (size_t i = 0; i < n; i++) {
        w->grokked[i] = r->outcome[i] && r->time[i] > 0;
        w->folds = w->of->fold[i] >= w->folds ? w->of->fold[i] + 1 : w->folds;
    }
    return gk_model_start(&w->m, r, w->grokked, err);
}

/* The quantile of n errors has an end from n = cover / (1 - cover) on. */
static int remark(const struct work *w, struct gk_err *err)
{
    const double cover = w->of->cover;
    if (!w->endless)
        return 0;
    if (w->folds < 3)
        return gk_notes_add(w->of->notes, NULL, err,
                            "the intervals have no end: without one of two groups no errors on "
                            "unseen groups are left");
    return gk_notes_add(w->of->notes, NULL, err,
                        "the intervals of %zu run%s have no end: a coverage of %g needs %.0f runs "
                        "that grokked outside their fold",
                        w->endless, w->endless == 1 ? "" : "s", cover,
                        ceil(cover / (1 - cover) * (1 - 1e-12)));
}

int gk_report_times(struct gk_out *out, const struct gk_history *h, const struct gk_report_of *of,
                    struct gk_err *err)
{
    static const char *const names[] = {"group", "n",     "covered", "lower",
                                        "upper", "width", "factor",  "error"};
    struct work w = {.of = of, .r = of->r};
    double *v = gk_alloc(of->r->n, 3 * sizeof *v, err);
    int rc = v && !begin(&w, err) ? predict(&w, err) : -1;
    if (!rc) /* not before: the runs may be too few */
        rc = gk_table_begin(out->fp, h, names, 8, err);
    for (size_t f = 0; f <= w.folds && !rc; f++)
        rc = put_group(out, &w, f, v, err);
    if (!rc)
        rc = remark(&w, err);
    gk_free(w.grokked);
    gk_free(w.z);
    gk_free(w.beta);
    gk_free(v);
    gk_model_free(&w.m);
    return rc;
}
