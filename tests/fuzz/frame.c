/* Frames and streams of them. Each frame, written as a plain frame, reads back unchanged and is
 * written with the same bytes again; so are all of them as a stream. If data are left in a file,
 * they are at the stated offsets, and a fault in such a file gives the same message.
 */
#include "fuzz.h"

static struct gk_source *source(const void *p, size_t n)
{
    struct gk_err err = {0};
    struct gk_source *s;
    MUST(gk_source_from(&s, open_bytes(p, n), "input", &err));
    return s;
}

/* Plain frames have one encoding. */
static void plain(const struct gk_frame *f)
{
    struct bytes b = encode(f);
    struct gk_err err = {0};
    struct gk_frame again, none;
    struct gk_source *s = source(b.p, b.n);
    REQUIRE(gk_source_next(s, &again, &err) == 1 && gk_source_next(s, &none, &err) == 0);
    same_frames(f, &again);
    struct bytes c = encode(&again);
    same_bytes(b, c);
    gk_frame_free(&again);
    gk_source_close(s);
    free(b.p);
    free(c.p);
}

static void stream(const struct bytes *b, const struct bytes *frames)
{
    struct gk_err err = {0};
    struct gk_frame f, g;
    struct gk_source *s = source(b->p, b->n), *t = source(frames->p, frames->n);
    int rc;
    while ((rc = gk_source_next(s, &f, &err)) == 1) {
        REQUIRE(gk_source_next(t, &g, &err) == 1);
        REQUIRE(f.in_stream && !g.in_stream && f.index == g.index);
        same_frames(&f, &g);
        gk_frame_free(&f);
        gk_frame_free(&g);
    }
    REQUIRE(rc == 0 && gk_source_next(t, &g, &err) == 0);
    gk_source_close(s);
    gk_source_close(t);
}

/* One more frame of a file whose data are left there: equal to F, which was read from the same
 * bytes. */
static void same_left(struct gk_source *left, const struct gk_frame *f, const uint8_t *data)
{
    struct gk_err err = {0};
    struct gk_frame g;
    REQUIRE(gk_source_next(left, &g, &err) == 1);
    REQUIRE(g.ntensor == f->ntensor && g.nmeta == f->nmeta && g.index == f->index);
    for (size_t i = 0; i < g.ntensor; i++) {
        const struct gk_tensor *s = &f->tensor[i], *t = &g.tensor[i];
        REQUIRE(!t->data && !strcmp(s->name, t->name) && s->dtype == t->dtype &&
                s->count == t->count);
        REQUIRE(memcmp(s->data, data + t->at, s->count * gk_dtype_size(s->dtype)) == 0);
    }
    gk_frame_free(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gk_err err = {0};
    struct gk_frame f;
    struct bytes as_stream, as_plain;
    struct gk_stream out = {.fp = begin_bytes(&as_stream)};
    FILE *fp = begin_bytes(&as_plain);
    struct gk_source *s = source(data, size), *left;
    int rc;
    MUST(gk_source_from(&left, open_file(data, size), "input", &err));
    gk_source_leave_data(left);
    while ((rc = gk_source_next(s, &f, &err)) == 1) {
        plain(&f);
        same_left(left, &f, data);
        MUST(gk_stream_write(&out, &f, &err));
        MUST(gk_frame_write(&f, fp, &err));
        gk_frame_free(&f);
    }
    if (rc < 0)
        refused(&err);
    struct gk_err again = {0};
    REQUIRE(gk_source_next(left, &f, &again) == rc && strcmp(err.msg, again.msg) == 0);
    gk_source_close(left);
    gk_source_close(s);
    const bool any = out.n > 0;
    MUST(gk_stream_end(&out, &err));
    fclose(out.fp);
    fclose(fp);
    if (any)
        stream(&as_stream, &as_plain);
    free(as_stream.p);
    free(as_plain.p);
    return 0;
}
