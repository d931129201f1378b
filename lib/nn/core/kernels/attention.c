/* Causal attention over referenced keys. A row has few keys (the tokens before it), so BLAS would
 * cost more than it saves: plain loops run over the width w of a head, and over that of its value.
 *
 *   S_j = q . k_j / sqrt(w),  P = softmax(S),  a = sum_j P_j v_j
 *   dP_j = da . v_j,  dS_j = P_j (dP_j - sum P dP)
 *   dq = sum_j dS_j k_j / sqrt(w),  dk_j = dS_j q / sqrt(w),  dv_j = P_j da */
#include <math.h>
#include <string.h>

#include "attention.h"
#include "exp.h"

/* The NK keys or values of row R. The empty asm keeps the compiler from vectorising the loop: a row
 * has too few keys for that, and every pass and width inlines the code. */
ALWAYS_INLINE void key_rows(const struct attention *at, size_t r, size_t nk, size_t ld,
                            const real *shared, const real *own, const real **row)
{
    const int32_t *ref = at->ref + r * at->T;
    for (size_t j = 0; j < nk; j++) {
        row[j] = key_row(ref[j], ld, shared, own);
        __asm__("");
    }
}

/* Replaces each row of s (heads, T), whose first NK columns are scores, by probabilities, and sets
 * the other columns to 0. All exponentials are computed in one loop: a row has too few for a
 * vector. One copy serves all widths. */
static __attribute__((noinline)) void softmax(real *s, size_t heads, size_t T, size_t nk)
{
    for (size_t h = 0; h < heads; h++) {
        real *sh = s + h * T, max = sh[0];
        for (size_t j = 1; j < nk; j++)
            max = sh[j] > max ? sh[j] : max;
        for (size_t j = 0; j < nk; j++)
            sh[j] -= max;
        for (size_t j = nk; j < T; j++)
            sh[j] = -INFINITY;
    }
#pragma omp simd
    for (size_t i = 0; i < heads * T; i++)
        s[i] = expr(s[i]);
    for (size_t h = 0; h < heads; h++) {
        real *sh = s + h * T, sum = 0;
        for (size_t j = 0; j < nk; j++)
            sum += sh[j];
        for (size_t j = 0; j < nk; j++)
            sh[j] /= sum;
    }
}

ALWAYS_INLINE void forward(const struct attention *at, size_t row0, size_t row1, real *p, real *a,
                           size_t w, size_t vw)
{
    const size_t d = at->d, H = at->heads, T = at->T;
    const real scale = 1 / (real)sqrt((double)w);
    for (size_t r = row0; r < row1; r++, p += H * T, a += d) {
        const size_t nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        const real *k[GK_MAX_TOKENS], *v[GK_MAX_TOKENS];
        key_rows(at, r, nk, 3 * d, at->shared, at->own, k);
        key_rows(at, r, nk, at->ldv, at->vshared, at->vown, v);
        memset(a, 0, d * sizeof *a);
        for (size_t h = 0; h < H; h++)
            for (size_t j = 0; j < nk; j++)
                p[h * T + j] = scale * dot(q + h * w, k[j] + d + h * w, w);
        softmax(p, H, T, nk);
        for (size_t h = 0; h < H; h++)
            combine(nk, p + h * T, v, h * at->vstep, a + h * at->ostep, vw);
    }
}

void X(attention_forward)(const struct attention *at, size_t row0, size_t row1, real *p, real *a)
{
#if HAS_QUARTERS
    if (X(attention_four)(at)) {
        X(attention_four_forward)(at, row0, row1, p, a);
        return;
    }
#endif
#define CALL(w, vw) forward(at, row0, row1, p, a, w, vw)
    FOR_WIDTHS(CALL, at);
#undef CALL
}

ALWAYS_INLINE void backward(const struct attention *at, size_t row0, size_t row1, const real *p,
                            const real *da, const struct attention_sums *sums, size_t w, size_t vw)
{
    const size_t d = at->d, H = at->heads, T = at->T;
    const real scale = 1 / (real)sqrt((double)w);
    for (size_t r = row0; r < row1; r++, p += H * T, da += d) {
        const size_t nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        real *dq = (real *)query_row(at, r, sums->shared, sums->own);
        const real *k[GK_MAX_TOKENS], *v[GK_MAX_TOKENS], *dk[GK_MAX_TOKENS], *dv[GK_MAX_TOKENS];
        key_rows(at, r, nk, 3 * d, at->shared, at->own, k);
        key_rows(at, r, nk, at->ldv, at->vshared, at->vown, v);
        key_rows(at, r, nk, 3 * d, sums->shared, sums->own, dk);
        key_rows(at, r, nk, at->ldv, sums->vshared, sums->vown, dv);
        for (size_t h = 0; h < H; h++) {
            const real *ph = p + h * T, *dah = da + h * at->ostep;
            real dp[GK_MAX_TOKENS], mean = 0;
            for (size_t j = 0; j < nk; j++) {
                dp[j] = dot(dah, v[j] + h * at->vstep, vw);
                mean += ph[j] * dp[j];
            }
            for (size_t j = 0; j < nk; j++) {
                dp[j] = scale * ph[j] * (dp[j] - mean);
                axpy(ph[j], dah, (real *)dv[j] + h * at->vstep, vw);
                axpy(dp[j], q + h * w, (real *)dk[j] + d + h * w, w);
            }
            combine(nk, dp, k, d + h * w, dq + h * w, w);
        }
    }
}

void X(attention_backward)(const struct attention *at, size_t row0, size_t row1, const real *p,
                           const real *da, const struct attention_sums *sums)
{
#if HAS_QUARTERS
    if (X(attention_four)(at)) {
        X(attention_four_backward)(at, row0, row1, p, da, sums);
        return;
    }
#endif
#define CALL(w, vw) backward(at, row0, row1, p, da, sums, w, vw)
    FOR_WIDTHS(CALL, at);
#undef CALL
}

/* R{S_j} = (R{q} . k_j + q . R{k_j}) / sqrt(w), R{P_j} = P_j (R{S_j} - sum P R{S}),
 * R{a} = sum_j R{P_j} v_j + P_j R{v_j}. */
ALWAYS_INLINE void r_forward(const struct attention *at, size_t row0, size_t row1, const real *p,
                             real *rp, real *ra, size_t w, size_t vw)
{
    const size_t d = at->d, H = at->heads, T = at->T;
    const real scale = 1 / (real)sqrt((double)w);
    for (size_t r = row0; r < row1; r++, p += H * T, rp += H * T, ra += d) {
        const size_t nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        const real *rq = query_row(at, r, at->rshared, at->rown);
        const real *k[GK_MAX_TOKENS], *v[GK_MAX_TOKENS], *rk[GK_MAX_TOKENS], *rv[GK_MAX_TOKENS];
        key_rows(at, r, nk, 3 * d, at->shared, at->own, k);
        key_rows(at, r, nk, at->ldv, at->vshared, at->vown, v);
        key_rows(at, r, nk, 3 * d, at->rshared, at->rown, rk);
        key_rows(at, r, nk, at->ldv, at->rvshared, at->rvown, rv);
        memset(ra, 0, d * sizeof *ra);
        for (size_t h = 0; h < H; h++) {
            const real *ph = p + h * T;
            real *rs = rp + h * T, *out = ra + h * at->ostep, mean = 0;
            for (size_t j = 0; j < nk; j++) {
                rs[j] = scale * (dot(rq + h * w, k[j] + d + h * w, w) +
                                 dot(q + h * w, rk[j] + d + h * w, w));
                mean += ph[j] * rs[j];
            }
            for (size_t j = 0; j < nk; j++) {
                rs[j] = ph[j] * (rs[j] - mean);
                axpy(rs[j], v[j] + h * at->vstep, out, vw);
                axpy(ph[j], rv[j] + h * at->vstep, out, vw);
            }
        }
    }
}

void X(attention_r_forward)(const struct attention *at, size_t row0, size_t row1, const real *p,
                            real *rp, real *ra)
{
#define CALL(w, vw) r_forward(at, row0, row1, p, rp, ra, w, vw)
    FOR_WIDTHS(CALL, at);
#undef CALL
}

/* With D = sum P dP: R{dP_j} = R{da} . v_j + da . R{v_j}, R{D} = sum R{P} dP + P R{dP},
 * R{dS_j} = R{P_j} (dP_j - D) + P_j (R{dP_j} - R{D}); then the product rule on dq, dk, dv. */
ALWAYS_INLINE void r_backward(const struct attention *at, size_t row0, size_t row1, const real *p,
                              const real *rp, const real *da, const real *rda,
                              const struct attention_sums *sums, size_t w, size_t vw)
{
    const size_t d = at->d, H = at->heads, T = at->T;
    const real scale = 1 / (real)sqrt((double)w);
    for (size_t r = row0; r < row1; r++, p += H * T, rp += H * T, da += d, rda += d) {
        const size_t nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        const real *rq = query_row(at, r, at->rshared, at->rown);
        real *rdq = (real *)query_row(at, r, sums->shared, sums->own);
        const real *k[GK_MAX_TOKENS], *v[GK_MAX_TOKENS], *rk[GK_MAX_TOKENS], *rv[GK_MAX_TOKENS];
        const real *rdk[GK_MAX_TOKENS], *rdv[GK_MAX_TOKENS];
        key_rows(at, r, nk, 3 * d, at->shared, at->own, k);
        key_rows(at, r, nk, at->ldv, at->vshared, at->vown, v);
        key_rows(at, r, nk, 3 * d, at->rshared, at->rown, rk);
        key_rows(at, r, nk, at->ldv, at->rvshared, at->rvown, rv);
        key_rows(at, r, nk, 3 * d, sums->shared, sums->own, rdk);
        key_rows(at, r, nk, at->ldv, sums->vshared, sums->vown, rdv);
        for (size_t h = 0; h < H; h++) {
            const real *ph = p + h * T, *rph = rp + h * T;
            const real *dah = da + h * at->ostep, *rdah = rda + h * at->ostep;
            real dp[GK_MAX_TOKENS], rdp[GK_MAX_TOKENS], D = 0, RD = 0;
            for (size_t j = 0; j < nk; j++) {
                const real *vj = v[j] + h * at->vstep, *rvj = rv[j] + h * at->vstep;
                dp[j] = dot(dah, vj, vw);
                rdp[j] = dot(rdah, vj, vw) + dot(dah, rvj, vw);
                D += ph[j] * dp[j];
                RD += rph[j] * dp[j] + ph[j] * rdp[j];
            }
            for (size_t j = 0; j < nk; j++) {
                const size_t at_k = d + h * w, at_v = h * at->vstep;
                const real ds = scale * ph[j] * (dp[j] - D);
                const real rds = scale * (rph[j] * (dp[j] - D) + ph[j] * (rdp[j] - RD));
                axpy(rds, k[j] + at_k, rdq + h * w, w);
                axpy(ds, rk[j] + at_k, rdq + h * w, w);
                axpy(rds, q + h * w, (real *)rdk[j] + at_k, w);
                axpy(ds, rq + h * w, (real *)rdk[j] + at_k, w);
                axpy(rph[j], dah, (real *)rdv[j] + at_v, vw);
                axpy(ph[j], rdah, (real *)rdv[j] + at_v, vw);
            }
        }
    }
}

void X(attention_r_backward)(const struct attention *at, size_t row0, size_t row1, const real *p,
                             const real *rp, const real *da, const real *rda,
                             const struct attention_sums *sums)
{
#define CALL(w, vw) r_backward(at, row0, row1, p, rp, da, rda, sums, w, vw)
    FOR_WIDTHS(CALL, at);
#undef CALL
}
