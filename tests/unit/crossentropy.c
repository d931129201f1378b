/* The cross-entropy of rows of logits against its definition in double: few logits, which go in
 * whole vectors, and more; ties; logits that are no number. In each instruction set that this
 * machine has. */
#define GK_REAL_IS_F64 0
#define GK_ISA         v1
#include "nn/core/kernels/kernels.h"

#include "check.h"
#include "gk/rng.h"
#include "nn/engine/dispatch.h"
#include "versions.h"

enum { ROWS = 11, MOST_V = 99 };

typedef double forward_fn(size_t, size_t, const float *, const int32_t *, size_t, unsigned char *);
typedef void backward_fn(size_t, size_t, float *, const int32_t *, size_t, float, float *);
forward_fn crossentropy_forward_f32_v1, crossentropy_forward_f32_v3, crossentropy_forward_f32_v4;
backward_fn crossentropy_backward_f32_v1, crossentropy_backward_f32_v3,
    crossentropy_backward_f32_v4;

static forward_fn *const forward[] = VERSIONS(crossentropy_forward_f32);
static backward_fn *const backward[] = VERSIONS(crossentropy_backward_f32);

static void check_size(int isa, size_t V, struct gk_rng *rng)
{
    const float scale = 0.125f;
    float z[ROWS * MOST_V], dz[ROWS * MOST_V], p[ROWS * MOST_V];
    int32_t label[ROWS];
    unsigned char right[ROWS];
    double loss = 0;
    for (size_t i = 0; i < ROWS * V; i++)
        z[i] = rintf(8 * (float)gk_rng_normal(rng)) / 4; /* so that some rows have ties */
    for (size_t i = 0; i < ROWS; i++)
        label[i] = (int32_t)(i * 7 % V);
    memcpy(dz, z, sizeof z);
    const double got = forward[isa](ROWS, V, z, label, 1, right);
    backward[isa](ROWS, V, dz, label, 1, scale, p);
    for (size_t i = 0; i < ROWS; i++) {
        const float *row = z + i * V;
        const size_t y = (size_t)label[i];
        double sum = 0;
        size_t first = 0;
        for (size_t j = 0; j < V; j++) {
            sum += exp((double)row[j]);
            first = row[j] > row[first] ? j : first;
        }
        loss += log(sum) - (double)row[y];
        CHECK(right[i] == (first == y));
        CHECK_INT_EQ((int)argmax_f32_v1(row, V), (int)first);
        for (size_t j = 0; j < V; j++) {
            const double pj = exp((double)row[j]) / sum;
            CHECK_NEAR((double)p[i * V + j], pj, 1e-6);
            CHECK_NEAR((double)dz[i * V + j], (double)scale * (pj - (j == y)), 1e-6);
        }
    }
    CHECK_NEAR(got, loss, 1e-5);
    z[V / 2] = (float)NAN;
    CHECK(isnan(forward[isa](1, V, z, label, 1, right)));
}

int main(void)
{
    struct gk_rng rng;
    gk_rng_seed(&rng, 0, 0);
    for (int isa = 0; isa <= (int)gk_isa_choice(); isa++)
        for (size_t V = 2; V <= MOST_V; V++)
            check_size(isa, V, &rng);
    return check_status();
}
