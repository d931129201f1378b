/* The temporary file: what was written comes back, and the ways in which that fails. */
#include <fcntl.h>
#include <unistd.h>

#include "io/stream/spool.h"
#include "check.h"

int main(void)
{
    struct gk_err err = {0};
    char data[5000], back[5000];
    int64_t end = 0;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i % 101);
    const int fd = gk_spool_open(&err);
    CHECK(fd >= 0);
    CHECK_INT_EQ(gk_spool_write(fd, data, 2000, &end, &err), 0);
    CHECK_INT_EQ(gk_spool_write(fd, data + 2000, 3000, &end, &err), 0);
    CHECK_INT_EQ(end, 5000);
    CHECK_INT_EQ(gk_spool_read(fd, back, 5000, 0, &err), 0);
    CHECK(memcmp(data, back, 5000) == 0);
    CHECK_INT_EQ(gk_spool_read(fd, back, 10, 1995, &err), 0);
    CHECK(memcmp(data + 1995, back, 10) == 0);
    CHECK_INT_EQ(gk_spool_read(fd, back, 10, 4991, &err), -1);
    CHECK_STR_EQ(err.msg, "cannot read again: the file has become shorter");
    close(fd);

    const int closed = open("/dev/null", O_RDONLY);
    CHECK_INT_EQ(gk_spool_write(closed, data, 1, &end, &err), -1);
    CHECK_STR_EQ(err.msg, "the temporary file (TMPDIR says where): Bad file descriptor");
    CHECK_INT_EQ(end, 5000);
    close(closed);
    const int mute = open("/dev/null", O_WRONLY);
    CHECK_INT_EQ(gk_spool_read(mute, back, 1, 0, &err), -1);
    CHECK_STR_EQ(err.msg, "cannot read again: Bad file descriptor");
    close(mute);
    return check_status();
}
