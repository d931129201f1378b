/* Nonlinear least squares and related distribution functions, by any library (only
 * lib/analysis/stats/nlfit.c includes its headers). */
#ifndef GK_NLFIT_H
#define GK_NLFIT_H

#include <stddef.h>

#include "gk/err.h"

/* Residuals r [n] at theta [p] and, unless JAC is NULL, jac [n, p] = dr_i / dtheta_j. Both must be
 * finite for any finite theta. */
typedef void gk_nlfit_fn(void *ctx, const double *theta, double *r, double *jac);

struct gk_nlfit;
/* A workspace for problems of n residuals and 1..max_p parameters, max_p <= n. */
int gk_nlfit_new(struct gk_nlfit **out, size_t n, size_t max_p, struct gk_err *err);
void gk_nlfit_free(struct gk_nlfit *w);

/* Minimises sum r^2 from theta [p], which becomes the minimiser; returns the sum of squares there.
 * Levenberg-Marquardt with More's scaling and QR, until steps are below 1e-12 of theta. */
double gk_nlfit_run(struct gk_nlfit *w, size_t p, gk_nlfit_fn *fn, void *ctx, double *theta);

/* cov [p, p] = (J'J)^-1 by QR with pivoting, jac [n, p]; rows and columns of a dependent parameter
 * are zero. */
void gk_nlfit_covariance(struct gk_nlfit *w, size_t p, const double *jac, double *cov);

double gk_t_quantile(double probability, double df); /* of Student's t */
double gk_chi_square_tail(double x, double df);      /* P(chi square > x) */
double gk_log_normal_cdf(double z);                  /* log Phi(z), without underflow */
double gk_normal_ratio(double z);                    /* phi(z) / Phi(z), likewise */
#define GK_Z95 1.959963984540054                     /* Phi(GK_Z95) = 0.975 */

#endif
