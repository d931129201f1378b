/* The log-rank test between groups. */
#include <math.h>
#include <stdlib.h>

#include "gk/mem.h"
#include "gk/nlfit.h"
#include "gk/survival.h"

struct work {
    const struct gk_survival_data *data;
    size_t k;         /* groups */
    size_t *order;    /* [n] by increasing time */
    double *risk;     /* [k] still at risk */
    double *excess;   /* [k] observed minus expected events */
    double *variance; /* [k, k] covariance of EXCESS */
};

struct item {
    double time;
    size_t i;
};

static int by_time(const void *a, const void *b)
{
    const struct item *p = a, *q = b;
    return (p->time > q->time) - (p->time < q->time);
}

static int sort_by_time(struct work *w, struct gk_err *err)
{
    const size_t n = w->data->n;
    struct item *item = gk_alloc(n, sizeof *item, err);
    if (!item)
        return -1;
    for (size_t i = 0; i < n; i++)
        item[i] = (struct item){w->data->time[i], i};
    qsort(item, n, sizeof *item, by_time);
    for (size_t i = 0; i < n; i++)
        w->order[i] = item[i].i;
    gk_free(item);
    return 0;
}

/* A time with EVENTS among RISK at risk: the expected number, and its variance (hypergeometric). */
static void add_time(struct work *w, struct gk_logrank_row *rows, double events, double risk)
{
    const double c = risk > 1 ? events * (risk - events) / (risk - 1) : 0;
    for (size_t g = 0; g < w->k && events > 0; g++) {
        const double share = w->risk[g] / risk;
        rows[g].expected += events * share;
        for (size_t h = 0; h < w->k; h++)
            w->variance[g * w->k + h] += c * share * ((g == h) - w->risk[h] / risk);
    }
}

static void add_up(struct work *w, struct gk_logrank_row *rows)
{
    const struct gk_survival_data *d = w->data;
    for (size_t i = 0; i < d->n; i++) {
        rows[d->group[i]].n++;
        rows[d->group[i]].events += !d->censored[i];
        w->risk[d->group[i]] += 1;
    }
    for (size_t i = 0, j; i < d->n; i = j) {
        double events = 0;
        for (j = i; j < d->n && d->time[w->order[j]] == d->time[w->order[i]]; j++)
            events += !d->censored[w->order[j]];
        add_time(w, rows, events, (double)(d->n - i));
        for (size_t m = i; m < j; m++)
            w->risk[d->group[w->order[m]]] -= 1;
    }
    for (size_t g = 0; g < w->k; g++)
        w->excess[g] = (double)rows[g].events - rows[g].expected;
}

/* excess' variance^- excess by Cholesky with pivots. The variance is singular: the groups' excess
 * sums to 0, and groups that are never at risk together carry no information about each other. */
static double quadratic_form(struct work *w, size_t *rank)
{
    const size_t k = w->k;
    double *v = w->variance, *x = w->excess, sum = 0, largest = 0;
    for (size_t g = 0; g < k; g++)
        largest = fmax(largest, v[g * k + g]);
    for (*rank = 0; *rank < k; ++*rank) {
        size_t p = 0;
        for (size_t g = 1; g < k; g++)
            if (v[g * k + g] > v[p * k + p])
                p = g;
        const double pivot = v[p * k + p];
        if (pivot <= 1e-10 * largest)
            break;
        const double by = x[p] / pivot;
        sum += x[p] * by;
        for (size_t g = 0; g < k; g++)
            x[g] -= v[g * k + p] * by;
        for (size_t g = 0; g < k; g++)
            for (size_t h = 0; h < k && g != p; h++)
                if (h != p)
                    v[g * k + h] -= v[g * k + p] * v[p * k + h] / pivot;
        for (size_t g = 0; g < k; g++)
            v[g * k + p] = v[p * k + g] = 0;
    }
    return sum;
}

static void test(struct work *w, struct gk_logrank *all, struct gk_logrank_row *rows)
{
    for (size_t g = 0; g < w->k; g++) {
        const double v = w->variance[g * w->k + g];
        rows[g].chi_square = v > 0 ? w->excess[g] * w->excess[g] / v : NAN;
        rows[g].p = v > 0 ? gk_chi_square_tail(rows[g].chi_square, 1) : NAN;
    }
    const double chi_square = quadratic_form(w, &all->df);
    all->chi_square = all->df ? chi_square : NAN;
    all->p = all->df ? gk_chi_square_tail(chi_square, (double)all->df) : NAN;
}

int gk_logrank_test(struct gk_logrank *all, struct gk_logrank_row *rows,
                    const struct gk_survival_data *d, struct gk_err *err)
{
    struct work w = {.data = d, .k = d->groups};
    size_t square;
    if (!gk_mul(w.k, w.k, &square))
        return gk_fail(err, "%zu groups are too many to compare", w.k);
    w.order = gk_alloc(d->n, sizeof *w.order, err);
    w.risk = gk_alloc(w.k, 2 * sizeof *w.risk, err);
    w.variance = gk_alloc(square, sizeof *w.variance, err);
    int rc = w.order && w.risk && w.variance ? sort_by_time(&w, err) : -1;
    if (!rc) {
        w.excess = w.risk + w.k;
        for (size_t g = 0; g < w.k; g++)
            rows[g] = (struct gk_logrank_row){0};
        add_up(&w, rows);
        test(&w, all, rows);
    }
    gk_free(w.order);
    gk_free(w.risk);
    gk_free(w.variance);
    return rc;
}
