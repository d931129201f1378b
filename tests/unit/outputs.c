/* Descriptors that have no room. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "gk/out.h"

static struct gk_err err;
static char folder[] = "outputs.XXXXXX";

/* ---- no room ---- */

enum { MUCH = 1 << 20 };

/* A child that begins to read late, and slowly; its status is 0 if MUCH bytes came in order. */
static pid_t slow_reader(int fd, int other)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    static unsigned char block[50000];
    size_t n = 0, wrong = 0;
    ssize_t got;
    close(other);
    usleep(50000);
    while ((got = read(fd, block, sizeof block)) > 0) {
        for (ssize_t i = 0; i < got; i++)
            wrong += block[i] != n++ % 251;
        if (n < 300000)
            usleep(2000);
    }
    _exit(wrong || n != MUCH);
}

/* One byte, or many, at a time. */
static void fill(struct gk_out *out, size_t size)
{
    static char block[MUCH];
    for (size_t i = 0; i < MUCH; i++)
        block[i] = (char)(i % 251);
    for (size_t i = 0; i < MUCH; i += size)
        fwrite(block + i, size, 1, out->fp);
}

static void test_full(bool socket, size_t size)
{
    struct gk_out out;
    int fd[2], status;
    char name[32];
    CHECK(!(socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, fd) : pipe(fd)));
    CHECK(!fcntl(fd[1], F_SETFL, O_NONBLOCK | fcntl(fd[1], F_GETFL)));
    pid_t pid = slow_reader(fd[0], fd[1]);
    close(fd[0]);
    snprintf(name, sizeof name, "/dev/fd/%d", fd[1]);
    CHECK(!gk_out_open(&out, name, true, &err));
    close(fd[1]);
    fill(&out, size);
    CHECK(!gk_out_commit(&out, &err));
    waitpid(pid, &status, 0);
    CHECK_INT_EQ(status, 0);
}

/* The reader goes while a writer waits for room. */
static void test_full_and_closed(void)
{
    struct gk_out out;
    int fd[2];
    char name[32];
    CHECK(!pipe(fd) && !fcntl(fd[1], F_SETFL, O_NONBLOCK));
    pid_t pid = fork();
    if (!pid) {
        usleep(50000);
        _exit(0);
    }
    close(fd[0]);
    snprintf(name, sizeof name, "/dev/fd/%d", fd[1]);
    CHECK(!gk_out_open(&out, name, true, &err));
    fill(&out, 4096);
    CHECK_INT_EQ(gk_out_commit(&out, &err), -1);
    CHECK_INT_EQ(err.kind, GK_ERR_CLOSED);
    close(fd[1]);
    waitpid(pid, NULL, 0);
}

/* Nothing is written behind a hole. */
static void test_after_a_failure(void)
{
    struct rlimit was, limit;
    struct gk_out out;
    char name[32];
    int fd = open("limited", O_RDWR | O_CREAT, 0666);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &was);
    limit = was;
    limit.rlim_cur = 100000;
    setrlimit(RLIMIT_FSIZE, &limit);
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    CHECK(!gk_out_open(&out, name, true, &err));
    fill(&out, 1 << 14);
    setrlimit(RLIMIT_FSIZE, &was);
    fill(&out, 1 << 14);
    CHECK_INT_EQ(gk_out_commit(&out, &err), -1);
    CHECK_INT_EQ(err.kind, GK_ERR_FAILED);
    CHECK_STR_HAS(err.msg, "File too large");
    CHECK_INT_EQ(lseek(fd, 0, SEEK_END), 100000);
    close(fd);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    CHECK(mkdtemp(folder) && !chdir(folder));
    test_full(false, 1);
    test_full(false, 4096);
    test_full(true, MUCH);
    test_full_and_closed();
    test_after_a_failure();
    return check_status();
}
