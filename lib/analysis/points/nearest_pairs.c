/* Products and distances of pairs of points, for both searches for nearest neighbours. */
#include "gk/blas.h"
#include "nearest.h"

void nearest_multiply(const struct search *s, size_t i0, size_t ni, size_t j0, size_t nj,
                      float *tile)
{
    float *part = tile + (size_t)BLOCK * BLOCK;
    for (size_t c = 0; c < s->d; c += DEPTH) {
        gk_sgemm(false, true, ni, nj, smaller(DEPTH, s->d - c), -2, s->y + i0 * s->d + c, s->d,
                 s->y + j0 * s->d + c, s->d, 0, c ? part : tile, BLOCK);
        for (size_t i = 0; c > 0 && i < ni; i++)
            for (size_t j = 0; j < nj; j++)
                tile[i * BLOCK + j] += part[i * BLOCK + j];
    }
}

double nearest_square(const struct search *s, size_t i, size_t j, double limit)
{
    enum { LANES = 8, STRIDE = 32 };
    const double *a = s->x + i * s->d, *b = s->x + j * s->d, scale = s->scale;
    const size_t d = s->d;
    double sum = 0;
    for (size_t c = 0; c < d && sum <= limit; c += STRIDE) {
        size_t n = smaller(STRIDE, d - c), q = 0;
        double lane[LANES] = {0};
        for (; q + LANES <= n; q += LANES)
            for (size_t l = 0; l < LANES; l++) {
                double diff = (a[c + q + l] - b[c + q + l]) * scale;
                lane[l] += diff * diff;
            }
        for (; q < n; q++) {
            double diff = (a[c + q] - b[c + q]) * scale;
            lane[0] += diff * diff;
        }
        sum += ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
               ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    }
    return sum;
}
