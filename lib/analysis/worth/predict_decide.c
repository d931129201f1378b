/* What a model's held-out probabilities are good for: calibration, and decisions by a threshold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* LEAD [n] is work space. */
static struct decision decide(const struct gk_report_of *of, double threshold, double *lead)
{
    const struct gk_runs *r = of->r;
    double yes = 0, no = 0, hits = 0, alarms = 0, steps = 0, saved = 0;
    size_t leads = 0, ended = 0;
    for (size_t i = 0; i < r->n; i++) {
        const bool grokked = r->outcome[i], called = of->heldout[i] >= threshold;
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
                lead[leads++] = r->time[i] - of->at;
        }
    }
    gk_sort(lead, leads);
    return (struct decision){alarms / no,        hits / yes,    gk_quantile(lead, leads, 0.5),
                             (yes - hits) / yes, saved / steps, ended};
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

/* The lowest threshold with false alarms of at most MOST; nan: no run may be called. */
static double for_alarms(const struct gk_report_of *of, const double *sorted, double most,
                         double *lead)
{
    size_t low = 0, high = of->r->n; /* false alarms fall as the threshold rises */
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (decide(of, sorted[mid], lead).false_alarm <= most)
            high = mid;
        else
            low = mid + 1;
    }
    return low < of->r->n ? sorted[low] : INFINITY;
}

/* The highest threshold that ends at most MOST of the runs that grok. */
static double for_wrong(const struct gk_report_of *of, const double *sorted, double most,
                        double *lead)
{
    size_t low = 0, high = of->r->n; /* at sorted[0] none is ended */
    while (high - low > 1) {
        const size_t mid = low + (high - low) / 2;
        if (decide(of, sorted[mid], lead).wrong <= most)
            low = mid;
        else
            high = mid;
    }
    return sorted[low];
}

int gk_report_decisions(struct gk_out *out, const struct gk_report_of *of, struct gk_err *err)
{
    static const double at[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9};
    const size_t n = of->r->n;
    double *lead = gk_alloc(n, sizeof *lead, err), *sorted = gk_alloc(n, sizeof *sorted, err);
    int rc = lead && sorted ? 0 : -1;
    for (size_t k = 0; k < sizeof at / sizeof *at && !rc; k++) {
        const struct decision d = decide(of, at[k], lead);
        rc = put_decision(out, "threshold", at[k], &d, err);
    }
    if (!rc) {
        memcpy(sorted, of->heldout, n * sizeof *sorted);
        gk_sort(sorted, n);
        const double alarm = for_alarms(of, sorted, 0.05, lead),
                     wrong = for_wrong(of, sorted, 0.01, lead);
        const struct decision a = decide(of, alarm, lead), w = decide(of, wrong, lead);
        rc = put_decision(out, "false_alarm_5", alarm, &a, err) ||
                     put_decision(out, "wrong_1", wrong, &w, err)
                 ? -1
                 : 0;
    }
    gk_free(lead);
    gk_free(sorted);
    return rc;
}
