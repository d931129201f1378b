/* Ridge-regularised regression: logistic, and linear. */
#ifndef GK_LOGISTIC_H
#define GK_LOGISTIC_H

#include <stddef.h>

#include "gk/err.h"

/* Minimises -sum_i [y_i log p_i + (1 - y_i) log(1 - p_i)] + ridge/2 sum_{j>=1} beta_j^2 with p_i =
 * 1 / (1 + exp(-beta_0 - sum_j beta_j x_ij)), by Newton's method with step halving. x [n, d], y [n]
 * in [0, 1] (soft targets are fine), beta [d + 1] with the intercept first. ridge > 0: then the
 * minimum is finite if the y differ, separable or not. */
int gk_logistic_fit(size_t n, size_t d, const double *x, const double *y, double ridge,
                    double *beta, struct gk_err *err);

/* Minimises sum_i (y_i - beta_0 - sum_j beta_j x_ij)^2 + ridge sum_{j>=1} beta_j^2, by the normal
 * equations. Shapes as above; any finite y, n >= 1. */
int gk_ridge_fit(size_t n, size_t d, const double *x, const double *y, double ridge, double *beta,
                 struct gk_err *err);

/* beta_0 + sum_j beta_j x_j */
double gk_logistic_score(size_t d, const double *beta, const double *x);
double gk_sigmoid(double t); /* 1 / (1 + exp(-t)) */

#endif
