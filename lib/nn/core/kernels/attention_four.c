/* The attention of rows that have at most four keys, which all layouts of two operands have. A row
 * has few numbers for each head, so GROUP heads go together, in whole vectors (heads.h). The sums
 * are those of attention.c, in the same order. */
#include <math.h>
#include <string.h>

#include "attention.h"

#if HAS_QUARTERS

#include "heads.h"

static bool fits(size_t w, size_t step, size_t other_step)
{
    return w % VEC == 0 || (narrow(w) && step == w && other_step == w);
}

/* From one head's output to the next: values that are wider than keys add up (struct attention). */
ALWAYS_INLINE size_t output_step(size_t w, size_t vw)
{
    return vw == w ? w : 0;
}

bool X(attention_four)(const struct attention *at)
{
    const size_t w = at->d / at->heads, vw = at->vwidth;
    return at->T <= FOUR && at->heads % GROUP == 0 && fits(w, w, w) &&
           fits(vw, at->vstep, output_step(w, vw)) && at->vstep == vw &&
           (at->heads == 1 || at->ostep == output_step(w, vw));
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
    const vec two = larger(s, SWAP_2(s));
    const vec x = vec_exp(s - larger(two, SWAP_4(two)));
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

/* y += the sum over j < nk of c_j x_j, for GROUP heads of width w. x_j begins AT elements after
 * x[j]. */
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

/* y_j += c_j x for GROUP narrow heads and each key j < nk. */
ALWAYS_INLINE void add_to_keys(size_t nk, vec c, const real *x, const real *const *y, size_t at)
{
    const vec factor[PAIRS][FOUR] = SPREAD_ALL(c);
    for (size_t i = 0; i < PAIRS; i++)
        for (size_t j = 0; j < FOUR; j++)
            if (j < nk) {
                real *to = (real *)y[j] + at + i * VEC;
                vec_put(to, vec_at(to) + factor[i][j] * vec_at(x + i * VEC));
            }
}

/* y (N vectors) = the sum over heads and keys j < nk of c_hj x_j. Head h's part of x_j begins AT +
 * h XSTEP elements after x[j], and its factors h T elements after c. */
ALWAYS_INLINE void sum_values(size_t nk, size_t heads, const real *c, size_t T,
                              const real *const *x, size_t at, size_t xstep, real *y, size_t n)
{
    enum { MOST = 8 };
    vec sum[MOST] = {{0}};
    for (size_t h = 0; h < heads; h++)
        for (size_t j = 0; j < FOUR; j++)
            if (j < nk)
                for (size_t i = 0; i < n; i++)
                    sum[i] += c[h * T + j] * vec_at(x[j] + at + h * xstep + i * VEC);
    for (size_t i = 0; i < n; i++)
        vec_put(y + i * VEC, sum[i]);
}

/* The same for y (w) of any width. */
ALWAYS_INLINE void sum_wide_values(size_t nk, size_t heads, const real *c, size_t T,
                                   const real *const *x, size_t at, size_t xstep, real *y, size_t w)
{
    size_t i = 0;
    for (; i + 8 * VEC <= w; i += 8 * VEC)
        sum_values(nk, heads, c, T, x, at + i, xstep, y + i, 8);
    for (; i + 2 * VEC <= w; i += 2 * VEC)
        sum_values(nk, heads, c, T, x, at + i, xstep, y + i, 2);
    for (; i < w; i += VEC)
        sum_values(nk, heads, c, T, x, at + i, xstep, y + i, 1);
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
        if (narrow(vw))
            memset(a, 0, d * sizeof *a);
        for (size_t h = 0; h < H; h += GROUP) {
            const vec s = scale * four_keys(q + h * w, w, k, d + h * w, w, w);
            const vec ph = softmax(s + vec_at(lacks[nk]));
            quarters_put(p + h * T, T, ph);
            if (narrow(vw))
                combine_heads(nk, ph, v, h * vw, vw, a + h * vw, vw, vw);
        }
        if (!narrow(vw) && output_step(w, vw) == 0)
            sum_wide_values(nk, H, p, T, v, 0, vw, a, vw);
        else if (!narrow(vw))
            for (size_t h = 0; h < H; h++)
                sum_wide_values(nk, 1, p + h * T, T, v, h * vw, 0, a + h * vw, vw);
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

/* Some rows, and their factors for one group of heads. */
enum { SOME = 32 };
struct some {
    size_t first, n;
    const real *x[SOME]; /* what is added */
    real c[SOME][VEC];
};

/* Adds c_j x of GROUP heads, N vectors each, to the rows' keys or values j. Rows that follow each
 * other often have the same one: its sums stay in registers. */
ALWAYS_INLINE void add_to_key(const struct attention *at, const struct some *s, size_t j,
                              size_t xat, size_t xstep, size_t ld, real *shared, real *own,
                              size_t yat, size_t ystep, size_t n)
{
    enum { MOST = 2 };
    vec sum[GROUP][MOST];
    const int32_t *nkeys = at->nkeys + s->first, *ref = at->ref + s->first * at->T + j;
    for (size_t i = 0; i < s->n;) {
        const int32_t key = ref[i * at->T];
        if (j >= (size_t)nkeys[i]) {
            i++;
            continue;
        }
        real *y = (real *)key_row(key, ld, shared, own) + yat;
        for (size_t g = 0; g < GROUP; g++)
            for (size_t c = 0; c < n; c++)
                sum[g][c] = vec_at(y + g * ystep + c * VEC);
        do {
            for (size_t g = 0; g < GROUP; g++)
                for (size_t c = 0; c < n; c++)
                    sum[g][c] +=
                        s->c[i][g * FOUR + j] * vec_at(s->x[i] + xat + g * xstep + c * VEC);
        } while (++i < s->n && j < (size_t)nkeys[i] && ref[i * at->T] == key);
        for (size_t g = 0; g < GROUP; g++)
            for (size_t c = 0; c < n; c++)
                vec_put(y + g * ystep + c * VEC, sum[g][c]);
    }
}

/* The same for every key, with heads of width w. */
ALWAYS_INLINE void add_to_every_key(const struct attention *at, const struct some *s, size_t xat,
                                    size_t xstep, size_t ld, real *shared, real *own, size_t yat,
                                    size_t ystep, size_t w)
{
    for (size_t j = 0; j < at->T; j++) {
        size_t i = 0;
        for (; i + 2 * VEC <= w; i += 2 * VEC)
            add_to_key(at, s, j, xat + i, xstep, ld, shared, own, yat + i, ystep, 2);
        for (; i < w; i += VEC)
            add_to_key(at, s, j, xat + i, xstep, ld, shared, own, yat + i, ystep, 1);
    }
}

/* Backward through GROUP heads from H on, for some rows. Adds to the gradients of the queries, and
 * to those of keys and values if these are narrow. Wide ones are added later (add_to_every_key):
 * FOR_K and FOR_V receive what that needs. */
ALWAYS_INLINE void backward_rows(const struct attention *at, size_t h, const real *p,
                                 const real *da, const struct attention_sums *sums,
                                 struct some *for_k, struct some *for_v, size_t w, size_t vw)
{
    const size_t d = at->d, T = at->T, ostep = output_step(w, vw);
    const real scale = 1 / (real)sqrt((double)w);
    for (size_t i = 0; i < for_k->n; i++, p += at->heads * T, da += d) {
        const size_t r = for_k->first + i, nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        real *dq = (real *)query_row(at, r, sums->shared, sums->own);
        const real *k[FOUR], *v[FOUR];
        four_rows(at, r, nk, 3 * d, at->shared, at->own, k);
        four_rows(at, r, nk, at->ldv, at->vshared, at->vown, v);
        const vec ph = quarters_at(p + h * T, T);
        const vec dp = four_keys(da + h * ostep, ostep, v, h * vw, vw, vw);
        const vec ds = scale * ph * (dp - mean_of(ph, dp));
        if (narrow(vw)) {
            const real *dv[FOUR];
            four_rows(at, r, nk, at->ldv, sums->vshared, sums->vown, dv);
            add_to_keys(nk, ph, da + h * ostep, dv, h * vw);
        }
        if (narrow(w)) {
            const real *dk[FOUR];
            four_rows(at, r, nk, 3 * d, sums->shared, sums->own, dk);
            add_to_keys(nk, ds, q + h * w, dk, d + h * w);
        }
        combine_heads(nk, ds, k, d + h * w, w, dq + h * w, w, w);
        for_k->x[i] = q;
        for_v->x[i] = da;
        vec_put(for_k->c[i], ds);
        vec_put(for_v->c[i], ph);
    }
}

ALWAYS_INLINE void backward(const struct attention *at, size_t row0, size_t row1, const real *p,
                            const real *da, const struct attention_sums *sums, size_t w, size_t vw)
{
    const size_t d = at->d, H = at->heads, ostep = output_step(w, vw);
    for (size_t r = row0; r < row1; r += SOME) {
        struct some for_k, for_v;
        for_k.first = for_v.first = r;
        for_k.n = for_v.n = row1 - r < SOME ? row1 - r : SOME;
        for (size_t h = 0; h < H; h += GROUP) {
            backward_rows(at, h, p + (r - row0) * H * at->T, da + (r - row0) * d, sums, &for_k,
                          &for_v, w, vw);
            if (!narrow(vw))
                add_to_every_key(at, &for_v, h * ostep, ostep, at->ldv, sums->vshared, sums->vown,
                                 h * vw, vw, vw);
            if (!narrow(w))
                add_to_every_key(at, &for_k, h * w, w, 3 * d, sums->shared, sums->own, d + h * w, w,
                                 w);
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
