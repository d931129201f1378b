/* NumPy's .npy: magic, version, the length of a header, the header (a Python dictionary of three
 * entries), data. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/npy.h"
#include "io/frames/frame_priv.h"
#include "io/stream/read.h"

static const char MAGIC[] = "\x93NUMPY";
enum { MAX_HEADER = 1 << 20 };

static const struct {
    char code[3];
    enum gk_dtype dtype;
} DESCR[] = {{"f8", GK_F64}, {"f4", GK_F32},  {"f2", GK_F16}, {"i8", GK_I64}, {"i4", GK_I32},
             {"u1", GK_U8},  {"b1", GK_BOOL}, {"i1", GK_I8},  {"i2", GK_I16}, {"u2", GK_U16},
             {"u4", GK_U32}, {"u8", GK_U64},  {"c8", GK_C64}};

/* The header during parsing; P advances. */
struct dict {
    const char *p;
    struct gk_tensor *t;
    bool fortran, has_descr, has_order, has_shape;
};

static void skip_space(struct dict *d)
{
    d->p += strspn(d->p, " \t\r\n");
}

static bool take(struct dict *d, const char *token)
{
    skip_space(d);
    size_t n = strlen(token);
    if (strncmp(d->p, token, n) != 0)
        return false;
    d->p += n;
    return true;
}

/* A string in either kind of quotes, without escapes. */
static int take_quoted(struct dict *d, char *out, size_t size, struct gk_err *err)
{
    skip_space(d);
    const char quote = *d->p;
    const char *end = quote == '\'' || quote == '"' ? strchr(d->p + 1, quote) : NULL;
    if (!end || (size_t)(end - d->p) > size)
        return gk_fail(err, "a short string is wanted at '%s'", gk_show(d->p).s);
    const size_t n = (size_t)(end - d->p) - 1;
    memcpy(out, d->p + 1, n);
    out[n] = '\0';
    d->p = end + 1;
    return 0;
}

static int take_descr(struct dict *d, struct gk_err *err)
{
    char s[16];
    if (take_quoted(d, s, sizeof s, err) != 0)
        return gk_fail_at(err, "dtype");
    if (s[0] == '>')
        return gk_fail(err, "dtype '%s' is big-endian", gk_show(s).s);
    for (size_t i = 0; i < sizeof DESCR / sizeof *DESCR; i++) {
        if (s[0] && strchr("<|=", s[0]) && strcmp(s + 1, DESCR[i].code) == 0) {
            d->t->dtype = DESCR[i].dtype;
            return 0;
        }
    }
    return gk_fail(err, "unknown dtype '%s'", gk_show(s).s);
}

static int take_shape(struct dict *d, struct gk_err *err)
{
    if (!take(d, "("))
        return gk_fail(err, "shape: a tuple is wanted");
    while (!take(d, ")")) {
        skip_space(d);
        const char *digits = d->p;
        uint64_t v = 0;
        for (; *d->p >= '0' && *d->p <= '9'; d->p++) {
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *d->p - '0', &v))
                return gk_fail(err, "shape: a number is too large");
        }
        if (d->p == digits)
            return gk_fail(err, "shape: an integer of at least 0 is wanted");
        if (d->t->rank == GK_MAX_RANK)
            return gk_fail(err, "rank is over %d", GK_MAX_RANK);
        d->t->shape[d->t->rank++] = v;
        if (!take(d, ",") && !(skip_space(d), *d->p == ')'))
            return gk_fail(err, "shape: ',' or ')' is wanted");
    }
    return 0;
}

static int take_value(struct dict *d, const char *key, struct gk_err *err)
{
    bool *has = strcmp(key, "descr") == 0           ? &d->has_descr
                : strcmp(key, "fortran_order") == 0 ? &d->has_order
                : strcmp(key, "shape") == 0         ? &d->has_shape
                                                    : NULL;
    if (!has || *has)
        return gk_fail(err, "%s key '%s'", has ? "a second" : "unknown", gk_show(key).s);
    *has = true;
    if (has == &d->has_descr)
        return take_descr(d, err);
    if (has == &d->has_shape)
        return take_shape(d, err);
    d->fortran = take(d, "True");
    if (!d->fortran && !take(d, "False"))
        return gk_fail(err, "fortran_order: True or False is wanted");
    return 0;
}

static int take_dict(struct dict *d, struct gk_err *err)
{
    char key[32];
    if (!take(d, "{"))
        return gk_fail(err, "'{' is wanted");
    while (!take(d, "}")) {
        if (take_quoted(d, key, sizeof key, err) != 0)
            return -1;
        if (!take(d, ":"))
            return gk_fail(err, "':' is wanted after '%s'", gk_show(key).s);
        if (take_value(d, key, err) != 0)
            return -1;
        if (!take(d, ",") && !(skip_space(d), *d->p == '}'))
            return gk_fail(err, "',' or '}' is wanted after '%s'", gk_show(key).s);
    }
    skip_space(d);
    if (*d->p)
        return gk_fail(err, "something follows the dictionary");
    if (!d->has_descr || !d->has_order || !d->has_shape)
        return gk_fail(err, "descr, fortran_order and shape are wanted");
    return 0;
}

/* Magic, version, length and header; free *TEXT in any case. */
static int read_header(FILE *fp, char **text, struct gk_err *err)
{
    unsigned char start[8], length[4] = {0};
    void *header = NULL;
    *text = NULL;
    if (fread(start, 1, sizeof start, fp) != sizeof start)
        return ferror(fp) ? gk_fail(err, "cannot read:") : gk_fail(err, "truncated: no header");
    if (memcmp(start, MAGIC, sizeof MAGIC - 1) != 0)
        return gk_fail(err, "not a .npy array");
    if (start[6] < 1 || start[6] > 3 || start[7] != 0)
        return gk_fail(err, "format %d.%d of .npy is unknown", start[6], start[7]);
    const size_t n = start[6] == 1 ? 2 : 4;
    if (fread(length, 1, n, fp) != n)
        return gk_fail(err, "truncated: no header length");
    uint32_t len;
    memcpy(&len, length, sizeof len);
    if (len > MAX_HEADER)
        return gk_fail(err, "its header of %" PRIu32 " bytes is over 1 MiB", len);
    int rc = gk_read_exactly(fp, &header, len, "its header", err);
    if (rc == 0) {
        size_t cap = 0;
        rc = gk_grow(text, &cap, (size_t)len + 1, 1, err);
    }
    if (rc == 0) {
        memcpy(*text, header, len);
        (*text)[len] = '\0';
        if (strlen(*text) != len)
            rc = gk_fail(err, "a zero byte in its header");
    }
    free(header);
    return rc;
}

/* From Fortran order to C order. */
static int to_c_order(struct gk_tensor *t, struct gk_err *err)
{
    const size_t size = gk_dtype_size(t->dtype);
    size_t stride[GK_MAX_RANK], index[GK_MAX_RANK] = {0}, from = 0, cap = 0;
    char *to = NULL;
    if (gk_grow(&to, &cap, t->count * size + 1, 1, err) != 0)
        return -1;
    for (unsigned i = 0; i < t->rank; i++)
        stride[i] = i == 0 ? size : stride[i - 1] * (size_t)t->shape[i - 1];
    for (size_t n = 0; n < t->count; n++) {
        memcpy(to + n * size, (const char *)t->data + from, size);
        for (unsigned i = t->rank; i-- > 0;) {
            from += stride[i];
            if (++index[i] < t->shape[i])
                break;
            from -= index[i] * stride[i];
            index[i] = 0;
        }
    }
    free(t->data);
    t->data = to;
    return 0;
}

int gk_npy_header(FILE *fp, const char *name, struct gk_tensor *t, bool *fortran,
                  struct gk_err *err)
{
    size_t bytes;
    char *text;
    *t = (struct gk_tensor){.at = -1};
    struct dict d = {.t = t};
    int rc = read_header(fp, &text, err);
    d.p = text;
    if (rc == 0 && text && take_dict(&d, err) != 0)
        rc = gk_fail_at(err, "its header");
    free(text);
    if (rc != 0 || gk_tensor_measure(t, &bytes, err) != 0)
        return gk_fail_at(err, "%s", name);
    t->at = ftello(fp);
    *fortran = d.fortran && t->rank > 1;
    return 0;
}

/* Nothing may follow the array. */
static int check_end(FILE *fp, const char *name, struct gk_err *err)
{
    if (getc(fp) == EOF)
        return 0;
    return gk_fail(err, "%s: bytes follow the array", name);
}

int gk_npy_data(FILE *fp, const char *name, struct gk_tensor *t, bool fortran, struct gk_err *err)
{
    const size_t bytes = t->count * gk_dtype_size(t->dtype);
    int rc = gk_read_exactly(fp, &t->data, bytes, "its data", err);
    if (rc == 0 && fortran)
        rc = to_c_order(t, err);
    if (rc != 0)
        gk_fail_at(err, "%s", name);
    else
        rc = check_end(fp, name, err);
    if (rc == 0)
        return 0;
    free(t->data);
    t->data = NULL;
    return -1;
}

int gk_npy_parts(FILE *fp, const char *name, const struct gk_tensor *t,
                 int (*part)(void *ctx, const struct gk_tensor *numbers, struct gk_err *err),
                 void *ctx, struct gk_err *err)
{
    enum { BYTES = 64 << 10 };
    _Alignas(16) char buffer[BYTES];
    const size_t size = gk_dtype_size(t->dtype), most = BYTES / size;
    struct gk_tensor some = {.dtype = t->dtype, .data = buffer, .at = -1};
    for (size_t done = 0; done < t->count; done += some.count) {
        some.count = t->count - done < most ? t->count - done : most;
        const size_t got = fread(buffer, 1, some.count * size, fp);
        if (got < some.count * size)
            return ferror(fp) ? gk_fail(err, "%s: cannot read:", name)
                              : gk_fail(err, "%s: truncated: its data has %zu of %zu bytes", name,
                                        done * size + got, t->count * size);
        if (part(ctx, &some, err) != 0)
            return -1;
    }
    return check_end(fp, name, err);
}

int gk_npy_skip(FILE *fp, const char *name, const struct gk_tensor *t, struct gk_err *err)
{
    if (gk_skip_exactly(fp, t->count * gk_dtype_size(t->dtype), "its data", err) != 0)
        return gk_fail_at(err, "%s", name);
    return check_end(fp, name, err);
}

int gk_npy_read(FILE *fp, const char *name, struct gk_tensor *t, struct gk_err *err)
{
    bool fortran = false;
    if (gk_npy_header(fp, name, t, &fortran, err) != 0)
        return -1;
    return gk_npy_data(fp, name, t, fortran, err);
}

/* .npy has no BF16 and no F8: they are written as F32, to which they widen. */
static bool is_widened(enum gk_dtype t)
{
    return t == GK_BF16 || (gk_dtype_is_float(t) && gk_dtype_size(t) == 1);
}

static int put_widened(FILE *fp, const struct gk_tensor *t)
{
    for (size_t i = 0; i < t->count; i++) {
        double wide;
        gk_tensor_part(t, i, 1, &wide);
        const float v = (float)wide;
        if (fwrite(&v, sizeof v, 1, fp) != 1)
            return -1;
    }
    return 0;
}

int gk_npy_write(FILE *fp, const struct gk_tensor *t, struct gk_err *err)
{
    const enum gk_dtype dtype = is_widened(t->dtype) ? GK_F32 : t->dtype;
    const size_t size = gk_dtype_size(dtype);
    const char *code = NULL;
    char header[512], shape[32 * GK_MAX_RANK] = "";
    for (size_t i = sizeof DESCR / sizeof *DESCR; i-- > 0;) {
        if (DESCR[i].dtype == dtype)
            code = DESCR[i].code;
    }
    if (!code)
        return gk_fail(err, ".npy has no type for %s", gk_dtype_name(dtype));
    for (unsigned i = 0, at = 0; i < t->rank; i++)
        at += (unsigned)snprintf(shape + at, sizeof shape - at, i == 0 ? "%" PRIu64 : ", %" PRIu64,
                                 t->shape[i]);
    int n = snprintf(header, sizeof header,
                     "{'descr': '%c%s', 'fortran_order': False, 'shape': (%s%s), }",
                     size > 1 ? '<' : '|', code, shape, t->rank == 1 ? "," : "");
    /* Pads with spaces and a newline, so that data start at a multiple of 64. */
    const int start = (int)sizeof MAGIC - 1 + 4, total = (start + n + 1 + 63) / 64 * 64;
    const unsigned char version[4] = {1, 0, (unsigned char)((total - start) & 0xff),
                                      (unsigned char)((total - start) >> 8)};
    if (fwrite(MAGIC, 1, sizeof MAGIC - 1, fp) != sizeof MAGIC - 1 ||
        fwrite(version, 1, sizeof version, fp) != sizeof version ||
        fprintf(fp, "%s%*s\n", header, total - start - n - 1, "") < 0)
        return gk_fail(err, "cannot write:");
    if (is_widened(t->dtype) ? put_widened(fp, t) != 0
                             : fwrite(t->data, size, t->count, fp) != t->count)
        return gk_fail(err, "cannot write:");
    return 0;
}
