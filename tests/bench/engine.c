/* One measurement of the engine or of the machine, in a process of its own, so that tests/bench/run
 * can alternate them with their peers:
 *
 *   engine peak THREADS DTYPE        GFLOP/s of fused multiply-adds in registers, all threads
 *   engine gemm THREADS DTYPE        GFLOP/s of BLAS's gemm at 256 x 512 x 128, one product a
 * thread engine run COMMAND ...           the ms that a program takes, and its peak memory in MB
 *   engine WHAT THREADS DTYPE BATCH DATASET NET
 *        WHAT: step (gradient and adamw), score, linearise, hvp; THREADS 0: gk-train's default;
 *        BATCH: rows, or full; NET: a preset of gk-train or mlp, and changes: paper:dim=32:ff=128
 *        ms (the median of what fits in about a second), useful GFLOP, peak memory in MB
 *
 *   engine lanes DTYPE DATASET NET   what a step would take with more cores (lanes.h)
 *
 * "Useful" are the products that sharing leaves, forward and twice backward, attention's own sums
 * aside. Of a transformer: per example the rows at positions that no other example shares; the
 * first block's q, k and v, and its values after the output matrix, come from a table of tokens. Of
 * an mlp: the rows that differ in what they add up, through all layers but the first, which is such
 * a table. Two processes whose environment names the same folder TOGETHER measure at the same time.
 */
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gk/blas.h"
#include "gk/mem.h"
#include "gk/net.h"
#include "gk/optim.h"
#include "gk/pool.h"
#include "lanes.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(int rc, const struct gk_err *err)
{
    if (rc) {
        fprintf(stderr, "engine: %s\n", err->msg);
        exit(1);
    }
}

/* ---- the machine ---- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static volatile double fma_sink; /* keeps the loop from being optimised away */

enum { CHAINS = 12, ROUNDS = 5000000 };

#define FMA_LOOP(real, lanes)                                                                      \
    typedef real vec __attribute__((vector_size(sizeof(real) * lanes)));                           \
    vec a[CHAINS], b, c;                                                                           \
    for (int j = 0; j < lanes; j++) {                                                              \
        b[j] = (real)0.999;                                                                        \
        c[j] = (real)1e-3;                                                                         \
        for (int i = 0; i < CHAINS; i++)                                                           \
            a[i][j] = (real)i;                                                                     \
    }                                                                                              \
    for (long r = 0; r < ROUNDS; r++)                                                              \
        _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) a[i] = a[i] * b + c;             \
    real sum = 0;                                                                                  \
    for (int i = 0; i < CHAINS; i++)                                                               \
        for (int j = 0; j < lanes; j++)                                                            \
            sum += a[i][j];                                                                        \
    fma_sink = (double)sum;                                                                        \
    return 2.0 * lanes * CHAINS * ROUNDS

/* A register of BYTES bytes, in either precision. */
#define FMA_WORK(name, attributes, bytes)                                                          \
    __attribute__(attributes) static double name##_f32(void)                                       \
    {                                                                                              \
        FMA_LOOP(float, bytes / 4);                                                                \
    }                                                                                              \
    __attribute__(attributes) static double name##_f64(void)                                       \
    {                                                                                              \
        FMA_LOOP(double, bytes / 8);                                                               \
    }
#ifdef __x86_64__
FMA_WORK(fma_64, (target("avx512f"), optimize("O3")), 64)
FMA_WORK(fma_32, (target("avx2,fma"), optimize("O3")), 32)
#endif
FMA_WORK(fma_16, (optimize("O3")), 16)

static double fma_work(bool f64)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f"))
        return f64 ? fma_64_f64() : fma_64_f32();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return f64 ? fma_32_f64() : fma_32_f32();
#endif
    return f64 ? fma_16_f64() : fma_16_f32();
}

static double gemm_work(bool f64)
{
    enum { M = 256, N = 512, K = 128, TIMES = 400 };
    void *a = gk_alloc(M * K, sizeof(double), NULL), *b = gk_alloc(K * N, sizeof(double), NULL);
    void *c = gk_alloc(M * N, sizeof(double), NULL);
    for (int i = 0; i < TIMES; i++)
        if (f64)
            gk_dgemm(false, true, M, N, K, 1, a, K, b, K, 0, c, N);
        else
            gk_sgemm(false, true, M, N, K, 1, a, K, b, K, 0, c, N);
    gk_free(a);
    gk_free(b);
    gk_free(c);
    return 2.0 * M * N * K * TIMES;
}

/* Every thread does the same work; the rate is all work divided by the time until the last thread
 * is done. */
static double (*machine_work)(bool f64);
static bool machine_f64;
static void machine_task(void *ctx, size_t task, int thread)
{
    (void)thread;
    ((double *)ctx)[task] = machine_work(machine_f64);
}

static void machine(const char *what, int threads, const char *dtype)
{
    struct gk_err err = {0};
    struct gk_pool *pool;
    double flop[64], rate[9];
    must(gk_blas_pool(&pool, threads, &err), &err);
    machine_work = strcmp(what, "peak") == 0 ? fma_work : gemm_work;
    machine_f64 = strcmp(dtype, "f64") == 0;
    for (int i = 0; i < 9; i++) {
        const double t = now();
        gk_pool_run(pool, (size_t)threads, machine_task, flop);
        const double dt = now() - t;
        double sum = 0;
        for (int j = 0; j < threads; j++)
            sum += flop[j];
        rate[i] = sum / dt;
    }
    qsort(rate, 9, sizeof *rate, by_value);
    printf("%.1f\n", rate[4] / 1e9);
    gk_pool_free(pool);
}

/* ---- the engine ---- */

struct bench {
    struct gk_engine *e;
    struct gk_optim *o;
    void *theta, *grad;
    const uint32_t *batch;
    size_t nbatch;
    struct gk_pool *pool;
    enum gk_dtype real;
    size_t n;
};

static void once(struct bench *b, const char *what, int64_t k)
{
    struct gk_err err = {0};
    struct gk_score s;
    if (strcmp(what, "score") == 0) {
        must(gk_engine_score(b->e, b->theta, &s, &err), &err);
    } else if (strcmp(what, "linearise") == 0) {
        must(gk_engine_linearise(b->e, b->theta, b->grad, &s, &err), &err);
    } else if (strcmp(what, "hvp") == 0) {
        must(gk_engine_hvp(b->e, b->theta, b->grad, &err), &err);
    } else {
        struct gk_dots dots;
        must(gk_engine_grad(b->e, b->theta, b->batch, b->nbatch, b->grad, &s, &err), &err);
        gk_vec_dots(b->pool, b->real, b->n, b->theta, b->grad, b->theta, b->theta, &dots);
        gk_optim_step(b->o, k, b->theta, b->grad, sqrt(dots.gg));
    }
}

/* The mlp's rows that differ: with inputs sum, (a, b) and (b, a) are one. */
static size_t differing(const struct gk_arch *a, const struct gk_dataset *d)
{
    const size_t V = (size_t)d->vocab, T = (size_t)d->T,
                 second = (size_t)gk_dataset_second_operand(d);
    bool *seen = calloc(V * V, sizeof *seen);
    size_t n = 0;
    for (size_t i = 0; seen && i < d->split[GK_TRAIN].n; i++) {
        const int32_t *t = d->split[GK_TRAIN].tokens + i * T;
        const size_t x = (size_t)t[0], y = (size_t)t[second];
        bool *s = a->inputs == GK_INPUTS_SUM && x > y ? seen + y * V + x : seen + x * V + y;
        n += !*s;
        *s = true;
    }
    free(seen);
    return n;
}

static double mlp_gflop(const struct gk_arch *a, const struct gk_dataset *d)
{
    const double hidden = a->ff, tokens = d->elements;
    const double tables = a->inputs == GK_INPUTS_SUM ? 1 : a->inputs == GK_INPUTS_CONCAT ? 2 : 0;
    return 6 / 1e9 *
           ((double)differing(a, d) * hidden * ((a->layers - 1) * hidden + a->vocab) +
            tables * tokens * a->dim * hidden);
}

static double useful_gflop(const struct gk_arch *a, const struct gk_dataset *d, size_t rows)
{
    if (a->model == GK_MLP)
        return mlp_gflop(a, d);
    const double w = a->dim, heads = 2 * w * w, ffn = 2 * w * a->ff; /* q and output, or k and v */
    const double leaves = d->T - (d->T == 6 ? 3 : 2), scored = d->T - d->score[0];
    double macs = scored * (ffn + w * d->vocab);
    if (a->layers > 1)
        macs +=
            leaves * ffn + (a->layers - 2) * leaves * (2 * heads + ffn) + (leaves + scored) * heads;
    return 6 * (double)rows * macs / 1e9;
}

static void set(struct gk_arch *a, const char *name, int value)
{
    for (size_t i = 0; gk_arch_item(i); i++)
        if (strcmp(gk_arch_item(i)->name, name) == 0)
            gk_arch_set(a, gk_arch_item(i), value);
}

/* TEXT is cut up. */
static struct gk_arch network(char *text, const struct gk_dataset *d)
{
    static const char *const names[] = {"paper", "nanda", "gpt2", "liu", "onehot", "gromov"};
    char *rest, *word = strtok_r(text, ":", &rest);
    struct gk_arch a = gk_arch_defaults(GK_MLP);
    for (int i = 0; i < 6; i++)
        if (strcmp(word, names[i]) == 0)
            a = gk_preset(i)->arch;
    while ((word = strtok_r(NULL, ":", &rest))) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        set(&a, word, atoi(value));
    }
    a.vocab = a.model == GK_MLP ? d->elements : d->vocab;
    a.tokens = a.positions == GK_POSITIONS_LEARNED ? d->T : 0;
    return a;
}

/* Waits for the other process of a pair: each leaves a file in the folder. */
static void meet(void)
{
    const char *folder = getenv("TOGETHER");
    char name[4096];
    if (!folder)
        return;
    snprintf(name, sizeof name, "%s/%d", folder, (int)getpid());
    fclose(fopen(name, "w"));
    for (int files = 0; files < 4;) { /* with . and .. */
        DIR *dir = opendir(folder);
        for (files = 0; readdir(dir); files++)
            continue;
        closedir(dir);
    }
}

enum { MOST = 100000 }; /* times one thing is done */

/* A network A on D with THREADS, 0: gk-train's default. */
static struct bench open_engine(const struct gk_arch *a, const struct gk_dataset *d,
                                enum gk_dtype real, int64_t rows, int threads)
{
    struct gk_err err = {0};
    struct bench b = {.real = real};
    const int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    must(gk_blas_pool(&b.pool, threads ? threads : gk_engine_threads(a, d, rows, cores), &err),
         &err);
    must(gk_engine_new(&b.e, a, d, GK_TRAIN, b.real, b.pool, &err), &err);
    const struct gk_params *ps = gk_engine_params(b.e);
    b.n = ps->total;
    b.theta = gk_alloc(b.n, sizeof(double), NULL);
    b.grad = gk_alloc(b.n, sizeof(double), NULL);
    double *draw = gk_alloc(b.n, sizeof *draw, NULL);
    gk_params_draw(ps, a, NULL, 0, draw);
    for (size_t i = 0; i < b.n; i++)
        if (b.real == GK_F64)
            ((double *)b.theta)[i] = draw[i];
        else
            ((float *)b.theta)[i] = (float)draw[i];
    const struct gk_optim_conf conf = {.kind = GK_ADAMW,
                                       .lr = 1e-3,
                                       .weight_decay = 1,
                                       .beta1 = 0.9,
                                       .beta2 = 0.98,
                                       .eps = 1e-8,
                                       .warmup = 10};
    must(gk_optim_new(&b.o, &conf, b.n, ps, b.real, b.pool, &err), &err);
    return b;
}

static void engine(char **arg)
{
    struct gk_err err = {0};
    struct gk_dataset d;
    must(gk_dataset_read(&d, arg[4], &err), &err);
    const struct gk_arch a = network(arg[5], &d);
    const int64_t rows = strcmp(arg[3], "full") ? atoi(arg[3]) : 0;
    struct bench b =
        open_engine(&a, &d, strcmp(arg[2], "f64") == 0 ? GK_F64 : GK_F32, rows, atoi(arg[1]));
    uint32_t *batch = gk_alloc(d.split[GK_TRAIN].n, sizeof *batch, NULL);
    for (size_t i = 0; i < d.split[GK_TRAIN].n; i++)
        batch[i] = (uint32_t)(i * 7919 % d.split[GK_TRAIN].n);
    if (strcmp(arg[3], "full") != 0) {
        b.batch = batch;
        b.nbatch = (size_t)atoi(arg[3]);
    }
    if (strcmp(arg[0], "hvp") == 0)
        once(&b, "linearise", 0);
    static double ms[MOST];
    int n = 0;
    once(&b, arg[0], 0);
    meet();
    for (const double begin = now(); n < MOST && (n < 5 || now() - begin < 1); n++) {
        const double t = now();
        once(&b, arg[0], n + 1);
        ms[n] = 1e3 * (now() - t);
    }
    qsort(ms, (size_t)n, sizeof *ms, by_value);
    struct rusage ru;
    getrusage(RUSAGE_SELF, &ru);
    printf("%.4f\t%.3f\t%.1f\n", ms[n / 2],
           useful_gflop(&a, &d, b.batch ? b.nbatch : d.split[GK_TRAIN].n),
           (double)ru.ru_maxrss / 1024);
}

static void step(void *ctx)
{
    static int64_t k;
    once(ctx, "step", k++);
}

static void lanes(char **arg)
{
    struct gk_err err = {0};
    struct gk_dataset d;
    must(gk_dataset_read(&d, arg[1], &err), &err);
    const struct gk_arch a = network(arg[2], &d);
    struct bench b = open_engine(&a, &d, strcmp(arg[0], "f64") == 0 ? GK_F64 : GK_F32, 0, 1);
    lanes_predict(step, &b);
}

static void command(char **arg)
{
    struct rusage ru;
    int status;
    const double t = now();
    const pid_t child = fork();
    if (child == 0) {
        execv(arg[0], arg);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
        fprintf(stderr, "engine: %s failed\n", arg[0]);
        exit(1);
    }
    const double ms = 1e3 * (now() - t);
    getrusage(RUSAGE_CHILDREN, &ru);
    printf("%.3f\t0\t%.1f\n", ms, (double)ru.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "run") == 0)
        command(argv + 2);
    else if (argc == 5 && strcmp(argv[1], "lanes") == 0)
        lanes(argv + 2);
    else if (argc == 4)
        machine(argv[1], atoi(argv[2]), argv[3]);
    else if (argc == 7)
        engine(argv + 1);
    else
        return 2;
    return 0;
}
