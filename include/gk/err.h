/* Errors. A library function returns 0, or -1 with a message in a struct gk_err; it never prints
 * or exits. The tool prints "gk-fft: MESSAGE" and exits (gk/cli.h, gk_die). */
#ifndef GK_ERR_H
#define GK_ERR_H

#include <stdarg.h>
#include <stddef.h>

enum gk_err_kind {
    GK_ERR_NONE = 0,
    GK_ERR_FAILED, /* data, I/O, numbers: exit status 1 */
    GK_ERR_USAGE,  /* wrong options: exit status 2 */
    GK_ERR_CLOSED, /* the reader of the output went away: a quiet end with status 0 */
    GK_ERR_SIGNAL  /* stopped by a signal at a clean point: the tool re-raises it */
};

struct gk_err {
    enum gk_err_kind kind;
    const char *setting; /* the setting that the message is about (gk_fail_about), or NULL */
    char msg[1024];
};

/* Formats the message and returns -1. After a format that ends in ':', strerror(errno) is appended.
 * Sets kind to GK_ERR_FAILED, or to GK_ERR_CLOSED if it ends in ':' and errno is EPIPE. ERR may be
 * NULL. */
int gk_fail(struct gk_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int gk_vfail(struct gk_err *err, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Likewise with kind GK_ERR_USAGE. */
int gk_fail_usage(struct gk_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prepends "PREFIX: ", the place (a file, a frame), to the message in ERR and returns -1. */
int gk_fail_at(struct gk_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Records that the message in ERR is about SETTING, a name that outlives ERR, and returns -1. The
 * tool knows which option sets it: gk_die prepends "--SETTING: ". */
int gk_fail_about(struct gk_err *err, const char *setting);

/* Names and cells come from outside: they must not control the terminal that shows them, nor hide
 * in it. gk_printable returns the length of the UTF-8 character that S begins with, or 0 if that is
 * a control character (C0, DEL, C1), a line separator, a direction mark, a character without width,
 * or invalid UTF-8. gk_make_printable replaces each byte that is in no printable character by
 * INSTEAD, so that messages hold only printable ones. */
size_t gk_printable(const char *s);
void gk_make_printable(char *s, char instead);

/* A name from a file, prepared for a message: control characters become '?', long names are cut. */
struct gk_shown {
    char s[100];
};
struct gk_shown gk_show(const char *name);

#endif
