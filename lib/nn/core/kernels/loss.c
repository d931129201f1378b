/* Softmax cross-entropy.
 *
 * Two cancellations would stall a network that has memorised: log of a softmax that rounds to 1,
 * and p - 1 where p rounds to 1. With m the largest logit and e_j = exp(z_j - z_m), both are
 * avoided if the sum leaves out e_m = 1: s = sum_{j != m} e_j, loss = log1p(s) + (z_m - z_y),
 * p_m - 1 = -s / (1 + s). These keep full relative precision down to losses of 1e-38 in single
 * precision. */
#include <math.h>
#include <string.h>

#include "heads.h"
#include "kernels.h"

/* The largest entry of z (V). Whole vectors are compared: in a loop over single entries, each
 * comparison would wait for the one before. A nan is skipped, unless it is the first entry: then
 * the result is nan. */
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

static double forward_rows(size_t n, size_t V, const real *z, const int32_t *label, size_t k,
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

/* z becomes its gradient. Unless RIGHT is NULL, fills RIGHT in and returns the loss, both as
 * forward_rows() does. */
static double backward_rows(size_t n, size_t V, real *z, const int32_t *label, size_t k,
                            unsigned char *right, real scale, real *p)
{
    double loss = 0;
    for (size_t i = 0; i < n; i++, z += V) {
        const size_t y = (size_t)label[i * k], m = X(argmax)(z, V);
        const double gap = (double)(z[m] - z[y]);
        const real s = exponentials(z, V, m, z);
        if (right) {
            right[i * k] = m == y;
            loss += log1p((double)sum_others(z, V, m)) + gap;
        }
        gradient(V, z, y, m, s, scale, p ? p + i * V : NULL);
    }
    return loss;
}

/* Rows of few logits, in whole vectors. The last one ends with the row, so it may repeat logits of
 * the one before. */
#if HAS_QUARTERS

typedef __typeof__((vec){0} > (vec){0}) lanes; /* integers */
enum { PARTS = 4 };

static bool is_narrow(size_t V)
{
    return V >= VEC && V <= PARTS * VEC;
}

ALWAYS_INLINE size_t parts(size_t V)
{
    return (V + VEC - 1) / VEC;
}

/* Where the logits of part C begin. */
ALWAYS_INLINE size_t part_at(size_t V, size_t c)
{
    return (c + 1) * VEC < V ? c * VEC : V - VEC;
}

/* The numbers of the logits that begin at AT. */
ALWAYS_INLINE lanes numbers(size_t at)
{
    lanes number;
    for (size_t i = 0; i < VEC; i++)
        number[i] = (__typeof__(number[0]))(at + i);
    return number;
}

ALWAYS_INLINE lanes smaller(lanes x, lanes y)
{
    const lanes less = x < y;
    return (x & less) | (y & ~less);
}

/* argmax, and the largest logit itself. */
ALWAYS_INLINE size_t narrow_argmax(const real *z, size_t V, vec *top)
{
    vec v = z[0] - (vec){0};
    for (size_t c = 0; c < parts(V); c++)
        v = larger(vec_at(z + part_at(V, c)), v);
#if VEC_LANES == 16
    v = larger(SWAP_16(v), v);
#endif
#if VEC_LANES >= 8
    v = larger(SWAP_8(v), v);
#endif
    v = larger(SWAP_4(v), v);
    *top = v = larger(SWAP_2(v), v);
    const lanes last = numbers(0) * 0 + (int)(V - 1);
    lanes first = last;
    for (size_t c = 0; c < parts(V); c++) {
        const lanes here = vec_at(z + part_at(V, c)) >= v;
        first = smaller((numbers(part_at(V, c)) & here) | (last & ~here), first);
    }
#if VEC_LANES == 16
    first = smaller(SWAP_16(first), first);
#endif
#if VEC_LANES >= 8
    first = smaller(SWAP_8(first), first);
#endif
    first = smaller(SWAP_4(first), first);
    return (size_t)smaller(SWAP_2(first), first)[0];
}

/* e (V) = exp(z - z_m), and their sum without e_m. */
ALWAYS_INLINE real narrow_exponentials(const real *z, size_t V, size_t m, vec top, real *e)
{
    vec sum = {0};
    for (size_t c = 0; c < parts(V); c++) {
        const size_t at = part_at(V, c);
        const vec x = vec_exp(vec_at(z + at) - top);
        const lanes j = numbers(at);
        vec_put(e + at, x);
        sum += (vec)((lanes)x & (j >= (int)(c * VEC)) & (j != (int)m));
    }
    return vec_sum(sum);
}

ALWAYS_INLINE double forward_narrow(size_t n, size_t V, const real *z, const int32_t *label,
                                    size_t k, unsigned char *right)
{
    double loss = 0;
    for (size_t i = 0; i < n; i++, z += V) {
        vec top;
        real e[PARTS * VEC];
        const size_t y = (size_t)label[i * k], m = narrow_argmax(z, V, &top);
        right[i * k] = m == y;
        loss += log1p((double)narrow_exponentials(z, V, m, top, e)) + (double)(z[m] - z[y]);
    }
    return loss;
}

/* z (V) becomes the gradient; E has its exponentials, with the sum S. P: unless NULL, the softmax.
 * Not inlined: a compiler may fuse e_y pm - 1 in one place and not in another. */
static __attribute__((noinline)) void narrow_gradient(size_t V, real *z, const real *e, size_t y,
                                                      size_t m, real s, real scale, real *p)
{
    const real pm = 1 / (1 + s), py = e[y] * pm;
    for (size_t c = 0; c < parts(V); c++) {
        const size_t at = part_at(V, c);
        const vec x = vec_at(e + at) * pm;
        if (p)
            vec_put(p + at, x);
        vec_put(z + at, x * scale);
    }
    if (p)
        p[m] = pm;
    z[m] = pm * scale;
    z[y] = (m == y ? -s * pm : py - 1) * scale;
}

/* As backward_rows(). */
ALWAYS_INLINE double backward_narrow(size_t n, size_t V, real *z, const int32_t *label, size_t k,
                                     unsigned char *right, real scale, real *p)
{
    double loss = 0;
    for (size_t i = 0; i < n; i++, z += V) {
        vec top;
        real e[PARTS * VEC];
        const size_t y = (size_t)label[i * k], m = narrow_argmax(z, V, &top);
        const real s = narrow_exponentials(z, V, m, top, e);
        if (right) {
            right[i * k] = m == y;
            loss += log1p((double)s) + (double)(z[m] - z[y]);
        }
        narrow_gradient(V, z, e, y, m, s, scale, p ? p + i * V : NULL);
    }
    return loss;
}

#endif

double X(crossentropy_forward)(size_t n, size_t V, const real *z, const int32_t *label, size_t k,
                               unsigned char *right)
{
#if HAS_QUARTERS
    if (is_narrow(V))
        return forward_narrow(n, V, z, label, k, right);
#endif
    return forward_rows(n, V, z, label, k, right);
}

double X(crossentropy_both)(size_t n, size_t V, real *z, const int32_t *label, size_t k,
                            unsigned char *right, real scale, real *p)
{
#if HAS_QUARTERS
    if (is_narrow(V))
        return backward_narrow(n, V, z, label, k, right, scale, p);
#endif
    return backward_rows(n, V, z, label, k, right, scale, p);
}

void X(crossentropy_backward)(size_t n, size_t V, real *z, const int32_t *label, size_t k,
                              real scale, real *p)
{
    X(crossentropy_both)(n, V, z, label, k, NULL, scale, p);
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
