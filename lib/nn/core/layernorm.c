/* LayerNorm of a residual sum; the formulas are in ops.h. All means are over the d entries of a
 * row. */
#include <math.h>

#include "ops.h"

void layernorm_forward(size_t n, size_t d, const real *x, const real *res, const real *gain,
                       const real *bias, real *xh, real *rs, real *y)
{
    for (size_t i = 0; i < n; i++) {
        const real *xi = x + i * d, *ri = res + i * d;
        real *hi = xh + i * d, *yi = y + i * d;
        real sum = 0, square = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < d; j++) {
            hi[j] = xi[j] + ri[j];
            sum += hi[j];
        }
        const real mean = sum / (real)d;
#pragma omp simd reduction(+ : square)
        for (size_t j = 0; j < d; j++) {
            hi[j] -= mean;
            square += hi[j] * hi[j];
        }
        rs[i] = 1 / (real)sqrt((double)(square / (real)d) + 1e-5);
#pragma omp simd
        for (size_t j = 0; j < d; j++) {
            hi[j] *= rs[i];
            yi[j] = gain[j] * hi[j] + bias[j];
        }
    }
}

/* dh = rs (t - mean t - xh mean(t xh)) with t = gain dy. */
void layernorm_backward(size_t n, size_t d, const real *dy, const real *gain, const real *xh,
                        const real *rs, real *dh, real *dgain, real *dbias)
{
    for (size_t i = 0; i < n; i++) {
        const real *dyi = dy + i * d, *hi = xh + i * d;
        real *dhi = dh + i * d;
        real a = 0, b = 0;
#pragma omp simd reduction(+ : a, b)
        for (size_t j = 0; j < d; j++) {
            const real t = gain[j] * dyi[j];
            a += t;
            b += t * hi[j];
        }
        a /= (real)d;
        b /= (real)d;
#pragma omp simd
        for (size_t j = 0; j < d; j++) {
            dgain[j] += dyi[j] * hi[j];
            dbias[j] += dyi[j];
            dhi[j] = rs[i] * (gain[j] * dyi[j] - a - hi[j] * b);
        }
    }
}

void layernorm_r_forward(size_t n, size_t d, const real *rx, const real *rres, const real *gain,
                         const real *rgain, const real *rbias, const real *xh, const real *rs,
                         real *rxh, real *rc, real *ry)
{
    for (size_t i = 0; i < n; i++) {
        const real *rxi = rx + i * d, *rri = rres + i * d, *hi = xh + i * d;
        real *rhi = rxh + i * d, *ryi = ry + i * d;
        real sum = 0, c = 0;
#pragma omp simd reduction(+ : sum, c)
        for (size_t j = 0; j < d; j++) {
            rhi[j] = rxi[j] + rri[j];
            sum += rhi[j];
            c += rhi[j] * hi[j];
        }
        const real mean = sum / (real)d;
        c /= (real)d;
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
void layernorm_r_backward(size_t n, size_t d, const real *dy, const real *rdy, const real *gain,
                          const real *rgain, const real *xh, const real *rs, const real *rxh,
                          const real *rc, const real *dh, real *rdh, real *rdgain, real *rdbias)
{
    for (size_t i = 0; i < n; i++) {
        const real *dyi = dy + i * d, *rdyi = rdy + i * d, *hi = xh + i * d, *rhi = rxh + i * d;
        const real *dhi = dh + i * d;
        real *rdhi = rdh + i * d;
        real b = 0, ra = 0, rb = 0;
#pragma omp simd reduction(+ : b, ra, rb)
        for (size_t j = 0; j < d; j++) {
            const real t = gain[j] * dyi[j], rt = rgain[j] * dyi[j] + gain[j] * rdyi[j];
            b += t * hi[j];
            ra += rt;
            rb += rt * hi[j] + t * rhi[j];
        }
        b /= (real)d;
        ra /= (real)d;
        rb /= (real)d;
#pragma omp simd
        for (size_t j = 0; j < d; j++) {
            const real rt = rgain[j] * dyi[j] + gain[j] * rdyi[j];
            rdgain[j] += rdyi[j] * hi[j] + dyi[j] * rhi[j];
            rdbias[j] += rdyi[j];
            rdhi[j] = rs[i] * (rt - ra - rhi[j] * b - hi[j] * rb - rc[i] * dhi[j]);
        }
    }
}
