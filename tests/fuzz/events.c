/* Event files: the input is the data of one record, whose checksums are added here. A truncated
 * file gives a note, a changed bit an error; the points, written as events, read back unchanged. */
#include "fuzz.h"
#include "io/logs/events.h"
#include "io/stream/crc32c.h"

enum { MOST = 1000 }; /* points */

static void put_record(FILE *fp, const void *data, uint64_t n)
{
    uint32_t crc = gk_crc32c_masked(gk_crc32c(0, &n, sizeof n));
    fwrite(&n, sizeof n, 1, fp);
    fwrite(&crc, sizeof crc, 1, fp);
    fwrite(data, 1, n, fp);
    crc = gk_crc32c_masked(gk_crc32c(0, data, n));
    fwrite(&crc, sizeof crc, 1, fp);
}

static void put_varint(FILE *fp, uint64_t n)
{
    for (; n > 127; n >>= 7)
        putc((int)(n & 127) | 128, fp);
    putc((int)n, fp);
}

static void put_bytes(FILE *fp, unsigned field, const void *p, size_t n)
{
    put_varint(fp, field << 3 | 2);
    put_varint(fp, n);
    fwrite(p, 1, n, fp);
}

static void put_inner(FILE *fp, unsigned field, struct bytes b)
{
    put_bytes(fp, field, b.p, b.n);
    free(b.p);
}

/* A point as an event: a number is a tensor in double precision. */
static void put_point(FILE *to, const struct gk_point *p)
{
    struct bytes tensor, value, summary, event;
    FILE *fp = begin_bytes(&event);
    put_varint(fp, 2 << 3);
    put_varint(fp, (uint64_t)(int64_t)p->step);
    if (p->kind == GK_POINT_RESTART) {
        put_bytes(fp, 7, "\x08\x01", 2);
    } else {
        FILE *in = begin_bytes(&tensor);
        fputs("\x08\x02", in);
        put_bytes(in, 4, &p->value, sizeof p->value);
        fclose(in);
        in = begin_bytes(&value);
        put_bytes(in, 1, p->series, strlen(p->series));
        if (p->kind == GK_POINT_NUMBER)
            put_bytes(in, 8, tensor.p, tensor.n);
        fclose(in);
        free(tensor.p);
        in = begin_bytes(&summary);
        put_inner(in, 1, value);
        fclose(in);
        put_inner(fp, 5, summary);
    }
    fclose(fp);
    put_record(to, event.p, event.n);
    free(event.p);
}

/* The points of B, as events again; -1: an error. */
static int rewrite(struct bytes b, struct bytes *to, size_t *n, struct gk_notes *notes,
                   struct gk_err *err)
{
    struct gk_events e;
    struct gk_point p;
    int rc;
    FILE *fp = open_bytes(b.p, b.n), *out = begin_bytes(to);
    gk_events_begin(&e, fp, "input", notes);
    for (*n = 0; *n < MOST && (rc = gk_events_next(&e, &p, err)) == 1; ++*n)
        if (p.step > -9e15 && p.step < 9e15)
            put_point(out, &p);
    gk_events_end(&e);
    fclose(fp);
    fclose(out);
    return rc < 0 ? -1 : 0;
}

static void damaged(struct bytes b, size_t size)
{
    struct gk_err err = {0};
    struct gk_notes notes = {0};
    struct bytes got;
    size_t n;
    MUST(rewrite((struct bytes){b.p, b.n - 1 - size % (b.n - 1)}, &got, &n, &notes, &err));
    REQUIRE(n == 0 && notes.n == 1);
    free(got.p);
    gk_notes_free(&notes);
    b.p[size * 7 % b.n] ^= (char)(1 << size % 8);
    REQUIRE(rewrite(b, &got, &n, NULL, &err) != 0 && n == 0);
    refused(&err);
    free(got.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gk_err err = {0};
    struct bytes b, once = {0}, twice = {0};
    size_t n, m;
    FILE *fp = begin_bytes(&b);
    put_record(fp, data, size);
    fclose(fp);
    if (rewrite(b, &once, &n, NULL, &err) != 0) {
        refused(&err);
    } else if (once.n > 0) {
        MUST(rewrite(once, &twice, &m, NULL, &err));
        REQUIRE(m <= n);
        same_bytes(once, twice);
    }
    damaged(b, size);
    free(once.p);
    free(twice.p);
    free(b.p);
    return 0;
}
