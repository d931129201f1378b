/* Interventions in a training step. Sums are in double and run over whole tensors in order, so that
 * results do not depend on blocks or threads. */
#include "intervention_kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "nn/core/real.h"

/* h = keep h + (1 - keep) g, at first h = g;  out = g + gain h  (Lee et al. 2024) */
static void ema(double keep_, double gain_, bool first, size_t n, const void *g_, void *h_,
                void *out_)
{
    const real *restrict g = g_;
    real *restrict h = h_, *restrict out = out_;
    const real keep = (real)keep_, rest = (real)(1 - keep_), gain = (real)gain_;
    if (first)
        memcpy(h_, g_, n * sizeof *h);
    for (size_t i = 0; i < n; i++) {
        const real now = first ? h[i] : keep * h[i] + rest * g[i];
        h[i] = now;
        out[i] = g[i] + gain * now;
    }
}

/* out = g + gain / window sum_j queue_j  (Lee et al. 2024) */
static void ma(double gain, size_t window, size_t stride, size_t n, const void *g_,
               const void *queue_, void *out_)
{
    enum { PART = 256 };
    const real *g = g_, *queue = queue_;
    real *out = out_;
    const double share = gain / (double)window;
    for (size_t begin = 0; begin < n; begin += PART) {
        const size_t end = n < begin + PART ? n : begin + PART;
        double sum[PART] = {0};
        for (size_t j = 0; j < window; j++) {
            const real *row = queue + j * stride;
            for (size_t i = begin; i < end; i++)
                sum[i - begin] += (double)row[i];
        }
        for (size_t i = begin; i < end; i++)
            out[i] = (real)((double)g[i] + share * sum[i - begin]);
    }
}

/* out = |g| p / |p| with p = g - (w.g / w.w) w  (Prieto et al. 2025). If g is parallel to w, as in
 * a tensor of one element, p is nothing but rounding errors: out is then 0, not these at length
 * |g|. */
static void orthogonal(size_t n, const void *w_, const void *g_, void *out_)
{
    const double tiny = 1e-30, rounding = 4 * DBL_EPSILON * sqrt((double)n);
    const real *w = w_, *g = g_;
    real *out = out_;
    double wg = 0, ww = 0, gg = 0, pp = 0;
#pragma omp simd reduction(+ : wg, ww, gg)
    for (size_t i = 0; i < n; i++) {
        const double x = (double)w[i], y = (double)g[i];
        wg += x * y;
        ww += x * x;
        gg += y * y;
    }
    const double along = wg / (ww + tiny);
#pragma omp simd reduction(+ : pp)
    for (size_t i = 0; i < n; i++) {
        const double p = (double)g[i] - along * (double)w[i];
        pp += p * p;
        out[i] = (real)p;
    }
    const bool any = sqrt(pp) > rounding * sqrt(gg);
    const double longer = any ? sqrt(gg) / (sqrt(pp) + tiny) : 0;
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        out[i] = (real)(longer * (double)out[i]);
}

static void scale(double s, size_t n, void *x_)
{
    real *x = x_;
    for (size_t i = 0; i < n; i++)
        x[i] = (real)(s * (double)x[i]);
}

static void clip_rows(double most, size_t rows, size_t cols, void *x_)
{
    real *x = x_;
    for (size_t r = 0; r < rows; r++, x += cols) {
        double xx = 0;
#pragma omp simd reduction(+ : xx)
        for (size_t i = 0; i < cols; i++)
            xx += (double)x[i] * (double)x[i];
        const double norm = sqrt(xx);
        if (norm > most) /* a norm that no double holds makes the row nan, which ends the run */
            scale(isinf(norm) ? (double)NAN : most / norm, cols, x);
    }
}

/* x (r, c), r <= c, becomes nearly orthogonal by five steps of the quintic Newton-Schulz iteration
 *     A = x x';  x <- a x + (b A + c A A) x
 * with the coefficients of Jordan et al. 2024, which take singular values in (0, 1] to about
 * [0.7, 1.2]. Returns the array that holds the result, X or Y (r, c). */
static real *orthogonalise(size_t r, size_t c, real *x, real *y, real *gram, real *poly)
{
    const real a = (real)3.4445, b = (real)-4.7750, cc = (real)2.0315;
    for (int step = 0; step < 5; step++) {
        gk_gemm(false, true, r, r, c, 1, x, c, x, c, 0, gram, r);
        memcpy(poly, gram, r * r * sizeof *poly);
        gk_gemm(false, false, r, r, r, cc, gram, r, gram, r, b, poly, r);
        memcpy(y, x, r * c * sizeof *y);
        gk_gemm(false, false, r, c, r, 1, poly, r, x, c, a, y, c);
        real *swap = x;
        x = y;
        y = swap;
    }
    return x;
}

/* y (cols, rows) = x' (rows, cols) */
static void transpose(size_t rows, size_t cols, const real *restrict x, real *restrict y)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            y[j * rows + i] = x[i * cols + j];
}

/* m = mu m + (1 - mu) g;  u = mu m + (1 - mu) g, divided by its norm and orthogonalised;
 * w = shrink w - lr u  (Jordan et al. 2024, torch.optim.Muon) */
static void muon(const struct gk_muon_update *q, void *w_, const void *grad_, void *m_, void *work)
{
    const size_t rows = q->rows, cols = q->cols, n = rows * cols;
    const bool tall = rows > cols;
    const size_t r = tall ? cols : rows, c = tall ? rows : cols;
    const real clip = (real)q->scale, mu = (real)q->momentum, rest = (real)(1 - q->momentum);
    const real lr = (real)q->lr, shrink = (real)q->shrink;
    const real *restrict grad = grad_;
    real *restrict w = w_, *restrict m = m_;
    real *x = work, *y = x + n, *gram = y + n, *poly = gram + r * r;
    double uu = 0;
#pragma omp simd reduction(+ : uu)
    for (size_t i = 0; i < n; i++) {
        const real g = clip * grad[i];
        m[i] = mu * m[i] + rest * g;
        const real u = mu * m[i] + rest * g;
        x[i] = u;
        uu += (double)u * (double)u;
    }
    scale(1 / fmax(sqrt(uu), 1e-7), n, x);
    if (tall)
        transpose(rows, cols, x, y);
    real *u = tall ? orthogonalise(r, c, y, x, gram, poly) : orthogonalise(r, c, x, y, gram, poly);
    if (tall) {
        real *other = u == x ? y : x;
        transpose(cols, rows, u, other);
        u = other;
    }
    for (size_t i = 0; i < n; i++)
        w[i] = shrink * w[i] - lr * u[i];
}

const struct gk_intervention_kernels X(gk_intervention_kernels) = {
    .ema = ema,
    .ma = ma,
    .orthogonal = orthogonal,
    .scale = scale,
    .clip_rows = clip_rows,
    .muon = muon,
};
