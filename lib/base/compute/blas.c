/* Matrix products by the installed CBLAS; the only file that includes its header. */
#include "gk/blas.h"

#include <cblas.h>
#include <string.h>

/* OpenBLAS's own functions: under another CBLAS the references stay null. */
extern void openblas_set_num_threads(int n) __attribute__((weak));
extern int blas_thread_shutdown_(void) __attribute__((weak));

/* OpenBLAS starts its threads when it is loaded, and they spin for a tenth of a second before they
 * sleep: that long a core looks busy, and a pool's thread shares the other one with its caller. */
void gk_blas_threads(int n)
{
    if (openblas_set_num_threads)
        openblas_set_num_threads(n);
    if (n == 1 && blas_thread_shutdown_)
        blas_thread_shutdown_();
}

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
