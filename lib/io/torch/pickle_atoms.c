/* Opcodes of numbers and strings: values that the pickle itself holds. */
#include <string.h>

#include "pickle_ops.h"

/* ---- arguments ---- */

/* The next N bytes, which must exist. */
static const unsigned char *take(struct gk_pickle *p, uint64_t n, struct gk_err *err)
{
    if (n > p->size - p->at) {
        gk_pickle_fail(p, err, "truncated: it has %zu of %llu bytes that follow", p->size - p->at,
                       (unsigned long long)n);
        return NULL;
    }
    const unsigned char *at = p->bytes + p->at;
    p->at += (size_t)n;
    return at;
}

int gk_pickle_take_number(struct gk_pickle *p, unsigned n, uint64_t *v, struct gk_err *err)
{
    const unsigned char *at = take(p, n, err);
    if (!at)
        return -1;
    *v = 0;
    for (unsigned i = 0; i < n; i++)
        *v |= (uint64_t)at[i] << 8 * i;
    return 0;
}

int gk_pickle_push(struct gk_pickle *p, struct gk_pickle_value *v, struct gk_err *err)
{
    return v ? gk_pickle_append(p, &p->stack, v, err) : -1;
}

static int push_int(struct gk_pickle *p, int64_t i, struct gk_err *err)
{
    struct gk_pickle_value *v = gk_pickle_new(p, GK_PICKLE_INT, err);
    if (v)
        v->u.i = i;
    return gk_pickle_push(p, v, err);
}

static int push_bool(struct gk_pickle *p, bool b, struct gk_err *err)
{
    struct gk_pickle_value *v = gk_pickle_new(p, GK_PICKLE_BOOL, err);
    if (v)
        v->u.b = b;
    return gk_pickle_push(p, v, err);
}

/* ---- opcodes: numbers and strings ---- */

int gk_pickle_run_proto(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t v;
    if (gk_pickle_take_number(p, 1, &v, err))
        return -1;
    return v <= 5 ? 0 : gk_pickle_fail(p, err, "protocol %u is not known", (unsigned)v);
}

int gk_pickle_run_frame(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t v; /* how far Python would read ahead */
    return gk_pickle_take_number(p, 8, &v, err);
}

int gk_pickle_run_none(struct gk_pickle *p, struct gk_err *err)
{
    return gk_pickle_push(p, gk_pickle_new(p, GK_PICKLE_NONE, err), err);
}

int gk_pickle_run_true(struct gk_pickle *p, struct gk_err *err)
{
    return push_bool(p, true, err);
}

int gk_pickle_run_false(struct gk_pickle *p, struct gk_err *err)
{
    return push_bool(p, false, err);
}

int gk_pickle_run_binint(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t v;
    return gk_pickle_take_number(p, 4, &v, err) ? -1 : push_int(p, (int32_t)(uint32_t)v, err);
}

int gk_pickle_run_binint1(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t v;
    return gk_pickle_take_number(p, 1, &v, err) ? -1 : push_int(p, (int64_t)v, err);
}

int gk_pickle_run_binint2(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t v;
    return gk_pickle_take_number(p, 2, &v, err) ? -1 : push_int(p, (int64_t)v, err);
}

/* The digits of the N bytes AT, 9 to 16, two's complement. */
static int push_wide(struct gk_pickle *p, const unsigned char *at, size_t n, struct gk_err *err)
{
    unsigned __int128 v = at[n - 1] & 0x80 ? ~(unsigned __int128)0 : 0;
    const bool negative = v != 0;
    char digits[41], *to = digits + sizeof digits;
    for (size_t i = n; i-- > 0;)
        v = v << 8 | at[i];
    if (negative)
        v = -v;
    do
        *--to = (char)('0' + (int)(v % 10));
    while ((v /= 10) != 0);
    if (negative)
        *--to = '-';
    const size_t len = (size_t)(digits + sizeof digits - to);
    struct gk_pickle_value *number = gk_pickle_new(p, GK_PICKLE_LONG, err);
    char *text = gk_pickle_alloc(p, len, err);
    if (!number || !text)
        return -1;
    memcpy(text, to, len);
    number->u.text = (struct gk_pickle_text){text, len};
    return gk_pickle_push(p, number, err);
}

static int push_long(struct gk_pickle *p, uint64_t n, struct gk_err *err)
{
    const unsigned char *at = take(p, n, err);
    if (!at)
        return -1;
    if (n > 16)
        return gk_pickle_fail(p, err, "an integer of %llu bytes is too large",
                              (unsigned long long)n);
    if (n > 8)
        return push_wide(p, at, (size_t)n, err);
    uint64_t v = n > 0 && at[n - 1] & 0x80 ? ~UINT64_C(0) : 0;
    for (size_t i = (size_t)n; i-- > 0;)
        v = v << 8 | at[i];
    return push_int(p, (int64_t)v, err);
}

int gk_pickle_run_long1(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t n;
    return gk_pickle_take_number(p, 1, &n, err) ? -1 : push_long(p, n, err);
}

int gk_pickle_run_long4(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t n;
    return gk_pickle_take_number(p, 4, &n, err) ? -1 : push_long(p, n, err);
}

int gk_pickle_run_binfloat(struct gk_pickle *p, struct gk_err *err)
{
    const unsigned char *at = take(p, 8, err);
    uint64_t bits = 0;
    struct gk_pickle_value *v = at ? gk_pickle_new(p, GK_PICKLE_REAL, err) : NULL;
    if (!v)
        return -1;
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | at[i];
    memcpy(&v->u.real, &bits, sizeof bits);
    return gk_pickle_push(p, v, err);
}

static int push_text(struct gk_pickle *p, unsigned bytes, struct gk_err *err)
{
    uint64_t n;
    if (gk_pickle_take_number(p, bytes, &n, err))
        return -1;
    const char *at = (const char *)take(p, n, err);
    if (!at)
        return -1;
    if (memchr(at, '\0', (size_t)n))
        return gk_pickle_fail(p, err, "a string has a zero byte");
    struct gk_pickle_value *v = gk_pickle_new(p, GK_PICKLE_TEXT, err);
    if (v)
        v->u.text = (struct gk_pickle_text){at, (size_t)n};
    return gk_pickle_push(p, v, err);
}

int gk_pickle_run_binunicode(struct gk_pickle *p, struct gk_err *err)
{
    return push_text(p, 4, err);
}

int gk_pickle_run_short_binunicode(struct gk_pickle *p, struct gk_err *err)
{
    return push_text(p, 1, err);
}

int gk_pickle_run_binunicode8(struct gk_pickle *p, struct gk_err *err)
{
    return push_text(p, 8, err);
}
