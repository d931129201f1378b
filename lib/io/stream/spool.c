/* A temporary file without a name. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "gk/mem.h"

int gk_spool_open(struct gk_err *err)
{
    const char *dir = getenv("TMPDIR");
    char *path = gk_format(err, "%s/gk-XXXXXX", dir && *dir ? dir : "/tmp");
    if (!path)
        return -1;
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        gk_fail(err, "a temporary file in %s:", dir && *dir ? dir : "/tmp");
    else
        unlink(path);
    free(path);
    return fd;
}

int gk_spool_write(int fd, const void *data, size_t n, int64_t *end, struct gk_err *err)
{
    const char *from = data;
    while (n > 0) {
        ssize_t done = pwrite(fd, from, n, *end);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return gk_fail(err, "the temporary file (TMPDIR says where):");
        from += done;
        n -= (size_t)done;
        *end += done;
    }
    return 0;
}

int gk_spool_read(int fd, void *data, size_t n, int64_t at, struct gk_err *err)
{
    char *to = data;
    while (n > 0) {
        ssize_t done = pread(fd, to, n, at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return gk_fail(err, "cannot read again:");
        if (done == 0)
            return gk_fail(err, "cannot read again: the file has become shorter");
        to += done;
        n -= (size_t)done;
        at += done;
    }
    return 0;
}

int gk_spool_rest(FILE *fp, struct gk_err *err)
{
    char buf[1 << 16];
    int64_t end = 0;
    int fd = gk_spool_open(err), rc = fd < 0 ? -1 : 0;
    for (size_t n; rc == 0 && (n = fread(buf, 1, sizeof buf, fp)) > 0;)
        rc = gk_spool_write(fd, buf, n, &end, err);
    if (rc == 0 && ferror(fp))
        rc = gk_fail(err, "cannot read:");
    if (rc == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}
