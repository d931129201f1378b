/* Copies the numbers of a tensor from its storage: a view may be offset, transposed, sliced or
 * repeated. */
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "io/frames/frame_priv.h"
#include "torch_priv.h"

int gk_torch_measure(const struct gk_pickle_tensor *t, size_t *bytes, size_t *storage,
                     struct gk_err *err)
{
    struct gk_tensor shape = {.dtype = t->dtype, .rank = t->rank};
    size_t last = t->offset, have = t->storage->count, step;
    memcpy(shape.shape, t->shape, sizeof shape.shape);
    if (gk_tensor_measure(&shape, bytes, err))
        return -1;
    if (!gk_mul(t->storage->count, gk_dtype_size(t->storage->dtype), storage))
        return gk_fail(err, "the size of its storage overflows");
    if (t->storage->untyped)
        have /= gk_dtype_size(t->dtype);
    if (shape.count == 0)
        return 0;
    for (unsigned i = 0; i < t->rank; i++)
        if (!gk_mul(t->shape[i] - 1, t->stride[i], &step) || !gk_add(last, step, &last))
            return gk_fail(err, "its strides overflow");
    if (last >= have)
        return gk_fail(err, "it reaches to element %zu of a storage of %zu", last, have);
    return 0;
}

/* N elements of SIZE bytes, STRIDE elements from one to the next. */
static void copy_run(char *to, const char *from, size_t n, size_t stride, size_t size)
{
    if (stride == 1) {
        memcpy(to, from, n * size);
        return;
    }
#define COPY(type)                                                                                 \
    for (size_t i = 0; i < n; i++)                                                                 \
    memcpy(to + i * sizeof(type), from + i * stride * sizeof(type), sizeof(type))
    if (size == 8)
        COPY(uint64_t);
    else if (size == 4)
        COPY(uint32_t);
    else if (size == 2)
        COPY(uint16_t);
    else
        COPY(uint8_t);
#undef COPY
}

/* Merges adjacent axes that are contiguous; returns how many are left. The last one is the run. */
static unsigned join_axes(const struct gk_pickle_tensor *t, size_t *shape, size_t *stride)
{
    unsigned rank = 0;
    for (unsigned i = 0; i < t->rank; i++) {
        if (t->shape[i] == 1)
            continue;
        if (rank > 0 && stride[rank - 1] == t->shape[i] * t->stride[i]) {
            shape[rank - 1] *= t->shape[i];
            stride[rank - 1] = t->stride[i];
            continue;
        }
        shape[rank] = t->shape[i];
        stride[rank++] = t->stride[i];
    }
    if (rank > 0)
        return rank;
    shape[0] = stride[0] = 1;
    return 1;
}

int gk_torch_gather(const struct gk_pickle_tensor *t, const void *data, void **to,
                    struct gk_err *err)
{
    size_t shape[GK_MAX_RANK], stride[GK_MAX_RANK], at[GK_MAX_RANK] = {0}, bytes, all, cap = 0;
    const size_t size = gk_dtype_size(t->dtype);
    char *out = NULL;
    *to = NULL;
    if (gk_torch_measure(t, &bytes, &all, err) || gk_grow(&out, &cap, bytes + !bytes, 1, err))
        return -1;
    *to = out;
    if (bytes == 0)
        return 0;
    const unsigned last = join_axes(t, shape, stride) - 1;
    size_t from = t->offset;
    for (const char *end = out + bytes; out < end; out += shape[last] * size) {
        copy_run(out, (const char *)data + from * size, shape[last], stride[last], size);
        for (unsigned k = last; k-- > 0;) {
            from += stride[k];
            if (++at[k] < shape[k])
                break;
            from -= shape[k] * stride[k];
            at[k] = 0;
        }
    }
    return 0;
}
