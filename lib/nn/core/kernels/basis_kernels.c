/* Products of many vectors with one. They are called on pieces short enough that the one vector
 * stays in the first-level cache. */
#include "basis_kernels.h"

#include "nn/core/real.h"

static void dots(size_t n, size_t m, const void *v_, size_t ld, const double *restrict w,
                 double *restrict h)
{
    for (size_t j = 0; j < m; j++) {
        const real *restrict v = (const real *)v_ + j * ld;
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < n; i++)
            sum += (double)v[i] * w[i];
        h[j] = sum;
    }
}

static void subtract(size_t n, size_t m, const void *v_, size_t ld, const double *restrict h,
                     double *restrict w)
{
    for (size_t j = 0; j < m; j++) {
        const real *restrict v = (const real *)v_ + j * ld;
        const double c = h[j];
        for (size_t i = 0; i < n; i++)
            w[i] -= c * (double)v[i];
    }
}

static void narrow(size_t n, double scale, const double *restrict w, void *v_)
{
    real *restrict v = v_;
    for (size_t i = 0; i < n; i++)
        v[i] = (real)(scale * w[i]);
}

static void widen(size_t n, const void *v_, double *restrict w)
{
    const real *restrict v = v_;
    for (size_t i = 0; i < n; i++)
        w[i] = (double)v[i];
}

const struct gk_basis_kernels X(gk_basis_kernels) = {
    .dots = dots, .subtract = subtract, .narrow = narrow, .widen = widen};
