/* LayerNorm against its definition in double, for narrow rows, which go in groups, and wider ones;
 * a row's results do not depend on its neighbours. In each instruction set that this machine has.
 */
#define GK_REAL_IS_F64 0
#define GK_ISA         v1
#include "nn/core/kernels/kernels.h"

#include "check.h"
#include "gk/rng.h"
#include "nn/engine/dispatch.h"
#include "versions.h"

enum { MOST_N = 37, MOST_D = 136, MOST = MOST_N * MOST_D };

typedef void forward_fn(size_t, size_t, const float *, const float *, const float *, const float *,
                        float *, float *, float *);
typedef void backward_fn(size_t, size_t, const float *, const float *, const float *, const float *,
                         float *, float *, float *);
forward_fn layernorm_forward_f32_v1, layernorm_forward_f32_v3, layernorm_forward_f32_v4;
backward_fn layernorm_backward_f32_v1, layernorm_backward_f32_v3, layernorm_backward_f32_v4;

static forward_fn *const forward[] = VERSIONS(layernorm_forward_f32);
static backward_fn *const backward[] = VERSIONS(layernorm_backward_f32);

static float x[MOST], res[MOST], dy[MOST], gain[MOST_D], bias[MOST_D];

struct result {
    float xh[MOST], rs[MOST_N], y[MOST], dh[MOST], dgain[MOST_D], dbias[MOST_D];
};

static void fill(struct gk_rng *rng, float *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)gk_rng_normal(rng);
}

/* Y begins as the residual, as blocks call it. */
static void run(int isa, size_t first, size_t n, size_t d, bool residual, struct result *out)
{
    const size_t at = first * d;
    memcpy(out->y, res + at, n * d * sizeof *res);
    memset(out->dgain, 0, sizeof out->dgain);
    memset(out->dbias, 0, sizeof out->dbias);
    forward[isa](n, d, x + at, residual ? out->y : NULL, gain, bias, out->xh, out->rs, out->y);
    backward[isa](n, d, dy + at, gain, out->xh, out->rs, out->dh, out->dgain, out->dbias);
}

static void check_row(const struct result *got, size_t row, size_t d, bool residual)
{
    const size_t at = row * d;
    double h[MOST_D], mean = 0, var = 0, a = 0, b = 0;
    for (size_t j = 0; j < d; j++)
        mean += (h[j] = (double)x[at + j] + (residual ? (double)res[at + j] : 0)) / (double)d;
    for (size_t j = 0; j < d; j++)
        var += (h[j] - mean) * (h[j] - mean) / (double)d;
    const double r = 1 / sqrt(var + 1e-5);
    for (size_t j = 0; j < d; j++) {
        h[j] = (h[j] - mean) * r;
        a += (double)gain[j] * (double)dy[at + j] / (double)d;
        b += (double)gain[j] * (double)dy[at + j] * h[j] / (double)d;
    }
    for (size_t j = 0; j < d; j++) {
        CHECK_NEAR((double)got->xh[at + j], h[j], 1e-5);
        CHECK_NEAR((double)got->y[at + j], (double)gain[j] * h[j] + (double)bias[j], 1e-5);
        CHECK_NEAR((double)got->dh[at + j],
                   r * ((double)gain[j] * (double)dy[at + j] - a - h[j] * b), 1e-5);
    }
}

static void check_shape(int isa, size_t n, size_t d, bool residual)
{
    static struct result all, one;
    double dgain[MOST_D] = {0}, dbias[MOST_D] = {0};
    run(isa, 0, n, d, residual, &all);
    for (size_t i = 0; i < n; i++) {
        check_row(&all, i, d, residual);
        run(isa, i, 1, d, residual, &one);
        CHECK(memcmp(one.y, all.y + i * d, d * sizeof *one.y) == 0);
        CHECK(memcmp(one.dh, all.dh + i * d, d * sizeof *one.dh) == 0);
        for (size_t j = 0; j < d; j++) {
            dgain[j] += (double)one.dgain[j];
            dbias[j] += (double)one.dbias[j];
        }
    }
    for (size_t j = 0; j < d; j++) {
        CHECK_NEAR((double)all.dgain[j], dgain[j], 1e-4);
        CHECK_NEAR((double)all.dbias[j], dbias[j], 1e-4);
    }
}

/* A row whose variance is nan or infinite becomes nan; its neighbours do not change. */
static void check_overflow(int isa, size_t d)
{
    static struct result got;
    static float big[4 * MOST_D];
    memcpy(big, x, 4 * d * sizeof *x);
    for (size_t j = 0; j < d; j++)
        big[2 * d + j] *= 1e25f;
    forward[isa](4, d, big, NULL, gain, bias, got.xh, got.rs, got.y);
    for (size_t i = 0; i < 4 * d; i++)
        CHECK(isnan(got.y[i]) == (i / d == 2));
}

int main(void)
{
    static const size_t widths[] = {4, 8, 12, 16, 24, 32, 48, 64, 136}, rows[] = {1, 5, 16, 37};
    struct gk_rng rng;
    gk_rng_seed(&rng, 0, 0);
    fill(&rng, x, MOST);
    fill(&rng, res, MOST);
    fill(&rng, dy, MOST);
    fill(&rng, gain, MOST_D);
    fill(&rng, bias, MOST_D);
    for (int isa = 0; isa <= (int)gk_isa_choice(); isa++)
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
            check_overflow(isa, widths[i]);
            for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
                for (int residual = 0; residual < 2; residual++)
                    check_shape(isa, rows[k], widths[i], residual);
        }
    return check_status();
}
