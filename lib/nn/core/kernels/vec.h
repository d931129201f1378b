/* Short vectors in the compiler's extension, as long as the registers of the instruction set. Their
 * sums are trees; a vectorised loop would add lanes one by one. */
#ifndef GK_CORE_VEC_H
#define GK_CORE_VEC_H

#include <stddef.h>

#include "nn/core/real.h"

#if defined(__AVX512F__)
#define VEC_BYTES 64
#elif defined(__AVX__)
#define VEC_BYTES 32
#else
#define VEC_BYTES 16
#endif

#define VEC_LANES    (VEC_BYTES / (4 << GK_REAL_IS_F64)) /* VEC for the preprocessor */
#define HAS_QUARTERS (VEC_LANES >= 4)                    /* heads.h */
#define VEC          ((size_t)VEC_LANES)
typedef real vec __attribute__((vector_size(VEC_BYTES), aligned(sizeof(real)), may_alias));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE vec vec_at(const real *x)
{
    return *(const vec *)x;
}

ALWAYS_INLINE void vec_put(real *x, vec v)
{
    *(vec *)x = v;
}

/* max(x, y), entry by entry; y where one is nan. */
ALWAYS_INLINE vec larger(vec x, vec y)
{
    typedef __typeof__(x > y) mask;
    const mask m = x > y;
    return (vec)(((mask)x & m) | ((mask)y & ~m));
}

#if GK_REAL_IS_F64
#define HALVES_64(x)                                                                               \
    __builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7)
#define HALVES_32(x) __builtin_shufflevector(x, x, 0, 1) + __builtin_shufflevector(x, x, 2, 3)
#define SUM_16(x)    ((x)[0] + (x)[1])
#else
#define HALVES_64(x)                                                                               \
    __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +                                        \
        __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15)
#define HALVES_32(x)                                                                               \
    __builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7)
#define SUM_16(x) (((x)[0] + (x)[2]) + ((x)[1] + (x)[3]))
#endif

ALWAYS_INLINE real vec_sum(vec x)
{
#if VEC_BYTES == 64
    const __typeof__(HALVES_64(x)) h = HALVES_64(x);
    const __typeof__(HALVES_32(h)) q = HALVES_32(h);
#elif VEC_BYTES == 32
    const __typeof__(HALVES_32(x)) q = HALVES_32(x);
#else
    const vec q = x;
#endif
    return SUM_16(q);
}

/* x . y (n). Half a vector of a long one may remain: a narrow head is no longer than that. */
ALWAYS_INLINE real dot(const real *x, const real *y, size_t n)
{
    vec sum = {0};
    size_t i = 0;
    for (; i + VEC <= n; i += VEC)
        sum += vec_at(x + i) * vec_at(y + i);
    real s = i > 0 ? vec_sum(sum) : 0;
#if VEC_BYTES == 64
    if (i + VEC / 2 <= n) {
        typedef real half __attribute__((vector_size(32), aligned(sizeof(real)), may_alias));
        const half h = *(const half *)(x + i) * *(const half *)(y + i);
        const __typeof__(HALVES_32(h)) q = HALVES_32(h);
        s += SUM_16(q);
        i += VEC / 2;
    }
#endif
    for (; i < n; i++)
        s += x[i] * y[i];
    return s;
}

/* The sum of x (n), and of x y z. */
ALWAYS_INLINE real total(const real *x, size_t n)
{
    vec sum = {0};
    size_t i = 0;
    for (; i + VEC <= n; i += VEC)
        sum += vec_at(x + i);
    real s = vec_sum(sum);
    for (; i < n; i++)
        s += x[i];
    return s;
}

ALWAYS_INLINE real dot3(const real *x, const real *y, const real *z, size_t n)
{
    vec sum = {0};
    size_t i = 0;
    for (; i + VEC <= n; i += VEC)
        sum += vec_at(x + i) * vec_at(y + i) * vec_at(z + i);
    real s = vec_sum(sum);
    for (; i < n; i++)
        s += x[i] * y[i] * z[i];
    return s;
}

/* y (n) += a x (n) */
ALWAYS_INLINE void axpy(real a, const real *restrict x, real *restrict y, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* y (n) += sum over j < m of a_j x_j (n), where x_j begins AT elements after x[j]. The sums stay in
 * registers. */
ALWAYS_INLINE void combine(size_t m, const real *a, const real *const *x, size_t at, real *y,
                           size_t n)
{
    enum { MANY = 8, WIDE = MANY * VEC };
    size_t i = 0;
    for (; i + WIDE <= n; i += WIDE) {
        vec sum[MANY];
        for (size_t c = 0; c < MANY; c++)
            sum[c] = vec_at(y + i + c * VEC);
        for (size_t j = 0; j < m; j++)
            for (size_t c = 0; c < MANY; c++)
                sum[c] += a[j] * vec_at(x[j] + at + i + c * VEC);
        for (size_t c = 0; c < MANY; c++)
            vec_put(y + i + c * VEC, sum[c]);
    }
    for (; i + VEC <= n; i += VEC) {
        vec sum = vec_at(y + i);
        for (size_t j = 0; j < m; j++)
            sum += a[j] * vec_at(x[j] + at + i);
        vec_put(y + i, sum);
    }
    for (; i < n; i++)
        for (size_t j = 0; j < m; j++)
            y[i] += a[j] * x[j][at + i];
}

#endif
