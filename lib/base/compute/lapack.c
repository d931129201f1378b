/* Symmetric eigenproblems, singular values and orthonormal bases by LAPACK; the only file that
 * includes LAPACKE.
 *
 * A row-major matrix is LAPACK's column-major transpose. All calls are column-major on that
 * transpose, so that nothing is copied: LAPACK's columns are our rows, its lower triangle is our
 * upper one. */
#include "gk/blas.h"

#include <lapacke.h>
#include <limits.h>
#include <math.h>

#include "gk/mem.h"

static int check_info(lapack_int info, const char *routine, struct gk_err *err)
{
    if (info == 0)
        return 0;
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        return gk_fail(err, "no memory for the work of LAPACK's %s", routine);
    if (info < 0)
        return gk_fail(err, "LAPACK's %s refuses its argument %d", routine, -(int)info);
    return gk_fail(err, "LAPACK's %s did not converge", routine);
}

static int check_finite(const double *v, size_t n, struct gk_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return gk_fail(err, "a matrix has a value that is not finite");
    return 0;
}

/* LAPACK counts its workspace (2 n^2 + ... numbers at most) in an int. */
static int check_order(size_t n, struct gk_err *err)
{
    enum { LARGEST = 32765 };
    if (n > LARGEST)
        return gk_fail(err, "a matrix of %zu rows is too large to diagonalise (%d at most)", n,
                       LARGEST);
    return 0;
}

int gk_eigh(size_t n, double *a, double *w, bool vectors, struct gk_err *err)
{
    if (n == 0)
        return 0;
    if (check_order(n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (check_finite(a + i * n + i, n - i, err))
            return -1;
    lapack_int order = (lapack_int)n;
    return check_info(
        LAPACKE_dsyevd(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'L', order, a, order, w), "dsyevd",
        err);
}

/* The LQ factorisation of the transpose is the QR factorisation. */
int gk_orthonormalise(size_t m, size_t k, double *q, struct gk_err *err)
{
    size_t count;
    if (k == 0)
        return 0;
    if (m < k || m > INT_MAX || !gk_mul(m, k, &count))
        return gk_fail(err, "no orthonormal basis of %zu columns of length %zu", k, m);
    if (check_finite(q, count, err))
        return -1;
    double *tau = gk_alloc(k, sizeof *tau, err);
    if (!tau)
        return -1;
    lapack_int rows = (lapack_int)k, cols = (lapack_int)m;
    int rc = check_info(LAPACKE_dgelqf(LAPACK_COL_MAJOR, rows, cols, q, rows, tau), "dgelqf", err);
    if (!rc)
        rc = check_info(LAPACKE_dorglq(LAPACK_COL_MAJOR, rows, cols, rows, q, rows, tau), "dorglq",
                        err);
    gk_free(tau);
    return rc;
}

int gk_singular_values(size_t m, size_t n, double *a, double *s, struct gk_err *err)
{
    size_t count;
    if (m == 0 || n == 0)
        return 0;
    if (m > INT_MAX || n > INT_MAX || !gk_mul(m, n, &count))
        return gk_fail(err, "a matrix of %zu rows and %zu columns is too large for LAPACK", m, n);
    if (check_finite(a, count, err))
        return -1;
    lapack_int rows = (lapack_int)n, cols = (lapack_int)m;
    return check_info(
        LAPACKE_dgesdd(LAPACK_COL_MAJOR, 'N', rows, cols, a, rows, s, NULL, 1, NULL, 1), "dgesdd",
        err);
}
