/* An output is complete or absent. gk/out.h describes the lifecycle.
 *
 * Open temporaries are kept in a table of fixed size, so that a signal handler can walk it: it only
 * reads pointers and calls unlink, both safe there. Signals are blocked while a file exists that
 * is not yet in the table; an entry is cleared before its name is freed. */
#include "gk/out.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gk/mem.h"
#include "out_priv.h"

enum { MOST_OPEN = 16 };

static struct gk_out *open_outs[MOST_OPEN];
static char *volatile open_tmps[MOST_OPEN];

static void remove_all_and_die(int sig)
{
    for (int i = 0; i < MOST_OPEN; i++)
        if (open_tmps[i])
            unlink(open_tmps[i]);
    raise(sig); /* SA_RESETHAND: it ends the program once this handler returns */
}

/* Handles the fatal signals that still have their default action. A tool's own handlers, and
 * nohup's, stay. */
void gk_out_catch_signals(void)
{
    static const int fatal[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU};
    struct sigaction mine = {.sa_handler = remove_all_and_die, .sa_flags = SA_RESETHAND}, was;
    sigfillset(&mine.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        if (!sigaction(fatal[i], NULL, &was) && was.sa_handler == SIG_DFL)
            sigaction(fatal[i], &mine, NULL);
    signal(SIGXFSZ,
           SIG_IGN); /* a file that is too large is then an error of write, with its message */
}

static int entry_of(const struct gk_out *out) /* NULL finds a free one; -1: none */
{
    for (int i = 0; i < MOST_OPEN; i++)
        if (open_outs[i] == out)
            return i;
    return -1;
}

static void add_entry(struct gk_out *out)
{
    int i = entry_of(NULL);
    open_outs[i] = out;
    open_tmps[i] = out->tmp;
}

static void drop_entry(const struct gk_out *out)
{
    int i = entry_of(out);
    if (i >= 0) {
        open_tmps[i] = NULL;
        open_outs[i] = NULL;
    }
}

/* A descriptor above standard error: a program started without one of the three must not write its
 * messages into a result. */
static int above_standard(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), saved = errno;
    close(fd);
    errno = saved;
    return moved;
}

static int wrap(struct gk_out *out, int fd, struct gk_err *err)
{
    fd = above_standard(fd);
    if (fd < 0)
        return gk_fail(err, "%s:", out->name);
    out->fp = gk_sink_open(&out->sink, fd, false, err);
    if (!out->fp)
        close(fd);
    return out->fp ? 0 : -1;
}

static char *make_tmp_name(const char *path, unsigned attempt, struct gk_err *err)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    /* The base is cut so that a name of maximal length still has a temporary. */
    return gk_format(err, "%.*s.%.200s.%ld-%u.tmp", (int)(base - path), path, base, (long)getpid(),
                     attempt);
}

/* Creates a new file with a new name beside out->path. If it replaces another, nobody else may open
 * it until it has the other's mode. */
static int create_tmp(struct gk_out *out, bool replaces, struct gk_err *err)
{
    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        out->tmp = make_tmp_name(out->path, attempt, err);
        if (!out->tmp)
            return -1;
        int fd = open(out->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replaces ? 0600 : 0666);
        if (fd >= 0) {
            add_entry(out);
            return wrap(out, fd, err);
        }
        if (errno != EEXIST)
            break;
        free(out->tmp);
        out->tmp = NULL;
    }
    return gk_fail(err, "%s:", out->name);
}

static int open_tmp(struct gk_out *out, bool replaces, struct gk_err *err)
{
    sigset_t all, was;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &was);
    int rc = create_tmp(out, replaces, err);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    return rc;
}

/* The owner, group and mode of the replaced file, as far as permissions allow. Writing to a file
 * clears its set-user-ID bits, so this clears them, too. */
static int resemble(const struct gk_out *out, const struct stat *was, struct gk_err *err)
{
    const int fd = out->sink->fd;
    if (fchown(fd, was->st_uid, was->st_gid))
        (void)!fchown(fd, (uid_t)-1, was->st_gid);
    return fchmod(fd, was->st_mode & 01777) ? gk_fail(err, "%s:", out->name) : 0;
}

/* Is a file being written that will replace P? */
static bool is_open(const struct gk_place *p)
{
    bool same = false;
    for (int i = 0; i < MOST_OPEN && !same; i++) {
        struct gk_place other;
        if (!open_outs[i])
            continue;
        same = !gk_place_find(&other, open_outs[i]->path, NULL) && gk_place_same(p, &other);
        gk_place_free(&other);
    }
    return same;
}

/* Opens a file beside P, which is renamed to P in the end. P gives up its path. */
static int open_beside(struct gk_out *out, struct gk_place *p, struct gk_err *err)
{
    if (p->exists && faccessat(AT_FDCWD, p->path, W_OK, AT_EACCESS))
        return gk_fail(err, "%s:", out->name);
    if (p->exists && gk_place_check(p, out->name, err))
        return -1;
    if (is_open(p))
        return gk_fail_usage(err, "%s: two outputs cannot go to one file", out->name);
    if (entry_of(NULL) < 0)
        return gk_fail(err, "%s: more than %d output files at a time", out->name, MOST_OPEN);
    gk_out_catch_signals();
    out->path = p->path;
    p->path = NULL;
    return open_tmp(out, p->exists, err) || (p->exists && resemble(out, &p->st, err)) ? -1 : 0;
}

static int open_place(struct gk_out *out, const char *path, struct gk_err *err)
{
    struct gk_place p;
    int rc = gk_place_find(&p, path, err);
    if (!rc && p.fd >= 0)
        rc = wrap(out, fcntl(p.fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), err);
    else if (!rc && p.exists /* a device, a pipe, or a folder; opening a folder fails here with its
                                message */
             && !S_ISREG(p.st.st_mode))
        rc = wrap(out, open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), err);
    else if (!rc)
        rc = open_beside(out, &p, err);
    gk_place_free(&p);
    return rc;
}

static int open_named(struct gk_out *out, const char *path, struct gk_err *err)
{
    out->name = path;
    return *path ? open_place(out, path, err)
                 : gk_fail(err, "the name of the output file is empty");
}

int gk_out_open(struct gk_out *out, const char *path, bool binary, struct gk_err *err)
{
    int rc;
    *out = (struct gk_out){0};
    if (!path || !strcmp(path, "-") || !strcmp(path, "/dev/stdout")) {
        out->name = "standard output";
        out->fp = gk_sink_open(&out->sink, STDOUT_FILENO, true, err);
        rc = out->fp ? 0 : -1;
    } else {
        rc = open_named(out, path, err);
    }
    if (!rc && binary && isatty(out->sink->fd))
        rc = gk_fail(err, "%s is a terminal: binary data goes to a pipe or into a file", out->name);
    if (rc)
        gk_out_discard(out);
    return rc;
}

int gk_out_flush(struct gk_out *out, struct gk_err *err)
{
    if (fflush(out->fp) == 0 && !ferror(out->fp))
        return 0;
    errno = out->sink->error ? out->sink->error : EIO;
    return gk_fail(err, "%s:", out->name);
}

int gk_out_row(struct gk_out *out, struct gk_err *err)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    const double now = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    if (!ferror(out->fp) && now - out->flushed < 0.05)
        return 0;
    out->flushed = now;
    return gk_out_flush(out, err);
}

/* Renaming is durable once the folder is synced. Some file systems cannot do that, and a writable
 * folder may be unreadable: the data are safe even then. */
static int sync_folder_of(const char *path)
{
    char *folder = gk_folder_of(path);
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, rc = 0;
    free(folder);
    if (fd < 0)
        return 0;
    if (fsync(fd) && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
        rc = -1;
    close(fd);
    return rc;
}

static int commit_file(struct gk_out *out, struct gk_err *err)
{
    if (fsync(out->sink->fd))
        return gk_fail(err, "%s:", out->name);
    FILE *fp = out->fp;
    out->fp = NULL;
    if (fclose(fp))
        return gk_fail(err, "%s:", out->name);
    if (rename(out->tmp, out->path))
        return gk_fail(err, "%s:", out->name);
    drop_entry(out);
    if (sync_folder_of(out->path))
        return gk_fail(err, "%s:", out->name);
    return 0;
}

/* Some file systems (NFS, quotas) report a full disk only at close. */
static int commit_direct(struct gk_out *out, struct gk_err *err)
{
    int fd = dup(out->sink->fd);
    if (fd < 0 || close(fd))
        return gk_fail(err, "%s:", out->name);
    return 0;
}

int gk_out_commit(struct gk_out *out, struct gk_err *err)
{
    int rc = gk_out_flush(out, err);
    if (!rc)
        rc = out->tmp ? commit_file(out, err) : commit_direct(out, err);
    gk_out_discard(out);
    return rc;
}

void gk_out_discard(struct gk_out *out)
{
    if (out->tmp && entry_of(out) >= 0)
        unlink(out->tmp);
    drop_entry(out);
    if (out->fp)
        fclose(out->fp);
    free(out->tmp);
    free(out->path);
    *out = (struct gk_out){0};
}

/* Uses the table alone: the program is about to end, and an entry's gk_out may lie in a function
 * that has already returned with an error. */
void gk_out_discard_all(void)
{
    for (int i = 0; i < MOST_OPEN; i++) {
        if (open_tmps[i])
            unlink(open_tmps[i]);
        open_tmps[i] = NULL;
        open_outs[i] = NULL;
    }
}
