/* Random numbers against NumPy's RandomState, published sequences, and what a uniform and a normal
 * variable must be. */
#include "gk/rng.h"

#include <stdlib.h>

#include "check.h"

/* numpy.random.RandomState(seed).shuffle(numpy.arange(n)), NumPy 1.26: the first rows, all of them
 * as h = 31 h + row mod 2^64, and the 32 bits that the generator gives next. */
static const struct {
    uint32_t seed, n, first[4];
    uint64_t hash;
    uint32_t next;
} NUMPY[] = {
    {0u, 10, {2, 8, 4, 9}, 59820444992145u, 1879422756u},
    {1u, 16, {3, 13, 7, 2}, 17805363969118922992u, 3634877716u},
    {4294967295u, 5, {4, 1, 0, 2}, 3723940u, 3388880820u},
    {42u, 4753, {1962, 1536, 297, 2488}, 11038467579740094650u, 2968732112u},
    {0u, 9409, {6449, 9394, 4069, 5477}, 16561754818063693722u, 1557035724u},
    {7u, 1, {0}, 0u, 327741615u},
    {7u, 0, {0}, 0u, 327741615u},
    {3u, 65537, {43125, 60809, 43113, 18997}, 9082010730159276166u, 1908885882u},
};

static void test_shuffle_is_numpys(void)
{
    for (size_t k = 0; k < sizeof NUMPY / sizeof *NUMPY; k++) {
        uint32_t n = NUMPY[k].n, *row = calloc(n + 1, sizeof *row);
        uint64_t hash = 0;
        struct gk_mt r;
        for (uint32_t i = 0; i < n; i++)
            row[i] = i;
        gk_mt_seed(&r, NUMPY[k].seed);
        gk_mt_shuffle(&r, row, n);
        for (uint32_t i = 0; i < n; i++) {
            if (i < 4)
                CHECK_INT_EQ(row[i], NUMPY[k].first[i]);
            hash = 31 * hash + row[i];
        }
        CHECK(hash == NUMPY[k].hash);
        CHECK_INT_EQ(gk_mt_u32(&r), NUMPY[k].next);
        free(row);
    }
}

/* The split that docs/ and the datasets rest on: op=add, p=97, seed 0 trains first on these. */
static void test_split_of_modular_addition(void)
{
    static const uint32_t a[] = {66, 96, 41, 56}, b[] = {47, 82, 92, 45};
    static uint32_t row[97 * 97];
    struct gk_mt r;
    for (uint32_t i = 0; i < 97 * 97; i++)
        row[i] = i;
    gk_mt_seed(&r, 0);
    gk_mt_shuffle(&r, row, 97 * 97);
    for (int i = 0; i < 4; i++)
        CHECK_INT_EQ(row[i], 97 * a[i] + b[i]);
}

static void test_published_sequences(void)
{
    /* The state {1, 2, 3, 4} through the authors' xoshiro256plusplus.c. */
    static const uint64_t expected[] = {41943041u,
                                        58720359u,
                                        3588806011781223u,
                                        3591011842654386u,
                                        9228616714210784205u,
                                        9973669472204895162u,
                                        14011001112246962877u,
                                        12406186145184390807u,
                                        15849039046786891736u,
                                        10450023813501588000u};
    struct gk_rng x = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        CHECK(gk_rng_u64(&x) == expected[i]);
    /* ISO C++ [rand.predef]: the 10000th number of mt19937 from its default seed. */
    struct gk_mt m;
    uint32_t v = 0;
    gk_mt_seed(&m, 5489);
    for (int i = 0; i < 10000; i++)
        v = gk_mt_u32(&m);
    CHECK_INT_EQ(v, 4123659995);
}

static void test_upto(void)
{
    struct gk_mt r, s;
    gk_mt_seed(&r, 1);
    gk_mt_seed(&s, 1);
    CHECK_INT_EQ(gk_mt_upto(&r, 0), 0);
    CHECK_INT_EQ(gk_mt_u32(&r), gk_mt_u32(&s)); /* upto 0 draws nothing */
    CHECK_INT_EQ(gk_mt_upto(&r, UINT32_MAX), gk_mt_u32(&s));
    for (uint32_t max = 1; max < 70; max++)
        for (int i = 0; i < 50; i++)
            CHECK(gk_mt_upto(&r, max) <= max);
}

/* A mean of n values of standard deviation SD lies within five of its own deviations. */
static void check_mean(double sum, double n, double mean, double sd)
{
    CHECK_NEAR(sum / n, mean, 5 * sd / sqrt(n));
}

static void test_distributions(void)
{
    enum { N = 200000 };
    struct gk_rng r;
    double u1 = 0, u2 = 0, z1 = 0, z2 = 0, z3 = 0, z4 = 0, seen[7] = {0}, chi2 = 0;
    gk_rng_seed(&r, 5, GK_RNG_PROBE);
    for (int i = 0; i < N; i++) {
        double u = gk_rng_uniform(&r), z = gk_rng_normal(&r);
        uint64_t k = gk_rng_below(&r, 7);
        CHECK(u >= 0 && u < 1);
        CHECK(k < 7);
        u1 += u;
        u2 += u * u;
        z1 += z;
        z2 += z * z;
        z3 += z * z * z;
        z4 += z * z * z * z;
        seen[k % 7]++;
    }
    check_mean(u1, N, 1. / 2, sqrt(1. / 12));
    check_mean(u2, N, 1. / 3, sqrt(4. / 45));
    check_mean(z1, N, 0, 1);
    check_mean(z2, N, 1, sqrt(2));
    check_mean(z3, N, 0, sqrt(15));
    check_mean(z4, N, 3, sqrt(96));
    for (int k = 0; k < 7; k++)
        chi2 += (seen[k] - N / 7.) * (seen[k] - N / 7.) / (N / 7.);
    CHECK(chi2 < 30); /* 6 degrees of freedom: P < 4e-5 */
}

static void test_below_is_unbiased(void)
{
    /* Of 3 * 2^62 values, a remainder of 64 bits would favour the first 2^62 two to one. */
    enum { N = 30000 };
    struct gk_rng r;
    int low = 0;
    gk_rng_seed(&r, 0, 0);
    for (int i = 0; i < N; i++)
        low += gk_rng_below(&r, 3ull << 62) < 1ull << 62;
    check_mean(low, N, 1. / 3, sqrt(2. / 9));
    CHECK_INT_EQ(gk_rng_below(&r, 1), 0);
}

static void test_shuffle_permutes(void)
{
    enum { N = 1000 };
    uint32_t index[N], seen[N] = {0};
    struct gk_rng r;
    int fixed = 0;
    gk_rng_seed(&r, 9, GK_RNG_BATCH);
    for (uint32_t i = 0; i < N; i++)
        index[i] = i;
    gk_rng_shuffle(&r, index, N);
    for (uint32_t i = 0; i < N; i++) {
        CHECK(index[i] < N);
        seen[index[i] % N]++;
        fixed += index[i] == i;
    }
    for (int i = 0; i < N; i++)
        CHECK_INT_EQ(seen[i], 1);
    CHECK(fixed < 10); /* one on average */
    gk_rng_shuffle(&r, index, 0);
}

/* No two of many (seed, stream) pairs share a number, so none is another one shifted. */
static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void test_streams_are_apart(void)
{
    enum { SEEDS = 40, STREAMS = 6, EACH = 20, N = SEEDS * STREAMS * EACH };
    static uint64_t v[N];
    size_t n = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        for (uint64_t stream = 0; stream < STREAMS; stream++) {
            struct gk_rng r, again;
            gk_rng_seed(&r, seed, stream);
            gk_rng_seed(&again, seed, stream);
            for (int i = 0; i < EACH; i++) {
                v[n] = gk_rng_u64(&r);
                CHECK(v[n++] == gk_rng_u64(&again));
            }
        }
    qsort(v, N, sizeof *v, by_value);
    for (size_t i = 1; i < N; i++)
        CHECK(v[i] != v[i - 1]);
}

int main(void)
{
    test_shuffle_is_numpys();
    test_split_of_modular_addition();
    test_published_sequences();
    test_upto();
    test_distributions();
    test_below_is_unbiased();
    test_shuffle_permutes();
    test_streams_are_apart();
    return check_status();
}
