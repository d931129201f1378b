/* The other losses, and the table of all; loss.c holds the cross-entropy. */
#include <math.h>
#include <string.h>

#include "exp.h"
#include "kernels.h"

/* ---- (1/V) sum_j (z_j - [j = y])^2: dz = 2/V (z - onehot), R{dz} = 2/V R{z} ---- */

double X(squares_forward)(size_t n, size_t V, const real *z, const int32_t *label, size_t k,
                          unsigned char *right)
{
    double loss = 0;
    for (size_t i = 0; i < n; i++, z += V) {
        const size_t y = (size_t)label[i * k];
        double sum = 0;
        right[i * k] = X(argmax)(z, V) == y;
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < V; j++) {
            const double e = (double)(j == y ? z[j] - 1 : z[j]);
            sum += e * e;
        }
        loss += sum / (double)V;
    }
    return loss;
}

void X(squares_backward)(size_t n, size_t V, real *z, const int32_t *label, size_t k, real scale,
                         real *keep)
{
    const real c = 2 * scale / (real)V;
    (void)keep;
    for (size_t i = 0; i < n; i++, z += V) {
        z[label[i * k]] -= 1;
#pragma omp simd
        for (size_t j = 0; j < V; j++)
            z[j] *= c;
    }
}

void X(squares_r_backward)(size_t n, size_t V, const real *keep, const int32_t *label, size_t k,
                           real scale, real *rz)
{
    const real c = 2 * scale / (real)V;
    (void)keep, (void)label, (void)k;
#pragma omp simd
    for (size_t i = 0; i < n * V; i++)
        rz[i] *= c;
}

/* ---- log(S / s_y) with s_j = s(z_j), S = sum_j s_j (Prieto et al. 2025) ----
 *
 * s(x) = x + 1 for x >= 0, else 1/(1 - x): s' = 1, s'' = 0, or s' = s^2, s'' = 2 s^3. As with the
 * cross-entropy, the sum of the others, r = S - s_y, is computed separately, so that nothing
 * cancels when s_y is nearly all of S:
 *
 *     loss    = log1p(r / s_y)
 *     dz_j    = s'_j / S
 *     dz_y    = -s'_y r / (s_y S)
 *     R{dz_j} = s''_j R{z_j} / S - s'_j / S^2 (sum_i s'_i R{z_i})
 *     R{dz_y} = (s'_y^2 (S + s_y) / (s_y S) - s''_y) r / (s_y S) R{z_y}
 *               - s'_y / S^2 (sum_{i != y} s'_i R{z_i})
 */

static inline real stable(real x)
{
    const real below = 1 / (1 + (x < 0 ? -x : 0));
    return x < 0 ? below : x + 1;
}

static inline real stable1(real x, real s)
{
    return x < 0 ? s * s : 1;
}

static inline real stable2(real x, real s)
{
    return x < 0 ? 2 * s * s * s : 0;
}

/* The sum of s_j over j != y. */
static real others(const real *z, size_t V, size_t y)
{
    real below = 0, above = 0;
#pragma omp simd reduction(+ : below)
    for (size_t j = 0; j < y; j++)
        below += stable(z[j]);
#pragma omp simd reduction(+ : above)
    for (size_t j = y + 1; j < V; j++)
        above += stable(z[j]);
    return below + above;
}

double X(stablemax_forward)(size_t n, size_t V, const real *z, const int32_t *label, size_t k,
                            unsigned char *right)
{
    double loss = 0;
    for (size_t i = 0; i < n; i++, z += V) {
        const size_t y = (size_t)label[i * k];
        right[i * k] = X(argmax)(z, V) == y;
        loss += log1p((double)others(z, V, y) / (double)stable(z[y]));
    }
    return loss;
}

void X(stablemax_backward)(size_t n, size_t V, real *z, const int32_t *label, size_t k, real scale,
                           real *keep)
{
    if (keep)
        memcpy(keep, z, n * V * sizeof *keep);
    for (size_t i = 0; i < n; i++, z += V) {
        const size_t y = (size_t)label[i * k];
        const real r = others(z, V, y), sy = stable(z[y]), S = r + sy;
        const real own = -scale * stable1(z[y], sy) * (r / S) / sy, c = scale / S;
#pragma omp simd
        for (size_t j = 0; j < V; j++)
            z[j] = c * stable1(z[j], stable(z[j]));
        z[y] = own;
    }
}

void X(stablemax_r_backward)(size_t n, size_t V, const real *keep, const int32_t *label, size_t k,
                             real scale, real *rz)
{
    const real *z = keep;
    for (size_t i = 0; i < n; i++, z += V, rz += V) {
        const size_t y = (size_t)label[i * k];
        const real r = others(z, V, y), sy = stable(z[y]), S = r + sy, ry = rz[y];
        const real s1 = stable1(z[y], sy), s2 = stable2(z[y], sy);
        real sum = 0;
        rz[y] = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < V; j++)
            sum += stable1(z[j], stable(z[j])) * rz[j];
        const real all = (sum + s1 * ry) / S, c = scale / S;
#pragma omp simd
        for (size_t j = 0; j < V; j++) {
            const real s = stable(z[j]);
            rz[j] = c * (stable2(z[j], s) * rz[j] - stable1(z[j], s) * all);
        }
        rz[y] = c * ((s1 * s1 * (1 + sy / S) / sy - s2) * (r / sy) * ry - s1 * sum / S);
    }
}

/* ---- the cross-entropy in the usual form, with its rounding ----
 *
 * log p_j = (z_j - max) - log(sum_j exp(z_j - max)), and p_j = exp(log p_j), each rounded to the
 * precision of the network. PyTorch's log_softmax is this form. In single precision p_y rounds to 1
 * where the others sum to less than 6e-8. The loss and its gradient for z_y are then 0, which
 * Prieto et al. (2025) call softmax collapse; above, they are multiples of 1.2e-7 and 6e-8. */

/* sum_j exp(z_j - TOP) */
static real sum_all(const real *z, size_t V, real top)
{
    real s = 0;
#pragma omp simd reduction(+ : s)
    for (size_t j = 0; j < V; j++)
        s += expr(z[j] - top);
    return s;
}

static real log_sum(const real *z, size_t V, real top)
{
    return (real)log((double)sum_all(z, V, top));
}

double X(rounded_forward)(size_t n, size_t V, const real *z, const int32_t *label, size_t k,
                          unsigned char *right)
{
    double loss = 0;
    for (size_t i = 0; i < n; i++, z += V) {
        const size_t y = (size_t)label[i * k], m = X(argmax)(z, V);
        right[i * k] = m == y;
        loss -= (double)((z[y] - z[m]) - log_sum(z, V, z[m]));
    }
    return loss;
}

void X(rounded_backward)(size_t n, size_t V, real *z, const int32_t *label, size_t k, real scale,
                         real *p)
{
    for (size_t i = 0; i < n; i++, z += V) {
        const real top = z[X(argmax)(z, V)], log_s = log_sum(z, V, top);
#pragma omp simd
        for (size_t j = 0; j < V; j++)
            z[j] = expr((z[j] - top) - log_s);
        if (p)
            memcpy(p + i * V, z, V * sizeof *p);
        z[label[i * k]] -= 1;
#pragma omp simd
        for (size_t j = 0; j < V; j++)
            z[j] *= scale;
    }
}

/* R{dz_j} = p_j (R{z_j} - sum_i p_i R{z_i}) */
void X(rounded_r_backward)(size_t n, size_t V, const real *p, const int32_t *label, size_t k,
                           real scale, real *rz)
{
    (void)label, (void)k;
    for (size_t i = 0; i < n; i++, p += V, rz += V) {
        real mean = 0;
#pragma omp simd reduction(+ : mean)
        for (size_t j = 0; j < V; j++)
            mean += p[j] * rz[j];
#pragma omp simd
        for (size_t j = 0; j < V; j++)
            rz[j] = scale * p[j] * (rz[j] - mean);
    }
}

/* Those that have little to share between the loss and its gradient. */
#define BOTH(name)                                                                                 \
    static double name##_both(size_t n, size_t V, real *z, const int32_t *label, size_t k,         \
                              unsigned char *right, real scale, real *keep)                        \
    {                                                                                              \
        const double loss = X(name##_forward)(n, V, z, label, k, right);                           \
        X(name##_backward)(n, V, z, label, k, scale, keep);                                        \
        return loss;                                                                               \
    }
BOTH(squares)
BOTH(stablemax)
BOTH(rounded)

const struct loss X(losses)[GK_LOSSES] = {
    [GK_CE] = {X(crossentropy_forward), X(crossentropy_backward), X(crossentropy_both),
               X(crossentropy_r_backward)},
    [GK_MSE] = {X(squares_forward), X(squares_backward), squares_both, X(squares_r_backward)},
    [GK_STABLEMAX] = {X(stablemax_forward), X(stablemax_backward), stablemax_both,
                      X(stablemax_r_backward)},
    [GK_CE_ROUNDED] = {X(rounded_forward), X(rounded_backward), rounded_both,
                       X(rounded_r_backward)}};
