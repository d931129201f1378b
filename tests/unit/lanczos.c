/* Lanczos on matrices whose spectrum is known: algebraic ends, residuals, restarts, warm starts,
 * both precisions of the basis, degenerate cases, repeated values, quadrature. */
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "gk/lanczos.h"
#include "gk/mem.h"
#include "gk/rng.h"

enum { MOST = 2000 };

/* A = Q diag(d) Q' with Q = I - 2 u u', u a unit vector: dense, and every eigenvalue known. */
struct mirror {
    size_t n;
    double d[MOST], u[MOST];
    double noise; /* relative to |d| of the largest, of every product */
    size_t products;
    struct gk_rng rng;
};

static void mirror_init(struct mirror *a, size_t n)
{
    double sum = 0;
    a->n = n;
    a->noise = 0;
    a->products = 0;
    gk_rng_seed(&a->rng, 5, GK_RNG_PROBE);
    for (size_t i = 0; i < n; i++) {
        a->u[i] = gk_rng_normal(&a->rng);
        sum += a->u[i] * a->u[i];
    }
    for (size_t i = 0; i < n; i++)
        a->u[i] /= sqrt(sum);
}

static void reflect(const struct mirror *a, double *x)
{
    double ux = 0;
    for (size_t i = 0; i < a->n; i++)
        ux += a->u[i] * x[i];
    for (size_t i = 0; i < a->n; i++)
        x[i] -= 2 * ux * a->u[i];
}

static int mirror_apply(void *ctx, const double *x, double *y, struct gk_err *err)
{
    struct mirror *a = ctx;
    double most = 0, size = 0;
    (void)err;
    memcpy(y, x, a->n * sizeof *y);
    reflect(a, y);
    for (size_t i = 0; i < a->n; i++) {
        y[i] *= a->d[i];
        most = fmax(most, fabs(a->d[i]));
        size += x[i] * x[i];
    }
    reflect(a, y);
    if (a->noise > 0)
        for (size_t i = 0; i < a->n; i++)
            y[i] += a->noise * most * sqrt(size / (double)a->n) * gk_rng_normal(&a->rng);
    a->products++;
    return 0;
}

static struct gk_lanczos *solve(struct mirror *a, const struct gk_lanczos_conf *conf,
                                struct gk_eigenpair *high, struct gk_eigenpair *low)
{
    struct gk_err err = {0};
    struct gk_lanczos *l;
    size_t products;
    const struct gk_operator op = {a->n, mirror_apply, a};
    a->products = 0;
    if (gk_lanczos_new(&l, a->n, conf, NULL, &err) ||
        gk_lanczos_run(l, &op, NULL, high, low, &products, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
    CHECK_INT_EQ(products, a->products);
    return l;
}

/* The vector of pair I is the mirrored unit vector E. */
static void vector_is(const struct gk_lanczos *l, const struct mirror *a, bool upper, size_t i,
                      size_t e, double tol)
{
    double x[MOST];
    gk_lanczos_vector(l, upper, i, x);
    reflect(a, x);
    CHECK_CLOSE(fabs(x[e]), 1, tol);
}

/* A few outliers above a bulk, small negative values: the shape of a loss's Hessian. */
static void check_ends(enum gk_dtype store, size_t basis, double tol, double accuracy)
{
    static struct mirror a;
    struct gk_eigenpair high[5], low[2];
    const struct gk_lanczos_conf conf = {
        .high = 5, .low = 2, .tol = tol, .max_products = 2000, .store = store, .basis = basis};
    mirror_init(&a, 1500);
    for (size_t i = 0; i < a.n; i++)
        a.d[i] = 0.3 * (double)i / (double)a.n;
    for (size_t i = 0; i < 10; i++)
        a.d[100 * i] = 10 + 5 * (double)i;
    a.d[3] = -0.05;
    a.d[4] = -0.2;
    struct gk_lanczos *l = solve(&a, &conf, high, low);
    for (size_t i = 0; i < 5; i++) {
        CHECK_CLOSE(high[i].value, 55 - 5 * (double)i, accuracy);
        CHECK(high[i].converged);
        CHECK(high[i].residual <= tol * high[i].value);
        vector_is(l, &a, true, i, 900 - 100 * i, 10 * tol * tol + 1e-6);
    }
    CHECK_CLOSE(low[0].value, -0.2, accuracy * 55);
    CHECK_CLOSE(low[1].value, -0.05, accuracy * 55);
    CHECK(low[0].converged && low[1].converged);
    CHECK(low[1].residual <= tol * 0.055);
    vector_is(l, &a, false, 0, 4, 10 * tol * tol + 1e-6);
    gk_lanczos_free(l);
}

/* Largest magnitude negative; all negative; all zero; one number. */
static void check_signs(void)
{
    static struct mirror a;
    struct gk_eigenpair high[1], low[1];
    const struct gk_lanczos_conf conf = {
        .high = 1, .low = 1, .tol = 1e-6, .max_products = 1000, .store = GK_F64};
    mirror_init(&a, 300);
    for (size_t i = 0; i < a.n; i++)
        a.d[i] = -100 + (double)i / 3;
    a.d[17] = 0.7;
    gk_lanczos_free(solve(&a, &conf, high, low));
    CHECK_CLOSE(high->value, 0.7, 1e-9);
    CHECK_CLOSE(low->value, -100, 1e-9);
    CHECK(high->converged && low->converged);
    a.d[17] = -95;
    gk_lanczos_free(solve(&a, &conf, high, low));
    CHECK_CLOSE(high->value, -100 + 299.0 / 3, 1e-9);
    CHECK_CLOSE(low->value, -100, 1e-9);
    memset(a.d, 0, sizeof a.d);
    gk_lanczos_free(solve(&a, &conf, high, low));
    CHECK(high->value == 0 && low->value == 0 && high->residual == 0);
    CHECK(high->converged && low->converged);
    mirror_init(&a, 1);
    a.d[0] = 3;
    gk_lanczos_free(solve(&a, &conf, high, low));
    CHECK_CLOSE(high->value, 3, 1e-15);
    CHECK_CLOSE(low->value, 3, 1e-15);
}

/* All of a small spectrum, with multiplicities: the space is used up. */
static void check_small(void)
{
    static struct mirror a;
    struct gk_eigenpair high[12], low[1];
    const double d[12] = {5, 5, 5, -1, -1, 0, 0, 2, 2, 2, -7, 1};
    const double falling[12] = {5, 5, 5, 2, 2, 2, 1, 0, 0, -1, -1, -7};
    const struct gk_lanczos_conf conf = {
        .high = 12, .low = 1, .tol = 1e-3, .max_products = 100, .store = GK_F64};
    mirror_init(&a, 12);
    memcpy(a.d, d, sizeof d);
    gk_lanczos_free(solve(&a, &conf, high, low));
    for (size_t i = 0; i < 12; i++)
        CHECK(fabs(high[i].value - falling[i]) < 1e-12);
    CHECK_CLOSE(low->value, -7, 1e-12);
}

/* Repeated eigenvalues, and two so close that the residuals of one in between would pass. */
static void check_repeated(enum gk_dtype store, size_t basis, double tol)
{
    static struct mirror a;
    struct gk_eigenpair high[8], low[1];
    const double top[9] = {4, 1.5, 0.9, 0.8, 0.8, 0.8, 0.7, 0.69995, 0.6};
    struct gk_lanczos_conf conf = {
        .high = 8, .low = 1, .tol = tol, .max_products = 2000, .store = store, .basis = basis};
    mirror_init(&a, 900);
    for (size_t i = 0; i < a.n; i++)
        a.d[i] = i % 97 == 5 && i / 97 < 9 ? top[i / 97] : 0.5 * (double)i / (double)a.n;
    a.d[0] = -0.3;
    for (conf.seed = 0; conf.seed < 4; conf.seed++) {
        gk_lanczos_free(solve(&a, &conf, high, low));
        for (size_t i = 0; i < 8; i++) {
            CHECK(fabs(high[i].value - top[i]) <= 0.01 * tol + 2e-7);
            CHECK(high[i].converged);
        }
        CHECK_CLOSE(low->value, -0.3, 1e-5);
    }
    if (basis > 0)
        return;
    /* Cut off once all have small residuals and before the second search is through: not sure. */
    for (conf.max_products = 60; conf.max_products < 600; conf.max_products += 20) {
        gk_lanczos_free(solve(&a, &conf, high, low));
        for (size_t i = 0; i < 8; i++)
            CHECK(!high[i].converged || fabs(high[i].value - top[i]) <= 0.01 * tol + 2e-7);
    }
    CHECK(high[0].converged);
}

/* Products with the noise of single precision: told apart from convergence by the residual. */
static void check_noise(void)
{
    static struct mirror a;
    struct gk_eigenpair high[1], low[1];
    struct gk_lanczos_conf conf = {
        .high = 1, .low = 1, .tol = 1e-3, .max_products = 1000, .store = GK_F32};
    mirror_init(&a, 1000);
    for (size_t i = 0; i < a.n; i++)
        a.d[i] = i < 900 ? 0 : 1e-3 * (double)i;
    a.d[0] = 1000;
    a.d[1] = -2;
    a.noise = 1e-7;
    gk_lanczos_free(solve(&a, &conf, high, low));
    CHECK_CLOSE(high->value, 1000, 1e-5);
    CHECK_CLOSE(low->value, -2, 1e-3);
    CHECK(high->converged && low->converged);
    a.noise = 1e-5;
    gk_lanczos_free(solve(&a, &conf, high, low));
    CHECK(high->converged && !low->converged);
    CHECK(low->residual > 1e-3 * 2);
    a.noise = 0;
    conf.max_products = 12;
    gk_lanczos_free(solve(&a, &conf, high, low));
    CHECK(a.products <= 12 && high->converged);
}

/* A second run on a matrix a little changed needs fewer products; the same bytes again. */
static void check_warm(void)
{
    static struct mirror a;
    struct gk_err err = {0};
    struct gk_eigenpair high[2][1], low[2][1];
    struct gk_lanczos *l[2];
    size_t cold, warm[2];
    const struct gk_operator op = {1500, mirror_apply, &a};
    const struct gk_lanczos_conf conf = {
        .high = 1, .low = 1, .tol = 1e-4, .max_products = 1000, .store = GK_F64};
    mirror_init(&a, 1500);
    for (size_t i = 0; i < a.n; i++)
        a.d[i] = -1 + 2 * (double)i / (double)a.n;
    a.d[0] = 1.1;
    a.d[1] = -1.02;
    for (int k = 0; k < 2; k++) {
        CHECK(!gk_lanczos_new(&l[k], a.n, &conf, NULL, &err));
        CHECK(!gk_lanczos_run(l[k], &op, NULL, high[k], low[k], &cold, &err));
    }
    a.d[1] = -1.021;
    for (int k = 0; k < 2; k++)
        CHECK(!gk_lanczos_run(l[k], &op, NULL, high[k], low[k], &warm[k], &err));
    CHECK(warm[0] < cold);
    CHECK_INT_EQ(warm[0], warm[1]);
    CHECK_CLOSE(low[0]->value, -1.021, 1e-6);
    CHECK(low[0]->value == low[1]->value && high[0]->value == high[1]->value);
    gk_lanczos_free(l[0]);
    gk_lanczos_free(l[1]);
}

/* A start that spans too little by itself: an eigenvector from the middle of the spectrum, or one
 * that is orthogonal to both ends, as a gradient can be by symmetry. */
static void check_blind_starts(void)
{
    static struct mirror a;
    struct gk_err err = {0};
    struct gk_eigenpair high[1], low[1];
    double start[MOST];
    size_t products;
    const struct gk_operator op = {800, mirror_apply, &a};
    const struct gk_lanczos_conf conf = {
        .high = 1, .low = 1, .tol = 1e-6, .max_products = 1000, .store = GK_F64};
    mirror_init(&a, 800);
    for (size_t i = 0; i < a.n; i++)
        a.d[i] = (double)i / 100;
    a.d[0] = -40;
    a.d[799] = 30;
    for (int kind = 0; kind < 2; kind++) {
        struct gk_lanczos *l;
        for (size_t i = 0; i < a.n; i++)
            start[i] = kind == 0 ? i == 400 : i > 300 && i < 500;
        reflect(&a, start);
        CHECK(!gk_lanczos_new(&l, a.n, &conf, NULL, &err));
        CHECK(!gk_lanczos_run(l, &op, start, high, low, &products, &err));
        CHECK_CLOSE(high->value, 30, 1e-9);
        CHECK_CLOSE(low->value, -40, 1e-9);
        CHECK(high->converged && low->converged);
        gk_lanczos_free(l);
    }
    start[7] = NAN;
    struct gk_lanczos *l;
    CHECK(!gk_lanczos_new(&l, a.n, &conf, NULL, &err));
    CHECK(gk_lanczos_run(l, &op, start, high, low, &products, &err) &&
          strcmp(err.msg, "the starting vector is not finite") == 0);
    gk_lanczos_free(l);
}

/* Gauss quadrature with m nodes is exact for polynomials up to 2m - 1. */
static void check_quadrature(void)
{
    static struct mirror a;
    struct gk_err err = {0};
    struct gk_lanczos *l;
    double start[MOST], nodes[12], weights[12], moment[3] = {0}, want[3] = {0}, size = 0;
    size_t k;
    const struct gk_operator op = {400, mirror_apply, &a};
    const struct gk_lanczos_conf conf = {.high = 1, .low = 1, .store = GK_F64};
    mirror_init(&a, 400);
    for (size_t i = 0; i < a.n; i++) {
        a.d[i] = sin((double)i);
        start[i] = gk_rng_normal(&a.rng);
        size += start[i] * start[i];
    }
    CHECK(!gk_lanczos_new(&l, a.n, &conf, NULL, &err));
    CHECK(!gk_lanczos_quadrature(l, &op, start, 12, nodes, weights, &k, &err));
    CHECK_INT_EQ(k, 12);
    reflect(&a, start);
    for (int p = 0; p < 3; p++) {
        const double power[] = {0, 1, 23};
        for (size_t i = 0; i < a.n; i++)
            want[p] += start[i] * start[i] / size * pow(a.d[i], power[p]);
        for (size_t i = 0; i < k; i++)
            moment[p] += weights[i] * pow(nodes[i], power[p]);
        CHECK(fabs(moment[p] - want[p]) < 1e-12);
    }
    gk_lanczos_free(l);
}

/* Rows 1..3: as many eigenvalues as there are, and what is refused. */
static void check_counts(void)
{
    for (size_t n = 1; n <= 3; n++)
        for (size_t high = 0; high <= n + 1; high++)
            for (size_t low = 0; low <= n + 1; low++) {
                static struct mirror a;
                struct gk_err err = {0};
                struct gk_lanczos *l;
                struct gk_eigenpair up[3], down[3];
                size_t products;
                const struct gk_operator op = {n, mirror_apply, &a};
                const struct gk_lanczos_conf conf = {
                    .high = high, .low = low, .tol = 1e-6, .max_products = 100, .store = GK_F64};
                const bool fits = high <= n && low <= n && high + low <= n + 1;
                mirror_init(&a, n);
                for (size_t i = 0; i < n; i++)
                    a.d[i] = (double)i - 1;
                const int rc = gk_lanczos_new(&l, n, &conf, NULL, &err);
                CHECK_INT_EQ(rc, fits ? 0 : -1);
                if (rc)
                    continue;
                CHECK(!gk_lanczos_run(l, &op, NULL, up, down, &products, &err));
                for (size_t i = 0; i < high; i++)
                    CHECK_NEAR(up[i].value, (double)(n - 1 - i) - 1, 1e-12);
                for (size_t i = 0; i < low; i++)
                    CHECK_NEAR(down[i].value, (double)i - 1, 1e-12);
                gk_lanczos_free(l);
            }
}

/* Three eigenvalues: the third step has all of them, and no more come. */
static void check_invariant_quadrature(void)
{
    static struct mirror a;
    struct gk_err err = {0};
    struct gk_lanczos *l;
    double start[30], nodes[12], weights[12], sum = 0;
    size_t k;
    const struct gk_operator op = {30, mirror_apply, &a};
    const struct gk_lanczos_conf conf = {.high = 1, .low = 1, .store = GK_F64};
    mirror_init(&a, 30);
    for (size_t i = 0; i < a.n; i++) {
        a.d[i] = i < 20 ? 0 : i < 29 ? 1 : -2;
        start[i] = 1;
    }
    CHECK(!gk_lanczos_new(&l, a.n, &conf, NULL, &err));
    CHECK(!gk_lanczos_quadrature(l, &op, start, 12, nodes, weights, &k, &err));
    CHECK_INT_EQ(k, 3);
    for (size_t i = 0; i < k; i++) {
        sum += weights[i];
        CHECK_NEAR(nodes[i], i == 0 ? -2 : (double)i - 1, 1e-12);
    }
    CHECK_CLOSE(sum, 1, 1e-12);
    gk_lanczos_free(l);
}

int main(void)
{
    check_ends(GK_F64, 0, 1e-3, 1e-5);
    check_ends(GK_F64, 0, 1e-8, 1e-10);
    check_ends(GK_F64, 40, 1e-8, 1e-10); /* restarts */
    check_ends(GK_F32, 0, 1e-3, 1e-5);
    check_ends(GK_F32, 40, 1e-3, 1e-5);
    check_signs();
    check_small();
    check_repeated(GK_F64, 0, 1e-8);
    check_repeated(GK_F64, 0, 1e-3);
    check_repeated(GK_F64, 50, 1e-3); /* restarts */
    check_repeated(GK_F32, 0, 1e-3);
    check_noise();
    check_warm();
    check_blind_starts();
    check_quadrature();
    check_invariant_quadrature();
    check_counts();
    return check_status();
}
