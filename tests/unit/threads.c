/* The number of threads that a training step uses if --threads does not say. */
#include "gk/net.h"
#include "nn/plan/plan.h"

#include "check.h"

static int threads(struct gk_arch a, int dim, int ff, size_t rows, int64_t batch, int most)
{
    struct gk_dataset d = {.T = 4, .k = 1, .vocab = 99};
    d.split[GK_TRAIN].n = rows;
    a.dim = a.inputs == GK_INPUTS_ONEHOT ? 0 : dim;
    a.ff = ff;
    a.vocab = 99;
    return gk_engine_threads(&a, &d, batch, most);
}

int main(void)
{
    const struct gk_arch transformer = gk_arch_defaults(GK_TRANSFORMER);
    const struct gk_arch mlp = gk_arch_defaults(GK_MLP);
    /* a small network does not share a step */
    CHECK_INT_EQ(threads(transformer, 32, 128, 138, 0, 64), 1);
    CHECK_INT_EQ(threads(mlp, 128, 200, 138, 0, 64), 1);
    CHECK_INT_EQ(threads(transformer, 32, 128, 3764, 138, 64), 1);
    /* the default one does */
    CHECK_INT_EQ(threads(transformer, 128, 512, 2376, 0, 1), 1);
    CHECK_INT_EQ(threads(transformer, 128, 512, 2376, 0, 2), 2);
    CHECK_INT_EQ(threads(transformer, 128, 512, 2376, 0, 4), 4);
    CHECK_INT_EQ(threads(transformer, 128, 512, 2376, 0, 8), 8);
    /* as many as its tiles keep busy, which are larger without LIBXSMM */
    const int many = threads(transformer, 128, 512, 2376, 0, 64);
    CHECK(many >= 8 && many <= 56);
    CHECK_INT_EQ(threads(transformer, 128, 512, 3764, 2376, 64), many);
    CHECK(threads(transformer, 128, 512, 11520, 0, 64) >= 16);
    /* more rows, wider layers or more cores never take a thread away */
    for (int most = 1; most <= 16; most++)
        for (size_t rows = 320; rows <= 10240; rows *= 2) {
            CHECK(threads(mlp, 128, 200, rows, 0, most) <= most);
            CHECK(threads(mlp, 128, 200, rows, 0, most) >=
                  threads(mlp, 128, 200, rows / 2, 0, most));
            CHECK(threads(mlp, 128, 800, rows, 0, most) >= threads(mlp, 128, 200, rows, 0, most));
            CHECK(threads(mlp, 128, 200, rows, 0, most + 1) >=
                  threads(mlp, 128, 200, rows, 0, most));
        }
    return check_status();
}
