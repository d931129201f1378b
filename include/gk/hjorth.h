/* Hjorth's parameters of a signal in the time and the frequency domain. */
#ifndef GK_HJORTH_H
#define GK_HJORTH_H

#include <stddef.h>

#include "gk/dft.h"
#include "gk/err.h"

/* x' is the plain difference x_{t+1} - x_t, var the population variance, and (Hjorth 1970)
 *
 *     activity   = var(x)
 *     mobility   = mobility(x) = sqrt(var(x') / var(x))
 *     complexity = mobility(x') / mobility(x)
 *
 * With the moments m_j = sum_k omega_k^j E_k of the spectrum, both sides of it,
 *
 *     spectral mobility   = sqrt(m2 / m0)
 *     spectral complexity = sqrt(m4 / m2)
 *
 * as in Notsawo et al. 2023, where m0 is the raw energy and the complexity is no ratio of
 * mobilities. A ratio whose denominator is 0 is 0: so a constant signal has only m0. */
struct gk_hjorth {
    size_t n;
    double activity, mobility, complexity;
    double m0, m2, m4, spectral_mobility, spectral_complexity;
};

/* The largest |x|. */
double gk_magnitude(const double *x, size_t n);

/* The parameters of the signal x 2^EXPONENT, x [n], n >= 1. The signal was computed from numbers up
 * to MAGNITUDE in size: a variance within their rounding error counts as 0, so that a straight line
 * has no complexity. A result that underflows is 0, and ratios are correct nevertheless; a result
 * that overflows is an error. */
int gk_hjorth(struct gk_dft *d, const double *x, size_t n, int exponent, double magnitude,
              struct gk_hjorth *h, struct gk_err *err);

#endif
