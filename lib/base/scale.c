/* Numbers of any size, brought near 1 by a power of two (scale.h). */
#include "gk/scale.h"

#include <float.h>
#include <math.h>

int gk_exponent_of(double largest)
{
    if (isinf(largest))
        return DBL_MAX_EXP;
    return largest > 0 ? ilogb(fmax(largest, DBL_MIN)) : 0;
}

int gk_exponent(const double *v, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fabs(v[i]) > largest ? fabs(v[i]) : largest;
    return gk_exponent_of(largest);
}

void gk_scale(double *to, const double *v, size_t n, int e)
{
    const double factor = ldexp(1, e);
    if (factor > 0 && factor <= DBL_MAX)
        for (size_t i = 0; i < n; i++)
            to[i] = v[i] * factor;
    else
        for (size_t i = 0; i < n; i++)
            to[i] = ldexp(v[i], e);
}

double gk_norm2(const double *v, size_t n)
{
    const int e = gk_exponent(v, n);
    const double factor = ldexp(1, -e);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = v[i] * factor;
        sum += x * x;
    }
    return ldexp(sqrt(sum), e);
}
