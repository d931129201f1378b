/* Products, eigenproblems and bases against their definitions. */
#include <stdlib.h>

#include "check.h"
#include "gk/blas.h"
#include "gk/mem.h"
#include "gk/rng.h"

static struct gk_rng rng;

static void fill(double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = gk_rng_normal(&rng);
}

/* op(A)[i][j] of a matrix whose rows are LD apart. */
static double at(const double *a, size_t ld, bool transposed, size_t i, size_t j)
{
    return transposed ? a[j * ld + i] : a[i * ld + j];
}

/* Rows longer than the matrix is wide, so that a wrong ld cannot pass. */
static void check_product(bool ta, bool tb, size_t m, size_t n, size_t k)
{
    enum { LD = 11, SIZE = LD * LD };
    double a[SIZE], b[SIZE], c[SIZE], was[SIZE];
    float fa[SIZE], fb[SIZE], fc[SIZE];
    fill(a, SIZE);
    fill(b, SIZE);
    fill(c, SIZE);
    memcpy(was, c, sizeof c);
    for (int i = 0; i < SIZE; i++) {
        fa[i] = (float)a[i];
        fb[i] = (float)b[i];
        fc[i] = (float)c[i];
    }
    gk_dgemm(ta, tb, m, n, k, 1.5, a, LD, b, LD, -0.5, c, LD);
    gk_sgemm(ta, tb, m, n, k, 1.5f, fa, LD, fb, LD, -0.5f, fc, LD);
    for (size_t i = 0; i < LD; i++)
        for (size_t j = 0; j < LD; j++) {
            double expected = was[i * LD + j];
            if (i < m && j < n) {
                expected *= -0.5;
                for (size_t l = 0; l < k; l++)
                    expected += 1.5 * at(a, LD, ta, i, l) * at(b, LD, tb, l, j);
            }
            CHECK_NEAR(c[i * LD + j], expected, 1e-13);
            CHECK_NEAR((double)fc[i * LD + j], expected, 1e-4);
        }
}

static void test_products(void)
{
    static const size_t sizes[][3] = {{1, 1, 1}, {3, 5, 7}, {7, 3, 5},
                                      {8, 8, 8}, {2, 3, 0}, {0, 3, 2}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int t = 0; t < 4; t++)
            check_product(t & 1, t & 2, sizes[s][0], sizes[s][1], sizes[s][2]);
    gk_dgemm(false, false, 0, 0, 0, 1, NULL, 0, NULL, 0, 0, NULL, 0);
}

static void test_gram(void)
{
    enum { N = 6, K = 9 };
    double a[N * K], c[N * N];
    fill(a, N * K);
    for (int i = 0; i < N * N; i++)
        c[i] = 3;
    gk_dsyrk(N, K, 2, a, K, 1, c, N);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            double expected = 3;
            for (size_t l = 0; j >= i && l < K; l++)
                expected += 2 * a[i * K + l] * a[j * K + l];
            CHECK_NEAR(c[i * N + j], expected, 1e-13);
        }
}

/* A v = w v and V V' = 1; vector i is row i of V. */
static void check_eigen(size_t n, const double *a, const double *w, const double *v)
{
    for (size_t k = 0; k < n; k++) {
        CHECK(k == 0 || w[k] >= w[k - 1]);
        for (size_t i = 0; i < n; i++) {
            double av = 0, vv = 0;
            for (size_t j = 0; j < n; j++) {
                av += a[i * n + j] * v[k * n + j];
                vv += v[i * n + j] * v[k * n + j];
            }
            CHECK_NEAR(av, w[k] * v[k * n + i], 1e-12);
            CHECK_NEAR(vv, i == k, 1e-13);
        }
    }
}

static void test_eigenvalues(void)
{
    enum { N = 20 };
    double a[N * N], v[N * N], w[N], only[N];
    struct gk_err e = {0};
    fill(a, N * N);
    memcpy(v, a, sizeof v); /* below the diagonal V holds what must not be read */
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < i; j++)
            a[i * N + j] = a[j * N + i];
    CHECK(!gk_eigh(N, v, w, true, &e));
    check_eigen(N, a, w, v);
    CHECK(!gk_eigh(N, a, only, false, &e));
    for (int i = 0; i < N; i++)
        CHECK_NEAR(only[i], w[i], 1e-12);
}

/* Q'Q = 1, and A = Q Q'A: the columns span what they spanned. */
static void test_basis(void)
{
    enum { M = 50, K = 7 };
    double a[M * K], q[M * K], r[K * K] = {0}, back[M * K] = {0}, gram[K * K];
    struct gk_err e = {0};
    fill(a, M * K);
    memcpy(q, a, sizeof q);
    CHECK(!gk_orthonormalise(M, K, q, &e));
    gk_dgemm(true, false, K, K, M, 1, q, K, q, K, 0, gram, K);
    for (int i = 0; i < K * K; i++)
        CHECK_NEAR(gram[i], i % (K + 1) == 0, 1e-14);
    gk_dgemm(true, false, K, K, M, 1, q, K, a, K, 0, r, K);
    gk_dgemm(false, false, M, K, K, 1, q, K, r, K, 0, back, K);
    for (int i = 0; i < M * K; i++)
        CHECK_NEAR(back[i], a[i], 1e-13);
    memset(q, 0, sizeof q); /* of rank 0, and still a basis of K orthonormal columns comes back */
    CHECK(!gk_orthonormalise(M, K, q, &e));
    gk_dgemm(true, false, K, K, M, 1, q, K, q, K, 0, gram, K);
    for (int i = 0; i < K * K; i++)
        CHECK_NEAR(gram[i], i % (K + 1) == 0, 1e-14);
}

static void test_refusals(void)
{
    double a[4] = {1, NAN, 5, 1}, w[2];
    struct gk_err e = {0};
    CHECK_INT_EQ(gk_eigh(2, a, w, true, &e), -1);
    CHECK_STR_EQ(e.msg, "a matrix has a value that is not finite");
    a[1] = 0;
    a[2] = NAN; /* below the diagonal: not read */
    CHECK_INT_EQ(gk_eigh(2, a, w, true, &e), 0);
    CHECK_INT_EQ(gk_orthonormalise(1, 2, a, &e), -1);
    CHECK_STR_EQ(e.msg, "no orthonormal basis of 2 columns of length 1");
    CHECK_INT_EQ(gk_eigh(100000, NULL, NULL, false, &e), -1);
    CHECK_STR_HAS(e.msg, "too large to diagonalise");
    CHECK_INT_EQ(gk_eigh(0, NULL, NULL, false, &e), 0);
}

int main(void)
{
    CHECK(!gk_blas_start(1, NULL));
    gk_rng_seed(&rng, 0, 0);
    test_products();
    test_gram();
    test_eigenvalues();
    test_basis();
    test_refusals();
    return check_status();
}
