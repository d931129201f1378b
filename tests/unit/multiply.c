/* The networks' products and the sums over lanes against plain loops, in each instruction set that
 * this machine has. Columns are whole vectors and any rest. */
#define GK_REAL_IS_F64 0
#define GK_ISA         v1
#include "nn/core/kernels/kernels.h"

#include "check.h"
#include "gk/rng.h"
#include "nn/engine/dispatch.h"
#include "nn/plan/plan.h"
#include "versions.h"

typedef void multiply_fn(bool, bool, size_t, size_t, size_t, const float *, size_t, const float *,
                         size_t, float, float *, size_t);
typedef void sum_fn(size_t, const float *const *, size_t, float *);
multiply_fn multiply_f32_v3, multiply_f32_v4;
sum_fn sum_lanes_f32_v3, sum_lanes_f32_v4;

static multiply_fn *const multiply[] = VERSIONS(multiply_f32);
static sum_fn *const sum_lanes[] = VERSIONS(sum_lanes_f32);

static struct gk_rng rng;

static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)gk_rng_normal(&rng);
}

/* Rows are longer than the matrices are wide, and what lies behind them stays. */
static void check_product(int isa, bool ta, size_t m, size_t n, size_t k, float beta)
{
    enum { LD = 64 };
    static float a[LD * LD], b[LD * LD], c[LD * LD], was[LD * LD];
    fill(a, LD * LD);
    fill(b, LD * LD);
    fill(c, LD * LD);
    memcpy(was, c, sizeof c);
    multiply[isa](ta, false, m, n, k, a, LD, b, LD, beta, c, LD);
    for (size_t i = 0; i < LD; i++)
        for (size_t j = 0; j < LD; j++) {
            double sum = (double)was[i * LD + j];
            if (i < m && j < n) {
                sum *= (double)beta;
                for (size_t l = 0; l < k; l++)
                    sum += (double)a[ta ? l * LD + i : i * LD + l] * (double)b[l * LD + j];
                CHECK_NEAR((double)c[i * LD + j], sum, 2e-5);
            } else
                CHECK(c[i * LD + j] == was[i * LD + j]);
        }
}

/* In double, in the order of the lanes. */
static void check_sums(int isa, size_t lanes, size_t n)
{
    enum { MOST = 300 };
    static float part[GK_MAX_LANES][MOST], out[MOST + 1];
    const float *parts[GK_MAX_LANES];
    for (size_t i = 0; i < lanes; i++) {
        fill(part[i], n);
        parts[i] = part[i];
    }
    out[n] = 7;
    sum_lanes[isa](lanes, parts, n, out);
    for (size_t j = 0; j < n; j++) {
        double sum = 0;
        for (size_t i = 0; i < lanes; i++)
            sum += (double)part[i][j];
        CHECK(out[j] == (float)sum);
    }
    CHECK(out[n] == 7);
}

int main(void)
{
    static const size_t rows[] = {1, 8, 16, 17, 24, 33, 40}, columns[] = {1, 8, 20, 24, 36, 41, 56};
    static const size_t n[] = {1, 15, 64, 65, 130, 299};
    gk_rng_seed(&rng, 6, 0);
    for (int isa = 0; isa <= (int)gk_isa_choice(); isa++) {
        for (size_t i = 0; i < 7; i++)
            for (size_t j = 0; j < 7; j++)
                for (int way = 0; way < 4; way++)
                    check_product(isa, way & 1, rows[i], columns[j], 1 + 7 * j, (float)(way / 2));
        for (size_t lanes = 1; lanes <= GK_MAX_LANES; lanes++)
            for (size_t i = 0; i < 6; i++)
                check_sums(isa, lanes, n[i]);
    }
    return check_status();
}
