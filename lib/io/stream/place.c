/* Where the name of an output leads, and whether two names lead to one place. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "gk/mem.h"
#include "out_priv.h"

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *gk_folder_of(const char *path)
{
    const char *base = base_of(path);
    return base > path ? strndup(path, (size_t)(base - path)) : strdup(".");
}

/* ---- descriptors ---- */

/* Is PATH in the folder of this program's descriptors? Under any name: /dev/fd, /proc/self/fd,
 * /proc/PID/fd. */
static bool in_own_descriptors(const char *path)
{
    static const char *const own[] = {"/proc/self/fd", "/proc/thread-self/fd"};
    char here[PATH_MAX], there[PATH_MAX], *folder = gk_folder_of(path);
    bool same = folder && strcmp(folder, "/dev/fd/") == 0; /* also without /proc */
    for (int i = 0; i < 2 && folder && !same; i++)
        same = realpath(folder, here) && realpath(own[i], there) && strcmp(here, there) == 0;
    free(folder);
    return same;
}

/* The descriptor that PATH names, or -1. Opening such a name again would give a regular file a
 * second offset, at its beginning. */
static int descriptor_named(const char *path)
{
    const char *base = base_of(path);
    char *end;
    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    if (!isdigit((unsigned char)*base))
        return -1;
    const long fd = strtol(base, &end, 10);
    return !*end && fd <= INT_MAX && in_own_descriptors(path) ? (int)fd : -1;
}

/* Everything that this program opens is closed on exec; a descriptor that it inherited is not, or
 * it would not have been inherited. */
static int check_descriptor(struct gk_place *p, const char *path, struct gk_err *err)
{
    const int flags = fcntl(p->fd, F_GETFD), mode = fcntl(p->fd, F_GETFL);
    if (flags < 0 || (flags & FD_CLOEXEC) || (mode & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return gk_fail(err, "%s:", path);
    }
    p->exists = fstat(p->fd, &p->st) == 0;
    return p->exists ? 0 : gk_fail(err, "%s:", path);
}

/* ---- files ---- */

static char *follow(const char *link)
{
    char target[PATH_MAX], *folder = gk_folder_of(link), *path = NULL;
    const ssize_t n = readlink(link, target, sizeof target - 1);
    if (n >= 0 && folder) {
        target[n] = '\0';
        path = target[0] == '/' ? strdup(target) : gk_format(NULL, "%s/%s", folder, target);
    }
    free(folder);
    return path;
}

/* Follows PATH to the end of its links, or to a descriptor. A dangling link leads to where open(2)
 * would create the file. */
static int resolve(struct gk_place *p, const char *path)
{
    enum { MOST_LINKS = 40 }; /* the kernel's limit; beyond it, stat fails */
    struct stat st;
    p->path = strdup(path);
    for (int i = 0; p->path && i < MOST_LINKS; i++) {
        p->fd = descriptor_named(p->path);
        if (p->fd >= 0 || lstat(p->path, &st) != 0 || !S_ISLNK(st.st_mode))
            break;
        char *next = follow(p->path);
        free(p->path);
        p->path = next;
    }
    return p->path ? 0 : -1;
}

bool gk_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int gk_place_find(struct gk_place *p, const char *path, struct gk_err *err)
{
    struct stat end;
    *p = (struct gk_place){.fd = -1};
    if (!path || !strcmp(path, "-")) {
        p->fd = STDOUT_FILENO;
        return check_descriptor(p, "standard output", err);
    }
    if (resolve(p, path))
        return gk_fail(err, "%s:", path);
    if (p->fd >= 0)
        return check_descriptor(p, path, err);
    p->exists = stat(path, &p->st) == 0;
    if (!p->exists) {
        if (errno != ENOENT)
            return gk_fail(err, "%s:", path);
        char *folder = gk_folder_of(p->path);
        const int rc = folder ? stat(folder, &p->st) : -1;
        free(folder);
        return rc ? gk_fail(err, "%s:", path) : 0;
    }
    /* The kernel resolves some links of /proc differently from their text. */
    if (S_ISREG(p->st.st_mode) && (lstat(p->path, &end) || !gk_same_file(&p->st, &end))) {
        errno = ENOENT;
        return gk_fail(err, "%s:", path);
    }
    return 0;
}

void gk_place_free(struct gk_place *p)
{
    free(p->path);
    p->path = NULL;
}

/* /dev/null, zero and full: two outputs there do not mix. */
static bool keeps_nothing(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && major(st->st_rdev) == 1;
}

bool gk_place_same(const struct gk_place *a, const struct gk_place *b)
{
    if (a->fd >= 0 && a->fd == b->fd)
        return !keeps_nothing(&a->st);
    if (a->exists != b->exists || !gk_same_file(&a->st, &b->st))
        return false;
    return a->exists ? !keeps_nothing(&a->st) : strcmp(base_of(a->path), base_of(b->path)) == 0;
}

/* Asks the kernel, whose rules are many (sticky folders, immutable files): rmdir checks permission
 * to remove P before it finds that P is not a folder. */
int gk_place_check(const struct gk_place *p, const char *name, struct gk_err *err)
{
    struct statx x;
    if (rmdir(p->path) != 0 && errno != ENOTDIR)
        return gk_fail(err, "%s: cannot be replaced:", name);
    if (statx(AT_FDCWD, p->path, AT_SYMLINK_NOFOLLOW, 0, &x) == 0 &&
        (x.stx_attributes & STATX_ATTR_MOUNT_ROOT)) {
        errno = EBUSY;
        return gk_fail(err, "%s: cannot be replaced:", name);
    }
    return 0;
}
