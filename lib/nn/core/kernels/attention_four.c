/* The attention of rows that have at most four keys, which all layouts of two operands have. A row
 * has few numbers for each head, so GROUP heads go together, in whole vectors (heads.h). The sums
 * are those of attention.c, in the same order. */
#include <math.h>
#include <string.h>

#include "attention.h"

#if HAS_QUARTERS

#include "exp.h"
#include "heads.h"

static bool fits(size_t w, size_t step, size_t other_step)
{
    return w % VEC == 0 || (narrow(w) && step == w && other_step == w);
}

bool X(attention_four)(const struct attention *at)
{
    const size_t w = at->d / at->heads;
    return at->T <= FOUR && at->heads % GROUP == 0 && fits(w, w, w) &&
           fits(at->vwidth, at->vstep, at->ostep);
}

/* GROUP heads' rows of p (heads, T) as quarters of a vector. */
ALWAYS_INLINE vec quarters_at(const real *p, size_t T)
{
    if (T == FOUR)
        return vec_at(p);
    real x[VEC] = {0};
    for (size_t g = 0; g < GROUP; g++)
        for (size_t j = 0; j < T; j++)
            x[g * FOUR + j] = p[g * T + j];
    return vec_at(x);
}

ALWAYS_INLINE void quarters_put(real *p, size_t T, vec v)
{
    real x[VEC];
    vec_put(T == FOUR ? p : x, v);
    for (size_t g = 0; T < FOUR && g < GROUP; g++)
        for (size_t j = 0; j < T; j++)
            p[g * T + j] = x[g * FOUR + j];
}

/* Softmax of each quarter. */
ALWAYS_INLINE vec softmax(vec s)
{
    const vec two = larger(s, QUARTERS(s, s, 1, 0, 3, 2));
    real e[VEC];
    vec_put(e, s - larger(two, QUARTERS(two, two, 2, 3, 0, 1)));
#pragma omp simd
    for (size_t i = 0; i < VEC; i++)
        e[i] = expr(e[i]);
    const vec x = vec_at(e);
    return x / (SPLAT(x, 0) + SPLAT(x, 1) + SPLAT(x, 2) + SPLAT(x, 3));
}

/* The keys or values of row R. If it has fewer than four, its first one stands for those it lacks.
 */
ALWAYS_INLINE void four_rows(const struct attention *at, size_t r, size_t nk, size_t ld,
                             const real *shared, const real *own, const real **row)
{
    const int32_t *ref = at->ref + r * at->T;
    for (size_t j = 0; j < FOUR; j++)
        row[j] = key_row(ref[j < nk ? j : 0], ld, shared, own);
}

/* The factors of two narrow heads' entries, for each key. */
#ifdef SPREAD
#define SPREAD_KEYS(x, i)                                                                          \
    {                                                                                              \
        SPREAD(x, i, 0), SPREAD(x, i, 1), SPREAD(x, i, 2), SPREAD(x, i, 3)                         \
    }
#define SPREAD_ALL(x)                                                                              \
    {                                                                                              \
        SPREAD_KEYS(x, 0), SPREAD_KEYS(x, 1)                                                       \
    }
enum { PAIRS = 2 };
#else
#define SPREAD_ALL(x)                                                                              \
    {                                                                                              \
        {                                                                                          \
            (x)                                                                                    \
        }                                                                                          \
    }
enum { PAIRS = 1 };
#endif

/* y = sum over j < nk of c_j x_j, or += for GROUP heads of width w, where x_j begins AT elements
 * after x[j]. */
ALWAYS_INLINE void combine_heads(size_t nk, vec c, const real *const *x, size_t at, size_t xstep,
                                 real *y, size_t ystep, size_t w)
{
    if (narrow(w)) {
        const vec factor[PAIRS][FOUR] = SPREAD_ALL(c);
        for (size_t i = 0; i < PAIRS; i++) {
            vec sum = vec_at(y + i * VEC);
            for (size_t j = 0; j < FOUR; j++)
                if (j < nk)
                    sum += factor[i][j] * vec_at(x[j] + at + i * VEC);
            vec_put(y + i * VEC, sum);
        }
        return;
    }
    real factor[VEC];
    vec_put(factor, c);
    for (size_t g = 0; g < GROUP; g++)
        combine(nk, factor + g * FOUR, x, at + g * xstep, y + g * ystep, w);
}

/* y_j += c_j x for GROUP heads and each key j < nk. */
ALWAYS_INLINE void add_to_keys(size_t nk, vec c, const real *x, size_t xstep, const real *const *y,
                               size_t at, size_t ystep, size_t w)
{
    if (narrow(w)) {
        const vec factor[PAIRS][FOUR] = SPREAD_ALL(c);
        for (size_t i = 0; i < PAIRS; i++)
            for (size_t j = 0; j < FOUR; j++)
                if (j < nk) {
                    real *to = (real *)y[j] + at + i * VEC;
                    vec_put(to, vec_at(to) + factor[i][j] * vec_at(x + i * VEC));
                }
        return;
    }
    real factor[VEC];
    vec_put(factor, c);
    for (size_t g = 0; g < GROUP; g++)
        for (size_t j = 0; j < nk; j++)
            axpy(factor[g * FOUR + j], x + g * xstep, (real *)y[j] + at + g * ystep, w);
}

ALWAYS_INLINE void forward(const struct attention *at, size_t row0, size_t row1, real *p, real *a,
                           size_t w, size_t vw)
{
    const size_t d = at->d, H = at->heads, T = at->T;
    const real scale = 1 / (real)sqrt((double)w);
    real lacks[FOUR + 1][VEC]; /* added to scores: -infinity for keys that a row lacks */
    for (size_t nk = 0; nk <= FOUR; nk++)
        for (size_t i = 0; i < VEC; i++)
            lacks[nk][i] = i % FOUR < nk ? 0 : -INFINITY;
    for (size_t r = row0; r < row1; r++, p += H * T, a += d) {
        const size_t nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        const real *k[FOUR], *v[FOUR];
        four_rows(at, r, nk, 3 * d, at->shared, at->own, k);
        four_rows(at, r, nk, at->ldv, at->vshared, at->vown, v);
        memset(a, 0, d * sizeof *a);
        for (size_t h = 0; h < H; h += GROUP) {
            const vec s = scale * four_keys(q + h * w, w, k, d + h * w, w, w);
            const vec ph = softmax(s + vec_at(lacks[nk]));
            quarters_put(p + h * T, T, ph);
            combine_heads(nk, ph, v, h * at->vstep, at->vstep, a + h * at->ostep, at->ostep, vw);
        }
    }
}

void X(attention_four_forward)(const struct attention *at, size_t row0, size_t row1, real *p,
                               real *a)
{
#define CALL(w, vw) forward(at, row0, row1, p, a, w, vw)
    FOR_WIDTHS(CALL, at);
#undef CALL
}

/* The sum of p dp over keys. It begins at 0, so that all four products round as attention.c's. */
ALWAYS_INLINE vec mean_of(vec p, vec dp)
{
    vec mean = {0};
    mean += SPLAT(p, 0) * SPLAT(dp, 0);
    mean += SPLAT(p, 1) * SPLAT(dp, 1);
    mean += SPLAT(p, 2) * SPLAT(dp, 2);
    mean += SPLAT(p, 3) * SPLAT(dp, 3);
    return mean;
}

ALWAYS_INLINE void backward(const struct attention *at, size_t row0, size_t row1, const real *p,
                            const real *da, const struct attention_sums *sums, size_t w, size_t vw)
{
    const size_t d = at->d, H = at->heads, T = at->T, vstep = at->vstep, ostep = at->ostep;
    const real scale = 1 / (real)sqrt((double)w);
    for (size_t r = row0; r < row1; r++, p += H * T, da += d) {
        const size_t nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        real *dq = (real *)query_row(at, r, sums->shared, sums->own);
        const real *k[FOUR], *v[FOUR], *dk[FOUR], *dv[FOUR];
        four_rows(at, r, nk, 3 * d, at->shared, at->own, k);
        four_rows(at, r, nk, at->ldv, at->vshared, at->vown, v);
        four_rows(at, r, nk, 3 * d, sums->shared, sums->own, dk);
        four_rows(at, r, nk, at->ldv, sums->vshared, sums->vown, dv);
        for (size_t h = 0; h < H; h += GROUP) {
            const vec ph = quarters_at(p + h * T, T);
            const vec dp = four_keys(da + h * ostep, ostep, v, h * vstep, vstep, vw);
            const vec ds = scale * ph * (dp - mean_of(ph, dp));
            add_to_keys(nk, ph, da + h * ostep, ostep, dv, h * vstep, vstep, vw);
            add_to_keys(nk, ds, q + h * w, w, dk, d + h * w, w, w);
            combine_heads(nk, ds, k, d + h * w, w, dq + h * w, w, w);
        }
    }
}

void X(attention_four_backward)(const struct attention *at, size_t row0, size_t row1, const real *p,
                                const real *da, const struct attention_sums *sums)
{
#define CALL(w, vw) backward(at, row0, row1, p, da, sums, w, vw)
    FOR_WIDTHS(CALL, at);
#undef CALL
}

#endif
