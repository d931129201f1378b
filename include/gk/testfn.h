/* Functions on which optimisers are compared (Notsawo et al. 2023, appendix I), in n dimensions:
 *
 *     rosenbrock        sum over pairs (x, y) of  (1 - x)^2 + a (y - x^2)^2,  n even
 *     rosenbrock-chain  sum_{i<n} (1 - x_i)^2 + a (x_{i+1} - x_i^2)^2,        n >= 2
 *     rastrigin         sum_i a + x_i^2 - a cos(2 pi x_i)
 *
 * Their minimum is 0, at (1, ..., 1), (1, ..., 1) and 0. In log scale the function is log(1 + f),
 * with its own gradient. */
#ifndef GK_TESTFN_H
#define GK_TESTFN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gk/cli.h"
#include "gk/err.h"
#include "gk/history.h"
#include "gk/optim.h"
#include "gk/out.h"

enum gk_testfn_kind { GK_ROSENBROCK, GK_ROSENBROCK_CHAIN, GK_RASTRIGIN };
#define GK_TESTFNS "rosenbrock|rosenbrock-chain|rastrigin" /* in the order of the enum */

struct gk_testfn {
    enum gk_testfn_kind kind;
    size_t n;
    double a; /* >= 0 */
    bool log;
};

double gk_testfn_default_a(enum gk_testfn_kind kind); /* 100, 100, 10 */
int gk_testfn_check(const struct gk_testfn *f, struct gk_err *err);

/* The value at x [n]; grad [n] unless NULL. */
double gk_testfn_value(const struct gk_testfn *f, const double *x, double *grad);
/* The Euclidean distance from x [n] to the minimiser. */
double gk_testfn_error(const struct gk_testfn *f, const double *x);

/* The table of STEPS updates of x [n], in place: step, x and y (x1 ... xn unless n is 2), value,
 * error, grad_norm, for steps 0, EVERY, 2 EVERY, ... and the last. A value or gradient that is not
 * finite is an error. */
int gk_testfn_path(struct gk_out *out, const struct gk_testfn *f, const struct gk_optim_conf *optim,
                   double *x, int64_t steps, int64_t every, const struct gk_history *h,
                   struct gk_err *err);
/* x, y, value, grad_x, grad_y on the square grid of G's points (n = 2), with a blank line after
 * each x. */
int gk_testfn_surface(FILE *fp, const struct gk_testfn *f, const struct gk_grid *g,
                      const struct gk_history *h, struct gk_err *err);

#endif
