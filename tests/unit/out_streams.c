/* Output that is not a file of its own: devices, pipes, standard output, a terminal. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "out.h"

/* ---- devices, pipes, standard output ---- */

static void test_devices(void)
{
    struct gk_out out;
    CHECK_INT_EQ(write_file("/dev/full", "x"), -1);
    CHECK_STR_EQ(err.msg, "/dev/full: No space left on device");
    CHECK_INT_EQ(err.kind, GK_ERR_FAILED);
    CHECK(!gk_out_open(&out, "/dev/full", true, &err));
    putc('x', out.fp);
    CHECK_INT_EQ(gk_out_flush(&out, &err), -1);
    CHECK_STR_EQ(err.msg, "/dev/full: No space left on device");
    gk_out_discard(&out);
    CHECK(!write_file("/dev/null", "x"));
    CHECK_INT_EQ(access("/dev/.null", F_OK), -1);
}

/* Writes beyond stdio's buffer fail before the last one, in pieces or at once; the cause is kept.
 */
static void test_error_before_commit(void)
{
    static const char block[100000];
    struct gk_out out;
    for (int pieces = 0; pieces < 2; pieces++) {
        CHECK(!gk_out_open(&out, "/dev/full", true, &err));
        for (int i = 0; i < 100000 && pieces; i++)
            putc('x', out.fp);
        if (!pieces)
            CHECK(fwrite(block, 1, sizeof block, out.fp) < sizeof block);
        errno = 0;
        CHECK_INT_EQ(gk_out_commit(&out, &err), -1);
        CHECK_INT_EQ(err.kind, GK_ERR_FAILED);
        CHECK_STR_EQ(err.msg, "/dev/full: No space left on device");
    }
}

static void write_fifo(void)
{
    CHECK(!write_file("fifo", "through"));
}
static void read_fifo(void)
{
    CHECK_STR_EQ(content("fifo"), "through");
}
static void test_fifo(void)
{
    CHECK(!mkfifo("fifo", 0666));
    pid_t pid = fork();
    if (pid == 0) {
        write_fifo();
        _exit(check_failures != 0);
    }
    int status;
    read_fifo();
    waitpid(pid, &status, 0);
    CHECK_INT_EQ(status, 0);
    struct stat st;
    CHECK(!stat("fifo", &st) && S_ISFIFO(st.st_mode));
}

static void stdout_to(const char *path, int flags)
{
    int fd = open(path, flags, 0666);
    CHECK(fd >= 0 && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
}

static void stdout_by_name(void)
{
    static const char *const names[] = {"-", NULL, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
    stdout_to("log", O_WRONLY | O_CREAT | O_APPEND);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK(!write_file(names[i], "x"));
}

static void stdout_full(void)
{
    stdout_to("/dev/full", O_WRONLY);
    CHECK_INT_EQ(write_file(NULL, "x"), -1);
    CHECK_INT_EQ(err.kind, GK_ERR_FAILED);
    CHECK_STR_EQ(err.msg, "standard output: No space left on device");
    _exit(check_failures != 0);
}

static void stdout_closed(void)
{
    close(STDOUT_FILENO);
    CHECK_INT_EQ(write_file(NULL, ""), -1);
    CHECK_STR_EQ(err.msg, "standard output: Bad file descriptor");
    CHECK(!write_file("f", "not descriptor 1"));
    _exit(check_failures != 0);
}

static void stdout_without_reader(size_t size, size_t n)
{
    static const char block[100000];
    struct gk_out out;
    int fd[2];
    signal(SIGPIPE, SIG_IGN);
    CHECK(!pipe(fd) && dup2(fd[1], STDOUT_FILENO) == STDOUT_FILENO);
    close(fd[0]);
    close(fd[1]);
    CHECK(!gk_out_open(&out, NULL, true, &err));
    for (size_t i = 0; i < n; i++)
        fwrite(block, size, 1, out.fp);
    errno = 0;
    CHECK_INT_EQ(gk_out_commit(&out, &err), -1);
    CHECK_INT_EQ(err.kind, GK_ERR_CLOSED);
    _exit(check_failures != 0);
}
static void reader_gone_at_once(void)
{
    stdout_without_reader(1, 1);
}
static void reader_gone_early(void)
{
    stdout_without_reader(1, 100000);
}
static void reader_gone_before_a_block(void)
{
    stdout_without_reader(100000, 1);
}

static void test_standard_output(void)
{
    put("log", "before ");
    CHECK_INT_EQ(in_child(stdout_by_name), 0);
    CHECK_STR_EQ(content("log"), "before xxxxx");
    CHECK_INT_EQ(in_child(stdout_full), 0);
    CHECK_INT_EQ(in_child(stdout_closed), 0);
    CHECK_STR_EQ(content("f"), "not descriptor 1");
    CHECK_INT_EQ(in_child(reader_gone_at_once), 0);
    CHECK_INT_EQ(in_child(reader_gone_early), 0);
    CHECK_INT_EQ(in_child(reader_gone_before_a_block), 0);
}

static void test_terminal(void)
{
    struct gk_out out;
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    if (fd < 0 || grantpt(fd) || unlockpt(fd))
        return; /* a machine without pseudo-terminals */
    const char *name = ptsname(fd);
    CHECK_INT_EQ(gk_out_open(&out, name, true, &err), -1);
    CHECK_STR_HAS(err.msg, "is a terminal: binary data goes to a pipe or into a file");
    CHECK(!gk_out_open(&out, name, false, &err));
    gk_out_discard(&out);
    close(fd);
}

int main(void)
{
    enter_folder();
    test_devices();
    test_error_before_commit();
    test_fifo();
    test_standard_output();
    test_terminal();
    return check_status();
}
