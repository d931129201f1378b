/* Numbers of any size: what is squared is brought near 1 first, by a power of two. That is exact,
 * and as long as nothing overflows or vanishes it changes no bit of what comes out. */
#ifndef GK_SCALE_H
#define GK_SCALE_H

#include <stddef.h>

/* The exponent e with 1 <= |largest| 2^-e < 2; 0 where all are 0. What is below the least normal
 * number has the exponent of that, infinity the one after the largest number's; a nan does not
 * count. */
int gk_exponent(const double *v, size_t n);
int gk_exponent_of(double largest);

/* TO [n] = V 2^E, which may be V. Exact, but for what becomes subnormal or infinite. */
void gk_scale(double *to, const double *v, size_t n, int e);

/* sqrt(sum v_i^2). */
double gk_norm2(const double *v, size_t n);

#endif
