/* The exponential of the networks in double precision, in plain operations, against libm's. */
#define GK_REAL_IS_F64 1
#include "nn/core/kernels/exp.h"

#include "check.h"
#include "gk/rng.h"

int main(void)
{
    struct gk_rng rng;
    gk_rng_seed(&rng, 1, 0);
    CHECK(expr(0) == 1 && expr(-0.0) == 1 && expr(-0x1p-60) == 1);
    for (double x = -1e-300; x > -708; x = x * 1.3 - 1e-18)
        CHECK_CLOSE(expr(x), exp(x), 4e-16);
    for (int i = 0; i < 100000; i++) {
        const double x = -708 * gk_rng_uniform(&rng), near = -gk_rng_uniform(&rng);
        CHECK_CLOSE(expr(x), exp(x), 4e-16);
        CHECK_CLOSE(expr(near), exp(near), 4e-16);
    }
    /* Halfway between two multiples of ln 2 the polynomial is worst. */
    for (int n = 0; n < 1000; n++)
        CHECK_CLOSE(expr(-(n + 0.5) * M_LN2), exp(-(n + 0.5) * M_LN2), 4e-16);
    CHECK(expr(-708) > 0 && expr(-708.0000001) == 0 && expr(-1e300) == 0 && expr(-INFINITY) == 0);
    CHECK(isnan(expr(NAN)));
    return check_status();
}
