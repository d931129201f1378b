/* Kaplan-Meier curves. */
#include "gk/survival.h"

#include <math.h>
#include <stdlib.h>

#include "gk/mem.h"
#include "gk/nlfit.h"

static const double half = 0.5 * (1 + 1e-12); /* products of fractions round */

struct item {
    size_t group;
    double time;
    bool censored;
};

static int by_group_and_time(const void *a, const void *b)
{
    const struct item *p = a, *q = b;
    if (p->group != q->group)
        return p->group < q->group ? -1 : 1;
    return (p->time > q->time) - (p->time < q->time);
}

static void set_limits(struct gk_survival_point *p)
{
    p->lower = p->upper = p->survival;
    if (p->survival == 0)
        p->lower = p->upper = NAN;
    if (p->survival == 0 || p->survival == 1)
        return;
    const double power = exp(GK_Z95 * sqrt(p->greenwood) / log(p->survival)); /* below 1 */
    p->upper = pow(p->survival, power);
    p->lower = pow(p->survival, 1 / power);
}

/* The points of one group, ITEM [n] by increasing time. */
static int draw_curve(struct gk_survival *s, const struct item *item, size_t n, struct gk_err *err)
{
    double survival = 1, greenwood = 0;
    s->n = n;
    if (!(s->point = gk_alloc(n, sizeof *s->point, err)))
        return -1;
    for (size_t i = 0, j; i < n; i = j) {
        struct gk_survival_point *p = &s->point[s->points++];
        *p = (struct gk_survival_point){.time = item[i].time, .at_risk = n - i};
        for (j = i; j < n && item[j].time == item[i].time; j++)
            *(item[j].censored ? &p->censored : &p->events) += 1;
        const double risk = (double)p->at_risk, events = (double)p->events;
        if (p->events) {
            survival *= (risk - events) / risk;
            greenwood += events / (risk * (risk - events));
        }
        s->events += p->events;
        p->survival = survival;
        p->greenwood = greenwood;
        set_limits(p);
    }
    return 0;
}

int gk_survival_curves(struct gk_survival *curves, const struct gk_survival_data *d,
                       struct gk_err *err)
{
    struct item *item = gk_alloc(d->n, sizeof *item, err);
    int rc = item ? 0 : -1;
    for (size_t g = 0; g < d->groups; g++)
        curves[g] = (struct gk_survival){0};
    for (size_t i = 0; item && i < d->n; i++)
        item[i] = (struct item){d->group[i], d->time[i], d->censored[i]};
    if (item)
        qsort(item, d->n, sizeof *item, by_group_and_time);
    for (size_t i = 0, j; !rc && i < d->n; i = j) {
        for (j = i; j < d->n && item[j].group == item[i].group;)
            j++;
        rc = draw_curve(&curves[item[i].group], item + i, j - i, err);
    }
    gk_free(item);
    if (rc)
        gk_survival_free(curves, d->groups);
    return rc;
}

void gk_survival_free(struct gk_survival *curves, size_t groups)
{
    for (size_t g = 0; g < groups; g++) {
        gk_free(curves[g].point);
        curves[g] = (struct gk_survival){0};
    }
}

struct gk_survival_median gk_survival_median_of(const struct gk_survival *s)
{
    struct gk_survival_median m = {INFINITY, INFINITY, INFINITY};
    for (size_t i = s->points; i-- > 0;) {
        const struct gk_survival_point *p = &s->point[i];
        if (p->survival <= half)
            m.at = p->time;
        if (p->survival == 0)
            m.lower = NAN;
        if (p->lower <= half) /* also false for nan */
            m.lower = p->time;
        if (p->upper <= half)
            m.upper = p->time;
    }
    return m;
}

double gk_survival_known(const struct gk_survival *s)
{
    const struct gk_survival_point *last = &s->point[s->points - 1];
    return last->survival > 0 ? last->time : INFINITY;
}

void gk_survival_mean(const struct gk_survival *s, double until, double *mean, double *stderror)
{
    double area = 0, variance = 0, end = until;
    for (size_t i = s->points; i-- > 0;) {
        const struct gk_survival_point *p = &s->point[i];
        if (p->time >= until)
            continue;
        area += p->survival * (end - p->time);
        end = p->time;
        const double risk = (double)p->at_risk, events = (double)p->events;
        if (p->survival > 0)
            variance += area * area * events / (risk * (risk - events));
    }
    *mean = area + end;
    *stderror = sqrt(variance);
}
