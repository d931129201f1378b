/* A record is the length of the data in eight bytes, a checksum of the length, the data, and a
 * checksum of the data. Event is defined in TensorFlow's event.proto, summary.proto and
 * tensor.proto. */
#include "events.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gk/frame.h"
#include "gk/mem.h"
#include "io/stream/crc32c.h"

enum { LARGE = 16 << 20 }; /* larger records are skipped: pictures, graphs */

/* The numbers of fields, by message. Numbers are in fields TENSOR_FIRST_VAL to TENSOR_LAST_VAL, one
 * for each dtype; strings are in one between them. */
enum { EVENT_STEP = 2, EVENT_SUMMARY = 5, EVENT_SESSION = 7 };
enum { SESSION_STATUS = 1 };
enum { SUMMARY_VALUE = 1 };
enum { VALUE_TAG = 1, VALUE_SIMPLE = 2, VALUE_TENSOR = 8 };
enum {
    TENSOR_DTYPE = 1,
    TENSOR_SHAPE = 2,
    TENSOR_CONTENT = 4,
    TENSOR_FIRST_VAL = 5,
    TENSOR_FLOAT_VAL = TENSOR_FIRST_VAL,
    TENSOR_DOUBLE_VAL = 6,
    TENSOR_STRING_VAL = 8,
    TENSOR_LAST_VAL = 17
};
enum { SHAPE_DIM = 2, SHAPE_UNKNOWN_RANK = 3 };
enum { DIM_SIZE = 1 };

enum { STATUS_START = 1 }; /* of SESSION_STATUS */

static int fail_at(const struct gk_events *e, const char *what, struct gk_err *err)
{
    return gk_fail(err, "%s: byte %" PRIu64 ": %s", e->name, e->at, what);
}

void gk_events_begin(struct gk_events *e, FILE *fp, const char *name, struct gk_notes *notes)
{
    *e = (struct gk_events){.fp = fp, .name = name, .notes = notes};
}

void gk_events_end(struct gk_events *e)
{
    free(e->buf);
    free(e->tag);
    *e = (struct gk_events){0};
}

/* ---- records ---- */

/* The file ends inside the current record. */
static int cut(struct gk_events *e, struct gk_err *err)
{
    if (ferror(e->fp))
        return gk_fail(err, "%s:", e->name);
    return gk_notes_add(e->notes, NULL, err,
                        "%s: byte %" PRIu64 ": the last record is not whole, as in a file that is "
                        "still being written: read up to there",
                        e->name, e->at);
}

/* Reads the data of a large record for their checksum alone: 1: done, 0: truncated. */
static int pass_over(FILE *fp, uint64_t len, uint32_t *crc)
{
    char part[1 << 14];
    for (*crc = 0; len > 0;) {
        const size_t want = len < sizeof part ? (size_t)len : sizeof part;
        const size_t n = fread(part, 1, want, fp);
        *crc = gk_crc32c(*crc, part, n);
        len -= n;
        if (n < want)
            return 0;
    }
    return 1;
}

/* 1: the next record's data are in e->event, 2: they were skipped, 0: the end, -1. */
static int next_record(struct gk_events *e, struct gk_err *err)
{
    unsigned char head[12];
    uint64_t len;
    uint32_t crc, said;
    e->at = e->next;
    size_t n = fread(head, 1, sizeof head, e->fp);
    if (n < sizeof head)
        return n == 0 && !ferror(e->fp) ? 0 : cut(e, err);
    memcpy(&len, head, sizeof len);
    memcpy(&said, head + sizeof len, sizeof said);
    if (said != gk_crc32c_masked(gk_crc32c(0, head, sizeof len)))
        return fail_at(e, "the checksum of a record's length is wrong", err);
    const bool large = len > LARGE;
    if (large) {
        if (!pass_over(e->fp, len, &crc))
            return cut(e, err);
    } else {
        if (gk_grow(&e->buf, &e->cap, (size_t)len + 1, 1, err))
            return gk_fail_at(err, "%s", e->name);
        if (fread(e->buf, 1, (size_t)len, e->fp) < len)
            return cut(e, err);
        crc = gk_crc32c(0, e->buf, (size_t)len);
    }
    if (fread(&said, 1, sizeof said, e->fp) < sizeof said)
        return cut(e, err);
    if (said != gk_crc32c_masked(crc))
        return fail_at(e, "the checksum of a record's data is wrong", err);
    e->next = e->at + sizeof head + len + sizeof said;
    if (large)
        return gk_notes_add(e->notes, NULL, err,
                            "%s: byte %" PRIu64 ": a record over %d MiB: passed over", e->name,
                            e->at, LARGE >> 20)
                   ? -1
                   : 2;
    e->event = (struct gk_proto){e->buf, e->buf + len};
    return 1;
}

/* ---- tensors ---- */

/* The dtypes of tensor.proto that gk has. */
static bool dtype_of(uint64_t type, enum gk_dtype *dtype)
{
    static const struct {
        uint64_t type;
        enum gk_dtype dtype;
    } known[] = {{1, GK_F32}, {2, GK_F64}, {3, GK_I32},   {4, GK_U8},
                 {9, GK_I64}, {10, GK_U8}, {14, GK_BF16}, {19, GK_F16}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        *dtype = known[i].dtype;
        if (known[i].type == type)
            return true;
    }
    return false;
}

/* Dimensions other than 1 make a tensor not a scalar. 1: a scalar, 0: not, -1. */
static int is_scalar(struct gk_proto shape)
{
    struct gk_proto_field f, size;
    int rc, scalar = 1;
    while ((rc = gk_proto_next(&shape, &f)) == 1) {
        if (f.number == SHAPE_UNKNOWN_RANK && f.value)
            scalar = 0;
        if (f.number != SHAPE_DIM)
            continue;
        uint64_t n = 0;
        while ((rc = gk_proto_next(&f.bytes, &size)) == 1)
            n = size.number == DIM_SIZE ? size.value : n;
        if (rc)
            return -1;
        scalar &= n == 1;
    }
    return rc ? -1 : scalar;
}

/* The first number of a *_val field, packed or not, as the SIZE bytes of its dtype. */
static int first_value(const struct gk_proto_field *f, size_t size, unsigned char *bytes)
{
    struct gk_proto packed = f->bytes;
    uint64_t value = f->value;
    const bool fixed = f->number == TENSOR_FLOAT_VAL || f->number == TENSOR_DOUBLE_VAL;
    if (f->wire == GK_PROTO_BYTES && fixed) {
        if ((size_t)(packed.end - packed.p) < size)
            return -1;
        memcpy(bytes, packed.p, size);
        return 0;
    }
    if (f->wire == GK_PROTO_BYTES && gk_proto_varint(&packed, &value))
        return -1;
    memcpy(bytes, &value, size);
    return 0;
}

/* The only number of a TensorProto: 1: a number, 0: none, -1. */
static int tensor_value(struct gk_proto m, struct gk_point *point)
{
    _Alignas(8) unsigned char bytes[8] = {0};
    struct gk_proto content = {0}, values = m;
    struct gk_proto_field f;
    enum gk_dtype dtype = GK_F32;
    uint64_t type = 0;
    int rc, scalar = 1;
    while (scalar == 1 && (rc = gk_proto_next(&m, &f)) == 1) {
        if (f.number == TENSOR_DTYPE)
            type = f.value;
        if (f.number == TENSOR_SHAPE)
            scalar = is_scalar(f.bytes);
        if (f.number == TENSOR_CONTENT)
            content = f.bytes;
    }
    if (scalar != 1 || rc)
        return scalar < 1 ? scalar : -1;
    if (!dtype_of(type, &dtype))
        return 0;
    const size_t size = gk_dtype_size(dtype);
    if (content.p && (size_t)(content.end - content.p) != size)
        return -1;
    if (content.p)
        memcpy(bytes, content.p, size);
    for (bool found = content.p; !found && gk_proto_next(&values, &f) == 1;) {
        found = f.number >= TENSOR_FIRST_VAL && f.number <= TENSOR_LAST_VAL &&
                f.number != TENSOR_STRING_VAL;
        if (found && first_value(&f, size, bytes))
            return -1;
    }
    const struct gk_tensor t = {.dtype = dtype, .count = 1, .data = bytes};
    gk_tensor_f64(&t, &point->value);
    point->single = gk_dtype_is_single(dtype);
    return 1;
}

/* ---- events ---- */

static int take_tag(struct gk_events *e, struct gk_proto text, struct gk_err *err)
{
    const size_t n = (size_t)(text.end - text.p);
    if (memchr(text.p, '\0', n))
        return fail_at(e, "a tag with a zero byte", err);
    if (gk_grow(&e->tag, &e->tag_cap, n + 1, 1, err))
        return gk_fail_at(err, "%s", e->name);
    memcpy(e->tag, text.p, n);
    e->tag[n] = '\0';
    return 0;
}

/* One value of a summary. */
static int take_value(struct gk_events *e, struct gk_proto m, struct gk_point *point,
                      struct gk_err *err)
{
    static const char no_value[] = "a record whose value is damaged";
    struct gk_proto_field f;
    int rc;
    *point = (struct gk_point){.kind = GK_POINT_OTHER, .step = e->step};
    if (take_tag(e, (struct gk_proto){m.p, m.p}, err))
        return -1;
    while ((rc = gk_proto_next(&m, &f)) == 1) {
        if (f.number == VALUE_TAG && take_tag(e, f.bytes, err))
            return -1;
        if (f.number == VALUE_SIMPLE && f.wire == GK_PROTO_FIXED32) {
            float v;
            memcpy(&v, &f.value, sizeof v);
            point->value = (double)v;
            point->single = true;
            point->kind = GK_POINT_NUMBER;
        }
        if (f.number == VALUE_TENSOR) {
            const int number = tensor_value(f.bytes, point);
            if (number < 0)
                return fail_at(e, no_value, err);
            if (number == 1)
                point->kind = GK_POINT_NUMBER;
        }
    }
    point->series = e->tag;
    return rc < 0 ? fail_at(e, no_value, err) : 1;
}

/* The step of the current event, and whether it says that the run was restarted: 1, 0, -1. */
static int take_step(struct gk_events *e, struct gk_err *err)
{
    struct gk_proto m = e->event;
    struct gk_proto_field f, inner;
    int rc, restart = 0;
    e->step = 0; /* protobuf omits a step of 0 */
    while ((rc = gk_proto_next(&m, &f)) == 1) {
        if (f.number == EVENT_STEP && f.wire == GK_PROTO_VARINT)
            e->step = (double)(int64_t)f.value;
        if (f.number != EVENT_SESSION)
            continue;
        while ((rc = gk_proto_next(&f.bytes, &inner)) == 1)
            restart |= inner.number == SESSION_STATUS && inner.value == STATUS_START;
        if (rc)
            break;
    }
    return rc < 0 ? fail_at(e, "a record that is no event", err) : restart;
}

int gk_events_next(struct gk_events *e, struct gk_point *point, struct gk_err *err)
{
    struct gk_proto_field f;
    for (;;) {
        int rc;
        while ((rc = gk_proto_next(&e->values, &f)) == 1)
            if (f.number == SUMMARY_VALUE && f.wire == GK_PROTO_BYTES)
                return take_value(e, f.bytes, point, err);
        if (rc < 0)
            return fail_at(e, "a record whose summary is damaged", err);
        if (gk_proto_next(&e->event, &f) == 1) { /* take_step has checked it */
            if (f.number == EVENT_SUMMARY)
                e->values = f.bytes;
            continue;
        }
        if ((rc = next_record(e, err)) <= 0)
            return rc;
        if (rc == 2)
            continue;
        rc = take_step(e, err);
        if (rc == 1)
            *point = (struct gk_point){.kind = GK_POINT_RESTART, .step = e->step};
        if (rc)
            return rc;
    }
}

int gk_events_no_number(const struct gk_events *e, const struct gk_point *point, struct gk_err *err)
{
    return gk_fail(err, "%s: byte %" PRIu64 ": '%.60s' at step %.12g is not a number", e->name,
                   e->at, point->series, point->step);
}
