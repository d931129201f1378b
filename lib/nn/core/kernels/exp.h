/* exp for the softmaxes. */
#ifndef GK_CORE_EXP_H
#define GK_CORE_EXP_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "nn/core/real.h"

#if GK_REAL_IS_F64
static inline double expr(double x)
{
    return exp(x);
}
#else
/* exp for x <= 0 to about 1 unit in the last place, in plain operations that vectorise: x = n ln 2
 * + r with |r| <= ln 2 / 2, a polynomial for exp(r) (the coefficients are Cephes's, Moshier), and
 * 2^n from exponent bits. Below -87 it gives 0. */
static inline float expr(float x)
{
    const float bias = 12582912.f; /* 1.5 * 2^23: adding it rounds to an integer */
    const float clamped = x > -87.f ? x : -87.f;
    const float t = clamped * 1.44269504f + bias;
    const float n = t - bias;
    const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
    float y = 1.9875691500e-4f;
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = y * r * r + r + 1.f;
    uint32_t bits;
    memcpy(&bits, &t, sizeof bits);
    bits = (bits + 127u) << 23; /* the low bits of t are n */
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return x > -87.f ? y * scale : 0.f;
}
#endif

#endif
