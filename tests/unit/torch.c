/* Pickles of torch.save: numbers at the ends of their range, containers that share, and views of a
 * storage against a plain loop. */
#include <stdlib.h>

#include "check.h"
#include "io/torch/torch_priv.h"

static struct gk_err err;
static uint16_t storage[4096];

static int read_storage(void *ctx, const char *key, size_t n, void **data, struct gk_err *e)
{
    (void)ctx;
    *data = malloc(n + 1);
    if (strcmp(key, "0") != 0 || n > sizeof storage)
        return gk_fail(e, "no storage '%s' of %zu bytes", key, n);
    memcpy(*data, storage, n);
    return 0;
}

static int read_bytes(struct gk_frame *f, const void *bytes, size_t n)
{
    const struct gk_torch_store store = {NULL, read_storage, 1 << 20};
    *f = (struct gk_frame){0};
    return gk_torch_frame(f, bytes, n, &store, &err);
}
#define READ(f, bytes) read_bytes(f, bytes, sizeof bytes - 1)

/* The only value of a pickle, as metadata. */
#define CHECK_VALUE(bytes, text)                                                                   \
    do {                                                                                           \
        struct gk_frame f;                                                                         \
        CHECK(READ(&f, "\x80\x02" bytes ".") == 0);                                                \
        CHECK_STR_EQ(gk_frame_meta(&f, "value"), text);                                            \
        gk_frame_free(&f);                                                                         \
    } while (0)

static void test_numbers(void)
{
    CHECK_VALUE("K\xff", "255");
    CHECK_VALUE("M\xff\xff", "65535");
    CHECK_VALUE("J\xff\xff\xff\xff", "-1");
    CHECK_VALUE("J\0\0\0\x80", "-2147483648");
    CHECK_VALUE("\x8a\0", "0");
    CHECK_VALUE("\x8a\1\x80", "-128");
    CHECK_VALUE("\x8a\2\x80\0", "128");
    CHECK_VALUE("\x8a\x08\0\0\0\0\0\0\0\x80", "-9223372036854775808");
    CHECK_VALUE("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", "9223372036854775807");
    CHECK_VALUE("\x8a\x09\0\0\0\0\0\0\0\x80\0", "9223372036854775808");
    CHECK_VALUE("\x8b\x0a\0\0\0\0\0\0\0\0\0\0\0\0\xff", "-4722366482869645213696"); /* -2^72 */
    CHECK_VALUE("\x8a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80",
                "-170141183460469231731687303715884105728");
    CHECK_VALUE("G?\xb9\x99\x99\x99\x99\x99\x9a", "0.1");
    CHECK_VALUE("G?\xd3"
                "333333",
                "0.3");
    CHECK_VALUE("G?\xd3"
                "333334",
                "0.30000000000000004");
    CHECK_VALUE("G\x80\0\0\0\0\0\0\0", "-0");
    CHECK_VALUE("G\0\0\0\0\0\0\0\1", "4.94065645841247e-324");
    CHECK_VALUE("G\x7f\xef\xff\xff\xff\xff\xff\xff", "1.7976931348623157e+308");
    CHECK_VALUE("G\x7f\xf0\0\0\0\0\0\0", "inf");
    CHECK_VALUE("\x88", "true");
    CHECK_VALUE("\x89", "false");
    CHECK_VALUE("N", "null");
    CHECK_VALUE("]", "[]");
    CHECK_VALUE("](K\1\x89G@\x04\0\0\0\0\0\0e", "[1,false,2.5]");
    CHECK_VALUE("X\2\0\0\0ab", "ab");
    CHECK_VALUE("ctorch\nbfloat16\n", "bfloat16");
}

/* A list that is there twice grows in both places, as in Python. */
static void test_shared(void)
{
    struct gk_frame f;
    CHECK(READ(&f, "\x80\x02}(X\1\0\0\0a]q\0X\1\0\0\0bh\0K\7au.") == 0);
    CHECK_STR_EQ(gk_frame_meta(&f, "a"), "[7]");
    CHECK_STR_EQ(gk_frame_meta(&f, "b"), "[7]");
    gk_frame_free(&f);
    CHECK(READ(&f, "\x80\x02}(K\5]X\1\0\0\0xa]K\1aeX\0\0\0\0}(K\1NJ\xfe\xff\xff\xffNuu.") != 0);
    CHECK(READ(&f, "\x80\x02}(K\5](X\1\0\0\0x]K\1aeX\0\0\0\0}(K\1NJ\xfe\xff\xff\xffNuu.") == 0);
    CHECK_STR_EQ(gk_frame_meta(&f, "5.0"), "x");
    CHECK_STR_EQ(gk_frame_meta(&f, "5.1"), "[1]");
    CHECK_STR_EQ(gk_frame_meta(&f, "1"), "null");
    CHECK_STR_EQ(gk_frame_meta(&f, "-2"), "null");
    gk_frame_free(&f);
}

/* Element I (row-major) of T, by definition. */
static size_t element(const struct gk_pickle_tensor *t, size_t i)
{
    size_t at = t->offset;
    for (unsigned k = t->rank; k-- > 0; i /= t->shape[k])
        at += i % t->shape[k] * t->stride[k];
    return at;
}

static void check_view(const struct gk_pickle_tensor *t)
{
    size_t bytes, all;
    void *got;
    CHECK(gk_torch_measure(t, &bytes, &all, &err) == 0);
    CHECK(gk_torch_gather(t, storage, &got, &err) == 0);
    for (size_t i = 0; i < bytes / sizeof *storage; i++)
        if (((uint16_t *)got)[i] != storage[element(t, i)]) {
            CHECK_FAILED("element %zu of rank %u", i, t->rank);
            break;
        }
    free(got);
}

static void test_views(void)
{
    const struct gk_pickle_storage s = {.dtype = GK_I16, .count = 4096};
    uint32_t seed = 1;
    int checked = 0;
    for (size_t i = 0; i < 4096; i++)
        storage[i] = (uint16_t)(i * 40503u);
    for (int k = 0; k < 4000; k++) {
        struct gk_pickle_tensor t = {.storage = &s, .dtype = GK_I16};
        size_t bytes, all;
        seed = seed * 1664525u + 1013904223u;
        t.rank = (seed >> 8) % 9;
        t.offset = (seed >> 16) % 50;
        for (unsigned i = 0; i < t.rank; i++) {
            seed = seed * 1664525u + 1013904223u;
            t.shape[i] = (seed >> 8) % 4 + (k % 7 > 0);
            t.stride[i] = (seed >> 16) % (k % 3 ? 3 : 200);
        }
        if (k % 5 == 0) /* contiguous from some axis on */
            for (unsigned i = t.rank; i-- > 0;)
                t.stride[i] = i + 1 == t.rank ? 1 : t.stride[i + 1] * t.shape[i + 1];
        if (gk_torch_measure(&t, &bytes, &all, NULL) == 0) {
            check_view(&t);
            checked++;
        }
    }
    CHECK(checked > 1000);
}

/* It may reach to the last element of its storage, not further. */
static void test_reach(void)
{
    const struct gk_pickle_storage s = {.dtype = GK_F32, .count = 12},
                                   bytes = {.untyped = true, .dtype = GK_U8, .count = 47};
    struct gk_pickle_tensor t = {
        .storage = &s, .dtype = GK_F32, .rank = 2, .shape = {3, 4}, .stride = {4, 1}};
    size_t n, all;
    CHECK(gk_torch_measure(&t, &n, &all, &err) == 0);
    CHECK_INT_EQ(n, 48);
    CHECK_INT_EQ(all, 48);
    t.offset = 1;
    CHECK(gk_torch_measure(&t, &n, &all, &err) == -1);
    CHECK_STR_EQ(err.msg, "it reaches to element 12 of a storage of 12");
    t.shape[1] = 3;
    CHECK(gk_torch_measure(&t, &n, &all, &err) == 0);
    t.storage = &bytes; /* eleven whole elements */
    CHECK(gk_torch_measure(&t, &n, &all, &err) == -1);
    CHECK_STR_EQ(err.msg, "it reaches to element 11 of a storage of 11");
    t.offset = 0;
    CHECK(gk_torch_measure(&t, &n, &all, &err) == 0);
    CHECK_INT_EQ(all, 47);
    t.offset = UINT64_MAX; /* nothing is taken from there */
    t.shape[0] = 0;
    CHECK(gk_torch_measure(&t, &n, &all, &err) == 0);
    CHECK_INT_EQ(n, 0);
}

int main(void)
{
    test_numbers();
    test_shared();
    test_views();
    test_reach();
    return check_status();
}
