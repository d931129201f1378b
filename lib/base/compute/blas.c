/* Matrix products by the installed CBLAS; the only file that includes its header. */
#include "gk/blas.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* OpenBLAS's own functions: under another CBLAS the references stay null. */
#define WEAK __attribute__((weak))
extern int openblas_get_parallel(void) WEAK;
extern int openblas_get_num_threads(void) WEAK;
extern void openblas_set_num_threads(int n) WEAK;
extern char *openblas_get_config(void) WEAK;
extern char *gotoblas_corename(void) WEAK;
extern void gotoblas_dynamic_init(void) WEAK;
extern void gotoblas_dynamic_quit(void) WEAK;
extern void *blas_memory_alloc(int from) WEAK;
extern void blas_memory_free(void *buffer) WEAK;

/* OpenBLAS calls these functions to read the number of threads from the environment: before main,
 * when it starts its threads and allocates a buffer for each; and under OpenMP in every product. gk
 * calls BLAS from its own threads, so it replaces the functions: a program's function comes before
 * a library's (ALL_LDFLAGS in the Makefile exports these). They are weak, so that a program linked
 * with a static OpenBLAS has the library's. */
int openblas_num_threads_env(void);
int openblas_omp_num_threads_env(void);
int omp_get_max_threads(void);

__attribute__((weak)) int openblas_num_threads_env(void)
{
    return 1;
}

__attribute__((weak)) int openblas_omp_num_threads_env(void)
{
    return 1;
}

__attribute__((weak)) int omp_get_max_threads(void)
{
    return 1;
}

/* ---- memory ---- */

/* A product takes a buffer and returns it. An OpenBLAS has 50 buffers, or two for each of its
 * threads if that is more; gk uses at most MOST of them. */
enum { BUFFER = 32 << 22, FEWEST = 50, MOST = 128 };

static int most_calls(void)
{
    static const char key[] = "MAX_THREADS=";
    const char *at = openblas_get_config ? strstr(openblas_get_config(), key) : NULL;
    const int twice = at ? 2 * (int)strtol(at + strlen(key), NULL, 10) : 0;
    return twice > MOST || !openblas_get_config ? MOST : twice > FEWEST ? twice : FEWEST;
}

static bool can_map(int n, size_t size)
{
    void *at[MOST];
    int i = 0;
    for (; i < n; i++) {
        at[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at[i] == MAP_FAILED)
            break;
    }
    const bool all = i == n;
    while (i-- > 0)
        munmap(at[i], size);
    return all;
}

/* An OpenBLAS with threads allocates a buffer while it is loaded: under OpenMP, and in newer
 * versions (Debian 13's 0.3.29, not Debian 12's 0.3.21) with its own threads, too. If it cannot, it
 * tries again without end. It also loads Fortran's library, which allocates less than FORTRAN. If
 * that fails, the library's message about it fails, too, without end. */
bool gk_blas_can_load(void)
{
    enum { SEQUENTIAL = 0, FORTRAN = 1 << 20 };
    const bool buffer = openblas_get_parallel && openblas_get_parallel() != SEQUENTIAL;
    return can_map(1, buffer ? BUFFER + FORTRAN : FORTRAN);
}

/* OpenBLAS chooses its code while it is loaded. It takes a processor newer than itself for a
 * Prescott of 2004, and the code for that is four times slower. This makes it choose again, as its
 * newer versions would. If the user has set OPENBLAS_CORETYPE, that holds. */
static void choose_core(void)
{
#ifdef __x86_64__
    const char *name = "OPENBLAS_CORETYPE", *set = getenv(name);
    if (!gotoblas_corename || !gotoblas_dynamic_init || !gotoblas_dynamic_quit || (set && *set) ||
        strcmp(gotoblas_corename(), "Prescott") != 0)
        return;
    __builtin_cpu_init();
    const bool longest = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        setenv(name, longest ? "SkylakeX" : "Haswell", 1))
        return;
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
#endif
}

int gk_blas_start(int calls, struct gk_err *err)
{
    static int ready; /* buffers that OpenBLAS has taken */
    void *buffer[MOST];
    if (ready == 0)
        choose_core();
    if (openblas_get_num_threads && openblas_get_num_threads() > 1)
        openblas_set_num_threads(1);
    if (!blas_memory_alloc || calls <= ready)
        return 0;
    if (!can_map(calls - ready, BUFFER))
        return calls == 1
                   ? gk_fail(err, "no memory for BLAS: it takes %d MiB", BUFFER >> 20)
                   : gk_fail(err, "no memory for BLAS: it takes %d MiB for each of %d threads",
                             BUFFER >> 20, calls);
    for (int i = 0; i < calls; i++)
        buffer[i] = blas_memory_alloc(0);
    for (int i = 0; i < calls; i++)
        blas_memory_free(buffer[i]);
    ready = calls;
    return 0;
}

int gk_blas_pool(struct gk_pool **out, int threads, struct gk_err *err)
{
    const int most = most_calls();
    *out = NULL;
    if (threads > most)
        threads = most;
    return gk_blas_start(threads, err) ? -1 : gk_pool_new(out, threads, err);
}

/* ---- products ---- */

static int row_length(size_t ld) /* CBLAS refuses 0 even where there is nothing to read */
{
    return ld > 0 ? (int)ld : 1;
}

static enum CBLAS_TRANSPOSE op(bool transposed)
{
    return transposed ? CblasTrans : CblasNoTrans;
}

/* OpenBLAS 0.3.21 clears C with a slow loop of its own when beta is 0; with k = 128 that is a tenth
 * of the whole product. Clearing it here and adding is the same sum. */
static void clear(size_t m, size_t n, void *c, size_t ldc, size_t size)
{
    if (n == ldc)
        memset(c, 0, m * n * size);
    else
        for (size_t i = 0; i < m; i++)
            memset((char *)c + i * ldc * size, 0, n * size);
}

void gk_sgemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a,
              size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    if (m == 0 || n == 0)
        return;
    if (beta == 0)
        clear(m, n, c, ldc, sizeof *c);
    cblas_sgemm(CblasRowMajor, op(ta), op(tb), (int)m, (int)n, (int)k, alpha, a, row_length(lda), b,
                row_length(ldb), beta == 0 ? 1 : beta, c, row_length(ldc));
}

void gk_dgemm(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const double *a,
              size_t lda, const double *b, size_t ldb, double beta, double *c, size_t ldc)
{
    if (m == 0 || n == 0)
        return;
    if (beta == 0)
        clear(m, n, c, ldc, sizeof *c);
    cblas_dgemm(CblasRowMajor, op(ta), op(tb), (int)m, (int)n, (int)k, alpha, a, row_length(lda), b,
                row_length(ldb), beta == 0 ? 1 : beta, c, row_length(ldc));
}

void gk_dsyrk(size_t n, size_t k, double alpha, const double *a, size_t lda, double beta, double *c,
              size_t ldc)
{
    if (n > 0)
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, (int)n, (int)k, alpha, a,
                    row_length(lda), beta, c, row_length(ldc));
}
