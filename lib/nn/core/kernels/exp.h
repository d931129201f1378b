/* exp for the softmaxes. */
#ifndef GK_CORE_EXP_H
#define GK_CORE_EXP_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "nn/core/real.h"

/* exp(x) for x <= 0 in plain operations that vectorise: x = n ln 2 + r with |r| <= ln 2 / 2, a
 * polynomial for exp(r), and 2^n from exponent bits. Where exp(x) would not be normal it gives 0.
 */
#if GK_REAL_IS_F64
/* To about 1 unit in the last place. The polynomial is Taylor's: the first term that is left out is
 * below 5e-18. */
static inline double expr(double x)
{
    const double bias = 6755399441055744.; /* 1.5 * 2^52: adding it rounds to an integer */
    const double clamped = x < -708 ? -708 : x;
    const double t = clamped * 1.4426950408889634074 + bias;
    const double n = t - bias;
    const double r = (clamped - n * 0.693145751953125) - n * 1.42860682030941723212e-6;
    double y = 1 / 6227020800.;
    y = y * r + 1 / 479001600.;
    y = y * r + 1 / 39916800.;
    y = y * r + 1 / 3628800.;
    y = y * r + 1 / 362880.;
    y = y * r + 1 / 40320.;
    y = y * r + 1 / 5040.;
    y = y * r + 1 / 720.;
    y = y * r + 1 / 120.;
    y = y * r + 1 / 24.;
    y = y * r + 1 / 6.;
    y = y * r + 1 / 2.;
    y = y * r * r + r + 1;
    uint64_t bits;
    memcpy(&bits, &t, sizeof bits);
    bits = (bits + 1023u) << 52; /* the low bits of t are n */
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return x < -708 ? 0 : y * scale;
}
#else
/* To about 1 unit in the last place; the coefficients are Cephes's (Moshier). Below -87 it gives
 * 0. */
static inline float expr(float x)
{
    const float bias = 12582912.f;                /* 1.5 * 2^23: adding it rounds to an integer */
    const float clamped = x <= -87.f ? -87.f : x; /* nan stays nan */
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
    return x <= -87.f ? 0.f : y * scale;
}
#endif

#endif
