/* LayerNorm of a residual sum; kernels.h has the formulas. All means are over the d entries of a
 * row. */
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "vec.h"

/* h = x + res */
ALWAYS_INLINE void sum_row(size_t d, const real *x, const real *res, real *h)
{
    if (!res) {
        memcpy(h, x, d * sizeof *h);
        return;
    }
#pragma omp simd
    for (size_t j = 0; j < d; j++)
        h[j] = x[j] + res[j];
}

void X(layernorm_forward)(size_t n, size_t d, const real *x, const real *res, const real *gain,
                          const real *bias, real *xh, real *rs, real *y)
{
    for (size_t i = 0; i < n; i++) {
        real *hi = xh + i * d, *yi = y + i * d;
        sum_row(d, x + i * d, res ? res + i * d : NULL, hi);
        const real mean = total(hi, d) / (real)d;
#pragma omp simd
        for (size_t j = 0; j < d; j++)
            hi[j] -= mean;
        const real variance = dot(hi, hi, d) / (real)d;
        /* An infinite variance would quietly make the row 0. */
        const real r = isinf(variance) ? (real)NAN : 1 / (real)sqrt((double)variance + 1e-5);
        rs[i] = r;
#pragma omp simd
        for (size_t j = 0; j < d; j++) {
            hi[j] *= r;
            yi[j] = gain[j] * hi[j] + bias[j];
        }
    }
}

/* dh = rs (t - mean t - xh mean(t xh)) with t = gain dy. */
void X(layernorm_backward)(size_t n, size_t d, const real *dy, const real *gain, const real *xh,
                           const real *rs, real *dh, real *dgain, real *dbias)
{
    for (size_t i = 0; i < n; i++) {
        const real *dyi = dy + i * d, *hi = xh + i * d;
        real *dhi = dh + i * d;
        const real a = dot(gain, dyi, d) / (real)d, b = dot3(gain, dyi, hi, d) / (real)d;
        const real r = rs[i]; /* read once: the compiler cannot know that dh is elsewhere */
#pragma omp simd
        for (size_t j = 0; j < d; j++) {
            dgain[j] += dyi[j] * hi[j];
            dbias[j] += dyi[j];
            dhi[j] = r * (gain[j] * dyi[j] - a - hi[j] * b);
        }
    }
}

void X(layernorm_r_forward)(size_t n, size_t d, const real *rx, const real *rres, const real *gain,
                            const real *rgain, const real *rbias, const real *xh, const real *rs,
                            real *rxh, real *rc, real *ry)
{
    for (size_t i = 0; i < n; i++) {
        const real *hi = xh + i * d;
        real *rhi = rxh + i * d, *ryi = ry + i * d;
        sum_row(d, rx + i * d, rres ? rres + i * d : NULL, rhi);
        const real mean = total(rhi, d) / (real)d, c = dot(rhi, hi, d) / (real)d;
        rc[i] = c;
#pragma omp simd
        for (size_t j = 0; j < d; j++) {
            rhi[j] = rs[i] * (rhi[j] - mean - hi[j] * c);
            ryi[j] = rgain[j] * hi[j] + gain[j] * rhi[j] + rbias[j];
        }
    }
}

/* With t = gain dy, a = mean t, b = mean(t xh), dh = rs (t - a - xh b):
 * R{dh} = -rs rc dh + rs (R{t} - R{a} - R{xh} b - xh R{b}). */
void X(layernorm_r_backward)(size_t n, size_t d, const real *dy, const real *rdy, const real *gain,
                             const real *rgain, const real *xh, const real *rs, const real *rxh,
                             const real *rc, const real *dh, real *rdh, real *rdgain, real *rdbias)
{
    for (size_t i = 0; i < n; i++) {
        const real *dyi = dy + i * d, *rdyi = rdy + i * d, *hi = xh + i * d, *rhi = rxh + i * d;
        const real *dhi = dh + i * d;
        real *rdhi = rdh + i * d;
        const real b = dot3(gain, dyi, hi, d) / (real)d;
        const real ra = (dot(rgain, dyi, d) + dot(gain, rdyi, d)) / (real)d;
        const real rb =
            (dot3(rgain, dyi, hi, d) + dot3(gain, rdyi, hi, d) + dot3(gain, dyi, rhi, d)) / (real)d;
#pragma omp simd
        for (size_t j = 0; j < d; j++) {
            const real rt = rgain[j] * dyi[j] + gain[j] * rdyi[j];
            rdgain[j] += rdyi[j] * hi[j] + dyi[j] * rhi[j];
            rdbias[j] += rdyi[j];
            rdhi[j] = rs[i] * (rt - ra - rhi[j] * b - hi[j] * rb - rc[i] * dhi[j]);
        }
    }
}
