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
    int exponent[GK_PL_PARS]; /* the estimates are over 2^exponent until all is known */
};

/* exp(v) as a number and a power of two, which is 0 where a double holds the result with ease. */
double pl_exp_parts(double v, int *exponent);
/* log x = u + shift in the unit of row a or a_other. */
double pl_shift_of(const struct pl_work *w, enum gk_powerlaw_par par);

/* Lower and upper ends of every parameter of W->fit, of which all else is known. */
void pl_intervals(struct pl_work *w);

#endif
