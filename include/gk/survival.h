/* Times of events, some censored: the curve of Kaplan and Meier (1958) with Greenwood's variance
 * and log-log intervals of 95 %, its median and restricted mean, and the log-rank test (Mantel
 * 1966). An item that is censored at a step is at risk there. */
#ifndef GK_SURVIVAL_H
#define GK_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"

struct gk_survival_data {
    size_t n, groups;
    const double *time;   /* [n] finite, 0 or above */
    const bool *censored; /* [n] TIME is the last time without the event */
    const size_t *group;  /* [n] below GROUPS; each group has at least one member */
};

/* A step at which an event or a censoring occurred. */
struct gk_survival_point {
    double time;
    size_t at_risk, events, censored;
    double survival;     /* the fraction without the event after it */
    double greenwood;    /* variance of its logarithm; inf where it is 0 */
    double lower, upper; /* 1 before the first event; nan where the survival is 0 */
};

struct gk_survival {
    size_t n, events, points;
    struct gk_survival_point *point; /* [points] by increasing time */
};

/* CURVES [groups]; free with gk_survival_free. */
int gk_survival_curves(struct gk_survival *curves, const struct gk_survival_data *d,
                       struct gk_err *err);
void gk_survival_free(struct gk_survival *curves, size_t groups);

/* The first time at which survival, or its lower or upper limit, is at most 1/2. inf: beyond the
 * observed times. The lower limit is nan if survival falls to 0 before there is one. */
struct gk_survival_median {
    double at, lower, upper;
};
struct gk_survival_median gk_survival_median_of(const struct gk_survival *s);

/* The last time at which the curve is known: inf if it has reached 0. */
double gk_survival_known(const struct gk_survival *s);
/* The area under the curve from 0 to UNTIL, at most gk_survival_known, and its standard error: the
 * restricted mean of the times. */
void gk_survival_mean(const struct gk_survival *s, double until, double *mean, double *stderror);

/* A group's events, and the number expected if all groups were alike. Its own test compares the
 * group with all others together; nan if none are expected. */
struct gk_logrank_row {
    size_t n, events;
    double expected, chi_square, p;
};
struct gk_logrank {
    double chi_square, p; /* nan with df 0 */
    size_t df;
};
/* ROWS [groups]. */
int gk_logrank_test(struct gk_logrank *all, struct gk_logrank_row *rows,
                    const struct gk_survival_data *d, struct gk_err *err);

#endif
