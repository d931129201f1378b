/* Sums over lanes, and transposes. */
#include <string.h>

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

/* In tiles that fill a register's rows and columns. */
void X(transpose)(size_t out, size_t in, const real *x, real *to, size_t ld)
{
    enum { SIDE = 16 };
    for (size_t r = 0; r < out; r += SIDE)
        for (size_t c = 0; c < in; c += SIDE)
            if (r + SIDE <= out && c + SIDE <= in) {
                real square[SIDE][SIDE];
                for (size_t i = 0; i < SIDE; i++)
                    for (size_t j = 0; j < SIDE; j++)
                        square[j][i] = x[(r + i) * in + c + j];
                for (size_t j = 0; j < SIDE; j++)
                    memcpy(to + (c + j) * ld + r, square[j], sizeof square[j]);
            } else {
                for (size_t i = r; i < out && i < r + SIDE; i++)
                    for (size_t j = c; j < in && j < c + SIDE; j++)
                        to[j * ld + i] = x[i * in + j];
            }
}
