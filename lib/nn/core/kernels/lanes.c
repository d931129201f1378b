/* Sums over lanes, and transposes. */
#include <string.h>

#include "heads.h"
#include "kernels.h"

/* WIDE is a register's count of doubles; a `few` holds as many numbers of type real. */
enum { FEW = 8 };
#define WIDE (VEC_BYTES / sizeof(double))
typedef double wide __attribute__((vector_size(VEC_BYTES)));
typedef real few
    __attribute__((vector_size(WIDE * sizeof(real)), aligned(sizeof(real)), may_alias));

/* out = the sum over lanes, for FEW registers of entries from FROM on. The sums stay in registers
 * while the lanes are read. */
ALWAYS_INLINE void sum_few(size_t lanes, const real *const *part, size_t from, real *out)
{
    wide sum[FEW];
    for (size_t c = 0; c < FEW; c++)
        sum[c] = __builtin_convertvector(*(const few *)(part[0] + from + c * WIDE), wide);
    for (size_t i = 1; i < lanes; i++)
        for (size_t c = 0; c < FEW; c++)
            sum[c] += __builtin_convertvector(*(const few *)(part[i] + from + c * WIDE), wide);
    for (size_t c = 0; c < FEW; c++)
        *(few *)(out + from + c * WIDE) = __builtin_convertvector(sum[c], few);
}

void X(sum_lanes)(size_t lanes, const real *const *part, size_t n, real *out)
{
    size_t j = 0;
    if (lanes == 1) {
        memcpy(out, part[0], n * sizeof *out);
        return;
    }
    for (; j + FEW * WIDE <= n; j += FEW * WIDE)
        sum_few(lanes, part, j, out);
    for (; j < n; j++) {
        double sum = (double)part[0][j];
        for (size_t i = 1; i < lanes; i++)
            sum += (double)part[i][j];
        out[j] = (real)sum;
    }
}

/* Four rows of a vector's length become columns of four. */
#if HAS_QUARTERS
ALWAYS_INLINE void transpose_four(const real *x, size_t in, real *to, size_t ld)
{
    const vec a = vec_at(x), b = vec_at(x + in), c = vec_at(x + 2 * in), d = vec_at(x + 3 * in);
    const vec ab = QUARTERS(a, b, 0, 1, 0, 1), cd = QUARTERS(c, d, 0, 1, 0, 1);
    const vec ab2 = QUARTERS(a, b, 2, 3, 2, 3), cd2 = QUARTERS(c, d, 2, 3, 2, 3);
    real column[FOUR][VEC];
    vec_put(column[0], QUARTERS(ab, cd, 0, 2, 0, 2));
    vec_put(column[1], QUARTERS(ab, cd, 1, 3, 1, 3));
    vec_put(column[2], QUARTERS(ab2, cd2, 0, 2, 0, 2));
    vec_put(column[3], QUARTERS(ab2, cd2, 1, 3, 1, 3));
    for (size_t j = 0; j < VEC; j++)
        memcpy(to + j * ld, column[j % FOUR] + j / FOUR * FOUR, FOUR * sizeof *to);
}
#endif

/* Rows FROM to END, from COLUMN on. */
static void transpose_numbers(size_t from, size_t end, size_t column, size_t in, const real *x,
                              real *to, size_t ld)
{
    for (size_t r = from; r < end; r++)
        for (size_t c = column; c < in; c++)
            to[c * ld + r] = x[r * in + c];
}

void X(transpose)(size_t out, size_t in, const real *x, real *to, size_t ld)
{
#if HAS_QUARTERS
    const size_t rows = out / FOUR * FOUR, columns = in / VEC * VEC;
    for (size_t top = 0; top < rows; top += VEC) /* what one cache line of the result holds */
        for (size_t c = 0; c < columns; c += VEC)
            for (size_t r = top; r < rows && r < top + VEC; r += FOUR)
                transpose_four(x + r * in + c, in, to + c * ld + r, ld);
    transpose_numbers(0, rows, columns, in, x, to, ld);
    transpose_numbers(rows, out, 0, in, x, to, ld);
#else
    transpose_numbers(0, out, 0, in, x, to, ld);
#endif
}
