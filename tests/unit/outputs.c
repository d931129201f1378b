/* Two names of one place, and descriptors that have no room. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "gk/input.h"
#include "out.h"

static char here[4096];

/* The status of gk_out_check for -o A and --also B. */
static int check(const char *a, const char *b)
{
    const struct gk_out_arg arg[] = {{"-o", a, false}, {"--also", b, true}};
    err = (struct gk_err){0};
    return gk_out_check(arg, 2, &err);
}

static void same(const char *a, const char *b)
{
    char want[9000];
    snprintf(want, sizeof want, "--also: -o goes to %s already",
             a && strcmp(a, "-") != 0 ? a : "standard output");
    CHECK_INT_EQ(check(a, b), -1);
    CHECK_INT_EQ(err.kind, GK_ERR_USAGE);
    CHECK_STR_EQ(err.msg, want);
}

static void distinct(const char *a, const char *b)
{
    CHECK_INT_EQ(check(a, b), 0);
    CHECK_STR_EQ(err.msg, "");
}

/* Names of x, both if it exists and if it does not. */
static void test_spellings(bool exists)
{
    char absolute[4200], doubled[4200], proc[64];
    snprintf(absolute, sizeof absolute, "%s/x", here);
    snprintf(doubled, sizeof doubled, "//%s//./x", here);
    snprintf(proc, sizeof proc, "/proc/%ld/cwd/x", (long)getpid());
    const char *const names[] = {"x",    "./x",         ".//x",    "sub/../x", "sub/./../x",
                                 "link", "sub/link-up", "sub-a/x", "chain",    absolute,
                                 proc,   doubled,       "hard"};
    for (size_t i = 0; i < sizeof names / sizeof *names - !exists; i++)
        for (size_t j = 0; j < sizeof names / sizeof *names - !exists; j++)
            same(names[i], names[j]);
    distinct("x", "y");
    distinct("x", "sub/x");
    distinct("link", "sub/y");
    CHECK_INT_EQ(access("x", F_OK), exists ? 0 : -1); /* nothing is made */
}

static void test_files(void)
{
    CHECK(!mkdir("sub", 0777) && !symlink("x", "link") && !symlink("../x", "sub/link-up"));
    CHECK(!symlink(".", "sub-a") && !symlink("sub/link-up", "chain"));
    test_spellings(false);
    put("x", "old");
    CHECK(!link("x", "hard"));
    test_spellings(true);
    CHECK_INT_EQ(check("x", "none/x"), -1);
    CHECK_STR_EQ(err.msg, "none/x: No such file or directory");
    CHECK_INT_EQ(check("sub", "y"), -1);
    CHECK_STR_EQ(err.msg, "sub: Is a directory");
    CHECK_INT_EQ(check("y", "x/."), -1);
    CHECK_STR_EQ(err.msg, "x/.: Not a directory");
}

/* All names of descriptor FD, with those of standard output if FD is that. */
static void test_names_of(int fd, const char *file)
{
    static const char *const format[] = {"/dev/fd/%d",
                                         "/proc/self/fd/%d",
                                         "/proc/%2$ld/fd/%1$d",
                                         "/dev/../dev/fd/%d",
                                         "/proc/thread-self/fd/%d",
                                         "fds/%d",
                                         "to-%d"};
    char name[2][64], target[64];
    snprintf(name[0], 64, "to-%d", fd);
    snprintf(target, 64, "/dev/fd/%d", fd);
    CHECK(!symlink(target, name[0]));
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < 7; j++) {
            snprintf(name[0], 64, format[i], fd, (long)getpid());
            snprintf(name[1], 64, format[j], fd, (long)getpid());
            same(name[0], name[1]);
            if (file)
                same(name[0], file);
            distinct(name[0], "y");
            if (fd == STDOUT_FILENO) {
                same(NULL, name[0]);
                same("/dev/stdout", name[0]);
                same("to-stdout", name[0]);
            }
        }
}

static void test_descriptors(void)
{
    int fd[2], twin = -1;
    CHECK(!symlink("/proc/self/fd", "fds") && !symlink("/dev/stdout", "to-stdout"));
    CHECK(!pipe(fd) && (twin = dup(fd[1])) > 0);
    test_names_of(fd[1], NULL);
    char name[2][32];
    snprintf(name[0], 32, "/dev/fd/%d", fd[1]);
    snprintf(name[1], 32, "/dev/fd/%d", twin);
    same(name[0], name[1]); /* one pipe */
    snprintf(name[0], 32, "/dev/fd/%d", fd[0]);
    CHECK_INT_EQ(check(name[0], "y"), -1); /* its other end */
    CHECK_STR_HAS(err.msg, ": Bad file descriptor");
    close(fd[0]);
    close(fd[1]);
    CHECK_INT_EQ(check(name[0], "y"), -1); /* closed */
    CHECK_STR_HAS(err.msg, ": Bad file descriptor");
    /* what the program itself has opened is nobody else's to write in */
    int own = open("own", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    snprintf(name[0], 32, "/dev/fd/%d", own);
    struct gk_out out;
    CHECK_INT_EQ(gk_out_open(&out, name[0], false, &err), -1);
    CHECK_STR_HAS(err.msg, ": Bad file descriptor");
    close(own);
    /* standard output, a file */
    int saved = dup(STDOUT_FILENO), to = open("x", O_WRONLY | O_APPEND);
    fflush(stdout);
    dup2(to, STDOUT_FILENO);
    test_names_of(STDOUT_FILENO, "sub/../x");
    same("-", "x");
    same(NULL, "-");
    close(STDOUT_FILENO);
    same(NULL, "-");
    distinct(NULL, "y");
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(to);
    distinct("/dev/null", "/dev/null");
    distinct("/dev/null", "/dev/zero");
}

/* A file that standard output goes to cannot be an input, under any name; a file that will be
 * replaced can. */
static void test_inputs(void)
{
    FILE *fp = NULL;
    const char *name;
    distinct("x", "y");
    CHECK(!gk_input_open(&fp, &name, "x", &err) && fp && !fclose(fp));
    int to = open("grows", O_WRONLY | O_CREAT | O_APPEND, 0666);
    char fd[32];
    CHECK(to > 2 && write(to, "text", 4) == 4);
    snprintf(fd, sizeof fd, "/dev/fd/%d", to);
    distinct(fd, "y");
    CHECK_INT_EQ(gk_input_open(&fp, &name, "sub/../grows", &err), -1);
    CHECK_STR_EQ(err.msg, "sub/../grows is both input and output");
    CHECK_INT_EQ(err.kind, GK_ERR_USAGE);
    CHECK(!fp && !gk_input_open(&fp, &name, "x", &err) && fp && !fclose(fp));
}

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
    CHECK_INT_EQ(gk_out_row(&out, &err), -1); /* what has failed is not left for later */
    CHECK_INT_EQ(err.kind, GK_ERR_CLOSED);
    CHECK_INT_EQ(gk_out_commit(&out, &err), -1);
    CHECK_INT_EQ(err.kind, GK_ERR_CLOSED);
    close(fd[1]);
    waitpid(pid, NULL, 0);
}

/* After a write has failed, nothing more is written: the output would have a hole. */
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
    enter_folder();
    CHECK(getcwd(here, sizeof here));
    test_files();
    test_descriptors();
    test_inputs();
    test_full(false, 1);
    test_full(false, 4096);
    test_full(true, MUCH);
    test_full_and_closed();
    test_after_a_failure();
    return check_status();
}
