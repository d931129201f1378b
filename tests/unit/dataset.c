/* What a dataset must be: each fault of a frame has a message. */
#include <stdlib.h>

#include "check.h"
#include "gk/dataset.h"
#include "gk/operation.h"

/* Two training rows and one validation row of 0 o 1 = 2 over 3 elements; each test spoils a piece.
 */
struct pieces {
    int32_t train_tokens[2][4], train_labels[2][2], val_tokens[1][4], val_labels[1][2];
    uint64_t train_rows, train_T, label_rows, k, val_rows, val_T, val_k;
    const char *kind, *layout, *vocab, *positions;
};

static const struct pieces good = {.train_tokens = {{0, 3, 1, 4}, {1, 3, 0, 4}},
                                   .train_labels = {{2, 2}, {2, 2}},
                                   .val_tokens = {{1, 3, 1, 4}},
                                   .val_labels = {{0, 0}},
                                   .train_rows = 2,
                                   .train_T = 4,
                                   .label_rows = 2,
                                   .k = 1,
                                   .val_rows = 1,
                                   .val_T = 4,
                                   .val_k = 1,
                                   .kind = "dataset",
                                   .layout = "paper",
                                   .vocab = "5",
                                   .positions = "3"};

static void build(struct gk_frame *f, const struct pieces *p)
{
    struct gk_err err;
    *f = (struct gk_frame){0};
    CHECK(!gk_frame_add(f, "train.tokens", GK_I32, 2, (uint64_t[]){p->train_rows, p->train_T},
                        p->train_tokens, &err));
    CHECK(!gk_frame_add(f, "train.labels", GK_I32, 2, (uint64_t[]){p->label_rows, p->k},
                        p->train_labels, &err));
    CHECK(!gk_frame_add(f, "val.tokens", GK_I32, 2, (uint64_t[]){p->val_rows, p->val_T},
                        p->val_tokens, &err));
    CHECK(!gk_frame_add(f, "val.labels", GK_I32, 2, (uint64_t[]){p->val_rows, p->val_k},
                        p->val_labels, &err));
    if (p->kind)
        CHECK(!gk_frame_set_meta(f, "gk.kind", p->kind, &err));
    if (p->layout)
        CHECK(!gk_frame_set_meta(f, "layout", p->layout, &err));
    if (p->vocab)
        CHECK(!gk_frame_set_meta(f, "vocab", p->vocab, &err));
    if (p->positions)
        CHECK(!gk_frame_set_meta(f, "score_positions", p->positions, &err));
    CHECK(!gk_frame_set_meta(f, "gk.history", "gk-data 1.0 --op add", &err));
}

static void refused(const struct pieces *p, const char *message)
{
    struct gk_frame f;
    struct gk_dataset d;
    struct gk_err err = {0};
    build(&f, p);
    CHECK_INT_EQ(gk_dataset_from_frame(&d, &f, &err), -1);
    CHECK_STR_HAS(err.msg, message);
    CHECK(d.split[0].tokens == NULL && d.layout == NULL);
    gk_frame_free(&f);
}

/* Refused with MESSAGE once the designated pieces are changed. */
#define REFUSED(message, ...)                                                                      \
    do {                                                                                           \
        struct pieces p = good;                                                                    \
        __VA_ARGS__;                                                                               \
        refused(&p, message);                                                                      \
    } while (0)

static void test_accepted(void)
{
    struct gk_frame f;
    struct gk_dataset d;
    struct gk_err err;
    struct pieces p = good;
    build(&f, &p);
    CHECK(!gk_dataset_from_frame(&d, &f, &err));
    CHECK_INT_EQ(d.split[GK_TRAIN].n, 2);
    CHECK_INT_EQ(d.split[GK_VAL].n, 1);
    CHECK(d.T == 4 && d.k == 1 && d.score[0] == 3 && d.vocab == 5 && d.elements == 3);
    CHECK_INT_EQ(d.split[GK_TRAIN].tokens[4], 1);
    CHECK_INT_EQ(d.split[GK_VAL].labels[0], 0);
    CHECK_STR_EQ(d.layout, "paper");
    CHECK(d.history.n == 1 && !strcmp(d.history.line[0], "gk-data 1.0 --op add"));
    gk_dataset_free(&d);
    gk_frame_free(&f);

    /* Written elsewhere: no kind, no layout, two positions, nothing to validate on. */
    p.kind = p.layout = NULL;
    p.positions = "0,3";
    p.k = p.val_k = 2;
    p.val_rows = 0;
    build(&f, &p);
    CHECK(!gk_dataset_from_frame(&d, &f, &err));
    CHECK(d.k == 2 && d.score[0] == 0 && d.score[1] == 3 && d.elements == 5 && !d.layout);
    CHECK_INT_EQ(d.split[GK_VAL].n, 0);
    gk_dataset_free(&d);
    gk_frame_free(&f);
}

static void test_refused(void)
{
    REFUSED("a checkpoint, not a dataset", p.kind = "checkpoint");
    REFUSED("'vocab'", p.vocab = NULL);
    REFUSED("metadata 'vocab' is '0'", p.vocab = "0");
    REFUSED("metadata 'vocab' is 4114: rows as few as these may have 4113", p.vocab = "4114");
    REFUSED("no metadata score_positions: not a dataset", p.positions = NULL);
    REFUSED("score_positions: '' is no list of rising positions", p.positions = "");
    REFUSED("'3,' is no list", p.positions = "3,");
    REFUSED("'3,3' is no list", p.positions = "3,3");
    REFUSED("'2,1' is no list", p.positions = "2,1");
    REFUSED("'-1' is no list", p.positions = "-1");
    REFUSED("'64' is no list", p.positions = "64");
    REFUSED("'99999999999999999999' is no list", p.positions = "99999999999999999999");
    REFUSED("score position 4 is beyond the 4 tokens of a row", p.positions = "4");
    REFUSED("train.labels: 1 columns for 2 score_positions", p.positions = "0,3");
    REFUSED("val.labels: 2 columns for 1 score_positions", p.val_k = 2);
    REFUSED("no training rows", p.train_rows = p.label_rows = 0);
    REFUSED("2 rows in train.tokens but 1 in train.labels", p.label_rows = 1);
    REFUSED("4 tokens a row in train.tokens but 3 in val.tokens", p.val_T = 3);
    REFUSED("0 tokens a row are not in [1, 64]", p.train_T = 0);
    REFUSED("tensor train.tokens: row 1: 5 is not in [0, 4]", p.train_tokens[1][3] = 5);
    REFUSED("tensor val.tokens: row 0: -1 is not in [0, 4]", p.val_tokens[0][0] = -1);
    REFUSED("tensor train.labels: row 0: 7 is not in [0, 4]", p.train_labels[0][0] = 7);
    REFUSED("train row 0: an operand or answer is none of the 3 elements",
            p.train_labels[0][0] = 3);
    REFUSED("val row 0: an operand or answer is none of the 3 elements", p.val_tokens[0][2] = 4);
    REFUSED("layout paper has 4 tokens a row, scored at position 3", p.positions = "2");
}

static void test_tensors(void)
{
    struct gk_frame f = {0};
    struct gk_dataset d;
    struct gk_err err;
    const float halves[4] = {0, 3, 1.5, 4};
    CHECK(!gk_frame_set_meta(&f, "vocab", "5", &err));
    CHECK(!gk_frame_set_meta(&f, "score_positions", "3", &err));
    CHECK_INT_EQ(gk_dataset_from_frame(&d, &f, &err), -1);
    CHECK_STR_HAS(err.msg, "no tensor train.tokens: not a dataset");
    CHECK(!gk_frame_add(&f, "train.tokens", GK_F32, 2, (uint64_t[]){1, 4}, halves, &err));
    CHECK_INT_EQ(gk_dataset_from_frame(&d, &f, &err), -1);
    CHECK_STR_HAS(err.msg, "element 2 is 1.5, not a 32-bit integer");
    gk_frame_free(&f);

    struct pieces p = good;
    build(&f, &p);
    f.tensor[0].rank = 1;
    CHECK_INT_EQ(gk_dataset_from_frame(&d, &f, &err), -1);
    CHECK_STR_HAS(err.msg, "tensor train.labels has rank 1: [rows, answers of a row] is wanted");
    gk_frame_free(&f);
}

/* What gk_operation_dataset makes is read back as it was made. */
static void test_made(void)
{
    struct gk_operation o;
    struct gk_dataset d;
    struct gk_err err;
    static const struct {
        int T, k, vocab, elements, second;
    } want[] = {[GK_LAYOUT_PAPER] = {4, 1, 7, 5, 2},
                [GK_LAYOUT_OPENAI] = {6, 2, 239, 239, -1},
                [GK_LAYOUT_NANDA] = {3, 1, 6, 5, 1}};
    for (int layout = GK_LAYOUT_PAPER; layout <= GK_LAYOUT_NANDA; layout++) {
        struct gk_frame f = {0};
        CHECK(!gk_operation_make(&o, 0, 5, 5, &err));
        CHECK_INT_EQ(o.n, 25);
        CHECK(!gk_operation_dataset(&f, &o, (enum gk_layout)layout, 20, 3, 0, &err));
        CHECK(!gk_dataset_from_frame(&d, &f, &err));
        CHECK(d.T == want[layout].T && d.k == want[layout].k);
        CHECK_INT_EQ(d.vocab, want[layout].vocab);
        CHECK_INT_EQ(d.elements, want[layout].elements);
        CHECK_INT_EQ(gk_dataset_second_operand(&d), want[layout].second);
        CHECK(d.split[GK_TRAIN].n == 20 && d.split[GK_VAL].n == 5);
        gk_dataset_free(&d);
        gk_frame_free(&f);
        gk_operation_free(&o);
    }
}

int main(void)
{
    test_accepted();
    test_refused();
    test_tensors();
    test_made();
    return check_status();
}
