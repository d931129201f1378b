/* What makes a frame a dataset. An accepted frame is safe to use as indices and, written to a frame
 * again, is the same dataset. */
#include "describe.h"
#include "gk/dataset.h"

static void check_rows(const struct gk_dataset *d, const struct gk_rowset *s)
{
    for (size_t i = 0; i < s->n * (size_t)d->T; i++)
        REQUIRE(s->tokens[i] >= 0 && s->tokens[i] < d->vocab);
    for (size_t i = 0; i < s->n * (size_t)d->k; i++)
        REQUIRE(s->labels[i] >= 0 && s->labels[i] < d->vocab);
}

static void check(const struct gk_dataset *d)
{
    REQUIRE(d->T >= 1 && d->T <= GK_MAX_TOKENS && d->k >= 1 && d->k <= d->T);
    REQUIRE(d->split[GK_TRAIN].n > 0 && d->vocab >= 1);
    REQUIRE(d->elements >= 1 && d->elements <= d->vocab);
    for (int i = 0; i < d->k; i++)
        REQUIRE(d->score[i] < d->T && d->score[i] > (i ? d->score[i - 1] : -1));
    check_rows(d, &d->split[GK_TRAIN]);
    check_rows(d, &d->split[GK_VAL]);
}

static struct gk_frame put(const struct gk_dataset *d)
{
    static const char *const name[2][2] = {{"train.tokens", "train.labels"},
                                           {"val.tokens", "val.labels"}};
    struct gk_err err = {0};
    struct gk_frame f = {.file = "again", .number = 1};
    char score[8 * GK_MAX_TOKENS] = "";
    for (int i = 0, at = 0; i < d->k; i++)
        at += sprintf(score + at, "%s%d", i ? "," : "", d->score[i]);
    for (int i = 0; i < 2; i++) {
        const struct gk_rowset *s = &d->split[i];
        MUST(gk_frame_add(&f, name[i][0], GK_I32, 2, (uint64_t[]){s->n, (uint64_t)d->T}, s->tokens,
                          &err));
        MUST(gk_frame_add(&f, name[i][1], GK_I32, 2, (uint64_t[]){s->n, (uint64_t)d->k}, s->labels,
                          &err));
    }
    MUST(gk_frame_set_meta(&f, "score_positions", score, &err));
    MUST(gk_frame_set_meta_int(&f, "vocab", d->vocab, &err));
    if (d->layout)
        MUST(gk_frame_set_meta(&f, "layout", d->layout, &err));
    MUST(gk_frame_set_history(&f, &d->history, &err));
    return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gk_err err = {0};
    struct gk_dataset d, again;
    struct gk_frame f = describe(data, size);
    if (gk_dataset_from_frame(&d, &f, &err) == 0) {
        check(&d);
        struct gk_frame g = put(&d);
        MUST(gk_dataset_from_frame(&again, &g, &err));
        struct gk_frame h = put(&again);
        same_frames(&g, &h);
        gk_frame_free(&g);
        gk_frame_free(&h);
        gk_dataset_free(&again);
        gk_dataset_free(&d);
    } else {
        refused(&err);
    }
    gk_frame_free(&f);
    return 0;
}
