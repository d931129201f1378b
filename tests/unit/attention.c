/* The attention's whole vectors (attention_four.c) against its readable form (attention.c), which
 * rows of five tokens have to take, and its probabilities against the definition. In each
 * instruction set that this machine has. */
#define GK_REAL_IS_F64 0
#define GK_ISA         v1
#include "nn/core/kernels/kernels.h"

#include "check.h"
#include "gk/rng.h"
#include "nn/engine/dispatch.h"
#include "versions.h"

enum { ROWS = 40, KEYS = 4, MOST_T = 5, MOST_D = 64, MOST_H = 8, VALUES = MOST_H * MOST_D };

typedef void forward_fn(const struct attention *, size_t, size_t, float *, float *);
typedef void backward_fn(const struct attention *, size_t, size_t, const float *, const float *,
                         const struct attention_sums *);
forward_fn attention_forward_f32_v1, attention_forward_f32_v3, attention_forward_f32_v4;
backward_fn attention_backward_f32_v1, attention_backward_f32_v3, attention_backward_f32_v4;

static forward_fn *const forward[] = VERSIONS(attention_forward_f32);
static backward_fn *const backward[] = VERSIONS(attention_backward_f32);

static struct gk_rng rng;

static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)gk_rng_normal(&rng);
}

/* What one version makes of the same rows. */
struct result {
    float p[ROWS * MOST_H * MOST_T], a[ROWS * MOST_D];
    float dqkv[ROWS * 3 * MOST_D], dv[ROWS * VALUES];
};

static float qkv[ROWS * 3 * MOST_D], values[ROWS * VALUES], da[ROWS * MOST_D];
static float before[ROWS * VALUES]; /* what the gradients are added to */

/* Row r has r % KEYS + 1 keys, or, in the middle, all. They are r, r - 1 and so on, but j = 1 is
 * the same one for several rows in turn, as a prefix is. */
static size_t keys(size_t r)
{
    return r / 8 == 2 ? KEYS : r % KEYS + 1;
}

static size_t key(size_t r, size_t j)
{
    return j == 1 ? r / 6 * 6 : r - j;
}

/* Keys are the tile's own and shared rows in turn. */
static void run(int isa, size_t d, size_t H, size_t T, bool wide, struct result *out)
{
    int32_t nkeys[ROWS], ref[ROWS * MOST_T] = {0};
    for (size_t r = 0; r < ROWS; r++) {
        nkeys[r] = (int32_t)keys(r);
        for (size_t j = 0; j < keys(r); j++)
            ref[r * T + j] = j % 2 ? (int32_t)key(r, j) : ~(int32_t)key(r, j);
    }
    const size_t w = d / H;
    const struct attention at = {.d = d,
                                 .heads = H,
                                 .T = T,
                                 .nkeys = nkeys,
                                 .ref = ref,
                                 .shared = qkv,
                                 .own = qkv,
                                 .vshared = wide ? values : qkv + 2 * d,
                                 .vown = wide ? values : qkv + 2 * d,
                                 .ldv = wide ? H * d : 3 * d,
                                 .vwidth = wide ? d : w,
                                 .vstep = wide ? d : w,
                                 .ostep = wide ? 0 : w};
    memcpy(out->dqkv, before, sizeof out->dqkv);
    memcpy(out->dv, before, sizeof out->dv);
    float *dv = wide ? out->dv : out->dqkv + 2 * d;
    const struct attention_sums sums = {out->dqkv, out->dqkv, dv, dv};
    forward[isa](&at, 0, ROWS, out->p, out->a);
    backward[isa](&at, 0, ROWS, out->p, da, &sums);
}

static void check_near(const float *x, const float *y, size_t n, double most)
{
    for (size_t i = 0; i < n; i++)
        CHECK_NEAR((double)x[i], (double)y[i], most);
}

static void check_shape(int isa, size_t d, size_t H, size_t T, bool wide)
{
    static struct result got, plain;
    fill(qkv, sizeof qkv / sizeof *qkv);
    fill(values, sizeof values / sizeof *values);
    fill(da, sizeof da / sizeof *da);
    fill(before, sizeof before / sizeof *before);
    run(isa, d, H, T, wide, &got);
    run(0, d, H, MOST_T, wide, &plain);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t h = 0; h < H; h++) {
            const size_t nk = keys(r);
            double s[KEYS] = {0}, sum = 0;
            for (size_t j = 0; j < nk; j++) {
                for (size_t i = h * (d / H); i < (h + 1) * (d / H); i++)
                    s[j] += (double)qkv[r * 3 * d + i] * (double)qkv[key(r, j) * 3 * d + d + i];
                sum += s[j] = exp(s[j] / sqrt((double)(d / H)));
            }
            for (size_t j = 0; j < T; j++) {
                const double want = j < nk ? s[j] / sum : 0;
                CHECK_NEAR((double)got.p[(r * H + h) * T + j], want, 1e-5);
            }
        }
    check_near(got.a, plain.a, ROWS * d, 1e-4);
    check_near(got.dqkv, plain.dqkv, ROWS * 3 * d, 1e-3);
    check_near(got.dv, plain.dv, wide ? ROWS * H * d : 0, 1e-4);
}

int main(void)
{
    static const struct {
        size_t d, H;
    } shapes[] = {{32, 4}, {64, 8}, {64, 4}, {32, 1}, {16, 4}, {64, 2}, {24, 4}, {8, 2}, {32, 8}};
    gk_rng_seed(&rng, 0, 0);
    for (int isa = 0; isa <= (int)gk_isa_choice(); isa++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            for (size_t T = KEYS; T <= MOST_T; T++) {
                check_shape(isa, shapes[i].d, shapes[i].H, T, false);
                check_shape(isa, shapes[i].d, shapes[i].H, T, true);
            }
    return check_status();
}
