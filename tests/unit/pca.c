/* Principal components of points whose singular value decomposition is known, from matrices and
 * trajectories of every shape. */
#include <float.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "gk/blas.h"
#include "gk/npy.h"
#include "gk/mem.h"
#include "gk/pca.h"
#include "gk/rng.h"

enum { RANK = 5 };
static const double S[RANK] = {30, 9, 1, 2e-3, 1e-5};

static struct gk_err err;
static struct gk_rng rng;
static char path[] = "/tmp/gk-test-pca-XXXXXX";
static char *const files[] = {path};

struct known {
    size_t n, width;
    double *x; /* (n, width) = u S v' + the same offset in every row */
    double *u; /* (n, RANK) */
    double *v; /* (width, RANK) */
};

/* Columns 1.. of an orthonormal basis of M rows, whose column 0 is constant if CONSTANT. */
static double *draw_basis(size_t m, bool constant)
{
    double *q = gk_alloc(m * (RANK + 1), sizeof *q, &err);
    double *basis = gk_alloc(m * RANK, sizeof *q, &err);
    for (size_t i = 0; i < m * (RANK + 1); i++)
        q[i] = constant && i % (RANK + 1) == 0 ? 1 : gk_rng_normal(&rng);
    CHECK(gk_orthonormalise(m, RANK + 1, q, &err) == 0);
    for (size_t i = 0; i < m * RANK; i++)
        basis[i] = q[i / RANK * (RANK + 1) + 1 + i % RANK];
    gk_free(q);
    return basis;
}

static struct known make(size_t n, size_t width, enum gk_center center, double offset)
{
    struct known k = {n, width, gk_alloc(n * width, sizeof *k.x, &err), NULL, NULL};
    const size_t moving = n - (center == GK_CENTER_LAST); /* the last point is the centre */
    double *u = draw_basis(moving, center == GK_CENTER_MEAN);
    k.u = gk_alloc(n * RANK, sizeof *u, &err);
    memcpy(k.u, u, moving * RANK * sizeof *u);
    gk_free(u);
    k.v = draw_basis(width, false);
    for (size_t c = 0; c < width; c++) {
        const double at = center == GK_CENTER_NONE ? 0 : offset * gk_rng_normal(&rng);
        for (size_t t = 0; t < n; t++) {
            double sum = 0; /* small terms first */
            for (size_t j = RANK; j-- > 0;)
                sum += k.u[t * RANK + j] * S[j] * k.v[c * RANK + j];
            k.x[t * width + c] = sum + at;
        }
    }
    return k;
}

static void free_known(struct known *k)
{
    gk_free(k->x);
    gk_free(k->u);
    gk_free(k->v);
}

static void write_matrix(const struct known *k)
{
    const struct gk_tensor t = {.dtype = GK_F64,
                                .rank = 2,
                                .shape = {k->n, k->width},
                                .count = k->n * k->width,
                                .data = k->x};
    FILE *fp = fopen(path, "wb");
    CHECK(fp && gk_npy_write(fp, &t, &err) == 0);
    fclose(fp);
}

/* Writes each point as three tensors whose dtypes differ in alignment, and an optimiser's state,
 * which is no coordinate. */
static void write_trajectory(const struct known *k)
{
    struct gk_stream stream = {.fp = fopen(path, "wb")};
    const size_t cut[] = {0, k->width / 3, k->width / 3 + 1, k->width};
    static const char *const name[] = {"a.weight", "b", "c"};
    for (size_t t = 0; t < k->n; t++) {
        struct gk_frame f = {0};
        const double noise[] = {1e9 * (double)t};
        for (int i = 2; i >= 0; i--)
            CHECK(gk_frame_add(&f, name[i], GK_F64, 1, (const uint64_t[]){cut[i + 1] - cut[i]},
                               k->x + t * k->width + cut[i], &err) == 0);
        CHECK(gk_frame_add(&f, "optim.m.b", GK_F64, 1, (const uint64_t[]){1}, noise, &err) == 0);
        CHECK(gk_frame_set_meta_int(&f, "step", (int64_t)(100 * t), &err) == 0);
        CHECK(gk_stream_write(&stream, &f, &err) == 0);
        gk_frame_free(&f);
    }
    CHECK(gk_stream_end(&stream, &err) == 0);
    fclose(stream.fp);
}

/* +1 or -1: which way axis J must point, by the rule that gk/pca.h states. */
static double sign_of(const struct known *k, size_t j)
{
    double largest = 0;
    for (size_t t = 0; t < k->n; t++)
        largest = fmax(largest, fabs(k->u[t * RANK + j]));
    for (size_t t = 0; t < k->n; t++)
        if (fabs(k->u[t * RANK + j]) >= (1 - 1e-6) * largest)
            return k->u[t * RANK + j] < 0 ? -1 : 1;
    return 0;
}

/* ROUNDING is the absolute error of the coordinates, which grows with their offset. */
static void check_results(const struct gk_pca *r, const struct known *k, double rounding)
{
    double total = 0;
    for (size_t j = 0; j < RANK; j++)
        total += S[j] * S[j] / (double)(k->n - 1);
    CHECK_CLOSE(r->total, total, 1e-12 + rounding);
    for (size_t j = 0; j < r->k; j++) {
        /* an axis S[0] / S[j] times shorter than the longest is known that much less exactly */
        const double sign = sign_of(k, j);
        const double tol = 1e-9 + 16 * DBL_EPSILON * S[0] / S[j] + 100 * rounding / S[j];
        CHECK_CLOSE(r->variance[j], S[j] * S[j] / (double)(k->n - 1), 1e-6 + 100 * rounding / S[j]);
        for (size_t t = 0; t < k->n; t++)
            CHECK_NEAR(r->score[t * r->k + j], sign * k->u[t * RANK + j] * S[j], tol * S[j]);
        for (size_t c = 0; c < k->width; c++)
            CHECK_NEAR(r->axis[j * k->width + c], sign * k->v[c * RANK + j], tol + 1e-15 / S[j]);
    }
    for (size_t t = 0; t < k->n; t++) {
        double sum = 0;
        for (size_t j = RANK; j-- > r->k;)
            sum += pow(k->u[t * RANK + j] * S[j], 2);
        CHECK_NEAR(r->residual[t], sqrt(sum), 1e-5 * sqrt(sum) + 100 * rounding + 1e-13);
    }
}

static void check_input(const struct known *k, enum gk_center center, double rounding)
{
    const struct gk_points_conf all = {0};
    struct gk_points x;
    struct gk_pool *pool;
    CHECK(gk_points_open(&x, files, 1, &all, &err) == 0);
    CHECK_INT_EQ(x.n, k->n);
    CHECK_INT_EQ(x.width, k->width);
    CHECK(gk_pool_new(&pool, 3, &err) == 0);
    for (size_t components = 1; components <= RANK; components++) {
        const struct gk_pca_conf conf = {.center = center, .components = components, .axes = true};
        struct gk_pca r, again;
        CHECK(gk_pca(&r, &x, &conf, NULL, &err) == 0);
        CHECK(gk_pca(&again, &x, &conf, pool, &err) == 0);
        check_results(&r, k, rounding);
        CHECK(memcmp(r.score, again.score, r.n * r.k * sizeof *r.score) == 0);
        CHECK(memcmp(r.residual, again.residual, r.n * sizeof *r.residual) == 0);
        CHECK(memcmp(r.axis, again.axis, r.k * x.width * sizeof *r.axis) == 0);
        gk_pca_free(&r);
        gk_pca_free(&again);
    }
    gk_pool_free(pool);
    gk_points_free(&x);
}

static void test_known(void)
{
    static const size_t shape[][2] = {{12, 40}, {40, 12}, {30, 3000}, {200, 170}, {1000, 7}};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (int center = GK_CENTER_LAST; center <= GK_CENTER_NONE; center++)
            for (double offset = 0; offset < 1e4; offset += 5e3) {
                const double rounding = DBL_EPSILON * offset;
                struct known k = make(shape[i][0], shape[i][1], (enum gk_center)center, offset);
                write_matrix(&k);
                check_input(&k, (enum gk_center)center, rounding);
                write_trajectory(&k);
                check_input(&k, (enum gk_center)center, rounding);
                free_known(&k);
            }
}

static void check_tick(void *ctx, double done, double total)
{
    double *last = ctx;
    CHECK(done >= *last && done <= total);
    *last = done;
}

/* MANY components over ten orders of magnitude, so that later stages keep what the first one left:
 * all of them, their variances alone, and the first ones only. */
static void check_many(size_t n, size_t width, size_t many)
{
    struct known k = {n, width, gk_alloc(n * width, sizeof *k.x, &err), NULL, NULL};
    double *u = gk_alloc(n * many, sizeof *u, &err), *v = gk_alloc(width * many, sizeof *v, &err);
    double last = 0, *s = gk_alloc(many, sizeof *s, &err);
    for (size_t i = 0; i < n * many; i++)
        u[i] = gk_rng_normal(&rng);
    for (size_t i = 0; i < width * many; i++)
        v[i] = gk_rng_normal(&rng);
    CHECK(gk_orthonormalise(n, many, u, &err) == 0 && gk_orthonormalise(width, many, v, &err) == 0);
    double squares = 0;
    for (size_t j = 0; j < many; j++) {
        s[j] = pow(10, -10 * pow((double)j / (double)(many - 1), 2));
        squares += s[j] * s[j];
    }
    for (size_t i = 0; i < n * width; i++)
        for (size_t j = many; j-- > 0;)
            k.x[i] += u[i / width * many + j] * s[j] * v[i % width * many + j];
    write_matrix(&k);
    const struct gk_points_conf all = {0};
    struct gk_pca_conf conf = {
        .center = GK_CENTER_NONE, .components = many, .axes = true, .tick = {check_tick, &last}};
    struct gk_points x;
    struct gk_pca r, alone, first;
    CHECK(gk_points_open(&x, files, 1, &all, &err) == 0);
    CHECK(gk_pca(&r, &x, &conf, NULL, &err) == 0);
    CHECK(last > 0);
    conf.axes = false;
    last = 0;
    CHECK(gk_pca(&alone, &x, &conf, NULL, &err) == 0);
    conf.components = 3;
    conf.axes = true;
    last = 0;
    CHECK(gk_pca(&first, &x, &conf, NULL, &err) == 0);
    for (size_t j = 0; j < many; j++) {
        /* Rounding x moves each singular value by up to the norm of the change (Weyl's inequality).
         */
        const double moved = DBL_EPSILON * sqrt(squares) / s[j];
        CHECK_CLOSE(r.variance[j], s[j] * s[j] / (double)(n - 1), 1e-6 + 2 * moved);
        CHECK_CLOSE(alone.variance[j], r.variance[j], 1e-9);
        const double sign = u[j] * r.score[j] < 0 ? -1 : 1, tol = 1e-6 + 4e-14 / s[j];
        for (size_t t = 0; t < n; t++)
            CHECK_NEAR(r.score[t * many + j], sign * u[t * many + j] * s[j], tol * s[j]);
        for (size_t c = 0; c < width; c++)
            CHECK_NEAR(r.axis[j * width + c], sign * v[c * many + j], tol);
    }
    for (size_t t = 0; t < n; t++)
        CHECK_NEAR(r.residual[t], 0, 1e-13);
    for (size_t j = 0; j < 3; j++) { /* the first stage has them */
        CHECK(first.variance[j] == r.variance[j]);
        /* The edges of a block of BLAS round otherwise than its middle. */
        CHECK_NEAR(first.score[j], r.score[j], 4 * DBL_EPSILON * s[j]);
    }
    gk_pca_free(&r);
    gk_pca_free(&alone);
    gk_pca_free(&first);
    gk_points_free(&x);
    free_known(&k);
    gk_free(u);
    gk_free(v);
    gk_free(s);
}

static void test_many(void)
{
    check_many(90, 400, 80);
    check_many(400, 150, 150);
    check_many(260, 260, 70); /* few enough to be projected out */
}

/* Points on a line have one axis; the other components are nothing, not noise. */
static void test_rank(void)
{
    struct known k = {6, 4, gk_alloc(24, sizeof *k.x, &err), NULL, NULL};
    const struct gk_points_conf all = {0};
    struct gk_points x;
    struct gk_pca r;
    struct gk_pca_conf conf = {.components = 3, .axes = true};
    for (size_t i = 0; i < 24; i++)
        k.x[i] = 0.1 * (double)((i / 4) * (i / 4)) * (double)(i % 4) + 7;
    write_matrix(&k);
    CHECK(gk_points_open(&x, files, 1, &all, &err) == 0);
    CHECK_INT_EQ(gk_pca_most(&x, GK_CENTER_LAST), 4);
    CHECK(gk_pca(&r, &x, &conf, NULL, &err) == 0);
    CHECK(r.variance[0] > 0);
    CHECK(r.variance[1] == 0 && r.variance[2] == 0);
    CHECK_CLOSE(r.total, r.variance[0], 1e-14);
    for (size_t t = 0; t < 6; t++) {
        CHECK(r.score[t * 3 + 1] == 0 && r.score[t * 3 + 2] == 0);
        CHECK_NEAR(r.residual[t], 0, 1e-13);
    }
    CHECK(r.score[0] > 0 && r.score[5 * 3] == 0);
    CHECK(gk_pca_write_axes(stdout, &x, &r, &x.history, &err) != 0);
    CHECK_STR_HAS(err.msg, ": the points span 1 axes, not 3");
    gk_pca_free(&r);
    conf.components = 5;
    CHECK(gk_pca(&r, &x, &conf, NULL, &err) != 0);
    CHECK_INT_EQ(err.kind, GK_ERR_USAGE);
    CHECK_STR_EQ(err.msg, "5 are asked for: 6 points of 4 coordinates have at most 4");
    gk_points_free(&x);
    gk_free(k.x);
}

/* x_t = t^2 d + h_t e with e orthogonal to d: alpha = t^2 |d|, residual = |h_t|. */
static void test_line(void)
{
    enum { N = 9, W = 50 };
    struct known k = {N, W, gk_alloc(N * W, sizeof *k.x, &err), NULL, NULL};
    const struct gk_points_conf all = {0};
    struct gk_points x;
    double alpha[N], residual[N], length;
    for (size_t i = 0; i < N * W; i++) {
        const double t = (double)(i / W), h = i / W == 0 || i / W == N - 1 ? 0 : 1e-7 * t;
        const double d = i % 2 ? 3 : 4, e = i % 2 ? 4 : -3;
        k.x[i] = t * t * d + h * e;
    }
    write_trajectory(&k);
    CHECK(gk_points_open(&x, files, 1, &all, &err) == 0);
    CHECK(gk_pca_line(&x, alpha, residual, &length, NULL, &err) == 0);
    CHECK_CLOSE(length, 64 * 25, 1e-14); /* |d|^2 = 25 W / 2 = 25^2 */
    for (size_t t = 0; t < N; t++) {
        CHECK_CLOSE(alpha[t], 25. * (double)(t * t), 1e-9);
        CHECK_CLOSE(residual[t], t == N - 1 ? 0 : 25e-7 * (double)t, 1e-6);
        CHECK_CLOSE(x.step[t], 100. * (double)t, 0);
    }
    gk_points_free(&x);
    gk_free(k.x);
}

int main(void)
{
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    CHECK(!gk_blas_start(1, NULL));
    gk_rng_seed(&rng, 5, 1);
    test_known();
    test_many();
    test_rank();
    test_line();
    unlink(path);
    return check_status();
}
