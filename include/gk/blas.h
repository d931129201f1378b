/* The products of dense linear algebra that the project uses, by any CBLAS and LAPACK. All matrices
 * are row-major; no dimension exceeds INT_MAX. Only lib/base/compute/blas.c and
 * lib/base/compute/lapack.c include the libraries' headers. */
#ifndef GK_BLAS_H
#define GK_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"
#include "gk/pool.h"

/* Call before the first product: makes sure that CALLS threads can call BLAS at the same time.
 * OpenBLAS allocates on the first call, and retries for ever if it cannot. BLAS itself uses one
 * thread: the caller's. */
int gk_blas_start(int calls, struct gk_err *err);
/* A pool for tasks that call BLAS. It has fewer than THREADS if BLAS serves fewer. */
int gk_blas_pool(struct gk_pool **out, int threads, struct gk_err *err);
/* Can the libraries allocate what they need before main? See lib/cli/limits.c. */
bool gk_blas_can_load(void);

/* C (m, n) = alpha op(A) op(B) + beta C with op(A) (m, k), op(B) (k, n); ld: elements per row. */
void gk_sgemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a,
              size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);
void gk_dgemm(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const double *a,
              size_t lda, const double *b, size_t ldb, double beta, double *c, size_t ldc);
/* C (n, n) = alpha A A' + beta C, upper triangle only; A (n, k). */
void gk_dsyrk(size_t n, size_t k, double alpha, const double *a, size_t lda, double beta, double *c,
              size_t ldc);

/* Eigenvalues, increasing, and (vectors true) eigenvectors of the symmetric A (n, n): row i of A
 * becomes the i-th vector. Only the upper triangle of A is read. LAPACK dsyevd. */
int gk_eigh(size_t n, double *a, double *w, bool vectors, struct gk_err *err);
/* Q (m, k) := an orthonormal basis of its columns, m >= k. LAPACK dgelqf, dorglq on the transpose.
 */
int gk_orthonormalise(size_t m, size_t k, double *q, struct gk_err *err);
/* The singular values of A (m, n), which is destroyed, decreasing: s [min(m, n)]. LAPACK dgesdd. */
int gk_singular_values(size_t m, size_t n, double *a, double *s, struct gk_err *err);

#endif
