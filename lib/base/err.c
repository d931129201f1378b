/* Error messages. */
#include "gk/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names and cells come from outside: they must not steer the terminal that shows the message. */
static void make_printable(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 127)
            *s = '?';
}

static void set_message(struct gk_err *err, enum gk_err_kind kind, int saved, const char *fmt,
                        va_list ap)
{
    size_t len = strlen(fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    err->kind = kind;
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
    make_printable(err->msg);
}

int gk_fail(struct gk_err *err, const char *fmt, ...)
{
    int saved = errno;
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        set_message(err, GK_ERR_FAILED, saved, fmt, ap);
        va_end(ap);
    }
    return -1;
}

int gk_fail_usage(struct gk_err *err, const char *fmt, ...)
{
    int saved = errno;
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        set_message(err, GK_ERR_USAGE, saved, fmt, ap);
        va_end(ap);
    }
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
        make_printable(err->msg);
    }
    return -1;
}
