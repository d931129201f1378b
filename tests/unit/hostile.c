/* Every tool in build/bin against inputs that are cut short, lie about their size or contradict
 * themselves: it ends with status 1 (not by a signal), a message that names the input, and under
 * 200 MB of memory.
 *
 * A tool that is new is covered with the command line "TOOL @"; if that is not how it reads, it
 * needs a line in `how`. */
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "folder.h"
#include "frames.h"
#include "gk/checkpoint.h"
#include "gk/dataset.h"
#include "gk/mem.h"

/* @ is the hostile input, D a good dataset, C a good checkpoint for it. */
static const struct {
    const char *tool, *args;
} how[] = {
    {"gk-data", "--table @"},
    {"gk-train", "-d @ --steps 1"},
    {"gk-train", "-d D --steps 1 --resume @"},
    {"gk-eval", "-d @ C"},
    {"gk-eval", "-d D @"},
    {"gk-ckpt-dump", "@"},
    {"gk-landscape", "-d @ --toward random:1 C"},
    {"gk-landscape", "-d D --toward @ C"},
    {"gk-landscape", "-d D --toward random:1 @"},
    {"gk-hvp", "-d @ C"},
    {"gk-hvp", "-d D @"},
    {"gk-hvp", "-d D --vector @ C"},
    {"gk-spectra", "@"},
    {"gk-fourier", "-d @ C"},
    {"gk-fourier", "-d D @"},
    {"gk-fit-powerlaw", "-x r -y t4 @"},
    {"gk-times", "--group r @"},
    {"gk-predict", "fit @"},
    {"gk-predict", "score -m @ D"},
    {"gk-testfn", NULL}, /* it reads nothing */
};

static char bin[4200], path[4128], good_data[4128], good_checkpoint[4128];
static bool sanitized, full;

/* ---- running a tool ---- */

struct result {
    int status;
    long kilobytes;
    char message[4096];
};

static void become(const char *tool, const char *args, const char *input)
{
    static char program[8192], line[4096];
    char *argv[32] = {program};
    int n = 1;
    snprintf(program, sizeof program, "%s/%s", bin, tool);
    snprintf(line, sizeof line, "%s", args);
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        argv[n++] = !strcmp(word, "@")   ? (char *)input
                    : !strcmp(word, "D") ? good_data
                    : !strcmp(word, "C") ? good_checkpoint
                                         : word;
    /* A unit test must free what it took; a tool that ends need not. */
    const char *sanitizer = getenv("TOOL_ASAN_OPTIONS");
    if (sanitizer)
        setenv("ASAN_OPTIONS", sanitizer, 1);
    execv(program, argv);
    _exit(127);
}

/* INPUT is PATH, or "-" with PATH on standard input. */
static struct result run(const char *tool, const char *args, const char *input)
{
    struct result r = {.status = -1};
    struct rusage usage;
    int pipe_fd[2], status;
    size_t n = 0;
    ssize_t got;
    if (pipe(pipe_fd))
        return r;
    const pid_t pid = fork();
    if (pid == 0) {
        const int in = open(strcmp(input, "-") ? "/dev/null" : path, O_RDONLY);
        const int out = open("/dev/null", O_WRONLY);
        dup2(in, 0);
        dup2(out, 1);
        dup2(pipe_fd[1], 2);
        close(pipe_fd[0]);
        alarm(100); /* it outlives exec: a tool that hangs dies of it */
        become(tool, args, input);
    }
    close(pipe_fd[1]);
    while ((got = read(pipe_fd[0], r.message + n, sizeof r.message - 1 - n)) > 0)
        n += (size_t)got;
    close(pipe_fd[0]);
    if (wait4(pid, &status, 0, &usage) != pid)
        return r;
    r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    r.kilobytes = usage.ru_maxrss;
    return r;
}

/* WHAT names the input in a failure. MAY_PASS: it may be a good input, and status 0 is right too;
 * or it is one with too few numbers, which need not be its own fault. */
static void check_run(const char *tool, const char *args, const char *input, const char *what,
                      bool may_pass)
{
    const struct result r = run(tool, args, input);
    const char *place = strcmp(input, "-") ? input : "standard input";
    const size_t n = strlen(tool);
    bool ok = r.status == 1 && !strncmp(r.message, tool, n) && !strncmp(r.message + n, ": ", 2) &&
              (may_pass || strstr(r.message, place));
    ok = (ok || (may_pass && r.status == 0)) && (sanitized || r.kilobytes < 200000);
    if (!ok)
        CHECK_FAILED("%s %s, %s: status %d, %ld KB: %s", tool, args, what, r.status, r.kilobytes,
                     r.message);
}

static bool listed(const char *tool)
{
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        if (!strcmp(how[i].tool, tool))
            return true;
    }
    return false;
}

enum reach {
    ONCE,  /* each tool by the first of its lines */
    EVERY, /* each line */
    BOTH   /* each line, and the first again with the input as standard input */
};

/* The file PATH against one tool in SHARE; from one call to the next they take turns. */
static void against_some(size_t share, const char *what, bool may_pass, enum reach reach)
{
    static size_t turn;
    size_t tool = turn++;
    DIR *d = opendir(bin);
    struct dirent *e;
    CHECK(d != NULL);
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        char program[8192];
        snprintf(program, sizeof program, "%s/%s", bin, how[i].tool);
        if (!how[i].args || access(program, X_OK) != 0)
            continue;
        const bool first = i == 0 || strcmp(how[i].tool, how[i - 1].tool) != 0;
        if ((reach == ONCE && !first) || tool++ % share != 0)
            continue;
        check_run(how[i].tool, how[i].args, path, what, may_pass);
        if (reach == BOTH && first)
            check_run(how[i].tool, how[i].args, "-", what, may_pass);
    }
    while (d && (e = readdir(d))) {
        if (!strncmp(e->d_name, "gk-", 3) && !listed(e->d_name) && tool++ % share == 0) {
            check_run(e->d_name, "@", path, what, may_pass);
            if (reach == BOTH)
                check_run(e->d_name, "@", "-", what, may_pass);
        }
    }
    if (d)
        closedir(d);
}

static void against_all(const char *what, bool may_pass, enum reach reach)
{
    against_some(1, what, may_pass, reach);
}

/* ---- inputs ---- */

static void store(const char *file, const void *p, size_t n)
{
    FILE *fp = fopen(file, "wb");
    CHECK(fp && fwrite(p, 1, n, fp) == n);
    if (fp)
        fclose(fp);
}

/* Each proper beginning of the input (one in 29 under a sanitizer, where a start is slow). All
 * tools read through the same functions, so each beginning meets a sixth of them, and one in 16
 * meets all; with GK_FULL each meets all. */
static void cut(const char *what, const void *p, size_t n, bool may_pass)
{
    for (size_t k = 0; k < n; k += sanitized ? 29 : 1) {
        char label[64];
        snprintf(label, sizeof label, "%s cut at byte %zu", what, k);
        store(path, p, k);
        const bool all = k % 16 == 0;
        against_some(all || sanitized || full ? 1 : 6, label, may_pass, all ? EVERY : ONCE);
    }
}

#define W(dtype, shape, offsets)                                                                   \
    "\"w\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void cut_all(void)
{
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    put_blob(fp, "{\"__metadata__\":{\"gk.stream\":\"\"}," W("U8", "[2]", "[0,2]") "}", "ab", 2);
    put_blob(fp, "{\"__metadata__\":{\"gk.end\":\"1\"}}", "", 0);
    fclose(fp);
    store(path, b.p, b.n);
    CHECK_INT_EQ(run("gk-ckpt-dump", "@", path).status, 0); /* whole it is good */
    cut("stream", b.p, b.n, false);
    free(b.p);
    static const char npy[] =
        "\x93NUMPY\1\0\x32\0{'descr':'|u1','fortran_order':False,'shape':(2,)}ab";
    cut(".npy", npy, sizeof npy - 1, false);
    static const char table[] = "#\nstep\tx\n0\t1.5\n1\t-2e9\n";
    cut("table", table, sizeof table - 1, true);
}

static void frame(const char *what, const char *header, size_t n)
{
    static const char data[64];
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    put_blob(fp, header, data, n);
    fclose(fp);
    store(path, b.p, b.n);
    free(b.p);
    against_some(sanitized && !full ? 3 : 1, what, false, sanitized ? ONCE : BOTH);
}

static void lies(void)
{
    static const char far[16] = {0, (char)0xe8, 0x76, 0x48, 0x17}; /* 10^11 */
    store(path, far, sizeof far);
    against_all("header of 100 GB", false, BOTH);
    frame("tensor of 100 GB", "{" W("F32", "[25000000000]", "[0,100000000000]") "}", 8);
    frame("duplicate tensors", "{" W("U8", "[1]", "[0,1]") "," W("U8", "[1]", "[1,2]") "}", 2);
    frame("duplicate fields", "{\"w\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0);
    frame("overflow", "{" W("U8", "[4294967296,4294967296]", "[0,0]") "}", 0);
    frame("overflow and zero", "{" W("U8", "[4294967296,4294967296,0]", "[0,0]") "}", 0);
    frame("hole", "{" W("U8", "[1]", "[1,2]") "}", 2);
    frame("overlap",
          "{" W("U8", "[2]", "[0,2]") ",\"v\":{\"dtype\":\"U8\",\"shape\":[2],"
                                      "\"data_offsets\":[1,3]}}",
          3);
    frame("trailing bytes", "{" W("U8", "[2]", "[0,2]") "}", 3);
    frame("unknown dtype", "{" W("F4", "[2]", "[0,2]") "}", 2);
    frame("rank 9", "{" W("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1);
    frame("negative shape", "{" W("U8", "[-1]", "[0,1]") "}", 1);
    frame("metadata of numbers", "{\"__metadata__\":{\"step\":1}}", 0);
    frame("no JSON", "step\ttrain_loss\n", 0);
    frame("wrong end", "{\"__metadata__\":{\"gk.end\":\"1\"}}", 0);
    frame("control characters", "{\"w\x1b[31m\n\":{}}", 0);
}

static void fill(char *p, size_t n, const char *unit)
{
    const size_t len = strlen(unit);
    for (size_t i = 0; i + len <= n; i += len)
        memcpy(p + i, unit, len);
}

/* 15 MiB of header that a parser could choke on, for one tool in three; with GK_FULL for each. */
static void greed(void)
{
    const size_t share = sanitized || full ? 1 : 3;
    const uint64_t n = 15 << 20;
    char *blob = malloc(8 + n);
    memcpy(blob, &n, 8);
    char *text = blob + 8;
    fill(text, n, "[");
    memcpy(text, "{\"w\":", 5);
    store(path, blob, 8 + n);
    against_some(share, "deep nesting", false, ONCE);
    fill(text + 6, n - 6, "[],");
    store(path, blob, 8 + n);
    against_some(share, "five million arrays", false, ONCE);
    memcpy(text, "{\"__metadata__\":{", 17);
    fill(text + 17, n - 17, "\"aaaaa\":\"\",");
    for (size_t i = 17, k = 0; i + 11 <= n; i += 11, k++) {
        for (size_t j = 0; j < 5; j++)
            text[i + 1 + j] = (char)('a' + (k >> (4 * j) & 15));
    }
    store(path, blob, 8 + n);
    against_some(share, "a million keys", false, ONCE);
    free(blob);
}

/* ---- what is good ---- */

static void make_good(void)
{
    const struct gk_arch arch = {
        .model = GK_TRANSFORMER, .layers = 1, .dim = 8, .heads = 2, .ff = 8, .vocab = 9};
    const int32_t tokens[8] = {0, 7, 1, 8, 2, 7, 1, 8}, labels[2] = {1, 2};
    struct gk_err err = {0};
    struct gk_frame data = {0}, model = {0};
    struct gk_checkpoint c = {.arch = arch, .dtype = GK_F32, .step = 0, .seed = 0};
    CHECK_INT_EQ(gk_params_init(&c.params, &arch, &err), 0);
    double *theta = gk_alloc(c.params.total, sizeof *theta, &err);
    gk_params_draw(&c.params, &arch, NULL, 1, theta);
    gk_checkpoint_put_vector(&model, &c.params, "", GK_F64, theta, &err);
    gk_checkpoint_put_meta(&model, &c, &err);
    for (int i = 0; i < 2; i++) {
        gk_frame_add(&data, i ? "val.tokens" : "train.tokens", GK_I32, 2, (uint64_t[]){2, 4},
                     tokens, &err);
        gk_frame_add(&data, i ? "val.labels" : "train.labels", GK_I32, 2, (uint64_t[]){2, 1},
                     labels, &err);
    }
    gk_frame_set_meta(&data, "gk.kind", "dataset", &err);
    gk_frame_set_meta(&data, "op", "add", &err);
    gk_frame_set_meta(&data, "p", "3", &err);
    gk_frame_set_meta(&data, "layout", "paper", &err);
    gk_frame_set_meta(&data, "vocab", "9", &err);
    gk_frame_set_meta(&data, "score_positions", "3", &err);
    FILE *fp = fopen(good_data, "wb");
    CHECK_INT_EQ(gk_frame_write(&data, fp, &err), 0);
    fclose(fp);
    fp = fopen(good_checkpoint, "wb");
    CHECK_INT_EQ(gk_frame_write(&model, fp, &err), 0);
    fclose(fp);
    struct gk_dataset d;
    CHECK_INT_EQ(gk_dataset_read(&d, good_data, &err), 0);
    gk_dataset_free(&d);
    gk_free(theta);
    gk_checkpoint_free(&c);
    gk_frame_free(&data);
    gk_frame_free(&model);
}

int main(int argc, char **argv)
{
    (void)argc;
    char program[4096];
    sanitized = getenv("GK_SANITIZED") != NULL;
    full = getenv("GK_FULL") != NULL;
    if (!realpath(argv[0], program)) {
        perror(argv[0]);
        return 1;
    }
    snprintf(bin, sizeof bin, "%s/../bin", dirname(program));
    enter_folder();
    snprintf(path, sizeof path, "%s/input", test_folder);
    snprintf(good_data, sizeof good_data, "%s/data", test_folder);
    snprintf(good_checkpoint, sizeof good_checkpoint, "%s/checkpoint", test_folder);
    make_good();
    cut_all();
    lies();
    greed();
    return check_status();
}
