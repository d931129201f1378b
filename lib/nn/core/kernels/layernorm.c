/* LayerNorm of a residual sum; kernels.h has the formulas. All means are over the d entries of a
 * row. */
#include <math.h>
#include <string.h>

#include "heads.h"
#include "kernels.h"

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

/* 1 / deviation. An infinite variance would quietly make the row 0. */
ALWAYS_INLINE real factor(real variance)
{
    return isinf(variance) ? (real)NAN : 1 / (real)sqrt((double)variance + 1e-5);
}

static void forward_rows(size_t n, size_t d, const real *x, const real *res, const real *gain,
                         const real *bias, real *xh, real *rs, real *y)
{
    for (size_t i = 0; i < n; i++) {
        real *hi = xh + i * d, *yi = y + i * d;
        sum_row(d, x + i * d, res ? res + i * d : NULL, hi);
        const real mean = total(hi, d) / (real)d;
#pragma omp simd
        for (size_t j = 0; j < d; j++)
            hi[j] -= mean;
        const real r = factor(dot(hi, hi, d) / (real)d);
        rs[i] = r;
#pragma omp simd
        for (size_t j = 0; j < d; j++) {
            hi[j] *= r;
            yi[j] = gain[j] * hi[j] + bias[j];
        }
    }
}

/* dh = rs (t - mean t - xh mean(t xh)) with t = gain dy. */
static void backward_rows(size_t n, size_t d, const real *dy, const real *gain, const real *xh,
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

/* The same for up to VEC rows of whole vectors at once, with their means and deviations in one
 * vector: a row of its own would wait for each of them. The sums take the order of the loops above,
 * so that all results are equal. */
#if HAS_QUARTERS

/* Between two loops with a product in common. If the compiler saw that, it would compute the
 * product once for some rows, and fuse it with a sum for others: their last digits would differ. */
#define READ_AGAIN() __asm__ volatile("" ::: "memory")

ALWAYS_INLINE vec residual_at(const real *x, const real *res, size_t at)
{
    const vec v = vec_at(x + at);
    if (!res)
        return v;
    return v + vec_at(res + at);
}

ALWAYS_INLINE void forward_group(size_t m, size_t d, const real *x, const real *res,
                                 const real *gain, const real *bias, real *xh, real *rs, real *y)
{
    vec sum[VEC];
    real mean[VEC], r[VEC];
    for (size_t i = 0; i < VEC; i++) {
        const size_t row = i < m ? i * d : 0;
        vec s = {0};
        for (size_t j = 0; j < d; j += VEC)
            s += residual_at(x, res, row + j);
        sum[i] = s;
    }
    vec_put(mean, vec_sums(sum) / (real)d);
    for (size_t i = 0; i < VEC; i++) {
        const size_t row = i < m ? i * d : 0;
        vec s = {0};
        for (size_t j = 0; j < d; j += VEC) {
            const vec h = residual_at(x, res, row + j) - mean[i];
            s += h * h;
        }
        sum[i] = s;
    }
    vec_put(r, vec_sums(sum) / (real)d);
#pragma omp simd
    for (size_t i = 0; i < VEC; i++)
        r[i] = factor(r[i]);
    memcpy(rs, r, m * sizeof *rs);
    for (size_t j = 0; j < d; j += VEC) {
        const vec g = vec_at(gain + j), b = vec_at(bias + j);
        for (size_t i = 0; i < m; i++) {
            const vec h = (residual_at(x, res, i * d + j) - mean[i]) * r[i];
            vec_put(xh + i * d + j, h);
            vec_put(y + i * d + j, g * h + b);
        }
    }
}

ALWAYS_INLINE void backward_group(size_t m, size_t d, const real *dy, const real *gain,
                                  const real *xh, const real *rs, real *dh, real *dgain,
                                  real *dbias)
{
    vec sum[VEC];
    real a[VEC], b[VEC];
    for (size_t i = 0; i < VEC; i++) {
        const size_t row = i < m ? i * d : 0;
        vec s = {0};
        for (size_t j = 0; j < d; j += VEC)
            s += vec_at(gain + j) * vec_at(dy + row + j);
        sum[i] = s;
    }
    vec_put(a, vec_sums(sum) / (real)d);
    READ_AGAIN();
    for (size_t i = 0; i < VEC; i++) {
        const size_t row = i < m ? i * d : 0;
        vec s = {0};
        for (size_t j = 0; j < d; j += VEC)
            s += vec_at(gain + j) * vec_at(dy + row + j) * vec_at(xh + row + j);
        sum[i] = s;
    }
    vec_put(b, vec_sums(sum) / (real)d);
    READ_AGAIN();
    for (size_t j = 0; j < d; j += VEC) {
        const vec g = vec_at(gain + j);
        vec dg = vec_at(dgain + j), db = vec_at(dbias + j);
        for (size_t i = 0; i < m; i++) {
            const vec dyi = vec_at(dy + i * d + j), h = vec_at(xh + i * d + j);
            dg += dyi * h;
            db += dyi;
            vec_put(dh + i * d + j, rs[i] * (g * dyi - a[i] - h * b[i]));
        }
        vec_put(dgain + j, dg);
        vec_put(dbias + j, db);
    }
}

/* Wider rows gain nothing: a group of them fills the first cache. */
static bool is_narrow(size_t d)
{
    return d % VEC == 0 && d <= 4 * VEC;
}

ALWAYS_INLINE void forward_groups(size_t n, size_t d, const real *x, const real *res,
                                  const real *gain, const real *bias, real *xh, real *rs, real *y)
{
    for (size_t i = 0; i < n; i += VEC)
        forward_group(n - i < VEC ? n - i : VEC, d, x + i * d, res ? res + i * d : NULL, gain, bias,
                      xh + i * d, rs + i, y + i * d);
}

ALWAYS_INLINE void backward_groups(size_t n, size_t d, const real *dy, const real *gain,
                                   const real *xh, const real *rs, real *dh, real *dgain,
                                   real *dbias)
{
    for (size_t i = 0; i < n; i += VEC)
        backward_group(n - i < VEC ? n - i : VEC, d, dy + i * d, gain, xh + i * d, rs + i,
                       dh + i * d, dgain, dbias);
}

#endif

/* The width of small networks, 2 VEC, is inlined. */
void X(layernorm_forward)(size_t n, size_t d, const real *x, const real *res, const real *gain,
                          const real *bias, real *xh, real *rs, real *y)
{
#if HAS_QUARTERS
    if (d == 2 * VEC)
        forward_groups(n, 2 * VEC, x, res, gain, bias, xh, rs, y);
    else if (is_narrow(d))
        forward_groups(n, d, x, res, gain, bias, xh, rs, y);
    else
#endif
        forward_rows(n, d, x, res, gain, bias, xh, rs, y);
}

void X(layernorm_backward)(size_t n, size_t d, const real *dy, const real *gain, const real *xh,
                           const real *rs, real *dh, real *dgain, real *dbias)
{
#if HAS_QUARTERS
    if (d == 2 * VEC)
        backward_groups(n, 2 * VEC, dy, gain, xh, rs, dh, dgain, dbias);
    else if (is_narrow(d))
        backward_groups(n, d, dy, gain, xh, rs, dh, dgain, dbias);
    else
#endif
        backward_rows(n, d, dy, gain, xh, rs, dh, dgain, dbias);
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
