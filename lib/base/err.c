/* Error messages. */
#include "gk/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The code point of the UTF-8 character that S begins with, *LEN bytes; -1: S begins with none. */
static long decode(const unsigned char *s, size_t *len)
{
    static const long least[] = {0, 0x80, 0x800, 0x10000};
    const int more = s[0] < 0x80 ? 0 : s[0] >> 5 == 6 ? 1 : s[0] >> 4 == 14 ? 2 : 3;
    if (more == 3 && s[0] >> 3 != 30)
        return -1;
    long c = more ? s[0] & (0x3f >> more) : s[0];
    for (int i = 1; i <= more; i++) {
        if (s[i] >> 6 != 2) /* the end of the text, too */
            return -1;
        c = c << 6 | (s[i] & 0x3f);
    }
    *len = (size_t)more + 1;
    return c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? -1 : c;
}

size_t gk_printable(const char *s)
{
    static const struct {
        long first, last;
    } hidden[] = {
        {0, 0x1f},         {0x7f, 0x9f},     {0xad, 0xad},     /* controls, the soft hyphen */
        {0x61c, 0x61c},    {0x180e, 0x180e},                   /* an Arabic and a Mongolian mark */
        {0x200b, 0x200f},  {0x2028, 0x202e}, {0x2060, 0x206f}, /* widths, lines, directions */
        {0xfeff, 0xfeff},  {0xfff9, 0xfffb},                   /* byte order, annotations */
        {0xe0000, 0xe007f}                                     /* tags */
    };
    size_t len = 0;
    const long c = decode((const unsigned char *)s, &len);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (c >= hidden[i].first && c <= hidden[i].last)
            return 0;
    return c < 0 ? 0 : len;
}

void gk_make_printable(char *s, char instead)
{
    while (*s) {
        const size_t len = gk_printable(s);
        if (!len)
            *s = instead;
        s += len ? len : 1;
    }
}

struct gk_shown gk_show(const char *name)
{
    struct gk_shown shown;
    size_t n = 0, room = sizeof shown.s - 4; /* "..." and the end */
    for (size_t len; name[n]; n += len) {
        const size_t printable = gk_printable(name + n);
        len = printable ? printable : 1;
        if (n + len > room)
            break;
        memcpy(shown.s + n, printable ? name + n : "?", len);
    }
    snprintf(shown.s + n, sizeof "...", "%s", name[n] ? "..." : "");
    return shown;
}

static int set_message(struct gk_err *err, enum gk_err_kind kind, const char *fmt, va_list ap)
{
    const int saved = errno;
    if (!err)
        return -1;
    size_t len = strlen(fmt);
    char msg[sizeof err->msg]; /* an argument may be the message that is there */
    vsnprintf(msg, sizeof msg, fmt, ap);
    memcpy(err->msg, msg, sizeof msg);
    err->kind = kind;
    err->setting = NULL;
    if (len > 0 && fmt[len - 1] == ':') {
        /* A long name must not push the cause off the end. */
        const char *cause = strerror(saved);
        size_t used = strlen(err->msg), most = sizeof err->msg - strlen(cause) - 3;
        if (used > most) {
            used = most;
            err->msg[used++] = ':';
        }
        snprintf(err->msg + used, sizeof err->msg - used, " %s", cause);
        if (saved == EPIPE && kind == GK_ERR_FAILED)
            err->kind = GK_ERR_CLOSED;
    }
    gk_make_printable(err->msg, '?');
    return -1;
}

int gk_vfail(struct gk_err *err, const char *fmt, va_list ap)
{
    return set_message(err, GK_ERR_FAILED, fmt, ap);
}

int gk_fail(struct gk_err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gk_vfail(err, fmt, ap);
    va_end(ap);
    return -1;
}

int gk_fail_usage(struct gk_err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_message(err, GK_ERR_USAGE, fmt, ap);
    va_end(ap);
    return -1;
}

int gk_fail_at(struct gk_err *err, const char *fmt, ...)
{
    if (err) {
        /* Neither a long place nor a long cause may push the other off the end. */
        char place[sizeof err->msg / 2], cause[sizeof err->msg / 2 - 2];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(place, sizeof place, fmt, ap);
        va_end(ap);
        snprintf(cause, sizeof cause, "%.*s", (int)sizeof cause - 1, err->msg);
        snprintf(err->msg, sizeof err->msg, "%s: %s", place, cause);
        gk_make_printable(err->msg, '?');
    }
    return -1;
}

int gk_fail_about(struct gk_err *err, const char *setting)
{
    if (err)
        err->setting = setting;
    return -1;
}
