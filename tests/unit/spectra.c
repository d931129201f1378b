/* Norms and ranks of matrices against the golden file and closed forms. */
#include <stdlib.h>

#include "check.h"
#include "gk/mem.h"
#include "gk/rng.h"
#include "gk/spectra.h"

/* Matrices with a closed form and the parameters of a network. */
static void check_golden(struct gk_pool *pool)
{
    static const char *const column[] = {"norm", "spectral_norm", "stable_rank", "effective_rank"};
    struct gk_err err = {0};
    struct gk_frame f;
    struct gk_tensor_spectrum *s;
    size_t n;
    if (gk_frame_read_one("tests/golden/spectra.safetensors", &f, &err) ||
        gk_frame_spectra(&f, NULL, NULL, pool, &s, &n, &err)) {
        CHECK_FAILED("%s", err.msg);
        return;
    }
    CHECK_INT_EQ(n, 14);
    for (size_t i = 0; i < n; i++) {
        const double got[] = {s[i].s.norm, s[i].s.spectral_norm, s[i].s.stable_rank,
                              s[i].s.effective_rank};
        const struct gk_tensor *t = gk_frame_tensor(&f, s[i].name);
        CHECK(t->shape[0] == s[i].s.rows && t->shape[1] == s[i].s.cols);
        for (int c = 0; c < 4; c++) {
            char name[96];
            double want = NAN;
            snprintf(name, sizeof name, "%s.%s", column[c], strchr(s[i].name, '.') + 1);
            t = gk_frame_tensor(&f, name);
            if (t)
                gk_tensor_f64(t, &want);
            CHECK_CLOSE(got[c], want, 1e-9);
        }
    }
    free(s);
    gk_frame_free(&f);
}

static struct gk_spectrum of(const double *a, size_t rows, size_t cols, double factor)
{
    struct gk_err err = {0};
    struct gk_spectrum s = {0};
    double *copy = gk_alloc(rows * cols, sizeof *copy, NULL);
    for (size_t i = 0; i < rows * cols; i++)
        copy[i] = factor * a[i];
    if (gk_spectrum_of(copy, rows, cols, &s, &err))
        CHECK_FAILED("%s", err.msg);
    gk_free(copy);
    return s;
}

/* Sizes scale with a factor, ranks do not, even if squares would overflow or underflow; a
 * transposed matrix gives the same. */
static void check_scale(void)
{
    enum { R = 7, C = 12 };
    static const double factor[] = {3, 1e200, 1e-200, 1e-300};
    double a[R * C], turned[C * R], sum = 0;
    struct gk_rng r;
    gk_rng_seed(&r, 1, 1);
    for (int i = 0; i < R * C; i++) {
        a[i] = gk_rng_normal(&r);
        turned[i % C * R + i / C] = a[i];
        sum += a[i] * a[i];
    }
    const struct gk_spectrum s = of(a, R, C, 1), t = of(turned, C, R, 1);
    CHECK_CLOSE(s.norm, sqrt(sum), 1e-14);
    CHECK(s.spectral_norm < s.norm && s.stable_rank > 1 && s.stable_rank < s.effective_rank &&
          s.effective_rank < R);
    CHECK(s.rows == R && s.cols == C && t.rows == C && t.cols == R);
    CHECK_CLOSE(t.norm, s.norm, 1e-14);
    CHECK_CLOSE(t.effective_rank, s.effective_rank, 1e-13);
    for (int i = 0; i < 4; i++) {
        const struct gk_spectrum u = of(a, R, C, factor[i]);
        CHECK_CLOSE(u.norm, factor[i] * s.norm, 1e-13);
        CHECK_CLOSE(u.spectral_norm, factor[i] * s.spectral_norm, 1e-13);
        CHECK_CLOSE(u.stable_rank, s.stable_rank, 1e-13);
        CHECK_CLOSE(u.effective_rank, s.effective_rank, 1e-13);
    }
}

/* k equal singular values: both ranks are k. An outer product has rank 1. */
static void check_ranks(void)
{
    enum { N = 40 };
    double *a = gk_alloc(N * N, sizeof *a, NULL);
    for (int k = 0; k <= N; k++) {
        if (k > 0)
            a[(k - 1) * N + (N - k)] = -2;
        const struct gk_spectrum s = of(a, N, N, 1);
        CHECK_CLOSE(s.stable_rank, k, 1e-13);
        CHECK_CLOSE(s.effective_rank, k, 1e-12);
        CHECK_CLOSE(s.norm, 2 * sqrt(k), 1e-13);
        CHECK_CLOSE(s.spectral_norm, k ? 2 : 0, 1e-13);
    }
    for (int i = 0; i < N * N; i++)
        a[i] = (1 + i / N) * (0.5 - i % N);
    CHECK_CLOSE(of(a, N, N, 1).stable_rank, 1, 1e-14);
    CHECK_CLOSE(of(a, N, N, 1).effective_rank, 1, 1e-10);
    CHECK(of(a, 0, N, 1).norm == 0 && of(a, N, 0, 1).effective_rank == 0);
    gk_free(a);
}

static void check_refusals(void)
{
    struct gk_err err = {0};
    struct gk_spectrum s;
    double bad[] = {1, 2, INFINITY, 4};
    CHECK(gk_spectrum_of(bad, 2, 2, &s, &err) == -1);
    CHECK_STR_EQ(err.msg, "element [1, 0], counted from 0, is inf");
}

int main(void)
{
    struct gk_err err = {0};
    struct gk_pool *pool;
    CHECK(gk_pool_new(&pool, 3, &err) == 0);
    check_golden(pool);
    check_golden(NULL);
    check_scale();
    check_ranks();
    check_refusals();
    gk_pool_free(pool);
    return check_status();
}
