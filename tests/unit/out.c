/* Output that is complete or absent: what a file holds after success, failure, signals and a killed
 * process. Every case that ends a process runs in a child. */
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "out.h"

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

/* A file that replaces a set-user-ID program is not one. A file that root replaces stays its
 * owner's. */
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

/* The temporary of a private file is private, too. */
static void test_secret(void)
{
    struct gk_out out;
    struct stat st;
    put("secret", "old");
    CHECK(!chmod("secret", 0600) && !gk_out_open(&out, "secret", true, &err));
    CHECK(!stat(out.tmp, &st) && (st.st_mode & 07777) == 0600);
    gk_out_discard(&out);
}

/* An output that could not replace its file in the end is refused when it is opened. */
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

int main(void)
{
    enter_folder();
    test_commit_and_discard();
    test_many();
    test_modes_and_links();
    test_owners();
    test_secret();
    test_sticky();
    test_refused();
    test_ends();
    test_too_large();
    return check_status();
}
