/* Causal attention over referenced keys. A row has few keys (the tokens before it), so a product
 * with BLAS would be all overhead: plain loops over the head's width.
 *
 *   S_j = q . k_j / sqrt(w),  P = softmax(S),  a = sum_j P_j v_j        (w: the width of a head)
 *   dP_j = da . v_j,  dS_j = P_j (dP_j - sum P dP)
 *   dq = sum_j dS_j k_j / sqrt(w),  dk_j = dS_j q / sqrt(w),  dv_j = P_j da */
#include <math.h>

#include "gk/dataset.h"
#include "exp.h"
#include "ops.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE real dot(const real *restrict x, const real *restrict y, size_t n)
{
    real s = 0;
#pragma omp simd reduction(+ : s)
    for (size_t i = 0; i < n; i++)
        s += x[i] * y[i];
    return s;
}

ALWAYS_INLINE void axpy(real a, const real *restrict x, real *restrict y, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* Row R's query and keys in one of the paired arrays (values, derivatives or gradients). */
ALWAYS_INLINE real *key_row(const struct attention *at, size_t r, size_t j, const real *shared,
                            const real *own)
{
    const int32_t ref = at->ref[r * at->T + j];
    return (real *)(ref >= 0 ? shared + (size_t)ref * 3 * at->d : own + (size_t)~ref * 3 * at->d);
}

ALWAYS_INLINE real *query_row(const struct attention *at, size_t r, const real *shared,
                              const real *own)
{
    return (real *)(at->qrow ? shared + (size_t)at->qrow[r] * 3 * at->d : own + r * 3 * at->d);
}

ALWAYS_INLINE void softmax(real *s, size_t n)
{
    real max = s[0], sum = 0;
    for (size_t j = 1; j < n; j++)
        max = s[j] > max ? s[j] : max;
    for (size_t j = 0; j < n; j++)
        sum += s[j] = expr(s[j] - max);
    for (size_t j = 0; j < n; j++)
        s[j] /= sum;
}

/* Each pass is written for any head width w and inlined for the common one, where the compiler then
 * knows the loops' length. */
#define FOR_WIDTH(call, w)                                                                         \
    switch (w) {                                                                                   \
    case 32:                                                                                       \
        call(32);                                                                                  \
        break;                                                                                     \
    default:                                                                                       \
        call(w);                                                                                   \
    }

ALWAYS_INLINE void forward(const struct attention *at, size_t row0, size_t row1, real *p, real *a,
                           size_t w)
{
    const size_t d = at->d, H = at->heads, T = at->T;
    const real scale = 1 / (real)sqrt((double)w);
    for (size_t r = row0; r < row1; r++, p += H * T, a += d) {
        const size_t nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        const real *kv[GK_MAX_TOKENS];
        for (size_t j = 0; j < nk; j++)
            kv[j] = key_row(at, r, j, at->shared, at->own);
        for (size_t h = 0; h < H; h++) {
            real *s = p + h * T, *out = a + h * w;
            for (size_t j = 0; j < nk; j++)
                s[j] = scale * dot(q + h * w, kv[j] + d + h * w, w);
            softmax(s, nk);
            for (size_t i = 0; i < w; i++)
                out[i] = 0;
            for (size_t j = 0; j < nk; j++)
                axpy(s[j], kv[j] + 2 * d + h * w, out, w);
        }
    }
}

void attention_forward(const struct attention *at, size_t row0, size_t row1, real *p, real *a){
#define CALL(w) forward(at, row0, row1, p, a, w)
    FOR_WIDTH(CALL, at->d / at->heads)
#undef CALL
}

ALWAYS_INLINE void backward(const struct attention *at, size_t row0, size_t row1, const real *p,
                            const real *da, real *dshared, real *down, size_t w)
{
    const size_t d = at->d, H = at->heads, T = at->T;
    const real scale = 1 / (real)sqrt((double)w);
    for (size_t r = row0; r < row1; r++, p += H * T, da += d) {
        const size_t nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        real *dq = query_row(at, r, dshared, down);
        const real *kv[GK_MAX_TOKENS];
        real *dkv[GK_MAX_TOKENS];
        for (size_t j = 0; j < nk; j++) {
            kv[j] = key_row(at, r, j, at->shared, at->own);
            dkv[j] = key_row(at, r, j, dshared, down);
        }
        for (size_t h = 0; h < H; h++) {
            const real *ph = p + h * T, *dah = da + h * w;
            real dp[GK_MAX_TOKENS], mean = 0;
            for (size_t j = 0; j < nk; j++) {
                dp[j] = dot(dah, kv[j] + 2 * d + h * w, w);
                mean += ph[j] * dp[j];
            }
            for (size_t j = 0; j < nk; j++) {
                const real ds = scale * ph[j] * (dp[j] - mean);
                axpy(ph[j], dah, dkv[j] + 2 * d + h * w, w);
                axpy(ds, q + h * w, dkv[j] + d + h * w, w);
                axpy(ds, kv[j] + d + h * w, dq + h * w, w);
            }
        }
    }
}

void attention_backward(const struct attention *at, size_t row0, size_t row1, const real *p,
                        const real *da, real *dshared, real *down){
#define CALL(w) backward(at, row0, row1, p, da, dshared, down, w)
    FOR_WIDTH(CALL, at->d / at->heads)
#undef CALL
}

/* R{S_j} = (R{q} . k_j + q . R{k_j}) / sqrt(w), R{P_j} = P_j (R{S_j} - sum P R{S}),
 * R{a} = sum_j R{P_j} v_j + P_j R{v_j}. */
ALWAYS_INLINE void r_forward(const struct attention *at, size_t row0, size_t row1, const real *p,
                             real *rp, real *ra, size_t w)
{
    const size_t d = at->d, H = at->heads, T = at->T;
    const real scale = 1 / (real)sqrt((double)w);
    for (size_t r = row0; r < row1; r++, p += H * T, rp += H * T, ra += d) {
        const size_t nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        const real *rq = query_row(at, r, at->rshared, at->rown);
        for (size_t h = 0; h < H; h++) {
            const real *ph = p + h * T;
            real *rs = rp + h * T, *out = ra + h * w;
            real mean = 0;
            for (size_t i = 0; i < w; i++)
                out[i] = 0;
            for (size_t j = 0; j < nk; j++) {
                const real *kv = key_row(at, r, j, at->shared, at->own) + h * w;
                const real *rkv = key_row(at, r, j, at->rshared, at->rown) + h * w;
                rs[j] = scale * (dot(rq + h * w, kv + d, w) + dot(q + h * w, rkv + d, w));
                mean += ph[j] * rs[j];
                axpy(ph[j], rkv + 2 * d, out, w);
            }
            for (size_t j = 0; j < nk; j++) {
                rs[j] = ph[j] * (rs[j] - mean);
                axpy(rs[j], key_row(at, r, j, at->shared, at->own) + 2 * d + h * w, out, w);
            }
        }
    }
}

void attention_r_forward(const struct attention *at, size_t row0, size_t row1, const real *p,
                         real *rp, real *ra){
#define CALL(w) r_forward(at, row0, row1, p, rp, ra, w)
    FOR_WIDTH(CALL, at->d / at->heads)
#undef CALL
}

/* With D = sum P dP: R{dP_j} = R{da} . v_j + da . R{v_j}, R{D} = sum R{P} dP + P R{dP},
 * R{dS_j} = R{P_j} (dP_j - D) + P_j (R{dP_j} - R{D}); then the product rule on dq, dk, dv. */
ALWAYS_INLINE void r_backward(const struct attention *at, size_t row0, size_t row1, const real *p,
                              const real *rp, const real *da, const real *rda, real *rdshared,
                              real *rdown, size_t w)
{
    const size_t d = at->d, H = at->heads, T = at->T;
    const real scale = 1 / (real)sqrt((double)w);
    for (size_t r = row0; r < row1; r++, p += H * T, rp += H * T, da += d, rda += d) {
        const size_t nk = (size_t)at->nkeys[r];
        const real *q = query_row(at, r, at->shared, at->own);
        const real *rq = query_row(at, r, at->rshared, at->rown);
        real *rdq = query_row(at, r, rdshared, rdown);
        for (size_t h = 0; h < H; h++) {
            const real *ph = p + h * T, *rph = rp + h * T, *dah = da + h * w, *rdah = rda + h * w;
            real dp[GK_MAX_TOKENS], rdp[GK_MAX_TOKENS], D = 0, RD = 0;
            for (size_t j = 0; j < nk; j++) {
                const real *v = key_row(at, r, j, at->shared, at->own) + 2 * d + h * w;
                const real *rv = key_row(at, r, j, at->rshared, at->rown) + 2 * d + h * w;
                dp[j] = dot(dah, v, w);
                rdp[j] = dot(rdah, v, w) + dot(dah, rv, w);
                D += ph[j] * dp[j];
                RD += rph[j] * dp[j] + ph[j] * rdp[j];
            }
            for (size_t j = 0; j < nk; j++) {
                const real *k = key_row(at, r, j, at->shared, at->own) + d + h * w;
                const real *rk = key_row(at, r, j, at->rshared, at->rown) + d + h * w;
                real *rdk = key_row(at, r, j, rdshared, rdown) + d + h * w, *rdv = rdk + d;
                const real ds = scale * ph[j] * (dp[j] - D);
                const real rds = scale * (rph[j] * (dp[j] - D) + ph[j] * (rdp[j] - RD));
                axpy(rds, k, rdq + h * w, w);
                axpy(ds, rk, rdq + h * w, w);
                axpy(rds, q + h * w, rdk, w);
                axpy(ds, rq + h * w, rdk, w);
                axpy(rph[j], dah, rdv, w);
                axpy(ph[j], rdah, rdv, w);
            }
        }
    }
}

void attention_r_backward(const struct attention *at, size_t row0, size_t row1, const real *p,
                          const real *rp, const real *da, const real *rda, real *rdshared,
                          real *rdown)
{
#define CALL(w) r_backward(at, row0, row1, p, rp, da, rda, rdshared, rdown, w)
    FOR_WIDTH(CALL, at->d / at->heads)
#undef CALL
}
