/* Makes every call of one command line fail in turn, and checks the results.
 *
 *   drive INJECTOR FOLDER STRIDE TOOL [ARGUMENT]...
 *
 * The command runs in FOLDER/work; its results are the arguments that begin with "out", its input
 * "<FILE". First it runs undisturbed, then with nothing failing while the places of calls are
 * counted, then once or more for every STRIDE-th place. Each time every result was there before
 * with other bytes. Afterwards
 *   - it ended by itself, with status 0, or with status 1 and a message "TOOL: ...";
 *   - with status 0 all is as without the failure, bytes of standard output included;
 *   - with status 1 each result is the old one or a whole new one: as without the failure, or as
 * one of the files in FOLDER/also;
 *   - no other file is there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject.h"

static const char old_result[] = "old\n";
static const struct {
    enum kind kind;
    int how, onward; /* and every call after it */
} faults_of[] = {{ALLOC, ENOMEM, 0}, {ALLOC, ENOMEM, 1}, {THREAD, EAGAIN, 0}, {READ, EIO, 0},
                 {READ, EINTR, 0},   {READ, SHORT, 0},   {WRITE, ENOSPC, 0},  {WRITE, ENOSPC, 1},
                 {WRITE, EINTR, 0},  {WRITE, SHORT, 0},  {OPEN, EMFILE, 0},   {OPEN, EMFILE, 1},
                 {CLOSE, EIO, 0},    {SYNC, EIO, 0},     {RENAME, EACCES, 0}, {OTHER, EIO, 0}};
/* At these calls, each of these signals also comes. */
static const enum kind signalled[] = {WRITE, OPEN, CLOSE, SYNC, RENAME};
static const int signals[] = {SIGTERM, SIGINT, SIGKILL};
static const char *const kind_name[KINDS] = {"allocation", "thread", "read",   "write", "open",
                                             "close",      "fsync",  "rename", "other"};

static struct faults *faults;
static const char *injector, *folder;
static char work[4096], log_path[4096], out_path[4096], err_path[4096];
static char **command;
static int runs, problems;

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(2);
}

static char *join(const char *dir, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        fail("memory");
    return path;
}

/* ---- files ---- */

struct file {
    char *name, *bytes;
    size_t n;
};
struct files {
    struct file f[64];
    int n;
};

static void read_file(const char *path, struct file *f)
{
    int fd = open(path, O_RDONLY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st))
        fail(path);
    f->bytes = malloc((size_t)st.st_size + 1);
    ssize_t got = read(fd, f->bytes, (size_t)st.st_size);
    f->n = got > 0 ? (size_t)got : 0;
    f->bytes[f->n] = '\0';
    close(fd);
}

static void write_file(const char *path, const char *text)
{
    FILE *fp = fopen(path, "w");
    if (!fp || fputs(text, fp) < 0 || fclose(fp))
        fail(path);
}

/* All files below DIR, one level of folders deep; REMOVE deletes them. */
static void collect(const char *dir, const char *prefix, struct files *all, bool remove)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        struct stat st;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        char *path = join(dir, e->d_name), *name = join(prefix, e->d_name);
        if (lstat(path, &st))
            fail(path);
        if (S_ISDIR(st.st_mode)) {
            collect(path, name, all, remove);
            if (remove)
                rmdir(path);
        } else {
            if (!remove && all->n < 64) {
                all->f[all->n].name = strdup(name);
                read_file(path, &all->f[all->n++]);
            }
            if (remove)
                unlink(path);
        }
        free(path);
        free(name);
    }
    if (d)
        closedir(d);
}

static void drop(struct files *all)
{
    for (int i = 0; i < all->n; i++) {
        free(all->f[i].name);
        free(all->f[i].bytes);
    }
    all->n = 0;
}

static bool same(const struct file *a, const struct file *b)
{
    return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

static const struct file *named(const struct files *all, const char *name)
{
    for (int i = 0; i < all->n; i++)
        if (!strcmp(all->f[i].name, name))
            return &all->f[i];
    return NULL;
}

/* ---- running ---- */

struct run {
    int status; /* negative: minus the signal that ended it */
    struct file out, err;
    struct files left;
};

static _Noreturn void become(bool preload)
{
    char *argv[64];
    int n = 0, in = open("/dev/null", O_RDONLY);
    if (chdir(work))
        _exit(97);
    for (char **word = command; *word && n < 63; word++) {
        if (**word == '<')
            in = open(*word + 1, O_RDONLY);
        else
            argv[n++] = *word;
    }
    argv[n] = NULL;
    int out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    int err = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(97);
    for (int fd = 3; fd < 16; fd++)
        close(fd);
    setenv("TMPDIR", work, 1);
    setenv("GK_FAULTS", log_path, 1);
    if (preload)
        setenv("LD_PRELOAD", injector, 1);
    alarm(30); /* the timer survives exec, and kills a command that hangs */
    execvp(argv[0], argv);
    _exit(96);
}

static struct run run(bool preload)
{
    struct run r = {0};
    int status;
    collect(work, ".", NULL, true);
    for (char **word = command + 1; *word; word++)
        if (!strncmp(*word, "out", 3) && strncmp(*word, "outdir", 6) != 0) {
            char *path = join(work, *word);
            write_file(path, old_result);
            free(path);
        }
    memset(faults->count, 0, sizeof faults->count);
    faults->fired = 0;
    pid_t pid = fork();
    if (pid == 0)
        become(preload);
    if (waitpid(pid, &status, 0) != pid)
        fail("wait");
    r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    read_file(out_path, &r.out);
    read_file(err_path, &r.err);
    collect(work, ".", &r.left, false);
    return r;
}

static void drop_run(struct run *r)
{
    free(r->out.bytes);
    free(r->err.bytes);
    drop(&r->left);
}

/* ---- judging ---- */

static const char *judge_end(const struct run *r, const struct run *good, int sent)
{
    const size_t n = strlen(*command);
    if (r->status < 0 && r->status != -sent)
        return "it was ended by a signal";
    if (r->status > 1)
        return "its status is neither 0 nor 1";
    if (r->status == 1 && (strncmp(r->err.bytes, *command, n) != 0 || r->err.bytes[n] != ':'))
        return "it failed without a message";
    if (r->status == 0 && !same(&r->out, &good->out))
        return "status 0, but standard output is another";
    return NULL;
}

/* May F be a result after a run that ended with STATUS? WANT: the result without a failure. */
static bool is_whole(const struct file *f, const struct file *want, const struct files *also,
                     int status)
{
    bool whole = same(f, want) || (status != 0 && !strcmp(f->bytes, old_result));
    for (int i = 0; i < also->n && status != 0; i++)
        whole |= same(f, &also->f[i]);
    return whole;
}

static bool is_temporary(const char *name)
{
    const size_t n = strlen(name);
    return n > 4 && !strcmp(name + n - 4, ".tmp");
}

/* NULL, or the fault of R. SENT: the signal that came, or 0. */
static const char *judge(const struct run *r, const struct run *good, const struct files *also,
                         int sent)
{
    static char text[256];
    const char *wrong = judge_end(r, good, sent);
    for (int i = 0; i < r->left.n && !wrong; i++) {
        const struct file *f = &r->left.f[i], *want = named(&good->left, f->name);
        if (want ? is_whole(f, want, also, r->status) : sent == SIGKILL && is_temporary(f->name))
            continue;
        snprintf(text, sizeof text, "%s is %s (%zu bytes)", f->name,
                 want ? "neither the old nor the new" : "left over", f->n);
        wrong = text;
    }
    for (int i = 0; i < good->left.n && !wrong; i++) {
        const char *name = good->left.f[i].name;
        if (!named(&r->left, name) && (r->status == 0 || strncmp(name, "./outdir", 8) != 0)) {
            snprintf(text, sizeof text, "%s is gone", name);
            wrong = text;
        }
    }
    return wrong;
}

static void describe(char *text, size_t size, uint32_t kind, uint32_t number)
{
    const int how = faults->how;
    snprintf(text, size, "%s %u%s: %s", kind_name[kind], number, faults->onward ? " and on" : "",
             how == SHORT  ? "short"
             : how < SHORT ? strsignal(SIGNALLED - how)
                           : strerror(how));
}

static void fail_one(uint32_t kind, uint32_t number, int how, int onward, const struct run *good,
                     const struct files *also)
{
    faults->kind = (int32_t)kind;
    faults->number = number;
    faults->how = how;
    faults->onward = onward;
    struct run r = run(true);
    const char *wrong = judge(&r, good, also, how < SIGNALLED ? SIGNALLED - how : 0);
    if (!wrong && how == SHORT && r.status != 0)
        wrong = "a short read or write is no failure";
    if (!wrong && !faults->fired)
        wrong = "the call never came: another run than the first";
    runs++;
    if (wrong) {
        char text[128];
        problems++;
        describe(text, sizeof text, kind, number);
        printf("%s: %s: %s (status %d): %.300s\n", *command, text, wrong, r.status, r.err.bytes);
    }
    drop_run(&r);
}

/* Every way in which call NUMBER of KIND can fail. */
static void fail_all_ways(uint32_t kind, uint32_t number, const struct run *good,
                          const struct files *also)
{
    for (size_t i = 0; i < sizeof faults_of / sizeof *faults_of; i++)
        if (faults_of[i].kind == kind)
            fail_one(kind, number, faults_of[i].how, faults_of[i].onward, good, also);
    for (size_t i = 0; i < sizeof signalled / sizeof *signalled; i++)
        for (size_t j = 0; j < sizeof signals / sizeof *signals && signalled[i] == kind; j++)
            fail_one(kind, number, SIGNALLED - signals[j], 0, good, also);
}

static void map_faults(void)
{
    int fd = open(log_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, sizeof *faults))
        fail(log_path);
    faults = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (faults == MAP_FAILED)
        fail(log_path);
    close(fd);
}

int main(int argc, char **argv)
{
    struct files also = {0};
    if (argc < 5)
        return 2;
    injector = argv[1];
    folder = argv[2];
    const uint32_t stride = (uint32_t)atoi(argv[3]);
    command = argv + 4;
    snprintf(work, sizeof work, "%s/work", folder);
    snprintf(log_path, sizeof log_path, "%s/faults", folder);
    snprintf(out_path, sizeof out_path, "%s/stdout", folder);
    snprintf(err_path, sizeof err_path, "%s/stderr", folder);
    mkdir(work, 0777);
    map_faults();
    char *also_path = join(folder, "also");
    collect(also_path, ".", &also, false);

    struct run good = run(false), counted = run(true);
    if (good.status != 0 || judge(&counted, &good, &also, 0) || counted.status != 0) {
        printf("%s: undisturbed, it does not work: status %d, with the injector %d: %s\n", *command,
               good.status, counted.status, counted.err.bytes);
        return 1;
    }
    const uint32_t nsites = faults->nsites;
    for (uint32_t i = 0; i < nsites; i += stride)
        fail_all_ways(faults->site[i].kind, faults->site[i].number, &good, &also);
    printf("%s: %u places, %d runs, %d wrong\n", *command, nsites, runs, problems);
    return problems > 0;
}
