/* Bytes on their way to a descriptor: a full pipe is waited for, and the first failure is
 * remembered.
 *
 * The C library's own streams treat a full non-blocking pipe as a failure (any process that shares
 * a pipe may make it non-blocking), discard what they could not write, and forget the cause before
 * the stream is closed. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "gk/mem.h"
#include "out_priv.h"

/* Leaves EAGAIN, EINTR or the cause of a failure in errno. */
static void wait_for_room(int fd)
{
    struct pollfd output = {.fd = fd, .events = POLLOUT};
    if (poll(&output, 1, -1) >= 0)
        errno = EAGAIN;
}

size_t gk_write(int fd, const void *bytes, size_t n)
{
    size_t done = 0;
    while (done < n) {
        const ssize_t wrote = write(fd, (const char *)bytes + done, n - done);
        if (wrote > 0)
            done += (size_t)wrote;
        else if (wrote == 0)
            errno = EIO;
        else if (errno == EAGAIN)
            wait_for_room(fd);
        if (wrote <= 0 && errno != EAGAIN && errno != EINTR)
            break;
    }
    return done;
}

/* After a failure nothing more is written: a hole would be worse than an early end. */
static ssize_t sink_write(void *sink, const char *bytes, size_t n)
{
    struct gk_sink *s = sink;
    const size_t done = s->error ? 0 : gk_write(s->fd, bytes, n);
    if (done < n) {
        s->error = s->error ? s->error : errno;
        errno = s->error;
    }
    return (ssize_t)done;
}

static int sink_close(void *sink)
{
    struct gk_sink *s = sink;
    const int rc = s->keep ? 0 : close(s->fd);
    free(s);
    return rc;
}

FILE *gk_sink_open(struct gk_sink **sink, int fd, bool keep, struct gk_err *err)
{
    const cookie_io_functions_t how = {.write = sink_write, .close = sink_close};
    struct gk_sink *s = malloc(sizeof *s);
    FILE *fp = s ? fopencookie(s, "w", how) : NULL;
    if (!fp) {
        gk_fail(err, "no memory for an output");
        free(s);
        return NULL;
    }
    *s = (struct gk_sink){.fd = fd, .keep = keep};
    *sink = s;
    if (isatty(fd)) /* otherwise rows come in blocks */
        (void)setvbuf(fp, NULL, _IOLBF, 0);
    return fp;
}
