/* What a model's held-out probabilities are good for: calibration, and decisions by a threshold. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "gk/mem.h"
#include "gk/nlfit.h"
#include "gk/predict.h"
#include "gk/rank.h"

void gk_share_interval(double k, double n, double *lower, double *upper)
{
    const double z = GK_Z95, p = k / n, z2 = z * z / n;
    const double half = z * sqrt(p * (1 - p) / n + z2 / (4 * n));
    *lower = fmax(0, (p + z2 / 2 - half) / (1 + z2));
    *upper = fmin(1, (p + z2 / 2 + half) / (1 + z2));
}

/* ---- calibration ---- */

struct item {
    double p;
    size_t i;
};

static int by_p(const void *a, const void *b)
{
    const struct item *s = a, *t = b;
    return s->p != t->p ? (s->p > t->p) - (s->p < t->p) : (s->i > t->i) - (s->i < t->i);
}

int gk_report_calibration(struct gk_out *out, const struct gk_report_of *of, struct gk_err *err)
{
    enum { BINS = 10 };
    const size_t n = of->r->n, bins = n < BINS ? n : BINS;
    struct item *item = gk_alloc(n, sizeof *item, err);
    if (!item)
        return -1;
    for (size_t i = 0; i < n; i++)
        item[i] = (struct item){of->heldout[i], i};
    qsort(item, n, sizeof *item, by_p);
    int rc = 0;
    for (size_t b = 0; b < bins && !rc; b++) {
        const size_t from = b * n / bins, to = (b + 1) * n / bins, count = to - from;
        double p = 0, yes = 0, lower, upper;
        for (size_t k = from; k < to; k++) {
            p += item[k].p;
            yes += of->r->outcome[item[k].i];
        }
        gk_share_interval(yes, (double)count, &lower, &upper);
        fprintf(out->fp, "%zu\t%zu\t", b + 1, count);
        gk_put_number(out->fp, p / (double)count, false, '\t');
        gk_put_number(out->fp, yes / (double)count, false, '\t');
        gk_put_number(out->fp, lower, false, '\t');
        gk_put_number(out->fp, upper, false, '\n');
        rc = gk_out_row(out, err);
    }
    gk_free(item);
    return rc;
}

/* ---- decisions ---- */

/* A run with a probability of at least the threshold is called: it will grok. Others are ended. */
struct decision {
    double false_alarm, hit, lead, wrong, saved;
    size_t ended;
};

/* The runs that are decided on, by a threshold each, or one for all. */
struct choice {
    const struct gk_report_of *of;
    const double *threshold; /* [n], or of all if not EACH */
    bool each;
    size_t out;   /* the fold whose runs are left out, or NONE */
    double *lead; /* [n] work space */
};
static const size_t NONE = SIZE_MAX;

static struct decision decide(const struct choice *c)
{
    const struct gk_report_of *of = c->of;
    const struct gk_runs *r = of->r;
    double yes = 0, no = 0, hits = 0, alarms = 0, steps = 0, saved = 0;
    size_t leads = 0, ended = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (of->fold[i] == c->out)
            continue;
        const bool grokked = r->outcome[i],
                   called = of->heldout[i] >= c->threshold[c->each ? i : 0];
        *(grokked ? &yes : &no) += 1;
        steps += r->steps[i];
        if (!called) {
            ended++;
            saved += fmax(0, r->steps[i] - of->at);
        } else if (!grokked) {
            alarms++;
        } else {
            hits++;
            if (!isnan(r->time[i]))
                c->lead[leads++] = r->time[i] - of->at;
        }
    }
    gk_sort(c->lead, leads);
    return (struct decision){alarms / no,        hits / yes,    gk_quantile(c->lead, leads, 0.5),
                             (yes - hits) / yes, saved / steps, ended};
}

static struct decision decide_at(struct choice c, double threshold)
{
    c.threshold = &threshold;
    c.each = false;
    return decide(&c);
}

static int put_decision(struct gk_out *out, const char *rule, double threshold,
                        const struct decision *d, struct gk_err *err)
{
    fprintf(out->fp, "%s\t", rule);
    gk_put_number(out->fp, threshold, false, '\t');
    gk_put_number(out->fp, d->false_alarm, false, '\t');
    gk_put_number(out->fp, d->hit, false, '\t');
    gk_put_number(out->fp, d->lead, false, '\t');
    fprintf(out->fp, "%zu\t", d->ended);
    gk_put_number(out->fp, d->wrong, false, '\t');
    gk_put_number(out->fp, d->saved, false, '\n');
    return gk_out_row(out, err);
}

/* The lowest of SORTED [n] with false alarms of at most MOST; infinity: no run may be called. */
static double for_alarms(const struct choice *c, const double *sorted, size_t n)
{
    const double most = 0.05;
    size_t low = 0, high = n; /* false alarms fall as the threshold rises */
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (decide_at(*c, sorted[mid]).false_alarm <= most)
            high = mid;
        else
            low = mid + 1;
    }
    return low < n ? sorted[low] : INFINITY;
}

/* The highest that ends at most MOST of the runs that grok. */
static double for_wrong(const struct choice *c, const double *sorted, size_t n)
{
    const double most = 0.01;
    size_t low = 0, high = n; /* at sorted[0] none is ended */
    while (high - low > 1) {
        const size_t mid = low + (high - low) / 2;
        if (decide_at(*c, sorted[mid]).wrong <= most)
            low = mid;
        else
            high = mid;
    }
    return sorted[low];
}

typedef double rule(const struct choice *c, const double *sorted, size_t n);

/* The threshold of RULE by the runs outside fold C->out. SORTED [n] is work space. */
static double threshold_by(rule *by, const struct choice *c, double *sorted)
{
    const struct gk_report_of *of = c->of;
    size_t n = 0;
    for (size_t i = 0; i < of->r->n; i++)
        if (of->fold[i] != c->out)
            sorted[n++] = of->heldout[i];
    gk_sort(sorted, n);
    return by(c, sorted, n);
}

/* Two rows of RULE: a threshold for all runs, chosen on them; and one for each fold, chosen on the
 * other folds. WORK [3, n]. */
static int put_rule(struct gk_out *out, const struct gk_report_of *of, const char *name, rule *by,
                    double *work, struct gk_err *err)
{
    const size_t n = of->r->n;
    double *sorted = work + n, *each = work + 2 * n;
    struct choice c = {.of = of, .threshold = each, .each = true, .out = NONE, .lead = work};
    const double one = threshold_by(by, &c, sorted);
    const struct decision seen = decide_at(c, one);
    for (size_t i = 0; i < n; i++)
        each[i] = NAN;
    for (size_t i = 0; i < n; i++) {
        if (!isnan(each[i]))
            continue;
        c.out = of->fold[i];
        const double t = threshold_by(by, &c, sorted);
        for (size_t k = i; k < n; k++)
            if (of->fold[k] == c.out)
                each[k] = t;
    }
    c.out = NONE;
    const struct decision unseen = decide(&c);
    char other[32];
    snprintf(other, sizeof other, "%s_unseen", name);
    return put_decision(out, name, one, &seen, err) || put_decision(out, other, NAN, &unseen, err)
               ? -1
               : 0;
}

int gk_report_decisions(struct gk_out *out, const struct gk_report_of *of, struct gk_err *err)
{
    static const double at[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9};
    double *work = gk_alloc(of->r->n, 3 * sizeof *work, err);
    int rc = work ? 0 : -1;
    for (size_t k = 0; k < sizeof at / sizeof *at && !rc; k++) {
        const struct decision d =
            decide_at((struct choice){.of = of, .out = NONE, .lead = work}, at[k]);
        rc = put_decision(out, "threshold", at[k], &d, err);
    }
    if (!rc)
        rc = put_rule(out, of, "false_alarm_5", for_alarms, work, err) ||
                     put_rule(out, of, "wrong_1", for_wrong, work, err)
                 ? -1
                 : 0;
    gk_free(work);
    return rc;
}
