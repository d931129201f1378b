/* A fit under way, and the intervals of its parameters: where the cost of the best law with one
 * parameter held is at most the limit of the level. */
#ifndef GK_POWERLAW_PROFILE_H
#define GK_POWERLAW_PROFILE_H

#include "powerlaw_solve.h"

struct pl_work {
    struct gk_powerlaw *fit;
    const struct gk_powerlaw_conf *conf;
    struct pl_data d;
    struct pl_pin pin;        /* what the user holds */
    struct pl_law law;        /* the best */
    size_t p;                 /* free parameters */
    bool b_held;              /* by the user or by the bound */
    double variance;          /* sigma^2 in units of y_scale */
    int exponent[GK_PL_PARS]; /* estimates are divided by 2^exponent until the fit ends */
};

/* exp(v) as a number, which is returned, times 2^*EXPONENT. The exponent is 0 for |v| < 600, where
 * exp(v) is a normal double. */
double pl_exp_parts(double v, int *exponent);
/* log x = u + shift in the unit of row a or a_other. */
double pl_shift_of(const struct pl_work *w, enum gk_powerlaw_par par);

/* Sets the intervals of W->fit, the last that it lacks. */
void pl_intervals(struct pl_work *w);

#endif
