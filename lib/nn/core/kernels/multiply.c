/* The networks' products. With AVX-512 they use kernels that LIBXSMM compiles for each shape, and
 * that read their operands in place: OpenBLAS copies both first, which at the size of a tile costs
 * a seventh of the product. Other processors, and products that LIBXSMM cannot do, use OpenBLAS.
 *
 * Only this file includes LIBXSMM's header. */
#include "kernels.h"

#if GK_LIBXSMM

#include <libxsmm.h>
#include <stdatomic.h>
#include <stdlib.h>

#if GK_REAL_IS_F64
#define dispatch libxsmm_dmmdispatch
typedef libxsmm_dmmfunction kernel;
#else
#define dispatch libxsmm_smmdispatch
typedef libxsmm_smmfunction kernel;
#endif

/* LIBXSMM asks the system for executable memory; if it gets none, it asks a plain allocator, whose
 * memory is not executable. This allocator always fails, so that there is no kernel at all then.
 * OpenBLAS would sum in another order, so the failure is recorded. Both precisions share this, as
 * they share LIBXSMM. */
#if GK_REAL_IS_F64
extern atomic_bool gk_kernels_lack_memory;
#else
atomic_bool gk_kernels_lack_memory;
#endif

static void *no_memory(size_t size)
{
    (void)size;
    atomic_store(&gk_kernels_lack_memory, true);
    return NULL;
}

int X(multiply_check)(struct gk_err *err)
{
    static const libxsmm_malloc_function take = {.function = no_memory};
    static const libxsmm_free_function give = {.function = free};
    static bool ready;
    if (!ready) {
        libxsmm_registry_info tables;
        /* LIBXSMM works around SELinux with files in /tmp; dispatch.c has made that unnecessary. */
        ready = !setenv("LIBXSMM_SE", "0", 1) && !libxsmm_get_registry_info(&tables) &&
                !libxsmm_set_default_allocator(NULL, take, give);
        if (!ready)
            return gk_fail(err, "no memory for the tables of LIBXSMM");
    }
    if (atomic_load(&gk_kernels_lack_memory))
        return gk_fail(err, "no memory for the code of a matrix product");
    return 0;
}

/* Compiled when a shape is first requested, found within some ten nanoseconds later. LIBXSMM is
 * column-major: C' (n, m) = B' (n, k) op(A') (k, m). NULL: it cannot. */
static kernel find(bool ta, size_t m, size_t n, size_t k, size_t lda, size_t ldb, real beta,
                   size_t ldc)
{
    const libxsmm_blasint la = (libxsmm_blasint)lda, lb = (libxsmm_blasint)ldb;
    const libxsmm_blasint lc = (libxsmm_blasint)ldc;
    const int flags = ta ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
    const real alpha = 1;
    return dispatch((libxsmm_blasint)n, (libxsmm_blasint)m, (libxsmm_blasint)k, &lb, &la, &lc,
                    &alpha, &beta, &flags, NULL);
}

static void part(bool ta, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b,
                 size_t ldb, real beta, real *c, size_t ldc)
{
    const kernel run = m && n && k ? find(ta, m, n, k, lda, ldb, beta, ldc) : NULL;
    if (run)
        run(b, a, c);
    else
        gk_gemm(ta, false, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

/* The number of examples, which is m, or k if A is transposed, is split in two: a multiple of UNIT
 * and the rest. So a run whose batches all differ still compiles few shapes. */
void X(multiply)(bool ta, bool tb, size_t m, size_t n, size_t k, const real *a, size_t lda,
                 const real *b, size_t ldb, real beta, real *c, size_t ldc)
{
    enum { UNIT = 8 };
    const size_t examples = ta ? k : m, head = examples / UNIT * UNIT, rest = examples - head;
    if (tb) {
        gk_gemm(ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
        return;
    }
    if (head || !rest)
        part(ta, ta ? m : head, n, ta ? head : k, a, lda, b, ldb, beta, c, ldc);
    if (rest && ta)
        part(ta, m, n, rest, a + head * lda, lda, b + head * ldb, ldb, head ? 1 : beta, c, ldc);
    else if (rest)
        part(ta, rest, n, k, a + head * lda, lda, b, ldb, beta, c + head * ldc, ldc);
}

#else

void X(multiply)(bool ta, bool tb, size_t m, size_t n, size_t k, const real *a, size_t lda,
                 const real *b, size_t ldb, real beta, real *c, size_t ldc)
{
    gk_gemm(ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

int X(multiply_check)(struct gk_err *err)
{
    (void)err;
    return 0;
}

#endif
