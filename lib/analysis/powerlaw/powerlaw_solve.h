/* The inside of the power law: least squares in scaled form with some parameters pinned. */
#ifndef GK_POWERLAW_SOLVE_H
#define GK_POWERLAW_SOLVE_H

#include "gk/nlfit.h"
#include "gk/powerlaw.h"

/* The runs, scaled: u = log x - mean_log_x, z = y / (y_scale 2^exponent), root = sqrt(w / mean w).
 * The exponent is 0 unless squares of y would overflow or underflow. */
struct pl_data {
    size_t n, observed;
    int exponent;
    double mean_log_x, y_scale;
    double *u, *z, *root; /* [n] */
    bool *censored;       /* [n] */
    double *e;            /* [3n] work */
    double *jac;          /* [n, 3] for pl_linearise */
    double sigma;         /* of z, for the censored runs */
    double u_max;         /* max |u| */
    bool bound_b;
    double b_min; /* scaled */
    struct gk_nlfit *lm;
    struct pl_data *few; /* these runs, or a few that represent them, for finding starts */
};

/* What is held: gamma, b (scaled), or a in some unit. If a is held, the law's first term is sign
 * exp(log_a - gamma (u + shift)). gamma and a are not held together. */
struct pl_pin {
    bool gamma_held, b_held, a_held;
    double gamma, b, log_a, sign, shift;
};

/* A law in scaled form, z = c exp(-gamma u) + b = m + s (1 - exp(-gamma u)) / gamma. */
struct pl_law {
    double c, gamma, b, m, s;
    double cost; /* the sum of squares, censored runs included */
    bool at_bound;
};

int pl_data_new(struct pl_data *d, const struct gk_powerlaw_data *data,
                const struct gk_powerlaw_conf *conf, size_t free_parameters, struct gk_err *err);
void pl_data_free(struct pl_data *d);
/* Room for N runs. */
int pl_data_room(struct pl_data *d, size_t n, struct gk_err *err);
/* Fills d->few from the rest of d. */
int pl_few_new(struct pl_data *d, struct gk_err *err);

/* The largest |gamma| to search: a factor of exp(40) over the data. */
double pl_reach(const struct pl_data *d);

/* The best law under PIN and the bound on b. NEAR, unless NULL, is one of the starts. */
void pl_solve(struct pl_data *d, const struct pl_pin *pin, const struct pl_law *near,
              struct pl_law *law);

/* (1 - exp(-gamma u)) / gamma and its derivative by gamma; u and -u^2/2 at gamma = 0. */
void pl_boxcox(double gamma, double u, double *g, double *dg);

/* Rows of the Jacobian of the weighted residuals of LAW at its free parameters (m, s, gamma), or
 * (c, gamma) if b is held; a censored run's row carries its expected curvature. jac [n, 3 or 2].
 * Returns sum over censored runs of 1 - t phi(t)/Phi(t), for the estimate of sigma; *SQUARES is the
 * sum of squares of the others. */
double pl_linearise(struct pl_data *d, const struct pl_law *law, bool b_held, double *jac,
                    double *squares);

#endif
