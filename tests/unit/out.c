/* Output that is whole or not there: what a file holds after success, failure, signals and a killed
 * process. Every case that ends a process runs in a child. */
#include "gk/out.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static struct gk_err err;
static char folder[] = "out.XXXXXX";

static const char *content(const char *path)
{
    static char text[256];
    FILE *fp = fopen(path, "r");
    if (!fp)
        return NULL;
    text[fread(text, 1, sizeof text - 1, fp)] = '\0';
    fclose(fp);
    return text;
}

static void put(const char *path, const char *text)
{
    FILE *fp = fopen(path, "w");
    CHECK(fp && fputs(text, fp) >= 0 && !fclose(fp));
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) ? 0 : st.st_mode & 07777;
}

/* Names in the folder that a temporary has. */
static int temporaries(void)
{
    DIR *d = opendir(".");
    int n = 0;
    for (struct dirent *e; (e = readdir(d));)
        n += strlen(e->d_name) > 4 && !strcmp(e->d_name + strlen(e->d_name) - 4, ".tmp");
    closedir(d);
    return n;
}

/* Runs BODY in a child; the status of waitpid. */
static int in_child(void (*body)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        check_failures = 0;
        body();
        fflush(NULL);
        _exit(check_failures != 0);
    }
    waitpid(pid, &status, 0);
    return status;
}

static int write_file(const char *path, const char *text)
{
    struct gk_out out;
    if (gk_out_open(&out, path, true, &err))
        return -1;
    fputs(text, out.fp);
    return gk_out_commit(&out, &err);
}

static void test_commit_and_discard(void)
{
    struct gk_out out;
    put("f", "old");
    CHECK(!gk_out_open(&out, "f", true, &err));
    CHECK_STR_EQ(out.name, "f");
    fputs("new", out.fp);
    CHECK(!gk_out_flush(&out, &err));
    CHECK_STR_EQ(content("f"), "old");
    CHECK_INT_EQ(temporaries(), 1);
    gk_out_discard(&out);
    CHECK_STR_EQ(content("f"), "old");
    gk_out_discard(&out); /* once more does nothing */
    CHECK_INT_EQ(temporaries(), 0);
    CHECK(!write_file("f", "new"));
    CHECK_STR_EQ(content("f"), "new");
    CHECK(!write_file("./f", ""));
    CHECK_STR_EQ(content("f"), "");
    CHECK_INT_EQ(temporaries(), 0);
}

static void test_many(void)
{
    struct gk_out out[17];
    char name[16];
    for (int i = 0; i < 16; i++) {
        snprintf(name, sizeof name, "m%d", i);
        CHECK(!gk_out_open(&out[i], name, false, &err));
    }
    CHECK_INT_EQ(gk_out_open(&out[16], "m16", false, &err), -1);
    CHECK_STR_EQ(err.msg, "m16: more than 16 output files at a time");
    CHECK_INT_EQ(temporaries(), 16);
    gk_out_discard_all();
    CHECK_INT_EQ(temporaries(), 0);
    CHECK(access("m0", F_OK) && access("m16", F_OK));
    for (int i = 0; i < 16; i++)
        gk_out_discard(&out[i]); /* only memory is left */
    CHECK(
        !gk_out_open(&out[0], "m0", false, &err)); /* two results for one name: one would be lost */
    CHECK(gk_out_open(&out[1], "./m0", false, &err) && err.kind == GK_ERR_USAGE);
    CHECK_STR_EQ(err.msg, "./m0: two outputs cannot go to one file");
    fputs("0", out[0].fp);
    CHECK(!gk_out_commit(&out[0], &err));
    CHECK_STR_EQ(content("m0"), "0");
    CHECK(!write_file("m0", "1")); /* one after the other they can */
    CHECK_STR_EQ(content("m0"), "1");
    CHECK_INT_EQ(temporaries(), 0);
}

static void test_modes_and_links(void)
{
    struct stat st;
    umask(027);
    CHECK(!write_file("new", "x"));
    CHECK_INT_EQ(mode_of("new"), 0640);
    umask(022);
    CHECK(!chmod("new", 0604));
    CHECK(!write_file("new", "y"));
    CHECK_INT_EQ(mode_of("new"), 0604);

    CHECK(!mkdir("sub", 0777) && !symlink("sub/target", "link"));
    CHECK(!write_file("link", "y")); /* to a file that is not there yet */
    CHECK_STR_EQ(content("sub/target"), "y");
    CHECK(!write_file("link", "z"));
    CHECK_STR_EQ(content("sub/target"), "z");
    CHECK(!lstat("link", &st) && S_ISLNK(st.st_mode));
    CHECK(!symlink("../sub/../far", "sub/second") && !symlink("sub/second", "first"));
    CHECK(!write_file("first", "f"));
    CHECK_STR_EQ(content("far"), "f");
    CHECK(!symlink("none/target", "lost") && !symlink("ring", "ring"));
    CHECK_INT_EQ(write_file("lost", "x"), -1);
    CHECK_STR_EQ(err.msg, "lost: No such file or directory");
    CHECK_INT_EQ(write_file("ring", "x"), -1);
    CHECK_STR_EQ(err.msg, "ring: Too many levels of symbolic links");
}

/* A new file in the place of one that runs as its owner does not run so; nor does root take a file
 * from its owner. */
static void test_owners(void)
{
    struct stat st;
    static const mode_t before[] = {04755, 02755, 06711, 06000, 01644};
    static const mode_t after[] = {0755, 0755, 0711, 0, 01644};
    for (int i = 0; i < 5; i++) {
        unlink("owned");
        put("owned", "old");
        CHECK(geteuid() != 0 || !chown("owned", 1234, 2345));
        CHECK(!chmod("owned", before[i]));
        if (geteuid() != 0 && i == 3)
            continue; /* it may not be written then */
        CHECK(!write_file("owned", "new"));
        CHECK_INT_EQ(mode_of("owned"), after[i]);
        CHECK(!stat("owned", &st));
        CHECK(geteuid() != 0 || (st.st_uid == 1234 && st.st_gid == 2345));
    }
}

/* Until a secret is whole it is one, too. */
static void test_secret(void)
{
    struct gk_out out;
    struct stat st;
    put("secret", "old");
    CHECK(!chmod("secret", 0600) && !gk_out_open(&out, "secret", true, &err));
    CHECK(!stat(out.tmp, &st) && (st.st_mode & 07777) == 0600);
    gk_out_discard(&out);
}

/* What could not take a file's place in the end is found out when it is opened. */
static void sticky(void)
{
    CHECK(!seteuid(1000));
    CHECK_INT_EQ(access("shared/other", W_OK), 0);
    struct gk_out out;
    CHECK_INT_EQ(gk_out_open(&out, "shared/other", true, &err), -1);
    CHECK_STR_EQ(err.msg, "shared/other: cannot be replaced: Operation not permitted");
    CHECK_INT_EQ(gk_out_open(&out, "link-to-other", true, &err), -1);
    CHECK_STR_EQ(err.msg, "link-to-other: cannot be replaced: Operation not permitted");
    CHECK(!write_file("shared/mine", "new"));
    CHECK(!write_file("shared/mine", "newer"));
}

static void test_sticky(void)
{
    if (geteuid() != 0)
        return; /* whose would the file be? */
    CHECK(!mkdir("shared", 0777) && !chmod("shared", 01777) && !chmod(".", 0755));
    put("shared/other", "old");
    CHECK(!chown("shared/other", 1234, 1234) && !chmod("shared/other", 0666));
    CHECK(!symlink("shared/other", "link-to-other"));
    CHECK_INT_EQ(in_child(sticky), 0);
    CHECK_STR_EQ(content("shared/other"), "old");
    CHECK_STR_EQ(content("shared/mine"), "newer");
    CHECK(!write_file("shared/other", "by root"));
}

static void test_refused(void)
{
    char name[300];
    CHECK_INT_EQ(write_file("", "x"), -1);
    CHECK_STR_EQ(err.msg, "the name of the output file is empty");
    CHECK_INT_EQ(write_file("none/f", "x"), -1);
    CHECK_STR_EQ(err.msg, "none/f: No such file or directory");
    CHECK_INT_EQ(write_file("sub", "x"), -1);
    CHECK_STR_EQ(err.msg, "sub: Is a directory");
    CHECK_INT_EQ(write_file("new/f", "x"), -1);
    CHECK_STR_EQ(err.msg, "new/f: Not a directory");
    memset(name, 'n', 256);
    name[256] = '\0';
    CHECK_INT_EQ(write_file(name, "x"), -1);
    CHECK_STR_HAS(err.msg, "File name too long");
    name[255] = '\0'; /* the longest there is */
    CHECK(!write_file(name, "x"));
    CHECK_STR_EQ(content(name), "x");
    if (geteuid() != 0) { /* root may write anything */
        put("locked", "old");
        chmod("locked", 0444);
        CHECK_INT_EQ(write_file("locked", "x"), -1);
        CHECK_STR_EQ(err.msg, "locked: Permission denied");
    }
    CHECK_INT_EQ(temporaries(), 0);
}

/* ---- ends of a process ---- */

static void write_half(void)
{
    static struct gk_out out;
    CHECK(!gk_out_open(&out, "f", true, &err));
    fputs("half", out.fp);
    CHECK(!gk_out_flush(&out, &err));
}

static void die_by(int sig)
{
    write_half();
    raise(sig);
    pause();
}
static void killed(void)
{
    die_by(SIGKILL);
}
static void terminated(void)
{
    die_by(SIGTERM);
}
static void interrupted(void)
{
    die_by(SIGINT);
}
static void hung_up(void)
{
    die_by(SIGHUP);
}

static void hung_up_under_nohup(void)
{
    static struct gk_out out;
    signal(SIGHUP, SIG_IGN);
    CHECK(!gk_out_open(&out, "f", true, &err));
    raise(SIGHUP);
    fputs("whole", out.fp);
    CHECK(!gk_out_commit(&out, &err));
}

static volatile sig_atomic_t seen;
static void note_signal(int sig)
{
    seen = sig;
}
static void handled_by_the_tool(void)
{
    static struct gk_out out;
    signal(SIGTERM, note_signal);
    CHECK(!gk_out_open(&out, "f", true, &err));
    raise(SIGTERM);
    CHECK_INT_EQ(seen, SIGTERM);
    fputs("finished", out.fp);
    CHECK(!gk_out_commit(&out, &err));
}

static void test_ends(void)
{
    static const struct {
        void (*body)(void);
        int sig;
    } ends[] = {{terminated, SIGTERM}, {interrupted, SIGINT}, {hung_up, SIGHUP}};
    put("f", "old");
    for (int i = 0; i < 3; i++) {
        int status = in_child(ends[i].body);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == ends[i].sig);
        CHECK_STR_EQ(content("f"), "old");
        CHECK_INT_EQ(temporaries(), 0);
    }
    int status = in_child(killed); /* nothing can remove the temporary then */
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_STR_EQ(content("f"), "old");
    CHECK_INT_EQ(temporaries(), 1);
    CHECK(!write_file("f", "next")); /* nor is it in the way */
    CHECK_STR_EQ(content("f"), "next");
    CHECK_INT_EQ(in_child(hung_up_under_nohup), 0);
    CHECK_STR_EQ(content("f"), "whole");
    CHECK_INT_EQ(in_child(handled_by_the_tool), 0);
    CHECK_STR_EQ(content("f"), "finished");
    CHECK_INT_EQ(temporaries(), 1);
}

/* A limit on the size of files stands in for a full disk under a regular file. */
static void too_large(void)
{
    struct rlimit limit = {1000, 1000};
    struct gk_out out;
    setrlimit(RLIMIT_FSIZE, &limit);
    CHECK(!gk_out_open(&out, "f", true, &err));
    for (int i = 0; i < 2000; i++)
        putc('x', out.fp);
    CHECK_INT_EQ(gk_out_commit(&out, &err), -1);
    CHECK_INT_EQ(err.kind, GK_ERR_FAILED);
    CHECK_STR_EQ(err.msg, "f: File too large");
}

static void test_too_large(void)
{
    int before = temporaries();
    put("f", "old");
    CHECK_INT_EQ(in_child(too_large), 0);
    CHECK_STR_EQ(content("f"), "old");
    CHECK_INT_EQ(temporaries(), before);
}

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
    CHECK_STR_HAS(err.msg, "is a terminal: binary data goes to a pipe or to -o FILE");
    CHECK(!gk_out_open(&out, name, false, &err));
    gk_out_discard(&out);
    close(fd);
}

int main(void)
{
    CHECK(mkdtemp(folder) && !chdir(folder));
    test_commit_and_discard();
    test_many();
    test_modes_and_links();
    test_owners();
    test_secret();
    test_sticky();
    test_refused();
    test_ends();
    test_too_large();
    test_devices();
    test_error_before_commit();
    test_fifo();
    test_standard_output();
    test_terminal();
    return check_status();
}
