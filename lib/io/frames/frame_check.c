/* Checks the layout that a header claims. No tensor's data are read here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame_priv.h"
#include "gk/mem.h"

struct gk_shape gk_show_shape(unsigned rank, const uint64_t *shape)
{
    struct gk_shape text = {"["};
    size_t n = 1;
    for (unsigned i = 0; i < rank && n < sizeof text.s; i++)
        n += (size_t)snprintf(text.s + n, sizeof text.s - n, "%s%" PRIu64, i ? ", " : "", shape[i]);
    if (n < sizeof text.s)
        snprintf(text.s + n, sizeof text.s - n, "]");
    return text;
}

int gk_tensor_measure(struct gk_tensor *t, size_t *bytes, struct gk_err *err)
{
    if (t->rank > GK_MAX_RANK)
        return gk_fail(err, "rank %u is over %d", t->rank, GK_MAX_RANK);
    t->count = 1;
    for (unsigned i = 0; i < t->rank; i++) {
        if (!gk_mul(t->count, t->shape[i], &t->count))
            return gk_fail(err, "the product of its shape overflows");
    }
    return gk_dtype_bytes(t->dtype, t->count, bytes, err);
}

int gk_slot_check(struct gk_slot *s, struct gk_err *err)
{
    struct gk_tensor *t = &s->t;
    size_t bytes = 0;
    if (gk_tensor_measure(t, &bytes, err) != 0)
        return -1;
    if (s->begin > s->end)
        return gk_fail(err, "data_offsets [%" PRIu64 ", %" PRIu64 "] are out of order", s->begin,
                       s->end);
    if (s->end - s->begin != bytes)
        return gk_fail(err,
                       "its shape makes %zu elements of %s, %zu bytes, but data_offsets "
                       "[%" PRIu64 ", %" PRIu64 "] are %" PRIu64 " bytes",
                       t->count, gk_dtype_name(t->dtype), bytes, s->begin, s->end,
                       s->end - s->begin);
    return 0;
}

/* By offset; an empty tensor comes before one that begins at the same byte. */
static int by_place(const void *a, const void *b)
{
    const struct gk_slot *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->t.name, y->t.name);
}

int gk_header_check(struct gk_header *h, struct gk_err *err)
{
    if (h->n > 0)
        qsort(h->slot, h->n, sizeof *h->slot, by_place);
    uint64_t pos = 0;
    for (size_t i = 0; i < h->n; i++) {
        const struct gk_slot *s = &h->slot[i];
        if (s->begin > pos)
            return gk_fail(err,
                           "tensor '%s': a hole: bytes %" PRIu64 " to %" PRIu64
                           " before it belong to no tensor",
                           gk_show(s->t.name).s, pos, s->begin);
        if (s->begin < pos)
            return gk_fail(err, "tensor '%s' overlaps tensor '%s'", gk_show(s->t.name).s,
                           gk_show(h->slot[i - 1].t.name).s);
        pos = s->end;
    }
    return 0;
}
