#include "kernels.h"

void X(sum_lanes)(size_t lanes, const real *const *part, size_t n, real *out)
{
    enum { PART = 256 };
    for (size_t a = 0; a < n; a += PART) {
        const size_t m = n - a < PART ? n - a : PART;
        double sum[PART];
        for (size_t j = 0; j < m; j++)
            sum[j] = (double)part[0][a + j];
        for (size_t i = 1; i < lanes; i++)
            for (size_t j = 0; j < m; j++)
                sum[j] += (double)part[i][a + j];
        for (size_t j = 0; j < m; j++)
            out[a + j] = (real)sum[j];
    }
}
