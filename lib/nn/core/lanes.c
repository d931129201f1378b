#include "ops.h"

void sum_lanes(size_t lanes, const real *const *part, size_t n, real *out)
{
    for (size_t a = 0; a < n; a += 64) {
        const size_t m = n - a < 64 ? n - a : 64;
        double sum[64] = {0};
        for (size_t i = 0; i < lanes; i++)
            for (size_t j = 0; j < m; j++)
                sum[j] += (double)part[i][a + j];
        for (size_t j = 0; j < m; j++)
            out[a + j] = (real)sum[j];
    }
}
