/* Hjorth's parameters, from the signal and from its spectrum. */
#include "gk/dft.h"
#include "gk/hjorth.h"

#include <float.h>
#include <math.h>

/* Difference number ORDER (0, 1, 2) of x at t. */
static double difference(const double *x, size_t t, int order)
{
    switch (order) {
    case 0:
        return x[t];
    case 1:
        return x[t + 1] - x[t];
    default:
        return (x[t + 2] - x[t + 1]) - (x[t + 1] - x[t]);
    }
}

/* The population variance of a difference of x [n]; 0 if there is none. Computed relative to the
 * first value, so that equal values have exactly no variance. */
static double variance(const double *x, size_t n, int order)
{
    if (n <= (size_t)order)
        return 0;
    size_t count = n - (size_t)order;
    double first = difference(x, 0, order), mean = 0, sum = 0;
    for (size_t t = 0; t < count; t++)
        mean += (difference(x, t, order) - first) / (double)count;
    for (size_t t = 0; t < count; t++) {
        double d = difference(x, t, order) - first - mean;
        sum += d * d;
    }
    return sum / (double)count;
}

/* sqrt(num / den), or 0 if DEN is within rounding of 0. */
static double root_ratio(double num, double den, double rounding)
{
    return den > rounding ? sqrt(num / den) : 0;
}

double gk_magnitude(const double *x, size_t n)
{
    double most = 0;
    for (size_t t = 0; t < n; t++)
        most = fmax(most, fabs(x[t]));
    return most;
}

/* Scales the result from x to x 2^EXPONENT; ratios do not change. */
static void unscale(struct gk_hjorth *h, int exponent)
{
    double *const square[] = {&h->activity, &h->m0, &h->m2, &h->m4};
    for (size_t i = 0; i < sizeof square / sizeof *square; i++)
        *square[i] = ldexp(*square[i], 2 * exponent);
}

int gk_hjorth(struct gk_dft *d, const double *x, size_t n, int exponent, double magnitude,
              struct gk_hjorth *h, struct gk_err *err)
{
    const double *e;
    if (gk_dft_energies(d, x, n, exponent, &e, err))
        return -1;
    *h = (struct gk_hjorth){.n = n};
    for (size_t k = 0; k <= n / 2; k++) {
        const double sides = gk_dft_sides(k, n);
        double w = 2 * M_PI * gk_dft_frequency(k, n), w2 = w * w;
        h->m0 += sides * e[k];
        h->m2 += sides * w2 * e[k];
        h->m4 += sides * w2 * w2 * e[k];
    }
    /* The error of a value is at most two units in the last place, conditioned or not; that of a
     * difference twice as much, that of a second difference four times as much. */
    const double unit =
        fmax(ldexp(magnitude, -exponent) * DBL_EPSILON, ldexp(DBL_TRUE_MIN, -exponent));
    const double off = 2 * unit, noise = off * off, count = (double)n;
    double v0 = variance(x, n, 0), v1 = variance(x, n, 1), v2 = variance(x, n, 2);
    if (v1 <= 4 * noise)
        v1 = 0;
    if (v2 <= 16 * noise)
        v2 = 0;
    h->activity = v0;
    h->mobility = root_ratio(v1, v0, noise);
    double mobility1 = root_ratio(v2, v1, 0);
    h->complexity = h->mobility > 0 ? mobility1 / h->mobility : 0;
    h->spectral_mobility = root_ratio(h->m2, h->m0, count * noise);
    h->spectral_complexity = root_ratio(h->m4, h->m2, count * noise);
    unscale(h, exponent);
    return 0;
}
