/* Writing frames and streams: the same frame gives the same bytes, whatever order it was built
 * in. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frame_priv.h"
#include "gk/mem.h"
#include "gk/out.h"

/* Decreasing element size keeps every tensor aligned without gaps; ties are sorted by name. */
static int by_size(const void *a, const void *b)
{
    const struct gk_tensor *x = &((const struct gk_slot *)a)->t;
    const struct gk_tensor *y = &((const struct gk_slot *)b)->t;
    size_t sx = gk_dtype_size(x->dtype), sy = gk_dtype_size(y->dtype);
    if (sx != sy)
        return sx > sy ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* H borrows everything from F except its slots. */
static int lay_out(struct gk_header *h, const struct gk_frame *f, struct gk_err *err)
{
    uint64_t pos = 0;
    *h = (struct gk_header){.n = f->ntensor, .meta = f->meta, .nmeta = f->nmeta};
    if (gk_grow(&h->slot, &h->cap, h->n + 1, sizeof *h->slot, err) != 0)
        return -1;
    for (size_t i = 0; i < f->ntensor; i++)
        h->slot[i] = (struct gk_slot){.t = f->tensor[i]};
    qsort(h->slot, h->n, sizeof *h->slot, by_size);
    for (size_t i = 0; i < h->n; i++) {
        struct gk_slot *s = &h->slot[i];
        s->begin = pos;
        s->end = pos += gk_tensor_bytes(&s->t);
    }
    return 0;
}

static int put(FILE *fp, const void *data, size_t n, struct gk_err *err)
{
    return fwrite(data, 1, n, fp) == n ? 0 : gk_fail(err, "cannot write:");
}

static int write_frame(FILE *fp, const struct gk_frame *f, const struct gk_meta *more,
                       struct gk_err *err)
{
    struct gk_header h;
    size_t len = 0;
    int rc = lay_out(&h, f, err);
    char *text = rc == 0 ? gk_header_text(&h, more, &len, err) : NULL;
    if (text) {
        uint64_t n = len;
        rc = put(fp, &n, sizeof n, err);
        if (rc == 0)
            rc = put(fp, text, len, err);
        for (size_t i = 0; i < h.n && rc == 0; i++)
            rc = put(fp, h.slot[i].t.data, (size_t)(h.slot[i].end - h.slot[i].begin), err);
    } else {
        rc = -1;
    }
    free(text);
    free(h.slot);
    return rc;
}

int gk_frame_write(const struct gk_frame *f, FILE *fp, struct gk_err *err)
{
    return write_frame(fp, f, NULL, err);
}

int gk_frame_save(const struct gk_frame *f, const char *path, struct gk_err *err)
{
    struct gk_out out;
    if (gk_out_open(&out, path, true, err))
        return -1;
    if (gk_frame_write(f, out.fp, err)) {
        gk_fail_at(err, "%s", out.name);
        gk_out_discard(&out);
        return -1;
    }
    return gk_out_commit(&out, err);
}

int gk_stream_write(struct gk_stream *s, const struct gk_frame *f, struct gk_err *err)
{
    static char key[] = "gk.stream", value[] = "1";
    if (write_frame(s->fp, f, &(struct gk_meta){key, value}, err) != 0)
        return -1;
    s->n++;
    return 0;
}

int gk_stream_end(struct gk_stream *s, struct gk_err *err)
{
    char key[] = "gk.end", value[24];
    snprintf(value, sizeof value, "%" PRIu64, s->n);
    if (write_frame(s->fp, &(struct gk_frame){0}, &(struct gk_meta){key, value}, err) != 0)
        return -1;
    s->n = 0;
    return 0;
}
