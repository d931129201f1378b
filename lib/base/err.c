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
        char place[sizeof err->msg], rest[sizeof err->msg];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(place, sizeof place, fmt, ap);
        va_end(ap);
        memcpy(rest, err->msg, sizeof rest);
        size_t most = sizeof err->msg - 3, cause = strlen(rest);
        if (strlen(place) > most / 2 && strlen(place) + cause > most)
            place[most / 2] = '\0'; /* here too the cause is what must be read */
        snprintf(err->msg, sizeof err->msg, "%s: %.*s", place, (int)(most - strlen(place)), rest);
        make_printable(err->msg);
    }
    return -1;
}
