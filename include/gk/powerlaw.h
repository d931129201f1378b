/* The law of grokking time against the fraction of training data, t4(r) = a r^-gamma + b
 * (Notsawo et al. 2023, section 3), fitted by least squares to n runs (x, y).
 *
 * In percent its Jacobian has a condition number above 1e17, so the fit works in
 * u = log(x / geometric mean of x) and z = y / scale with
 *     z = m + s (1 - exp(-gamma u)) / gamma
 * whose parameters are the law's value and slope in the middle of the data and its bend: all three
 * stay finite when a and b diverge together (gamma -> 0, the logarithm).
 *
 * A censored run (it had not grokked when it ended, y is its last step) enters by the probability
 * of that under normal residuals, as in Tobin (1958): -2 sigma^2 log Phi((f(x) - y) sqrt(w) /
 * sigma) in place of w (y - f(x))^2. EM gives sigma^2, with n - p in place of n. */
#ifndef GK_POWERLAW_H
#define GK_POWERLAW_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"
#include "gk/notes.h"
#include "gk/table.h"
#include "gk/tick.h"

struct gk_powerlaw_data {
    size_t n;
    const double *x, *y;
    const double *weight; /* [n] relative, >= 0 (0 omits a run), or NULL: equal */
    const bool *censored; /* [n], or NULL: no run is censored */
};

struct gk_powerlaw_conf {
    bool fix_b; /* b is known */
    double b;
    bool bound_b; /* b >= b_min */
    double b_min;
    double other;        /* a_other is a in the unit of OTHER * x: 0.01 for x in percent */
    double level;        /* of the intervals, such as 0.95 */
    struct gk_tick tick; /* counts ends of intervals */
};

enum gk_powerlaw_par { GK_PL_A, GK_PL_GAMMA, GK_PL_B, GK_PL_A_OTHER, GK_PL_PARS };

struct gk_estimate {
    double value;
    double stderror;     /* from the Gauss-Newton covariance; nan if undefined */
    double lower, upper; /* profile likelihood; -inf, 0 or inf if the data set no limit */
};

struct gk_powerlaw {
    struct gk_estimate par[GK_PL_PARS];
    double corr[GK_PL_PARS][GK_PL_PARS];
    double sigma; /* standard deviation of a run of mean weight; nan without degrees of freedom */
    int n, observed, df; /* df = observed - free parameters */
    bool at_bound;       /* b is at b_min; stderrs are then those with b held there */

    /* The inputs of a prediction: z = base + amount g(u), the scaled form, whose free parameters
     * are (base, amount, gamma), or (amount, gamma) if b is held. */
    struct {
        double mean_log_x, y_scale, sigma, gamma, base, amount;
        int exponent; /* y_scale and sigma are divided by 2^exponent */
        bool free;
        double cov[9];
    } scaled;
    double t; /* quantile of Student's t */
};

/* A table of runs, one per row. The optional column CENSOR holds either only 0 and 1 (1: y is the
 * step at which the run ended without grokking) or each run's number of steps (y is nan if the run
 * did not grok within that many). */
struct gk_powerlaw_runs {
    size_t n;
    double *x, *y, *weight; /* weight NULL: no such column */
    bool *censored;
    struct gk_notes doubts; /* about runs that did not end by themselves */
};
struct gk_powerlaw_columns {
    const char *x, *y;
    const char *weight, *censor; /* or NULL */
};
int gk_powerlaw_read(struct gk_powerlaw_runs *runs, struct gk_rows *rows,
                     const struct gk_powerlaw_columns *c, struct gk_err *err);
void gk_powerlaw_runs_free(struct gk_powerlaw_runs *runs);

/* Does the interval contain 0 or reach infinity, so that the data do not determine the
 * parameter? */
bool gk_powerlaw_vague(const struct gk_estimate *e);

/* Errors: x not positive, any number not finite, fewer runs or distinct x than parameters, all y
 * equal. */
int gk_powerlaw_fit(struct gk_powerlaw *fit, const struct gk_powerlaw_data *data,
                    const struct gk_powerlaw_conf *conf, struct gk_err *err);

/* The law at X (> 0) with its confidence band (LAW), and the prediction band of a new run of mean
 * weight there (RUN). First order in the parameters. */
void gk_powerlaw_predict(const struct gk_powerlaw *fit, double x, struct gk_estimate *law,
                         struct gk_estimate *run);

#endif
