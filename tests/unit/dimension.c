/* Nearest neighbours against direct search, and the estimators against closed forms. */
#include "check.h"
#include "gk/dimension.h"
#include "gk/mem.h"
#include "gk/rng.h"

static struct gk_err err;
static const struct gk_tick nobody = {0};

/* The definition of dist: the k smallest of all distances, rising. It has one thread. */
__attribute__((no_sanitize_thread)) static void search_directly(const double *x, size_t n, size_t d,
                                                                size_t k, double *dist)
{
    for (size_t i = 0; i < n; i++) {
        double *nearest = dist + i * k;
        size_t found = 0;
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            if (j == i)
                continue;
            for (size_t c = 0; c < d; c++)
                sum += (x[i * d + c] - x[j * d + c]) * (x[i * d + c] - x[j * d + c]);
            const double far = sqrt(sum);
            if (found == k && far >= nearest[k - 1])
                continue;
            size_t at = found < k ? found++ : k - 1;
            for (; at > 0 && nearest[at - 1] > far; at--)
                nearest[at] = nearest[at - 1];
            nearest[at] = far;
        }
    }
}

static void check_cloud(const char *what, const double *x, size_t n, size_t d, size_t k)
{
    double *want = gk_alloc(n * k, sizeof *want, &err), *got = gk_alloc(n * k, sizeof *got, &err);
    double *again = gk_alloc(n * k, sizeof *again, &err), worst = 0;
    struct gk_pool *pool;
    CHECK(gk_pool_new(&pool, 3, &err) == 0);
    search_directly(x, n, d, k, want);
    CHECK(gk_nearest(x, n, d, k, NULL, &nobody, got, &err) == 0);
    CHECK(gk_nearest(x, n, d, k, pool, &nobody, again, &err) == 0);
    CHECK(memcmp(got, again, n * k * sizeof *got) == 0);
    for (size_t i = 0; i < n * k; i++)
        worst = fmax(worst, fabs(got[i] - want[i]) / want[i]);
    if (!(worst < 1e-13))
        CHECK_FAILED("%s: distances off by %g", what, worst);
    gk_pool_free(pool);
    gk_free(want);
    gk_free(got);
    gk_free(again);
}

/* N points around CLUMPS centres of N(0, 1) at OFFSET, spread SPREAD (0 clumps: N(0, 1) itself),
 * rounded to single precision if SINGLE. */
static double *draw(size_t n, size_t d, size_t clumps, double spread, double offset, bool single)
{
    struct gk_rng r;
    gk_rng_seed(&r, n + d, 1);
    double *x = gk_alloc(n * d, sizeof *x, &err), *centre = gk_alloc(clumps * d, sizeof *x, &err);
    for (size_t i = 0; i < clumps * d; i++)
        centre[i] = gk_rng_normal(&r);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < d; c++) {
            double v = offset + spread * gk_rng_normal(&r);
            if (clumps)
                v += centre[i % clumps * d + c];
            x[i * d + c] = single ? (double)(float)v : v;
        }
    gk_free(centre);
    return x;
}

static void test_nearest(void)
{
    static const struct {
        const char *what;
        size_t n, d, k, clumps;
        double spread, offset;
        bool single;
    } cloud[] = {
        {"three points", 3, 1, 2, 0, 1, 0, false},
        {"all neighbours", 40, 3, 39, 0, 1, 0, false},
        {"a block and one point", 257, 2, 4, 0, 1, 0, false},
        {"an odd number of blocks", 700, 5, 3, 0, 1, 0, false},
        {"an even number of blocks", 900, 5, 3, 0, 1, 0, false},
        {"many coordinates", 300, 700, 2, 0, 1, 0, false},
        {"an offset", 600, 8, 10, 0, 1, 1e4, false},
        {"near-duplicates", 600, 40, 3, 300, 1e-7, 0, false},
        {"near-duplicates in single precision", 600, 40, 3, 300, 1e-5, 0, true},
        {"many neighbours", 1500, 3, 400, 0, 1, 0, false},
        {"nearly all as neighbours", 800, 3, 798, 0, 1, 0, false},
        {"many neighbours with an offset", 1500, 8, 150, 0, 1, 1e4, false},
        {"many neighbours in clumps far apart", 3800, 4, 101, 2, 1e-9, 0, false},
        {"clumps with more points than there is room for", 600, 4, 2, 3, 1e-9, 0, false},
    };
    for (size_t i = 0; i < sizeof cloud / sizeof *cloud; i++) {
        double *x = draw(cloud[i].n, cloud[i].d, cloud[i].clumps, cloud[i].spread, cloud[i].offset,
                         cloud[i].single);
        check_cloud(cloud[i].what, x, cloud[i].n, cloud[i].d, cloud[i].k);
        gk_free(x);
    }
}

/* Points of integers, where many are equally far: on a line, in both orders, so that the nearest
 * come last; of 0 and 1; and the ends of as many axes, where all distances are the same. */
static void test_equal_distances(void)
{
    enum { N = 1600, BITS = 12, AXES = 500, SHORT = 3800 };
    double *x = gk_alloc(AXES * AXES, sizeof *x, &err);
    static const size_t ks[] = {3, 100, 101, 250};
    for (size_t i = 0; i < N; i++)
        x[i] = (double)i;
    for (size_t q = 0; q < 4; q++)
        check_cloud("a line", x, N, 1, ks[q]);
    for (size_t i = 0; i < N; i++)
        x[i] = (double)(i % 2 ? N - i : i);
    check_cloud("a line from both ends", x, N, 1, 200);
    for (size_t i = 0; i < SHORT; i++)
        x[i] = (double)(i % 2) + (double)(i / 2) * 0x1p-40;
    check_cloud("two short lines far apart", x, SHORT, 1, 101);
    for (size_t i = 0; i < N * BITS; i++)
        x[i] = (double)(i / BITS >> i % BITS & 1);
    for (size_t q = 0; q < 4; q++)
        check_cloud("corners of a cube", x, N, BITS, ks[q]);
    memset(x, 0, AXES * AXES * sizeof *x);
    for (size_t i = 0; i < AXES; i++)
        x[i * AXES + i] = 1;
    check_cloud("ends of axes", x, AXES, AXES, 2);
    check_cloud("ends of axes", x, AXES, AXES, 101);
    gk_free(x);
}

/* Distances scale with the points, down to and up to where doubles end. */
static void test_scale(void)
{
    enum { N = 300, D = 3, K = 2 };
    static const double factor[] = {0x1p1000, 0x1p-1000, -3e4};
    double *x = draw(N, D, 0, 1, 0, false), a[N * K], b[N * K];
    CHECK(gk_nearest(x, N, D, K, NULL, &nobody, a, &err) == 0);
    for (size_t f = 0; f < sizeof factor / sizeof *factor; f++) {
        double *y = gk_alloc(N * D, sizeof *y, &err);
        for (size_t i = 0; i < N * D; i++)
            y[i] = x[i] * factor[f];
        CHECK(gk_nearest(y, N, D, K, NULL, &nobody, b, &err) == 0);
        for (size_t i = 0; i < N * K; i++)
            CHECK_CLOSE(b[i], a[i] * fabs(factor[f]), 1e-12);
        gk_free(y);
    }
    gk_free(x);
}

static void test_distinct(void)
{
    double x[] = {1, 2, 0, 0, 1, 2, 3, 3, -0.0, 0, 3, 4, 3, 3};
    const double want[] = {1, 2, 0, 0, 3, 3, 3, 4};
    size_t n = 7;
    CHECK(gk_distinct(x, &n, 2, NULL, &err) == 0);
    CHECK_INT_EQ(n, 4);
    CHECK(memcmp(x, want, sizeof want) == 0);

    double same[] = {5, 5, 5, 5};
    n = 4;
    CHECK(gk_distinct(same, &n, 1, NULL, &err) != 0);
    CHECK_STR_EQ(err.msg, "only 1 of 4 points differ: at least 3 are needed");
    double bad[] = {1, 2, 3, 4, 5, NAN};
    n = 3;
    CHECK(gk_distinct(bad, &n, 2, NULL, &err) != 0);
    CHECK_STR_EQ(err.msg, "point 3: coordinate 2 is nan");
    n = 2;
    CHECK(gk_distinct(same, &n, 1, NULL, &err) != 0);
    CHECK_STR_EQ(err.msg, "at least 3 points are needed, here are 2");
}

/* The definition of what gk_distinct leaves. It has one thread. */
__attribute__((no_sanitize_thread)) static size_t leave_distinct(double *x, size_t n, size_t d)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool seen = false;
        for (size_t j = 0; j < kept && !seen; j++) {
            seen = true;
            for (size_t c = 0; c < d; c++)
                seen = seen && x[j * d + c] == x[i * d + c];
        }
        if (!seen)
            memmove(x + kept++ * d, x + i * d, d * sizeof *x);
    }
    return kept;
}

static void test_repeats(void)
{
    static const struct {
        size_t n, d, values; /* of each coordinate */
        size_t alike;        /* coordinates that repeat the first */
    } cloud[] = {{500, 1, 3, 0},   {500, 1, 400, 0},   {700, 2, 20, 0},  {700, 3, 2, 0},
                 {700, 64, 2, 60}, {700, 200, 5, 199}, {700, 4, 700, 3}, {400, 7, 4, 2}};
    for (size_t q = 0; q < sizeof cloud / sizeof *cloud; q++) {
        const size_t n = cloud[q].n, d = cloud[q].d;
        double *x = gk_alloc(n * d, sizeof *x, &err), *y = gk_alloc(n * d, sizeof *y, &err);
        struct gk_rng r;
        size_t left = n;
        gk_rng_seed(&r, q, 1);
        for (size_t i = 0; i < n * d; i++) {
            const double v = floor((double)cloud[q].values * gk_rng_uniform(&r)) - 1;
            x[i] = i % d > 0 && i % d <= cloud[q].alike ? x[i - 1] : v == 0 && i % 2 ? -0.0 : v;
        }
        memcpy(y, x, n * d * sizeof *x);
        CHECK(gk_distinct(x, &left, d, NULL, &err) == 0);
        CHECK_INT_EQ(left, leave_distinct(y, n, d));
        CHECK(memcmp(x, y, left * d * sizeof *x) == 0);
        gk_free(x);
        gk_free(y);
    }
}

/* Two million points at few places: a search that compared each point with all before it would not
 * end within a test. */
static void test_millions_of_repeats(void)
{
    size_t n = 2000000;
    double *x = gk_alloc(n, sizeof *x, &err);
    x[n / 2] = 1;
    x[n - 1] = 2;
    CHECK(gk_distinct(x, &n, 1, NULL, &err) == 0);
    CHECK_INT_EQ(n, 3);
    CHECK(x[0] == 0 && x[1] == 1 && x[2] == 2);
    gk_free(x);
}

/* Points 0, 1, 3, 7 on a line: T = (1,3) (1,2) (2,3) (4,6), mu = 3, 2, 1.5, 1.5. */
static void test_closed_forms(void)
{
    double x[] = {0, 1, 3, 7}, dist[8];
    const double want[] = {1, 3, 1, 2, 2, 3, 4, 6};
    struct gk_dimension dim;
    CHECK(gk_nearest(x, 4, 1, 2, NULL, &nobody, dist, &err) == 0);
    CHECK(memcmp(dist, want, sizeof want) == 0);

    /* three are fitted: n - 1 without discarding, floor(4 * 0.5) = 2 with */
    double a = log(1.5), b = log(2), y1 = log(4. / 3), y2 = log(2), y3 = log(4);
    CHECK(gk_twonn(dist, 4, 2, 0, &dim, &err) == 0);
    CHECK_CLOSE(dim.id, (a * y1 + a * y2 + b * y3) / (2 * a * a + b * b), 1e-14);
    CHECK(dim.error > 0);
    CHECK(gk_twonn(dist, 4, 2, 0.5, &dim, &err) == 0);
    CHECK_CLOSE(dim.id, (y1 + y2) / (2 * a), 1e-14);
    /* one point does not say how far others scatter */
    CHECK(gk_twonn(dist, 4, 2, 0.75, &dim, &err) == 0);
    CHECK_CLOSE(dim.id, y1 / a, 1e-14);
    CHECK(isnan(dim.error));
    CHECK(gk_twonn(dist, 4, 2, 0.8, &dim, &err) != 0);
    CHECK_STR_EQ(err.msg, "discarding 0.8 of 4 points leaves none to fit");

    double v[] = {log(3), b, a, a}, mean = (v[0] + v[1] + v[2] + v[3]) / 4, m2 = 0, mm = 0;
    for (int i = 0; i < 4; i++) {
        m2 += (v[i] - mean) * (v[i] - mean) / 12;
        mm += 1 / v[i] / 4;
    }
    CHECK(gk_dimension_mle(dist, 4, 2, false, &dim, &err) == 0);
    CHECK_CLOSE(dim.id, 1 / mean, 1e-14);
    CHECK_CLOSE(dim.error, sqrt(m2) / mean / mean, 1e-14);
    CHECK(gk_dimension_mle(dist, 4, 2, true, &dim, &err) == 0);
    CHECK_CLOSE(dim.id, mm, 1e-14);
}

/* T_j = (j/k)^(1/id) in every point: both averages of the MLE agree, and 1/m is a sum of logs. */
static void test_mle(void)
{
    enum { N = 50, K = 8 };
    double dist[N * K], sum = 0;
    struct gk_dimension mackay, levina;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < K; j++)
            dist[i * K + j] = (i + 1) * pow((j + 1.) / K, 1. / 3);
    for (int j = 1; j < K; j++)
        sum += log((double)K / j);
    CHECK(gk_dimension_mle(dist, N, K, false, &mackay, &err) == 0);
    CHECK(gk_dimension_mle(dist, N, K, true, &levina, &err) == 0);
    CHECK_CLOSE(mackay.id, 3 * (K - 1) / sum, 1e-13);
    CHECK_CLOSE(levina.id, mackay.id, 1e-13);
    CHECK_NEAR(mackay.error, 0, 1e-12);
}

/* mu at the quantiles of 1 - mu^-d: the line goes through every point. */
static void test_twonn(void)
{
    enum { N = 1000 };
    double dist[2 * N];
    struct gk_dimension dim;
    for (int i = 0; i < N; i++) {
        int at = (i * 37) % N; /* in no order */
        dist[2 * i] = 1 + i;
        dist[2 * i + 1] = (1 + i) * (at + 1 < N ? pow(1 - (at + 1.) / N, -1 / 5.) : 1e9);
    }
    CHECK(gk_twonn(dist, N, 2, 0, &dim, &err) == 0);
    CHECK_CLOSE(dim.id, 5, 1e-12);
    CHECK(gk_twonn(dist, N, 2, 0.1, &dim, &err) == 0);
    CHECK_CLOSE(dim.id, 5, 1e-12);
    /* The best unbiased estimate from so many points has the error id / sqrt(n). */
    CHECK(dim.error > 5 / sqrt(N) && dim.error < 1.3 * 5 / sqrt(N));
}

static void test_ties(void)
{
    double x[] = {0, 0, 0, 1, 1, 0, 1, 1}, dist[8]; /* a square: both nearest at 1 */
    struct gk_dimension dim;
    CHECK(gk_nearest(x, 4, 2, 2, NULL, &nobody, dist, &err) == 0);
    CHECK(gk_twonn(dist, 4, 2, 0.1, &dim, &err) != 0);
    CHECK_STR_HAS(err.msg, "both nearest neighbours are equally far from each of the 3 points");
    CHECK(gk_dimension_mle(dist, 4, 2, false, &dim, &err) != 0);
    CHECK_STR_HAS(err.msg, "of 4 points are all equally far: there is no answer");
    double line[] = {0, 1, 2, 5};
    CHECK(gk_nearest(line, 4, 1, 2, NULL, &nobody, dist, &err) == 0);
    CHECK(gk_dimension_mle(dist, 4, 2, true, &dim, &err) != 0);
    CHECK_STR_HAS(err.msg, "of 1 points are all equally far: there m(x) is infinite");
    CHECK(gk_dimension_mle(dist, 4, 2, false, &dim, &err) == 0);
}

int main(void)
{
    test_nearest();
    test_equal_distances();
    test_scale();
    test_distinct();
    test_repeats();
    test_millions_of_repeats();
    test_closed_forms();
    test_mle();
    test_twonn();
    test_ties();
    return check_status();
}
