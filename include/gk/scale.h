/* Numbers of any size: before squaring, they are scaled to near 1 by a power of two. That is exact,
 * and unless something overflows or underflows it does not change a bit of the result. */
#ifndef GK_SCALE_H
#define GK_SCALE_H

#include <stddef.h>

/* The exponent e with 1 <= |largest| 2^-e < 2; 0 if all are 0. Numbers below the least normal one
 * have its exponent, infinity has the exponent after the largest number's; a nan is ignored. */
int gk_exponent(const double *v, size_t n);
int gk_exponent_of(double largest);

/* TO [n] = V 2^E; TO may be V. Exact unless a result is subnormal or infinite. */
void gk_scale(double *to, const double *v, size_t n, int e);

/* sqrt(sum v_i^2). */
double gk_norm2(const double *v, size_t n);

#endif
