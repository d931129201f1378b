/* Reads datasets: a frame's tensors and metadata, checked so that a network can use them as
 * indices. */
#include "gk/dataset.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/number.h"
#include "gk/operation.h"

static const char *const split_name[2] = {"train", "val"};

/* Copies the tensor SPLIT.PART to new memory as int32 [rows, cols]. */
static int read_part(const struct gk_frame *f, const char *split, const char *part, size_t *rows,
                     size_t *cols, int32_t **data, struct gk_err *err)
{
    char name[32];
    snprintf(name, sizeof name, "%s.%s", split, part);
    const struct gk_tensor *t = gk_frame_tensor(f, name);
    if (!t)
        return gk_frame_fail(f, err, "no tensor %s: not a dataset", name);
    if (t->rank != 2)
        return gk_frame_fail(f, err, "tensor %s has rank %u: [rows, %s] is wanted", name, t->rank,
                             strcmp(part, "tokens") == 0 ? "tokens of a row" : "answers of a row");
    *data = gk_alloc(t->count, sizeof **data, err);
    if (!*data)
        return -1;
    struct gk_err cause;
    if (gk_tensor_i32(t, *data, &cause))
        return gk_frame_fail(f, err, "%s", cause.msg);
    *rows = t->shape[0];
    *cols = t->shape[1];
    return 0;
}

/* Checks that every value of the [rows, cols] tensor SPLIT.PART is in 0..END-1. */
static int check_values(const struct gk_frame *f, const char *split, const char *part,
                        const int32_t *v, size_t rows, size_t cols, int end, struct gk_err *err)
{
    for (size_t i = 0; i < rows * cols; i++)
        if (v[i] < 0 || v[i] >= end)
            return gk_frame_fail(f, err, "tensor %s.%s: row %zu: %d is not in [0, %d]", split, part,
                                 i / cols, v[i], end - 1);
    return 0;
}

static int read_split(struct gk_dataset *d, const struct gk_frame *f, enum gk_split which,
                      struct gk_err *err)
{
    struct gk_rowset *s = &d->split[which];
    const char *name = split_name[which];
    size_t T = 0, k = 0, labelled = 0;
    if (read_part(f, name, "tokens", &s->n, &T, &s->tokens, err) ||
        read_part(f, name, "labels", &labelled, &k, &s->labels, err))
        return -1;
    if (labelled != s->n)
        return gk_frame_fail(f, err, "%zu rows in %s.tokens but %zu in %s.labels", s->n, name,
                             labelled, name);
    if (which == GK_TRAIN) {
        if (s->n == 0)
            return gk_frame_fail(f, err, "no training rows");
        if (T < 1 || T > GK_MAX_TOKENS)
            return gk_frame_fail(f, err, "tensor train.tokens: %zu tokens a row are not in [1, %d]",
                                 T, GK_MAX_TOKENS);
        d->T = (int)T;
    } else if (T != (size_t)d->T) {
        return gk_frame_fail(f, err, "%d tokens a row in train.tokens but %zu in val.tokens", d->T,
                             T);
    }
    if (k != (size_t)d->k)
        return gk_frame_fail(f, err, "tensor %s.labels: %zu columns for %d score_positions", name,
                             k, d->k);
    if (check_values(f, name, "tokens", s->tokens, s->n, T, d->vocab, err))
        return -1;
    return check_values(f, name, "labels", s->labels, s->n, k, d->vocab, err);
}

/* Parses "4,5": rising positions. read_split compares their number with the labels. */
static int read_positions(struct gk_dataset *d, const struct gk_frame *f, struct gk_err *err)
{
    const char *text = gk_frame_meta(f, "score_positions");
    if (!text)
        return gk_frame_fail(f, err, "no metadata score_positions: not a dataset");
    const char *p = text;
    for (d->k = 0;; p++) {
        const size_t len = strcspn(p, ",");
        int64_t v = -1;
        (void)gk_number_integer(p, len, &v);
        if (v < (d->k ? d->score[d->k - 1] + 1 : 0) || v >= GK_MAX_TOKENS)
            break;
        d->score[d->k++] = (int)v;
        p += len;
        if (!*p)
            return 0;
    }
    return gk_frame_fail(f, err, "metadata score_positions: '%.80s' is no list of rising positions",
                         text);
}

/* Layouts of two operands and one answer, whose elements come first in the vocabulary. */
static const struct operand_layout {
    const char *name;
    int T, second; /* tokens per row, the last of them scored; the second operand's place */
    int marks;     /* tokens after the elements: op and =, or = alone */
} operand_layouts[] = {{"paper", 4, 2, 2}, {"nanda", 3, 1, 1}};

static const struct operand_layout *operand_layout(const struct gk_dataset *d)
{
    for (int i = 0; d->layout && i < 2; i++)
        if (strcmp(d->layout, operand_layouts[i].name) == 0)
            return &operand_layouts[i];
    return NULL;
}

int gk_dataset_second_operand(const struct gk_dataset *d)
{
    const struct operand_layout *l = operand_layout(d);
    return l && d->T > l->second && d->k == 1 ? l->second : -1;
}

static int check_operands(const struct gk_dataset *d, const struct operand_layout *l,
                          const struct gk_frame *f, struct gk_err *err)
{
    if (d->T != l->T || d->k != 1 || d->score[0] != l->T - 1)
        return gk_frame_fail(f, err, "layout %s has %d tokens a row, scored at position %d",
                             l->name, l->T, l->T - 1);
    for (int i = 0; i < 2; i++) {
        const struct gk_rowset *s = &d->split[i];
        for (size_t r = 0; r < s->n; r++) {
            const int32_t *t = s->tokens + (size_t)l->T * r;
            if (t[0] >= d->elements || t[l->second] >= d->elements || s->labels[r] >= d->elements)
                return gk_frame_fail(f, err,
                                     "%s row %zu: an operand or answer is none of the %d elements",
                                     split_name[i], r, d->elements);
        }
    }
    return 0;
}

/* A network is as wide as the vocabulary, so a claim in the metadata must fit the file: unused
 * tokens may be at most as many as the tokens of gk-data's largest operation. */
static int check_vocab(const struct gk_dataset *d, const struct gk_frame *f, struct gk_err *err)
{
    size_t held = GK_OP_MAX_P + 2;
    for (int i = 0; i < 2; i++)
        held += d->split[i].n * (size_t)(d->T + d->k);
    if ((size_t)d->vocab <= held)
        return 0;
    return gk_frame_fail(f, err, "metadata 'vocab' is %d: rows as few as these may have %zu",
                         d->vocab, held);
}

/* A number in the metadata that only some tools need: -1 if it is absent or not a number. */
static int64_t said_number(const struct gk_frame *f, const char *key)
{
    const char *text = gk_frame_meta(f, key);
    int64_t v;
    const bool is = text && gk_number_integer(text, strlen(text), &v) == GK_NUMBER_FINITE && v >= 0;
    return is ? v : -1;
}

/* Reads what the metadata say about the operation; a network needs none of it. */
static int read_operation(struct gk_dataset *d, const struct gk_frame *f, struct gk_err *err)
{
    const char *op = gk_frame_meta(f, "op");
    d->p = said_number(f, "p");
    d->q = said_number(f, "q");
    return op && !(d->op = gk_strdup(op, err)) ? -1 : 0;
}

static int read_all(struct gk_dataset *d, const struct gk_frame *f, struct gk_err *err)
{
    const char *kind = gk_frame_meta(f, "gk.kind"), *layout = gk_frame_meta(f, "layout");
    int64_t v;
    if (kind && strcmp(kind, "dataset") != 0)
        return gk_frame_fail(f, err, "a %.40s, not a dataset", kind);
    if (gk_frame_check_keys(f, err) || gk_frame_meta_int(f, "vocab", 1, GK_MAX_VOCAB, &v, err) ||
        read_positions(d, f, err))
        return -1;
    d->vocab = (int)v;
    if (read_split(d, f, GK_TRAIN, err) || read_split(d, f, GK_VAL, err))
        return -1;
    if (d->score[d->k - 1] >= d->T)
        return gk_frame_fail(f, err, "score position %d is beyond the %d tokens of a row",
                             d->score[d->k - 1], d->T);
    if (check_vocab(d, f, err) || (layout && !(d->layout = gk_strdup(layout, err))))
        return -1;
    if (read_operation(d, f, err))
        return -1;
    d->elements = d->vocab;
    const struct operand_layout *operands = operand_layout(d);
    if (operands) {
        d->elements = d->vocab - operands->marks;
        if (check_operands(d, operands, f, err))
            return -1;
    }
    return gk_history_add_text(&d->history, gk_frame_meta(f, "gk.history"), err);
}

int gk_dataset_from_frame(struct gk_dataset *d, const struct gk_frame *f, struct gk_err *err)
{
    *d = (struct gk_dataset){0};
    if (!read_all(d, f, err))
        return 0;
    gk_dataset_free(d);
    return -1;
}

int gk_dataset_read(struct gk_dataset *d, const char *file, struct gk_err *err)
{
    struct gk_frame f = {0};
    *d = (struct gk_dataset){0};
    if (gk_frame_read_one(file, &f, err))
        return -1;
    int rc = gk_dataset_from_frame(d, &f, err);
    gk_frame_free(&f);
    return rc;
}

void gk_dataset_free(struct gk_dataset *d)
{
    for (int i = 0; i < 2; i++) {
        gk_free(d->split[i].tokens);
        gk_free(d->split[i].labels);
    }
    free(d->layout);
    free(d->op);
    gk_history_free(&d->history);
    *d = (struct gk_dataset){0};
}
