/* Times of events that some have not seen by the end of their watch: the curve of Kaplan and Meier
 * (1958) with Greenwood's variance and log-log intervals of 95 %, its median and restricted mean,
 * and the log-rank test (Mantel 1966). Who is censored at a step is at risk there. */
#ifndef GK_SURVIVAL_H
#define GK_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"

struct gk_survival_data {
    size_t n, groups;
    const double *time; /* [n] finite, 0 or above */
    const bool *censored;
    const size_t *group; /* [n] below GROUPS; each has one member or more */
};

/* A step at which someone had the event or was censored. */
struct gk_survival_point {
    double time;
    size_t at_risk, events, censored;
    double survival;     /* the share without the event after it */
    double greenwood;    /* variance of its logarithm; inf where it is 0 */
    double lower, upper; /* 1 before the first event; nan where the survival is 0 */
};

struct gk_survival {
    size_t n, events, points;
    struct gk_survival_point *point; /* [points] of rising time */
};

/* CURVES [groups]; free them with gk_survival_free. */
int gk_survival_curves(struct gk_survival *curves, const struct gk_survival_data *d,
                       struct gk_err *err);
void gk_survival_free(struct gk_survival *curves, size_t groups);

/* The first time at which survival, its lower or its upper limit are at most 1/2. inf: it is not
 * among those seen. The lower limit is nan where survival falls to 0 before it has one. */
struct gk_survival_median {
    double at, lower, upper;
};
struct gk_survival_median gk_survival_median_of(const struct gk_survival *s);

/* The last time at which the curve is known: inf if it has come to 0. */
double gk_survival_known(const struct gk_survival *s);
/* The area under the curve from 0 to UNTIL, and its standard error. */
void gk_survival_mean(const struct gk_survival *s, double until, double *mean, double *stderror);

/* The events of a group beside those expected if all groups were alike. Its own test is that of the
 * group against all others together; nan where none are expected. */
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
