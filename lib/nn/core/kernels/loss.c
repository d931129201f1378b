/* Softmax cross-entropy.
 *
 * Two cancellations would stall a network that has memorised: log of a softmax that rounds to 1,
 * and p - 1 where p rounds to 1. With m the largest logit and e_j = exp(z_j - z_m), both are
 * avoided if the sum leaves out e_m = 1: s = sum_{j != m} e_j, loss = log1p(s) + (z_m - z_y),
 * p_m - 1 = -s / (1 + s). These keep full relative precision down to losses of 1e-38 in single
 * precision. */
#include <math.h>
#include <string.h>

#include "exp.h"
#include "kernels.h"
#include "vec.h"

/* The largest entry of z (V), in vectors: one after the other, each comparison would wait for the
 * one before. An entry that is nan is skipped unless it is the first. */
static real largest(const real *z, size_t V)
{
    real most[VEC], top = z[0];
    if (V >= VEC) {
        vec v = z[0] - (vec){0};
        for (size_t j = 0; j + VEC < V; j += VEC)
            v = larger(vec_at(z + j), v);
        vec_put(most, larger(vec_at(z + V - VEC), v));
        for (size_t half = VEC / 2; half > 0; half /= 2)
            for (size_t i = 0; i < half; i++)
                most[i] = most[i + half] > most[i] ? most[i + half] : most[i];
        return most[0];
    }
    for (size_t j = 1; j < V; j++)
        top = z[j] > top ? z[j] : top;
    return top;
}

size_t X(argmax)(const real *z, size_t V)
{
    const real top = largest(z, V);
    const int32_t last = (int32_t)V - 1;
    int32_t m = last;
#pragma omp simd reduction(min : m)
    for (int32_t j = 0; j < last; j++) {
        const int32_t here = z[j] >= top ? j : last;
        m = here < m ? here : m;
    }
    return (size_t)m;
}

/* e (V) = exp(z - z_m), with 0 in place of e_m; returns their sum. Z and E may be the same. */
static real exponentials(const real *z, size_t V, size_t m, real *e)
{
    const real top = z[m];
    real s = 0;
#pragma omp simd
    for (size_t j = 0; j < V; j++)
        e[j] = expr(z[j] - top);
    e[m] = 0;
#pragma omp simd reduction(+ : s)
    for (size_t j = 0; j < V; j++)
        s += e[j];
    return s;
}

/* The sum of e_j over j != m, in the order of sum_exponentials(). */
static real sum_others(const real *e, size_t V, size_t m)
{
    real below = 0, above = 0;
#pragma omp simd reduction(+ : below)
    for (size_t j = 0; j < m; j++)
        below += e[j];
#pragma omp simd reduction(+ : above)
    for (size_t j = m + 1; j < V; j++)
        above += e[j];
    return below + above;
}

/* The sum of exp(z_j - z_m) over j != m, without a buffer. */
static real sum_exponentials(const real *z, size_t V, size_t m)
{
    const real top = z[m];
    real below = 0, above = 0;
#pragma omp simd reduction(+ : below)
    for (size_t j = 0; j < m; j++)
        below += expr(z[j] - top);
#pragma omp simd reduction(+ : above)
    for (size_t j = m + 1; j < V; j++)
        above += expr(z[j] - top);
    return below + above;
}

double X(crossentropy_forward)(size_t n, size_t V, const real *z, const int32_t *label, size_t k,
                               unsigned char *right)
{
    double loss = 0;
    for (size_t i = 0; i < n; i++, z += V) {
        const size_t y = (size_t)label[i * k], m = X(argmax)(z, V);
        right[i * k] = m == y;
        loss += log1p((double)sum_exponentials(z, V, m)) + (double)(z[m] - z[y]);
    }
    return loss;
}

/* z (V), which holds exponentials with the sum S, becomes the gradient. P: unless NULL, the
 * softmax. */
static void gradient(size_t V, real *z, size_t y, size_t m, real s, real scale, real *p)
{
    const real pm = 1 / (1 + s);
#pragma omp simd
    for (size_t j = 0; j < V; j++)
        z[j] *= pm;
    z[m] = pm;
    if (p)
        memcpy(p, z, V * sizeof *p);
    z[y] = m == y ? -s * pm : z[y] - 1;
#pragma omp simd
    for (size_t j = 0; j < V; j++)
        z[j] *= scale;
}

void X(crossentropy_backward)(size_t n, size_t V, real *z, const int32_t *label, size_t k,
                              real scale, real *p)
{
    for (size_t i = 0; i < n; i++, z += V) {
        const size_t y = (size_t)label[i * k], m = X(argmax)(z, V);
        const real s = exponentials(z, V, m, z);
        gradient(V, z, y, m, s, scale, p ? p + i * V : NULL);
    }
}

double X(crossentropy_both)(size_t n, size_t V, real *z, const int32_t *label, size_t k,
                            unsigned char *right, real scale, real *p)
{
    double loss = 0;
    for (size_t i = 0; i < n; i++, z += V) {
        const size_t y = (size_t)label[i * k], m = X(argmax)(z, V);
        const double gap = (double)(z[m] - z[y]);
        const real s = exponentials(z, V, m, z);
        right[i * k] = m == y;
        loss += log1p((double)sum_others(z, V, m)) + gap;
        gradient(V, z, y, m, s, scale, p ? p + i * V : NULL);
    }
    return loss;
}

/* Relative to rz_m, where p is largest, the mean keeps its precision as p_m goes to 1. */
void X(crossentropy_r_backward)(size_t n, size_t V, const real *p, const int32_t *label, size_t k,
                                real scale, real *rz)
{
    (void)label, (void)k;
    for (size_t i = 0; i < n; i++, p += V, rz += V) {
        const real from = rz[X(argmax)(p, V)];
        real mean = 0;
#pragma omp simd reduction(+ : mean)
        for (size_t j = 0; j < V; j++)
            mean += p[j] * (rz[j] - from);
#pragma omp simd
        for (size_t j = 0; j < V; j++)
            rz[j] = scale * p[j] * ((rz[j] - from) - mean);
    }
}
