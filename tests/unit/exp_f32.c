/* The exponential of the networks in single precision, in plain operations, against libm's. */
#define GK_REAL_IS_F64 0
#include "nn/core/kernels/exp.h"

#include "check.h"
#include "gk/rng.h"

int main(void)
{
    struct gk_rng rng;
    gk_rng_seed(&rng, 1, 0);
    CHECK(expr(0) == 1 && expr(-0.f) == 1 && expr(-0x1p-60f) == 1);
    for (int i = 0; i < 100000; i++) {
        const float x = (float)(-87 * gk_rng_uniform(&rng)), near = (float)-gk_rng_uniform(&rng);
        CHECK_CLOSE(expr(x), exp((double)x), 2e-7);
        CHECK_CLOSE(expr(near), exp((double)near), 2e-7);
    }
    CHECK(expr(-86.99999f) > 0 && expr(-87) == 0 && expr(-1e30f) == 0 && expr(-INFINITY) == 0);
    CHECK(isnan(expr(NAN)));
    return check_status();
}
