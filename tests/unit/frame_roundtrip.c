/* What is written is read back equal; the bytes do not depend on how the frame came about; streams
 * and plain frames follow each other in one input. */
#include <unistd.h>

#include "frames.h"
#include "gk/mem.h"
#include "gk/rng.h"

static struct gk_rng rng;
static struct gk_err err;

/* A tensor with random dtype, shape and bytes. */
struct draw {
    char name[24];
    enum gk_dtype dtype;
    unsigned rank;
    uint64_t shape[GK_MAX_RANK];
    unsigned char data[3 * 3 * 3 * 3 * 3 * 3 * 3 * 3 * 8];
};

static void draw_tensor(struct draw *d, int i)
{
    static const char *const prefix[] = {"a", "Z", "_", "~", "\xc3\xa9", "with \"quotes\"\n\\"};
    snprintf(d->name, sizeof d->name, "%.9s%d", prefix[gk_rng_below(&rng, 6)], i);
    d->dtype = (enum gk_dtype)gk_rng_below(&rng, GK_C64 + 1);
    d->rank = (unsigned)gk_rng_below(&rng, GK_MAX_RANK + 1);
    for (unsigned k = 0; k < d->rank; k++)
        d->shape[k] = gk_rng_below(&rng, 20) == 0 ? 0 : 1 + gk_rng_below(&rng, 3);
    for (size_t k = 0; k < sizeof d->data; k++)
        d->data[k] = (unsigned char)gk_rng_below(&rng, 256);
}

static void add(struct gk_frame *f, const struct draw *d)
{
    CHECK_INT_EQ(gk_frame_add(f, d->name, d->dtype, d->rank, d->shape, d->data, &err), 0);
}

static void check_equal(const struct gk_frame *a, const struct gk_frame *b)
{
    CHECK_INT_EQ(a->ntensor, b->ntensor);
    CHECK_INT_EQ(a->nmeta, b->nmeta);
    for (size_t i = 0; i < a->nmeta && i < b->nmeta; i++) {
        CHECK_STR_EQ(a->meta[i].key, b->meta[i].key);
        CHECK_STR_EQ(a->meta[i].value, b->meta[i].value);
    }
    for (size_t i = 0; i < a->ntensor && i < b->ntensor; i++) {
        const struct gk_tensor *x = &a->tensor[i], *y = &b->tensor[i];
        CHECK_STR_EQ(x->name, y->name);
        CHECK_INT_EQ(x->dtype, y->dtype);
        CHECK_INT_EQ(x->rank, y->rank);
        CHECK(memcmp(x->shape, y->shape, x->rank * sizeof *x->shape) == 0);
        CHECK_INT_EQ(x->count, y->count);
        CHECK(memcmp(x->data, y->data, x->count * gk_dtype_size(x->dtype)) == 0);
    }
}

static struct bytes written(const struct gk_frame *f)
{
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    CHECK_INT_EQ(gk_frame_write(f, fp, &err), 0);
    fclose(fp);
    return b;
}

static void check_same_bytes(struct bytes a, struct bytes b)
{
    CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
}

/* What gk-formats(5) promises of the layout that is written. */
static void check_layout(const struct gk_frame *f, struct bytes b)
{
    uint64_t len, pos;
    memcpy(&len, b.p, sizeof len);
    CHECK_INT_EQ(len % 8, 0);
    pos = 8 + len;
    static const size_t size[] = {8, 4, 2, 1};
    for (int s = 0; s < 4; s++) {
        for (size_t i = 0; i < f->ntensor; i++) { /* in name order */
            const struct gk_tensor *t = &f->tensor[i];
            if (gk_dtype_size(t->dtype) != size[s])
                continue;
            CHECK(memcmp(b.p + pos, t->data, t->count * size[s]) == 0);
            pos += t->count * size[s];
        }
    }
    CHECK_INT_EQ(pos, b.n);
}

static void identity(void)
{
    enum { MOST = 12 };
    struct draw *d = gk_alloc(MOST, sizeof *d, &err);
    for (int round = 0; round < 200; round++) {
        const int n = (int)gk_rng_below(&rng, MOST + 1);
        struct gk_frame f = {0}, g = {0}, back = {0};
        CHECK_INT_EQ(gk_frame_set_meta(&f, "step", "10", &err), 0);
        CHECK_INT_EQ(gk_frame_set_meta(&f, "note", "tab\t \"x\"\n", &err), 0);
        for (int i = 0; i < n; i++) {
            draw_tensor(&d[i], i);
            add(&f, &d[i]);
        }
        for (int i = n; i-- > 0;) /* the same in another order */
            add(&g, &d[i]);
        CHECK_INT_EQ(gk_frame_set_meta(&g, "note", "another", &err), 0);
        CHECK_INT_EQ(gk_frame_set_meta(&g, "note", "tab\t \"x\"\n", &err), 0);
        CHECK_INT_EQ(gk_frame_set_meta_int(&g, "step", 10, &err), 0);
        struct bytes a = written(&f), b = written(&g);
        check_same_bytes(a, b);
        check_layout(&f, a);
        if (read_all(a.p, a.n, &back, &err) != 1)
            CHECK_FAILED("%s", err.msg);
        check_equal(&f, &back);
        free(b.p);
        b = written(&back);
        check_same_bytes(a, b);
        free(a.p);
        free(b.p);
        gk_frame_free(&f);
        gk_frame_free(&g);
        gk_frame_free(&back);
    }
    gk_free(d);
}

/* By hand: what two tensors and a key look like. */
static void known_bytes(void)
{
    struct gk_frame f = {0};
    const uint64_t shape[] = {1};
    const unsigned char u8 = 7;
    const float f32 = 1;
    CHECK_INT_EQ(gk_frame_add(&f, "a", GK_U8, 1, shape, &u8, &err), 0);
    CHECK_INT_EQ(gk_frame_add(&f, "b", GK_F32, 0, NULL, &f32, &err), 0);
    CHECK_INT_EQ(gk_frame_set_meta(&f, "k", "v", &err), 0);
    struct bytes b = written(&f);
    static const char header[] = "\x88\0\0\0\0\0\0\0{\"__metadata__\":{\"k\":\"v\"},"
                                 "\"a\":{\"data_offsets\":[4,5],\"dtype\":\"U8\",\"shape\":[1]},"
                                 "\"b\":{\"data_offsets\":[0,4],\"dtype\":\"F32\",\"shape\":[]}}";
    CHECK(memcmp(b.p, header, sizeof header - 1) == 0);
    CHECK_INT_EQ(b.n, 8 + 0x88 + 5);
    CHECK(memcmp(b.p + 8 + 0x88, "\0\0\x80\x3f\7", 5) == 0);
    free(b.p);
    gk_frame_free(&f);
}

static void adders_refuse(void)
{
    struct gk_frame f = {0};
    const uint64_t shape[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, huge[] = {1ull << 40, 1ull << 40};
    const float x = 1;
    CHECK_INT_EQ(gk_frame_add(&f, "x", GK_F32, 0, NULL, &x, &err), 0);
    CHECK_INT_EQ(gk_frame_add(&f, "x", GK_F32, 0, NULL, &x, &err), -1);
    CHECK_STR_HAS(err.msg, "tensor 'x': the name is taken");
    CHECK_INT_EQ(gk_frame_add(&f, "__metadata__", GK_F32, 0, NULL, &x, &err), -1);
    CHECK_STR_HAS(err.msg, "the name is taken");
    CHECK_INT_EQ(gk_frame_add(&f, "y", GK_F32, 9, shape, &x, &err), -1);
    CHECK_STR_HAS(err.msg, "tensor 'y': rank 9 is over 8");
    CHECK_INT_EQ(gk_frame_add(&f, "y", GK_F32, 2, huge, &x, &err), -1);
    CHECK_STR_HAS(err.msg, "tensor 'y': the product of its shape overflows");
    CHECK_INT_EQ(gk_frame_set_meta(&f, "gk.stream", "1", &err), -1);
    CHECK_STR_HAS(err.msg, "'gk.stream' belongs to streams");
    CHECK_INT_EQ(gk_frame_set_meta(&f, "gk.end", "1", &err), -1);
    CHECK_INT_EQ(f.ntensor, 1);
    CHECK_INT_EQ(f.nmeta, 0);
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    CHECK_INT_EQ(gk_frame_set_meta(&f, "k", "\xff", &err), 0);
    CHECK_INT_EQ(gk_frame_write(&f, fp, &err), -1);
    CHECK_STR_HAS(err.msg, "its metadata are not UTF-8");
    CHECK_INT_EQ(gk_frame_set_meta(&f, "k", "v", &err), 0);
    CHECK_INT_EQ(gk_frame_add(&f, "\xff", GK_F32, 0, NULL, &x, &err), 0);
    CHECK_INT_EQ(gk_frame_write(&f, fp, &err), -1);
    CHECK_STR_HAS(err.msg, "its name is not UTF-8");
    fclose(fp);
    free(b.p);
    gk_frame_free(&f);
}

static void metadata(void)
{
    struct gk_frame f = {.file = "run.gks", .number = 3};
    int64_t v = -1;
    static const char *const wrong[] = {
        "", "x", "1x", "1.5", " 1", "+1", "-1", "101", "99999999999999999999"};
    CHECK_INT_EQ(gk_frame_meta_int(&f, "step", 0, 100, &v, &err), -1);
    CHECK_STR_EQ(err.msg, "run.gks: frame 3: the metadata have no 'step'");
    CHECK(gk_frame_meta(&f, "step") == NULL && gk_frame_tensor(&f, "w") == NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_INT_EQ(gk_frame_set_meta(&f, "step", wrong[i], &err), 0);
        CHECK_INT_EQ(gk_frame_meta_int(&f, "step", 0, 100, &v, &err), -1);
        CHECK_STR_HAS(err.msg, "run.gks: frame 3: metadata 'step' is '");
        CHECK_STR_HAS(err.msg, "an integer from 0 to 100 is wanted");
    }
    CHECK_INT_EQ(gk_frame_set_meta_int(&f, "step", 100, &err), 0);
    CHECK_INT_EQ(gk_frame_meta_int(&f, "step", 0, 100, &v, &err), 0);
    CHECK_INT_EQ(v, 100);
    struct gk_history h = {0};
    CHECK_INT_EQ(gk_frame_set_history(&f, &h, &err), 0);
    CHECK(gk_frame_meta(&f, "gk.history") == NULL);
    CHECK_INT_EQ(gk_history_add(&h, "gk-data 1.0 --p 7", &err), 0);
    CHECK_INT_EQ(gk_history_add(&h, "gk-train 1.0", &err), 0);
    CHECK_INT_EQ(gk_frame_set_history(&f, &h, &err), 0);
    CHECK_STR_EQ(gk_frame_meta(&f, "gk.history"), "gk-data 1.0 --p 7\ngk-train 1.0");
    gk_history_free(&h);
    gk_frame_free(&f);
}

/* A run of letters: s a frame of a stream, e its end frame, p a plain frame, 0..9 an end frame with
 * that number, x an end frame with a tensor, n an end frame without a number. */
static int read_run(const char *run)
{
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    struct gk_stream stream = {.fp = fp};
    struct gk_frame f = {0};
    const float x = 1;
    CHECK_INT_EQ(gk_frame_add(&f, "w", GK_F32, 0, NULL, &x, &err), 0);
    for (; *run; run++) {
        char end[64];
        snprintf(end, sizeof end, "{\"__metadata__\":{\"gk.end\":\"%c\"}}", *run);
        if (*run == 's')
            CHECK_INT_EQ(gk_stream_write(&stream, &f, &err), 0);
        else if (*run == 'e')
            CHECK_INT_EQ(gk_stream_end(&stream, &err), 0);
        else if (*run == 'p')
            CHECK_INT_EQ(gk_frame_write(&f, fp, &err), 0);
        else if (*run == 'x')
            put_blob(fp,
                     "{\"__metadata__\":{\"gk.end\":\"0\"},\"w\":{\"dtype\":\"U8\","
                     "\"shape\":[0],\"data_offsets\":[0,0]}}",
                     "", 0);
        else
            put_blob(fp, end, "", 0);
    }
    fclose(fp);
    const int frames = read_all(b.p, b.n, NULL, &err);
    free(b.p);
    gk_frame_free(&f);
    return frames;
}

static void streams(void)
{
    CHECK_INT_EQ(read_run("p"), 1);
    CHECK_INT_EQ(read_run("ppp"), 3);
    CHECK_INT_EQ(read_run("se"), 1);
    CHECK_INT_EQ(read_run("sssesse"), 5);
    CHECK_INT_EQ(read_run("psesep"), 4);
    CHECK_INT_EQ(read_run("see"), 1);
    CHECK_INT_EQ(read_run("pe"), 1);
    CHECK_INT_EQ(read_run("ss"), -1);
    CHECK_STR_EQ(err.msg, "test: ends inside a stream: no end frame after frame 2");
    CHECK_INT_EQ(read_run("ses"), -1);
    CHECK_STR_EQ(err.msg, "test: ends inside a stream: no end frame after frame 3");
    CHECK_INT_EQ(read_run("e"), -1);
    CHECK_STR_EQ(err.msg, "test: holds no frame");
    CHECK_INT_EQ(read_run("ss3"), -1);
    CHECK_STR_EQ(err.msg,
                 "test: frame 3: gk.end is 3, but the frames since the last end frame are 2");
    CHECK_INT_EQ(read_run("ses2"), -1);
    CHECK_STR_EQ(err.msg,
                 "test: frame 4: gk.end is 2, but the frames since the last end frame are 1");
    CHECK_INT_EQ(read_run("p1"), -1);
    CHECK_STR_EQ(err.msg,
                 "test: frame 2: gk.end is 1, but the frames since the last end frame are 0");
    CHECK_INT_EQ(read_run("sp"), -1);
    CHECK_STR_HAS(err.msg,
                  "test: frame 2: a plain frame inside a stream: its end frame is missing");
    CHECK_INT_EQ(read_run("px"), -1);
    CHECK_STR_HAS(err.msg, "test: frame 2: an end frame (gk.end) has no tensors, this one has 'w'");
    CHECK_INT_EQ(read_run("pn"), -1);
    CHECK_STR_EQ(err.msg, "test: frame 2: gk.end is 'n', no number of frames");
}

/* Frames say whether they came in a stream, and are numbered; the marks are not in the metadata, so
 * that a frame taken out of a stream is written as a plain one. */
static void out_of_a_stream(void)
{
    struct bytes b, plain;
    struct gk_source *s;
    struct gk_frame f = {0}, g;
    FILE *fp = begin_bytes(&b);
    struct gk_stream stream = {.fp = fp};
    CHECK_INT_EQ(gk_frame_set_meta(&f, "step", "0", &err), 0);
    CHECK_INT_EQ(gk_stream_write(&stream, &f, &err), 0);
    CHECK_INT_EQ(gk_stream_write(&stream, &f, &err), 0);
    CHECK_INT_EQ(gk_stream_end(&stream, &err), 0);
    CHECK_INT_EQ(gk_frame_write(&f, fp, &err), 0);
    fclose(fp);
    plain = written(&f);
    CHECK_INT_EQ(gk_source_from(&s, fmemopen(b.p, b.n, "rb"), "run.gks", &err), 0);
    static const uint64_t number[] = {1, 2, 4};
    for (uint64_t i = 0; i < 3; i++) {
        CHECK_INT_EQ(gk_source_next(s, &g, &err), 1);
        CHECK_INT_EQ(g.index, i);
        CHECK_INT_EQ(g.number, number[i]);
        CHECK_INT_EQ(g.in_stream, i < 2);
        struct bytes again = written(&g);
        check_same_bytes(again, plain);
        free(again.p);
        gk_frame_free(&g);
    }
    CHECK_INT_EQ(gk_source_next(s, &g, &err), 0);
    CHECK_INT_EQ(gk_source_next(s, &g, &err), 0);
    gk_source_close(s);
    gk_frame_free(&f);
    free(b.p);
    free(plain.p);
}

/* gk_frame_read_one on a file of RUN: p a plain frame, s a frame of a stream, e its end. */
static int read_one(const char *run, struct gk_frame *f)
{
    char file[] = "/tmp/gk-frame-XXXXXX";
    const int fd = mkstemp(file);
    FILE *fp = fdopen(fd, "wb");
    struct gk_frame w = {0};
    struct gk_stream stream = {.fp = fp};
    CHECK_INT_EQ(gk_frame_set_meta(&w, "step", "7", &err), 0);
    for (; *run; run++) {
        const int rc = *run == 'p'   ? gk_frame_write(&w, fp, &err)
                       : *run == 's' ? gk_stream_write(&stream, &w, &err)
                                     : gk_stream_end(&stream, &err);
        CHECK_INT_EQ(rc, 0);
    }
    fclose(fp);
    gk_frame_free(&w);
    const int rc = gk_frame_read_one(file, f, &err);
    unlink(file);
    return rc;
}

static void one_frame(void)
{
    struct gk_frame f;
    static const char *const good[] = {"p", "se"}, *const more[] = {"pp", "sse", "sep"};
    for (int i = 0; i < 2; i++) {
        CHECK_INT_EQ(read_one(good[i], &f), 0);
        CHECK_STR_EQ(gk_frame_meta(&f, "step"), "7");
        gk_frame_free(&f);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_INT_EQ(read_one(more[i], &f), -1);
        CHECK_STR_HAS(err.msg, i == 2 ? ": frame 3: " : ": frame 2: ");
        CHECK_STR_HAS(err.msg, "one frame is wanted, here is another");
        CHECK(f.nmeta == 0 && f.meta == NULL);
    }
    CHECK_INT_EQ(read_one("s", &f), -1);
    CHECK_STR_HAS(err.msg, "ends inside a stream");
    CHECK_INT_EQ(gk_frame_read_one("/nowhere/at/all", &f, &err), -1);
    CHECK_STR_EQ(err.msg, "/nowhere/at/all: No such file or directory");
}

/* What no reader would take is not written. */
static void too_large(void)
{
    const size_t n = 3 << 20; /* six bytes each in JSON */
    struct gk_frame f = {0};
    char *value = malloc(n + 1);
    memset(value, 1, n);
    value[n] = '\0';
    CHECK_INT_EQ(gk_frame_set_meta(&f, "k", value, &err), 0);
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    CHECK_INT_EQ(gk_frame_write(&f, fp, &err), -1);
    CHECK_STR_EQ(err.msg, "its header would be over 16 MiB");
    fclose(fp);
    CHECK_INT_EQ(b.n, 0);
    free(b.p);
    free(value);
    gk_frame_free(&f);
}

/* A full disk. */
static void no_room(void)
{
    struct gk_frame f = {0};
    FILE *fp = fopen("/dev/full", "wb");
    CHECK(fp != NULL);
    if (!fp)
        return;
    setbuf(fp, NULL);
    CHECK_INT_EQ(gk_frame_write(&f, fp, &err), -1);
    CHECK_STR_EQ(err.msg, "cannot write: No space left on device");
    fclose(fp);
}

int main(void)
{
    gk_rng_seed(&rng, 1, 100);
    identity();
    known_bytes();
    adders_refuse();
    metadata();
    streams();
    out_of_a_stream();
    one_frame();
    too_large();
    no_room();
    return check_status();
}
