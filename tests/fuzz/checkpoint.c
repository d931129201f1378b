/* What makes a frame a checkpoint. An accepted frame names every parameter once, finite; written to
 * a frame again it is the same network with the same weights. */
#include "describe.h"
#include "gk/checkpoint.h"
#include "gk/mem.h"

static struct gk_frame put(const struct gk_checkpoint *c, const double *theta)
{
    struct gk_err err = {0};
    struct gk_frame f = {.file = "again", .number = 1};
    MUST(gk_checkpoint_put_vector(&f, &c->params, "", GK_F64, theta, &err));
    MUST(gk_checkpoint_put_meta(&f, c, &err));
    return f;
}

static double *weights(const struct gk_frame *f, const struct gk_checkpoint *c)
{
    struct gk_err err = {0};
    double *theta = gk_alloc(c->params.total, sizeof *theta, &err);
    REQUIRE(theta);
    MUST(gk_checkpoint_vector(f, &c->params, "", GK_F64, theta, &err));
    for (size_t i = 0; i < c->params.total; i++)
        REQUIRE(isfinite(theta[i]));
    return theta;
}

static void roundtrip(const struct gk_frame *f, const struct gk_checkpoint *c)
{
    struct gk_err err = {0};
    struct gk_checkpoint again;
    double *theta = weights(f, c);
    struct gk_frame g = put(c, theta);
    MUST(gk_checkpoint_parse(&again, &g, &err));
    REQUIRE(memcmp(&again.arch, &c->arch, sizeof c->arch) == 0 && again.dtype == c->dtype &&
            again.step == c->step && again.seed == c->seed);
    struct gk_frame h = put(&again, theta);
    same_frames(&g, &h);
    gk_free(theta);
    gk_frame_free(&g);
    gk_frame_free(&h);
    gk_checkpoint_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gk_err err = {0};
    struct gk_checkpoint c;
    struct gk_frame f = describe(data, size);
    if (gk_checkpoint_parse(&c, &f, &err) == 0) {
        float *narrow = gk_alloc(c.params.total, sizeof *narrow, &err);
        REQUIRE(narrow);
        roundtrip(&f, &c);
        if (gk_checkpoint_vector(&f, &c.params, "", GK_F32, narrow, &err) != 0)
            refused(&err);
        gk_free(narrow);
        gk_checkpoint_free(&c);
    } else {
        refused(&err);
    }
    gk_frame_free(&f);
    return 0;
}
