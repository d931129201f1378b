/* Biases, and activations of a layer's rows, element by element; they also add the layer's biases.
 *
 *   y = f(x + b);  dx = f'(x) dy;  R{y} = f'(x) R{x};  R{dx} = f'(x) R{dy} + f''(x) R{x} dy
 *
 * Piecewise linear ones (relu, leaky) need only the sign of y. For curved ones the forward pass
 * keeps f', and f'' if products are wanted, so that a product computes no exponential again. */
#include <math.h>

#include "exp.h"
#include "kernels.h"
#include "vec.h"

/* ---- biases of rows LD apart: y += b, and the gradient of b, the sum over rows ---- */

void X(bias_add)(size_t n, size_t width, const real *bias, real *y, size_t ld)
{
    if (!bias)
        return;
    for (size_t i = 0; i < n; i++)
#pragma omp simd
        for (size_t j = 0; j < width; j++)
            y[i * ld + j] += bias[j];
}

void X(bias_sum)(size_t n, size_t width, const real *dy, size_t ld, real *restrict db)
{
    if (!db)
        return;
    for (size_t i = 0; i < n; i++)
#pragma omp simd
        for (size_t j = 0; j < width; j++)
            db[j] += dy[i * ld + j];
}

/* ---- max(x, slope x) ---- */

static inline real rectify(real slope, real x)
{
    return x > 0 ? x : slope * x;
}

static inline void rectifier_forward(size_t rows, size_t n, real slope, const real *bias,
                                     real *restrict y)
{
    for (size_t i = 0; bias && i < rows; i++, y += n)
#pragma omp simd
        for (size_t j = 0; j < n; j++)
            y[j] = rectify(slope, y[j] + bias[j]);
#pragma omp simd
    for (size_t i = 0; i < (bias ? 0 : rows * n); i++)
        y[i] = rectify(slope, y[i]);
}

/* The rectified value has the sign of its input. */
static inline void rectifier_backward(size_t n, real slope, const real *y, real *dx)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        dx[i] = y[i] > 0 ? dx[i] : slope * dx[i];
}

#define RECTIFIER(name, slope)                                                                     \
    static void name##_forward(size_t rows, size_t n, const real *bias, real *y, real *f1,         \
                               real *f2)                                                           \
    {                                                                                              \
        (void)f1, (void)f2;                                                                        \
        rectifier_forward(rows, n, slope, bias, y);                                                \
    }                                                                                              \
    static void name##_backward(size_t n, const real *y, const real *f1, real *f2, real *dy)       \
    {                                                                                              \
        (void)f1, (void)f2;                                                                        \
        rectifier_backward(n, slope, y, dy);                                                       \
    }                                                                                              \
    static void name##_r_forward(size_t n, const real *y, const real *f1, real *rx, real *ry)      \
    {                                                                                              \
        (void)f1, (void)rx;                                                                        \
        rectifier_backward(n, slope, y, ry);                                                       \
    }                                                                                              \
    static void name##_r_backward(size_t n, const real *y, const real *f1, const real *f2,         \
                                  const real *rx, real *rdy)                                       \
    {                                                                                              \
        (void)f1, (void)f2, (void)rx;                                                              \
        rectifier_backward(n, slope, y, rdy);                                                      \
    }

RECTIFIER(relu, 0)
RECTIFIER(leaky, (real)0.01)

/* ---- curved ones: each gives f, f' and f'' at a point ---- */

struct jet {
    real f, f1, f2;
};

ALWAYS_INLINE struct jet square(real x)
{
    return (struct jet){x * x, 2 * x, 2};
}

/* x Phi(x); f' = Phi + x phi, f'' = phi (2 - x^2). The smaller of Phi(x) and Phi(-x) is exp(-x^2/2)
 * erfcx(|x|/sqrt 2) / 2, and erfcx(z) is t P(t) with t = 1 / (1 + 0.4 z): P is fitted by reweighted
 * least squares to a relative error of 6e-9. */
ALWAYS_INLINE struct jet gelu(real x)
{
    const real root_half = (real)0.70710678118654752440, root_2pi = (real)2.50662827463100050242;
#if GK_REAL_IS_F64
    const real e = exp(-x * x / 2), Phi = erfc(-x * root_half) / 2;
#else
    const real z = (x < 0 ? -x : x) * root_half, e = expr(-x * x / 2), t = 1 / (1 + 0.4f * z);
    float p = -0.0292153164f;
    p = p * t + 0.140447747f;
    p = p * t - 0.235529541f;
    p = p * t + 0.13756425f;
    p = p * t - 0.0468973386f;
    p = p * t + 0.0839174498f;
    p = p * t + 0.119007981f;
    p = p * t + 0.171739344f;
    p = p * t + 0.207613723f;
    p = p * t + 0.22567586f;
    p = p * t + 0.225675835f;
    const real tail = e * t * p / 2, Phi = x < 0 ? tail : 1 - tail;
#endif
    const real phi = e / root_2pi;
    return (struct jet){x * Phi, Phi + x * phi, phi * (2 - x * x)};
}

/* x s with s = 1 / (1 + exp(-x)); f' = s + x s (1 - s), f'' = s (1 - s) (2 + x (1 - 2 s)). */
ALWAYS_INLINE struct jet silu(real x)
{
    const real e = expr(x < 0 ? x : -x), low = e / (1 + e), high = 1 / (1 + e);
    const real s = x < 0 ? low : high, ss = low * high;
    return (struct jet){x * s, s + x * ss, ss * (2 + x * (1 - 2 * s))};
}

/* f' = 1 - f^2, f'' = -2 f (1 - f^2). Near 0, where 1 - exp(-2|x|) would cancel, Cephes's
 * polynomial (Moshier) is used. */
ALWAYS_INLINE struct jet hyperbolic(real x)
{
#if GK_REAL_IS_F64
    const real f = tanh(x);
#else
    const real a = x < 0 ? -x : x, e = expr(-2 * a), s = x * x;
    real p = -5.70498872745e-3f;
    p = p * s + 2.06390887954e-2f;
    p = p * s - 5.37397155531e-2f;
    p = p * s + 1.33314422036e-1f;
    p = p * s - 3.33332819422e-1f;
    const real far = (1 - e) / (1 + e), near = x + x * s * p;
    const real f = a < 0.625f ? near : x < 0 ? -far : far;
#endif
    return (struct jet){f, 1 - f * f, -2 * f * (1 - f * f)};
}

/* The library's double-precision erf and tanh are calls, which prevent vectorisation. */
#if GK_REAL_IS_F64
#define EACH
#else
#define EACH _Pragma("omp simd")
#endif

/* The three forms of the forward pass: f alone, with f', with both. */
#define CURVED(name, jet_of)                                                                       \
    static void name##_forward(size_t rows, size_t n, const real *bias, real *restrict y,          \
                               real *restrict f1, real *restrict f2)                               \
    {                                                                                              \
        for (size_t i = 0; i < rows; i++) {                                                        \
            real *restrict yi = y + i * n;                                                         \
            if (bias)                                                                              \
                EACH for (size_t j = 0; j < n; j++) yi[j] += bias[j];                              \
            if (f2) {                                                                              \
                EACH for (size_t j = 0; j < n; j++)                                                \
                {                                                                                  \
                    const struct jet at = jet_of(yi[j]);                                           \
                    yi[j] = at.f, f1[i * n + j] = at.f1, f2[i * n + j] = at.f2;                    \
                }                                                                                  \
            } else if (f1) {                                                                       \
                EACH for (size_t j = 0; j < n; j++)                                                \
                {                                                                                  \
                    const struct jet at = jet_of(yi[j]);                                           \
                    yi[j] = at.f, f1[i * n + j] = at.f1;                                           \
                }                                                                                  \
            } else {                                                                               \
                EACH for (size_t j = 0; j < n; j++) yi[j] = jet_of(yi[j]).f;                       \
            }                                                                                      \
        }                                                                                          \
    }

CURVED(gelu, gelu)
CURVED(square, square)
CURVED(silu, silu)
CURVED(tanh, hyperbolic)

static void curved_backward(size_t n, const real *y, const real *f1, real *f2, real *restrict dy)
{
    (void)y;
    if (f2)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            f2[i] *= dy[i];
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        dy[i] *= f1[i];
}

static void curved_r_forward(size_t n, const real *y, const real *f1, real *restrict rx,
                             real *restrict ry)
{
    (void)y;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        rx[i] = ry[i];
        ry[i] *= f1[i];
    }
}

static void curved_r_backward(size_t n, const real *y, const real *f1, const real *f2,
                              const real *rx, real *restrict rdy)
{
    (void)y;
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        rdy[i] = f1[i] * rdy[i] + f2[i] * rx[i];
}

#define CURVED_OPS(name)                                                                           \
    {                                                                                              \
        true, name##_forward, curved_backward, curved_r_forward, curved_r_backward                 \
    }
#define STRAIGHT_OPS(name)                                                                         \
    {                                                                                              \
        false, name##_forward, name##_backward, name##_r_forward, name##_r_backward                \
    }
const struct activation X(activations)[GK_ACTIVATION_KINDS] = {
    [GK_RELU] = STRAIGHT_OPS(relu), [GK_LEAKY] = STRAIGHT_OPS(leaky),
    [GK_GELU] = CURVED_OPS(gelu),   [GK_SQUARE] = CURVED_OPS(square),
    [GK_SILU] = CURVED_OPS(silu),   [GK_TANH] = CURVED_OPS(tanh)};
