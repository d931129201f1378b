/* Every frame that may not be read is refused with a message that names its place. */
#include <errno.h>

#include "frames.h"

static const char data[64];

/* A plain frame of HEADER and N bytes of data is refused, and the message has PART. */
static void refuses(const char *header, size_t n, const char *part)
{
    struct bytes b;
    struct gk_err err;
    FILE *fp = begin_bytes(&b);
    put_blob(fp, header, data, n);
    fclose(fp);
    CHECK_INT_EQ(read_all(b.p, b.n, NULL, &err), -1);
    CHECK_STR_HAS(err.msg, "test: frame 1: ");
    CHECK_STR_HAS(err.msg, part);
    free(b.p);
}

static void accepts(const char *header, size_t n)
{
    struct bytes b;
    struct gk_err err;
    FILE *fp = begin_bytes(&b);
    put_blob(fp, header, data, n);
    fclose(fp);
    if (read_all(b.p, b.n, NULL, &err) != 1)
        CHECK_FAILED("%s: %s", header, err.msg);
    free(b.p);
}

#define W(dtype, shape, offsets)                                                                   \
    "{\"w\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define X(name, shape, offsets)                                                                    \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void one_tensor(void)
{
    accepts(W("F32", "[2]", "[0,8]"), 8);
    accepts(W("F32", "[]", "[0,4]"), 4);
    accepts(W("F32", "[0,3]", "[0,0]"), 0);
    accepts(W("F32", "[1,1,1,1,1,1,1,1]", "[0,4]"), 4);
    accepts(" \t\r\n" W("F32", "[ 2\n]", "[0 ,\t8]") "\n  ", 8);
    accepts("{\"w\":{\"dtype\":\"U8\",\"more\":{\"a\":[1]},\"shape\":[],\"data_offsets\":[0,1]}}",
            1);
    refuses(W("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "tensor 'w': rank 9 is over 8");
    refuses(W("F8", "[2]", "[0,2]"), 2, "tensor 'w': unknown dtype 'F8'");
    refuses(W("BOOLE", "[2]", "[0,2]"), 2, "tensor 'w': unknown dtype 'BOOLE'");
    refuses(W("F4", "[3]", "[0,2]"), 2, "tensor 'w': 3 elements of F4 do not fill whole bytes");
    refuses(W("F6_E2M3", "[4]", "[0,4]"), 4,
            "tensor 'w': its shape makes 4 elements of F6_E2M3, 3 bytes");
    refuses(W("F32", "[-1]", "[0,8]"), 8, "tensor 'w': shape: an integer of at least 0 is wanted");
    refuses(W("F32", "[2.0]", "[0,8]"), 8, "tensor 'w': shape: an integer");
    refuses(W("F32", "[\"2\"]", "[0,8]"), 8, "tensor 'w': shape: an integer");
    refuses(W("F32", "[true]", "[0,8]"), 8, "tensor 'w': shape: an integer");
    refuses(W("F32", "2", "[0,8]"), 8, "tensor 'w': shape: an array is wanted");
    refuses(W("F32", "[18446744073709551616]", "[0,8]"), 8, "tensor 'w': its header at byte");
    refuses(W("F32", "[1e999]", "[0,8]"), 8, "tensor 'w': its header at byte");
    refuses(W("F32", "[2]", "[0,8,16]"), 8, "tensor 'w': data_offsets: an array of two");
    refuses(W("F32", "[2]", "[0]"), 8, "tensor 'w': data_offsets: an array of two");
    refuses(W("F32", "[2]", "8"), 8, "tensor 'w': data_offsets: an array of two");
    refuses(W("F32", "[2]", "[0,-8]"), 8, "tensor 'w': data_offsets: an integer of at least 0");
    refuses(W("F32", "[2]", "[8,0]"), 8, "tensor 'w': data_offsets [8, 0] are out of order");
    refuses(W("F32", "[2]", "[0,7]"), 8, "tensor 'w': its shape makes 2 elements of F32, 8 bytes");
    refuses(W("F32", "[0]", "[0,4]"), 8, "tensor 'w': its shape makes 0 elements");
    refuses(W("F32", "[2]", "[0,8]"), 7, "tensor 'w': truncated: its data has 7 of 8 bytes");
    refuses(W("F32", "[2]", "[4,12]"), 12, "tensor 'w': a hole: bytes 0 to 4");
    refuses(W("F32", "[2]", "[9223372036854775800,9223372036854775807]"), 8, "tensor 'w'");
}

static void overflow(void)
{
    refuses(W("U8", "[4294967296,4294967296]", "[0,0]"), 0, "tensor 'w': the product of its shape");
    refuses(W("U8", "[4294967296,4294967296,0]", "[0,0]"), 0, "tensor 'w': the product");
    refuses(W("U8", "[2,9223372036854775807,2,0]", "[0,0]"), 0, "tensor 'w': the product");
    accepts(W("U8", "[0,4294967296,4294967296]", "[0,0]"), 0);
    refuses(W("F64", "[4611686018427387904]", "[0,0]"), 0,
            "tensor 'w': its shape makes more bytes");
    refuses(W("F64", "[2305843009213693952,1]", "[0,0]"), 0, "tensor 'w': its shape makes more");
    /* Such a frame is possible. But its bytes do not come, so nothing is allocated for them. */
    refuses(W("U8", "[100000000000]", "[0,100000000000]"), 8,
            "tensor 'w': truncated: its data has 8 of 100000000000 bytes");
}

static void several_tensors(void)
{
    accepts("{" X("b", "[2]", "[0,2]") "," X("a", "[2]", "[2,4]") "}", 4);
    accepts("{" X("e", "[0]", "[2,2]") "," X("b", "[2]", "[0,2]") "," X("a", "[2]", "[2,4]") "}",
            4);
    accepts("{" X("e", "[0]", "[4,4]") "," X("b", "[4]", "[0,4]") "}", 4);
    refuses("{" X("e", "[0]", "[1,1]") "," X("b", "[4]", "[0,4]") "}", 4,
            "'e' overlaps tensor 'b'");
    refuses("{" X("a", "[2]", "[0,2]") "," X("b", "[2]", "[1,3]") "}", 4,
            "'b' overlaps tensor 'a'");
    refuses("{" X("a", "[2]", "[0,2]") "," X("b", "[2]", "[0,2]") "}", 4,
            "'b' overlaps tensor 'a'");
    refuses("{" X("a", "[2]", "[0,2]") "," X("b", "[2]", "[3,5]") "}", 5,
            "tensor 'b': a hole: bytes 2 to 3");
    refuses("{" X("a", "[1]", "[0,1]") "," X("a", "[1]", "[1,2]") "}", 2,
            "tensor 'a': its header at byte");
    refuses("{" X("a", "[1]", "[0,1]") "," X("\\u0061", "[1]", "[1,2]") "}", 2, "duplicate");
    refuses("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1,
            "tensor 'a': its header at byte 26: duplicate object key");
    refuses("{" X("a\\u0000", "[1]", "[0,1]") "}", 1, "its header at byte 10: NUL byte");
}

static void form(void)
{
    accepts("{}", 0);
    accepts("{\"__metadata__\":null}", 0);
    accepts("{\"__metadata__\":{\"a\":\"1\"}}", 0);
    refuses("", 0, "its header at byte 0");
    refuses("[]", 0, "its header: an object is wanted");
    refuses("1", 0, "its header at byte");
    refuses("{} x", 0, "its header at byte");
    refuses("{\"a\":1}", 0, "tensor 'a': an object with dtype, shape and data_offsets is wanted");
    refuses("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 0, "tensor 'a': an object with dtype");
    refuses("{\"a\":{\"dtype\":1,\"shape\":[],\"data_offsets\":[0,1]}}", 1, "dtype: a string");
    refuses("{\"__metadata__\":[]}", 0, "frame 1: __metadata__: an object is wanted");
    refuses("{\"__metadata__\":{\"step\":1}}", 0, "__metadata__: 'step': a string is wanted");
    refuses("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0,
            "frame 1: __metadata__: its header at byte 28: duplicate object key");
    refuses("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "duplicate object key");
    refuses("{\"\x80\":1}", 0, "its header at byte");
    refuses("{\"a\x1b[31m\n\":1}", 0, "its header at byte");
}

/* Brackets a hundred thousand deep, and values whose tree takes a hundred times the memory of their
 * text. */
static void greedy(void)
{
    const size_t n = 15 << 20;
    char *text = malloc(n + 1);
    memset(text, '[', n);
    text[n] = '\0';
    memcpy(text, "{\"w\":", 5);
    refuses(text, 0, "maximum parsing depth");
    for (size_t i = 5; i + 3 <= n; i += 3)
        memcpy(text + i, "[],", 3);
    text[5] = '['; /* "[]," becomes "[1,": an array of arrays begins */
    text[6] = '1';
    refuses(text, 0, "takes too much memory");
    free(text);
}

/* An input that is cut short anywhere is refused, except between a plain frame and a stream. */
static void truncation(void)
{
    struct bytes b;
    struct gk_err err;
    FILE *fp = begin_bytes(&b);
    put_blob(fp, "{" X("a", "[2]", "[0,2]") "," X("b", "[2]", "[2,4]") "}", data, 4);
    put_blob(fp, "{\"__metadata__\":{\"gk.stream\":\"1\"}," X("b", "[2]", "[0,2]") "}", data, 2);
    const size_t first = 8 + strlen("{" X("a", "[2]", "[0,2]") "," X("b", "[2]", "[2,4]") "}") + 4;
    put_blob(fp, "{\"__metadata__\":{\"gk.end\":\"1\"}}", data, 0);
    fclose(fp);
    CHECK_INT_EQ(read_all(b.p, b.n, NULL, &err), 2);
    for (size_t n = 1; n < b.n; n++) {
        char *copy = malloc(n); /* of just this size, for the sanitizers */
        memcpy(copy, b.p, n);
        CHECK_INT_EQ(read_all(copy, n, NULL, &err), n == first ? 1 : -1);
        if (n != first)
            CHECK_STR_HAS(err.msg, "test: ");
        free(copy);
    }
    free(b.p);
}

/* An input that fails after its first bytes, as a disk may. */
static ssize_t read_then_fail(void *cookie, char *buf, size_t n)
{
    struct bytes *rest = cookie;
    if (rest->n == 0) {
        errno = EIO;
        return -1;
    }
    n = n < rest->n ? n : rest->n;
    memcpy(buf, rest->p, n);
    rest->p += n;
    rest->n -= n;
    return (ssize_t)n;
}

static void failing_input(void)
{
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    put_blob(fp, W("F32", "[2]", "[0,8]"), data, 8);
    fclose(fp);
    for (size_t k = 0; k < b.n; k++) {
        struct bytes rest = {b.p, k};
        struct gk_source *s;
        struct gk_frame f;
        struct gk_err err = {0};
        fp = fopencookie(&rest, "rb", (cookie_io_functions_t){.read = read_then_fail});
        CHECK_INT_EQ(gk_source_from(&s, fp, "test", &err), 0);
        CHECK_INT_EQ(gk_source_next(s, &f, &err), -1);
        CHECK_STR_HAS(err.msg, "test: frame 1: ");
        CHECK_STR_HAS(err.msg, "cannot read: Input/output error");
        gk_source_close(s);
    }
    free(b.p);
}

/* A frame with any byte changed to anything is read or refused. */
static void changes(void)
{
    struct bytes b;
    struct gk_err err;
    FILE *fp = begin_bytes(&b);
    put_blob(fp, "{\"__metadata__\":{\"a\":\"1\"}," X("b", "[2]", "[0,2]") "}", data, 2);
    fclose(fp);
    for (size_t i = 0; i < b.n; i++) {
        const char was = b.p[i];
        for (int c = 0; c < 256; c++) {
            b.p[i] = (char)c;
            const int frames = read_all(b.p, b.n, NULL, &err);
            if (frames < 0)
                CHECK_STR_HAS(err.msg, "test: frame ");
            else
                CHECK_INT_EQ(frames, 1);
        }
        b.p[i] = was;
    }
    free(b.p);
}

int main(void)
{
    one_tensor();
    overflow();
    several_tensors();
    form();
    greedy();
    truncation();
    failing_input();
    changes();
    return check_status();
}
