/* What the engine computes of a checkpoint and a dataset and no tool prints, for generate/fresh.py:
 *
 *     values CHECKPOINT DATASET f32|f64 > values.safetensors
 *
 * `logits` [rows, scored positions, outputs] of the training rows, and the gradient of their loss,
 * `grad.NAME`. */
#include <string.h>

#include "gk/mem.h"
#include "gk/study.h"

static int put_logits(struct gk_study *s, struct gk_frame *out, struct gk_err *err)
{
    struct gk_engine *e = s->engine[GK_TRAIN];
    const uint64_t shape[] = {gk_engine_rows(e), (uint64_t)s->data.k, (uint64_t)s->ckpt.arch.vocab};
    void *z = gk_alloc(shape[0] * shape[1] * shape[2], gk_dtype_size(s->real), err);
    if (!z)
        return -1;
    const int rc = gk_engine_logits(e, s->theta, z, err) ||
                   gk_frame_add(out, "logits", s->real, 3, shape, z, err);
    gk_free(z);
    return rc ? -1 : 0;
}

static int put_gradient(struct gk_study *s, struct gk_frame *out, struct gk_err *err)
{
    const struct gk_params *ps = &s->ckpt.params;
    struct gk_score score;
    void *grad = gk_alloc(ps->total, gk_dtype_size(s->real), err);
    if (!grad)
        return -1;
    const int rc = gk_engine_grad(s->engine[GK_TRAIN], s->theta, NULL, 0, grad, &score, err) ||
                   gk_checkpoint_put_vector(out, ps, "grad.", s->real, grad, err);
    gk_free(grad);
    return rc ? -1 : 0;
}

static int values(char **argv, struct gk_err *err)
{
    struct gk_study s;
    struct gk_frame f, out = {.file = "values", .number = 1};
    if (gk_study_open(&s, argv[2], argv + 1, 1, 1, true, err) ||
        gk_frame_read_one(argv[1], &f, err))
        return -1;
    s.precision = strcmp(argv[3], "f32") == 0 ? GK_AS_F32 : GK_AS_F64;
    s.wanted[GK_TRAIN] = true;
    if (gk_study_take(&s, &f, err) || put_logits(&s, &out, err) || put_gradient(&s, &out, err) ||
        gk_frame_write(&out, stdout, err))
        return -1;
    gk_frame_free(&out);
    gk_frame_free(&f);
    gk_study_close(&s);
    return 0;
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    if (argc != 4) {
        fputs("usage: values CHECKPOINT DATASET f32|f64\n", stderr);
        return 2;
    }
    if (values(argv, &err)) {
        fprintf(stderr, "values: %s\n", err.msg);
        return 1;
    }
    return 0;
}
