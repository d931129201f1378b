/* Hjorth's parameters, from the signal and from its spectrum. */
#include "gk/dft.h"
#include "gk/hjorth.h"

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

/* The population variance of a difference of x [n]; 0 where there is none. Measured from the first
 * value on, so that equal values have no variance at all. */
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

static double root_ratio(double num, double den)
{
    return den > 0 ? sqrt(num / den) : 0;
}

int gk_hjorth(struct gk_dft *d, const double *x, size_t n, struct gk_hjorth *h, struct gk_err *err)
{
    const double *e;
    if (gk_dft_energies(d, x, n, &e, err))
        return -1;
    *h = (struct gk_hjorth){.n = n};
    for (size_t k = 0; k <= n / 2; k++) {
        double sides = k == 0 || 2 * k == n ? 1 : 2;
        double w = 2 * M_PI * gk_dft_frequency(k, n), w2 = w * w;
        h->m0 += sides * e[k];
        h->m2 += sides * w2 * e[k];
        h->m4 += sides * w2 * w2 * e[k];
    }
    double v0 = variance(x, n, 0), v1 = variance(x, n, 1), v2 = variance(x, n, 2);
    h->activity = v0;
    h->mobility = root_ratio(v1, v0);
    double mobility1 = root_ratio(v2, v1);
    h->complexity = h->mobility > 0 ? mobility1 / h->mobility : 0;
    h->spectral_mobility = root_ratio(h->m2, h->m0);
    h->spectral_complexity = root_ratio(h->m4, h->m2);
    return 0;
}
