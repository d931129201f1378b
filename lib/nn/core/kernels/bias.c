/* Adds biases to rows, y += b; the gradient of b is the sum over rows. LD: the stride of rows. */
#include "kernels.h"

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
