/* Dot products of several heads with four keys at once. A dot product of its own ends in a sum over
 * the lanes of a vector, which costs more than the product itself if heads are narrow. Here GROUP
 * heads and FOUR keys fill one vector, in quarters: lane 4 g + j belongs to head g and key j. Every
 * level of the sums adds whole vectors, in the same pairs as dot() in vec.h: the results are equal.
 * Rows of a norm and of logits use the same steps. */
#ifndef GK_CORE_HEADS_H
#define GK_CORE_HEADS_H

#include <stdbool.h>

#include "exp.h"
#include "vec.h"

#if HAS_QUARTERS

enum { FOUR = 4, GROUP = VEC / FOUR };

#define SHUFFLE  __builtin_shufflevector
#define EIGHT(i) i, i, i, i, i, i, i, i

/* SWAP_N(x): the halves of each group of N lanes change places.
 * FOLD_N(x, y): each group of N lanes becomes N / 2, the sum of its halves; FOLD_4 and FOLD_2 do so
 * within quarters. QUARTERS(x, y, a, b, c, d): in each quarter lanes a and b of x, c and d of y.
 * SPREAD(x, i, j): lane j of quarters 2 i and 2 i + 1, each in half a vector. */
#if VEC_LANES == 16
#define SWAP_16(x) SHUFFLE(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define SWAP_8(x)  SHUFFLE(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)
#define FOLD_16(x, y)                                                                              \
    (SHUFFLE(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +                       \
     SHUFFLE(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
#define FOLD_8(x, y)                                                                               \
    (SHUFFLE(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +                     \
     SHUFFLE(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
#define QUARTERS(x, y, a, b, c, d)                                                                 \
    SHUFFLE(x, y, a, b, 16 + (c), 16 + (d), 4 + (a), 4 + (b), 20 + (c), 20 + (d), 8 + (a),         \
            8 + (b), 24 + (c), 24 + (d), 12 + (a), 12 + (b), 28 + (c), 28 + (d))
#define SPREAD(x, i, j) SHUFFLE(x, x, EIGHT(8 * (i) + (j)), EIGHT(8 * (i) + 4 + (j)))
#elif VEC_LANES == 8
#define SWAP_8(x) SHUFFLE(x, x, 4, 5, 6, 7, 0, 1, 2, 3)
#define FOLD_8(x, y)                                                                               \
    (SHUFFLE(x, y, 0, 1, 2, 3, 8, 9, 10, 11) + SHUFFLE(x, y, 4, 5, 6, 7, 12, 13, 14, 15))
#define QUARTERS(x, y, a, b, c, d)                                                                 \
    SHUFFLE(x, y, a, b, 8 + (c), 8 + (d), 4 + (a), 4 + (b), 12 + (c), 12 + (d))
#elif VEC_LANES == 4
#define QUARTERS(x, y, a, b, c, d) SHUFFLE(x, y, a, b, 4 + (c), 4 + (d))
#endif
#define SWAP_4(x)    QUARTERS(x, x, 2, 3, 0, 1)
#define SWAP_2(x)    QUARTERS(x, x, 1, 0, 3, 2)
#define FOLD_4(x, y) (QUARTERS(x, y, 0, 1, 0, 1) + QUARTERS(x, y, 2, 3, 2, 3))
#define FOLD_2(x, y) (QUARTERS(x, y, 0, 2, 0, 2) + QUARTERS(x, y, 1, 3, 1, 3))
#define SPLAT(x, j)  QUARTERS(x, x, j, j, j, j)

/* Is a head's width half a vector? Two of them are then one vector. */
ALWAYS_INLINE bool narrow(size_t w)
{
#ifdef SPREAD
    return 2 * w == VEC;
#else
    (void)w;
    return false;
#endif
}

/* Products x y (w) of one head, as a vector of sums. */
ALWAYS_INLINE vec one_head(const real *x, const real *y, size_t w)
{
    vec sum = {0};
    for (size_t i = 0; i < w; i += VEC)
        sum += vec_at(x + i) * vec_at(y + i);
    return sum;
}

/* x . y of GROUP heads, each as a quarter of sums. Heads are XSTEP and YSTEP apart. */
ALWAYS_INLINE vec one_key(const real *x, size_t xstep, const real *y, size_t ystep, size_t w)
{
#ifdef SPREAD
    if (narrow(w))
        return FOLD_8(vec_at(x) * vec_at(y), vec_at(x + VEC) * vec_at(y + VEC));
#endif
    const vec a = one_head(x, y, w);
#ifdef FOLD_8
    const vec b = one_head(x + xstep, y + ystep, w);
#ifdef FOLD_16
    const vec c = one_head(x + 2 * xstep, y + 2 * ystep, w);
    const vec d = one_head(x + 3 * xstep, y + 3 * ystep, w);
    return FOLD_8(FOLD_16(a, b), FOLD_16(c, d));
#else
    return FOLD_8(a, b);
#endif
#else
    (void)xstep, (void)ystep;
    return a;
#endif
}

/* x . y_j of GROUP heads and four keys j. */
ALWAYS_INLINE vec four_keys(const real *x, size_t xstep, const real *const *y, size_t at,
                            size_t ystep, size_t w)
{
    const vec a = one_key(x, xstep, y[0] + at, ystep, w),
              b = one_key(x, xstep, y[1] + at, ystep, w);
    const vec c = one_key(x, xstep, y[2] + at, ystep, w),
              d = one_key(x, xstep, y[3] + at, ystep, w);
    return FOLD_2(FOLD_4(a, b), FOLD_4(c, d));
}

/* exp(x) for x <= 0 */
ALWAYS_INLINE vec vec_exp(vec x)
{
    real e[VEC];
    vec_put(e, x);
#pragma omp simd
    for (size_t i = 0; i < VEC; i++)
        e[i] = expr(e[i]);
    return vec_at(e);
}

/* The first level of vec_sums(): quarter q has four partial sums of x[4 q]. */
ALWAYS_INLINE vec every_fourth(const vec *x)
{
#if VEC_LANES == 16
    return FOLD_8(FOLD_16(x[0], x[4]), FOLD_16(x[8], x[12]));
#elif VEC_LANES == 8
    return FOLD_8(x[0], x[4]);
#else
    return x[0];
#endif
}

/* Lane i is vec_sum(x[i]); x has VEC vectors. */
ALWAYS_INLINE vec vec_sums(const vec *x)
{
    return FOLD_2(FOLD_4(every_fourth(x), every_fourth(x + 1)),
                  FOLD_4(every_fourth(x + 2), every_fourth(x + 3)));
}

#endif

#endif
