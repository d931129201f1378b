/* What is written is read back equal; the bytes do not depend on how the frame came about. */
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
        struct bytes a = frame_bytes(&f), b = frame_bytes(&g);
        check_same_bytes(a, b);
        check_layout(&f, a);
        if (read_all(a.p, a.n, &back, &err) != 1)
            CHECK_FAILED("%s", err.msg);
        check_equal(&f, &back);
        free(b.p);
        b = frame_bytes(&back);
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
    struct bytes b = frame_bytes(&f);
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

/* A frame that no reader would accept is not written. */
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
    too_large();
    no_room();
    return check_status();
}
