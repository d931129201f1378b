/* A loss and its gradient in one go (both) against one after the other (forward, backward), for
 * each loss, and in each instruction set that this machine has: equal in every bit. */
#define GK_REAL_IS_F64 0
#define GK_ISA         v1
#include "nn/core/kernels/kernels.h"

#include "check.h"
#include "gk/rng.h"
#include "nn/engine/dispatch.h"
#include "versions.h"

extern const struct loss losses_f32_v3[GK_LOSSES], losses_f32_v4[GK_LOSSES];

enum { ROWS = 40, MOST_V = 131 };

/* Logits of a network that has memorised the labels, nearly equal ones, and some between. */
static void draw(struct gk_rng *rng, size_t V, float *z, int32_t *label)
{
    for (size_t i = 0; i < ROWS; i++, z += V) {
        const double scale = pow(10, 4 * gk_rng_uniform(rng) - 2);
        label[i] = (int32_t)gk_rng_below(rng, V);
        for (size_t j = 0; j < V; j++)
            z[j] = (float)(scale * gk_rng_normal(rng));
        if (i % 3 == 0)
            z[label[i]] += (float)(10 * scale);
    }
}

static void check_both(const struct loss *loss, struct gk_rng *rng, size_t V)
{
    static float z[2][ROWS * MOST_V], keep[2][ROWS * MOST_V];
    int32_t label[ROWS];
    unsigned char right[2][ROWS];
    draw(rng, V, z[0], label);
    memcpy(z[1], z[0], sizeof z[0]);
    memset(keep, 0, sizeof keep);
    const double apart = loss->forward(ROWS, V, z[0], label, 1, right[0]);
    loss->backward(ROWS, V, z[0], label, 1, 0.01f, keep[0]);
    CHECK(loss->both(ROWS, V, z[1], label, 1, right[1], 0.01f, keep[1]) == apart);
    CHECK(memcmp(z[0], z[1], ROWS * V * sizeof **z) == 0);
    CHECK(memcmp(keep[0], keep[1], ROWS * V * sizeof **keep) == 0);
    CHECK(memcmp(right[0], right[1], ROWS) == 0);
}

int main(void)
{
    const struct loss *const versions[] = VERSIONS(losses_f32);
    static const size_t V[] = {1, 2, 7, 16, 23, 97, 99, 113, MOST_V};
    struct gk_rng rng;
    gk_rng_seed(&rng, 5, 0);
    for (int isa = 0; isa <= (int)gk_isa_choice(); isa++)
        for (int l = 0; l < GK_LOSSES; l++)
            for (size_t v = 0; v < sizeof V / sizeof *V; v++)
                check_both(versions[isa] + l, &rng, V[v]);
    return check_status();
}
