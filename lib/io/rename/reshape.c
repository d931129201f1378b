/* Changes to a tensor when it is renamed. */
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "io/frames/frame_priv.h"
#include "rename_priv.h"

/* Transposes the last two axes. */
static int transpose(struct gk_tensor *t, struct gk_err *err)
{
    if (t->rank < 2)
        return gk_fail(err, "transpose wants a matrix, its rank is %u", t->rank);
    const size_t size = gk_dtype_size(t->dtype), rows = t->shape[t->rank - 2],
                 cols = t->shape[t->rank - 1], one = rows * cols;
    size_t cap = 0;
    char *out = NULL;
    if (gk_grow(&out, &cap, t->count * size + 1, 1, err))
        return -1;
    for (size_t i = 0; i < t->count; i++) {
        const size_t base = i / one * one, r = i % one / cols, c = i % cols;
        memcpy(out + (base + c * rows + r) * size, (char *)t->data + i * size, size);
    }
    free(t->data);
    t->data = out;
    t->shape[t->rank - 2] = cols;
    t->shape[t->rank - 1] = rows;
    return 0;
}

/* Merges the first two axes. */
static int join(struct gk_tensor *t, struct gk_err *err)
{
    if (t->rank < 2)
        return gk_fail(err, "join wants two axes, its rank is %u", t->rank);
    t->shape[0] *= t->shape[1];
    t->rank--;
    memmove(t->shape + 1, t->shape + 2, (t->rank - 1) * sizeof *t->shape);
    return 0;
}

/* Takes one of several equal parts of the first axis. */
static int take_part(struct gk_tensor *t, size_t part, size_t of, struct gk_err *err)
{
    if (t->rank < 1 || t->shape[0] % of)
        return gk_fail(err, "its shape %s has no %zu equal parts",
                       gk_show_shape(t->rank, t->shape).s, of);
    t->shape[0] /= of;
    t->count /= of;
    const size_t bytes = gk_tensor_bytes(t);
    memmove(t->data, (char *)t->data + (part - 1) * bytes, bytes);
    return 0;
}

static int reshape(struct gk_tensor *t, const struct gk_change *c, struct gk_err *err)
{
    size_t known = 1;
    bool open = false;
    for (unsigned i = 0; i < c->rank; i++) {
        open |= c->shape[i] == 0;
        if (c->shape[i] && !gk_mul(known, c->shape[i], &known))
            return gk_fail(err, "the product of the new shape overflows");
    }
    if (open ? t->count % known != 0 : t->count != known)
        return gk_fail(err, "its %zu numbers do not make the new shape", t->count);
    for (unsigned i = 0; i < c->rank; i++)
        t->shape[i] = c->shape[i] ? c->shape[i] : t->count / known;
    t->rank = c->rank;
    return 0;
}

int gk_tensor_change(struct gk_tensor *t, const struct gk_change *c, struct gk_err *err)
{
    if (!gk_dtype_converts(t->dtype))
        return gk_fail(err, "it is %s: no parameter of a network is", gk_dtype_name(t->dtype));
    switch (c->kind) {
    case GK_TRANSPOSE:
        return transpose(t, err);
    case GK_JOIN:
        return join(t, err);
    case GK_PART:
        return take_part(t, c->part, c->of, err);
    case GK_RESHAPE:
        break;
    }
    return reshape(t, c, err);
}

int gk_tensor_fill(struct gk_tensor *t, size_t rows, double value, struct gk_err *err)
{
    if (t->rank < 1 || t->shape[0] >= rows)
        return 0;
    if (t->dtype != GK_F32 && t->dtype != GK_F64)
        return gk_fail(err, "fill wants F32 or F64, this is %s", gk_dtype_name(t->dtype));
    const size_t row = t->shape[0] ? t->count / t->shape[0] : 0;
    size_t count, cap = 0;
    if (!gk_mul(row, rows, &count) ||
        gk_grow(&t->data, &cap, count + 1, gk_dtype_size(t->dtype), err))
        return -1;
    for (; t->count < count; t->count++)
        gk_reals_narrow(t->dtype, 1, &value, (char *)t->data + t->count * gk_dtype_size(t->dtype));
    t->shape[0] = rows;
    return 0;
}
