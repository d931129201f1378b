/* .npy arrays: what NumPy writes is read, what is written is what NumPy writes, and nothing else is
 * taken for one. */
#include "frames.h"
#include "gk/npy.h"
#include "gk/rng.h"

static struct gk_err err;

/* HEADER in format VERSION with DATA behind it. */
static int read_npy(struct gk_tensor *t, int version, const char *header, const void *data,
                    size_t n)
{
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    const uint32_t len = (uint32_t)strlen(header);
    fprintf(fp, "\x93NUMPY%c%c", version, 0);
    fwrite(&len, 1, version == 1 ? 2 : 4, fp);
    fputs(header, fp);
    fwrite(data, 1, n, fp);
    fclose(fp);
    fp = fmemopen(b.p, b.n, "rb");
    const int rc = gk_npy_read(fp, "x.npy", t, &err);
    fclose(fp);
    free(b.p);
    return rc;
}

#define H(descr, order, shape)                                                                     \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"

static void refuses(const char *header, size_t n, const char *message)
{
    static const char data[64];
    struct gk_tensor t;
    CHECK_INT_EQ(read_npy(&t, 1, header, data, n), -1);
    CHECK_STR_HAS(err.msg, "x.npy: ");
    CHECK_STR_HAS(err.msg, message);
    CHECK(t.data == NULL);
}

static void versions_and_dtypes(void)
{
    static const struct {
        const char *header;
        enum gk_dtype dtype;
    } one[] = {
        {H("'<f8'", "False", "(2,)"), GK_F64},
        {H("'<f4'", "False", "(2,)"), GK_F32},
        {H("'<f2'", "False", "(2,)"), GK_F16},
        {H("'<i8'", "False", "(2,)"), GK_I64},
        {H("'<i4'", "False", "(2,)"), GK_I32},
        {H("'|u1'", "False", "(2,)"), GK_U8},
        {H("'|b1'", "False", "(2,)"), GK_BOOL},
        {H("'|i1'", "False", "(2,)"), GK_I8},
        {H("'<u2'", "False", "(2,)"), GK_U16},
        {H("'<c8'", "False", "(2,)"), GK_C64},
        {H("\"=f4\"", "False", "(2)"), GK_F32},
        {H("'<f4'", "True", " ( 2 , ) "), GK_F32},
        {"{'shape':(2,),'descr':'<f4','fortran_order':False}", GK_F32},
    };
    const char data[16] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        for (int version = 1; version <= 3; version++) {
            struct gk_tensor t;
            const size_t n = 2 * gk_dtype_size(one[i].dtype);
            if (read_npy(&t, version, one[i].header, data, n) != 0) {
                CHECK_FAILED("%s", err.msg);
                continue;
            }
            CHECK_INT_EQ(t.dtype, one[i].dtype);
            CHECK(t.rank == 1 && t.shape[0] == 2 && t.count == 2);
            CHECK(memcmp(t.data, data, n) == 0);
            free(t.data);
        }
    }
}

/* Element [i, j, k] of an array of shape (2, 3, 4) is 100 i + 10 j + k in either order. */
static void orders(void)
{
    int32_t c[24], fortran[24];
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 4; k++)
                c[(i * 3 + j) * 4 + k] = fortran[i + 2 * (j + 3 * k)] = 100 * i + 10 * j + k;
    struct gk_tensor t;
    CHECK_INT_EQ(read_npy(&t, 1, H("'<i4'", "True", "(2, 3, 4)"), fortran, sizeof fortran), 0);
    CHECK(t.count == 24 && memcmp(t.data, c, sizeof c) == 0);
    free(t.data);
    CHECK_INT_EQ(read_npy(&t, 1, H("'<i4'", "False", "(2, 3, 4)"), c, sizeof c), 0);
    CHECK(memcmp(t.data, c, sizeof c) == 0);
    free(t.data);
    CHECK_INT_EQ(read_npy(&t, 1, H("'<i4'", "True", "(0, 3)"), c, 0), 0);
    CHECK(t.rank == 2 && t.count == 0 && t.data != NULL);
    free(t.data);
    CHECK_INT_EQ(read_npy(&t, 1, H("'<i4'", "False", "()"), c, 4), 0);
    CHECK(t.rank == 0 && t.count == 1);
    free(t.data);
}

static void refusals(void)
{
    refuses(H("'<f4'", "False", "(2,)"), 7, "truncated: its data has 7 of 8 bytes");
    refuses(H("'<f4'", "False", "(2,)"), 9, "bytes follow the array");
    refuses(H("'>f4'", "False", "(2,)"), 8, "its header: dtype '>f4' is big-endian");
    refuses(H("'<c4'", "False", "(2,)"), 16, "its header: unknown dtype '<c4'");
    refuses(H("'|O'", "False", "(2,)"), 16, "its header: unknown dtype '|O'");
    refuses(H("''", "False", "(2,)"), 16, "its header: unknown dtype ''");
    refuses(H("[('x', '<f4')]", "False", "(2,)"), 8, "its header: dtype: a short string is wanted");
    refuses(H("'<f4'", "0", "(2,)"), 8, "fortran_order: True or False is wanted");
    refuses(H("'<f4'", "False", "2"), 8, "shape: a tuple is wanted");
    refuses(H("'<f4'", "False", "(-2,)"), 8, "shape: an integer of at least 0 is wanted");
    refuses(H("'<f4'", "False", "(2.0,)"), 8, "shape: ',' or ')' is wanted");
    refuses(H("'<f4'", "False", "(,)"), 8, "shape: an integer of at least 0 is wanted");
    refuses(H("'<f4'", "False", "(1,1,1,1,1,1,1,1,2)"), 8, "rank is over 8");
    refuses(H("'<f4'", "False", "(99999999999999999999,)"), 8, "shape: a number is too large");
    refuses(H("'<f4'", "False", "(4294967296,4294967296,0)"), 8, "the product of its shape");
    refuses(H("'<f4'", "False", "(4611686018427387904,)"), 8, "its shape makes more bytes");
    refuses(H("'<f4'", "False", "(100000000000,)"), 8, "truncated: its data has 8 of 400000000000");
    refuses("{'descr': '<f4', 'shape': (2,)}", 8, "descr, fortran_order and shape are wanted");
    refuses("{'descr': '<f4', 'descr': '<f8'}", 8, "its header: a second key 'descr'");
    refuses("{'descr': '<f4', 'dtype': '<f8'}", 8, "its header: unknown key 'dtype'");
    refuses("{'descr' '<f4'}", 8, "':' is wanted after 'descr'");
    refuses("{'descr': '<f4' 'shape'}", 8, "',' or '}' is wanted after 'descr'");
    refuses("{descr: '<f4'}", 8, "a short string is wanted at 'descr: '<f4'}'");
    refuses("{'descr", 8, "a short string is wanted");
    refuses("", 0, "'{' is wanted");
    refuses(H("'<f4'", "False", "(2,)") "x", 8, "something follows the dictionary");
}

static void starts(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *message;
    } one[] = {
        {"\x93NUMP", 5, "x.npy: truncated: no header"},
        {"PK\3\4....", 8, "x.npy: not a .npy array"},
        {"\x93NUMPY\4\0\1\0", 10, "x.npy: format 4.0 of .npy is unknown"},
        {"\x93NUMPY\1\1\1\0", 10, "x.npy: format 1.1 of .npy is unknown"},
        {"\x93NUMPY\1\0\1", 9, "x.npy: truncated: no header length"},
        {"\x93NUMPY\1\0\4\0{}", 12, "x.npy: truncated: its header has 2 of 4 bytes"},
        {"\x93NUMPY\1\0\3\0{\0}", 13, "x.npy: a zero byte in its header"},
        {"\x93NUMPY\2\0\0\0\0\xff{}", 14, "x.npy: its header of 4278190080 bytes is over 1 MiB"},
    };
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        struct gk_tensor t;
        FILE *fp = fmemopen((void *)one[i].bytes, one[i].n, "rb");
        CHECK_INT_EQ(gk_npy_read(fp, "x.npy", &t, &err), -1);
        CHECK_STR_EQ(err.msg, one[i].message);
        fclose(fp);
    }
}

static struct bytes written(const struct gk_tensor *t)
{
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    CHECK_INT_EQ(gk_npy_write(fp, t, &err), 0);
    fclose(fp);
    return b;
}

static void known_bytes(void)
{
    float x[6] = {1, 2, 3, 4, 5, 6};
    struct gk_tensor t = {.dtype = GK_F32, .rank = 2, .shape = {2, 3}, .count = 6, .data = x};
    struct bytes b = written(&t);
    /* numpy.save of the same array */
    static const char start[] =
        "\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': "
        "(2, 3), }                                                          "
        "\n";
    CHECK_INT_EQ(b.n, 128 + sizeof x);
    CHECK(memcmp(b.p, start, sizeof start - 1) == 0);
    CHECK(memcmp(b.p + 128, x, sizeof x) == 0);
    free(b.p);
}

static void roundtrip(void)
{
    struct gk_rng rng;
    uint64_t data[81];
    gk_rng_seed(&rng, 2, 100);
    for (int round = 0; round < 200; round++) {
        struct gk_tensor t = {.dtype = (enum gk_dtype)gk_rng_below(&rng, GK_U8 + 1),
                              .rank = (unsigned)gk_rng_below(&rng, 5),
                              .count = 1,
                              .data = data};
        struct gk_tensor back;
        float wide[81];
        for (unsigned i = 0; i < t.rank; i++)
            t.count *= t.shape[i] = gk_rng_below(&rng, 4);
        for (size_t i = 0; i < 81; i++)
            data[i] = gk_rng_u64(&rng) & 0xbfffbfffbfffbfff; /* as BF16: no nan, to compare bits */
        struct bytes b = written(&t);
        CHECK_INT_EQ((b.n - t.count * gk_dtype_size(t.dtype) * (t.dtype == GK_BF16 ? 2 : 1)) % 64,
                     0);
        FILE *fp = fmemopen(b.p, b.n, "rb");
        CHECK_INT_EQ(gk_npy_read(fp, "x.npy", &back, &err), 0);
        fclose(fp);
        const void *want = data;
        if (t.dtype == GK_BF16) { /* .npy has none: it widens */
            gk_tensor_f32(&t, wide);
            want = wide;
            t.dtype = GK_F32;
        }
        CHECK(back.dtype == t.dtype && back.rank == t.rank && back.count == t.count);
        CHECK(memcmp(back.shape, t.shape, t.rank * sizeof *t.shape) == 0);
        CHECK(memcmp(back.data, want, t.count * gk_dtype_size(t.dtype)) == 0);
        free(back.data);
        free(b.p);
    }
}

static void no_room(void)
{
    const struct gk_tensor t = {.dtype = GK_F32, .count = 1, .data = &(float){1}};
    FILE *fp = fopen("/dev/full", "wb");
    setbuf(fp, NULL);
    CHECK_INT_EQ(gk_npy_write(fp, &t, &err), -1);
    CHECK_STR_EQ(err.msg, "cannot write: No space left on device");
    fclose(fp);
}

int main(void)
{
    versions_and_dtypes();
    orders();
    refusals();
    starts();
    known_bytes();
    roundtrip();
    no_room();
    return check_status();
}
