/* The networks' products. With AVX-512 they use kernels that LIBXSMM compiles for each shape, and
 * that read their operands in place: OpenBLAS copies both first, which at the size of a tile costs
 * a seventh of the product. Other processors, and products that LIBXSMM cannot do, use OpenBLAS.
 *
 * Only this file includes LIBXSMM's header. */
#include "kernels.h"

#if GK_LIBXSMM

#include <libxsmm.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vec.h"

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

/* Compiled when a shape is first requested. LIBXSMM is column-major: C' (n, m) = B' (n, k) op(A')
 * (k, m). NULL: it cannot. */
static kernel compile(bool ta, size_t m, size_t n, size_t k, size_t lda, size_t ldb, real beta,
                      size_t ldc)
{
    const libxsmm_blasint la = (libxsmm_blasint)lda, lb = (libxsmm_blasint)ldb;
    const libxsmm_blasint lc = (libxsmm_blasint)ldc;
    const int flags = ta ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
    const real alpha = 1;
    return dispatch((libxsmm_blasint)n, (libxsmm_blasint)m, (libxsmm_blasint)k, &lb, &la, &lc,
                    &alpha, &beta, &flags, NULL);
}

/* LIBXSMM takes some hundred instructions to find a kernel that it has compiled, as many as a tiny
 * product takes itself. A network asks for the same few shapes in every step, so each thread keeps
 * a table of those that it met last: a shape's hash is its place, and one with the same hash
 * replaces it. */
struct shape {
    uint64_t mn, k_lda, ldb_ldc, kind;
};

static uint64_t pair(size_t a, size_t b)
{
    return (uint64_t)a << 32 | b;
}

static kernel find(bool ta, size_t m, size_t n, size_t k, size_t lda, size_t ldb, real beta,
                   size_t ldc)
{
    enum { BITS = 9 };
    static _Thread_local struct {
        struct shape of;
        kernel run;
    } known[1 << BITS];
    if (beta != 0 && beta != 1)
        return compile(ta, m, n, k, lda, ldb, beta, ldc);
    const struct shape s = {pair(m, n), pair(k, lda), pair(ldb, ldc),
                            1u + (ta ? 2u : 0u) + (beta != 0 ? 4u : 0u)};
    const uint64_t mixed = (s.mn * 0x9e3779b97f4a7c15u ^ s.k_lda) * 0xff51afd7ed558ccdu ^
                           (s.ldb_ldc + s.kind) * 0xc4ceb9fe1a85ec53u;
    const size_t at = (size_t)(mixed >> (64 - BITS));
    const struct shape *of = &known[at].of;
    if (of->mn != s.mn || of->k_lda != s.k_lda || of->ldb_ldc != s.ldb_ldc || of->kind != s.kind) {
        known[at].run = compile(ta, m, n, k, lda, ldb, beta, ldc);
        known[at].of = s;
    }
    return known[at].run;
}

/* The columns after the last whole vector, where they are half a vector or a quarter of four
 * numbers (200 = 12 x 16 + 8). LIBXSMM takes as long for them as for a vector. Here they go in
 * registers of half the length, two at once on processors that halve the long ones. */
enum { HALF = VEC / 2, ROWS = 16 };
typedef real half __attribute__((vector_size(VEC_BYTES / 2), aligned(sizeof(real)), may_alias));

/* Computes HALF columns of ROWS rows of the product. Stores the last N of these columns, in rows
 * FROM and above. A's rows are ROW apart, its columns COLUMN. Every four rows of A have one
 * pointer, so that the pointers fit the registers. */
ALWAYS_INLINE void rows_by_half(size_t from, size_t n, size_t k, const real *a, size_t row,
                                size_t column, const real *b, size_t ldb, bool add, real *c,
                                size_t ldc)
{
    half sum[ROWS];
    const real *p0 = a, *p4 = a + 4 * row, *p8 = a + 8 * row, *p12 = a + 12 * row;
    for (size_t i = 0; i < ROWS; i++)
        sum[i] = add ? *(const half *)(c + i * ldc) : (half){0};
    for (size_t j = 0; j < k; j++) {
        const half of = *(const half *)b;
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            sum[i] += p0[i * row] * of;
            sum[4 + i] += p4[i * row] * of;
            sum[8 + i] += p8[i * row] * of;
            sum[12 + i] += p12[i * row] * of;
        }
        b += ldb, p0 += column, p4 += column, p8 += column, p12 += column;
        /* Four pointers stay four: the compiler would keep one for each row, too many for
         * registers. */
        __asm__("" : "+r"(p0), "+r"(p4), "+r"(p8), "+r"(p12));
    }
    for (size_t i = from; i < ROWS; i++)
        if (n == HALF)
            *(half *)(c + i * ldc) = sum[i];
        else
            memcpy(c + i * ldc + HALF / 2, (const real *)&sum[i] + HALF / 2, sizeof *sum / 2);
}

/* The last ROWS rows may contain some of those before, which are left as they are. */
static void multiply_half(bool ta, size_t m, size_t n, size_t k, const real *a, size_t lda,
                          const real *b, size_t ldb, bool add, real *c, size_t ldc)
{
    for (size_t done = 0; done < m; done += ROWS) {
        const size_t i = done + ROWS <= m ? done : m - ROWS;
        if (ta)
            rows_by_half(done - i, n, k, a + i, 1, lda, b, ldb, add, c + i * ldc, ldc);
        else
            rows_by_half(done - i, n, k, a + i * lda, lda, 1, b, ldb, add, c + i * ldc, ldc);
    }
}

static void part(bool ta, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b,
                 size_t ldb, real beta, real *c, size_t ldc)
{
    const size_t few = n % VEC;
    const bool halves = n > VEC && (few == HALF || (few == HALF / 2 && few == 4)) && m >= ROWS &&
                        (beta == 0 || beta == 1);
    const size_t whole = halves ? n - few : n, last = n - HALF;
    const kernel run = m && n && k ? find(ta, m, whole, k, lda, ldb, beta, ldc) : NULL;
    if (run) {
        run(b, a, c);
        if (halves)
            multiply_half(ta, m, few, k, a, lda, b + last, ldb, beta != 0, c + last, ldc);
    } else
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
