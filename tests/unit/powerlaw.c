/* The power law: certified values, exact laws, the boundary, censoring. */
#include "gk/powerlaw.h"

#include <stdlib.h>

#include "check.h"
#include "gk/nlfit.h"
#include "gk/rng.h"

enum { MOST = 64 };

static struct gk_powerlaw_conf plain(void)
{
    return (struct gk_powerlaw_conf){.other = 0.01, .level = 0.95};
}

static double law(double a, double gamma, double b, double x)
{
    return a * pow(x, -gamma) + b;
}

/* NIST StRD, DanWood: y = b1 x^b2, certified to 11 digits. */
static void test_danwood(void)
{
    const double x[] = {1.309, 1.471, 1.490, 1.565, 1.611, 1.680};
    const double y[] = {2.138, 3.421, 3.597, 4.340, 4.882, 5.660};
    struct gk_powerlaw_data d = {.n = 6, .x = x, .y = y};
    struct gk_powerlaw_conf c = plain();
    struct gk_powerlaw f;
    struct gk_err err = {0};
    c.fix_b = true;
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
    CHECK_CLOSE(f.par[GK_PL_A].value, 0.76886226176, 1e-9);
    CHECK_CLOSE(f.par[GK_PL_A].stderror, 0.018281973860, 1e-9);
    CHECK_CLOSE(f.par[GK_PL_GAMMA].value, -3.8604055871, 1e-9);
    CHECK_CLOSE(f.par[GK_PL_GAMMA].stderror, 0.051726610913, 1e-9);
    CHECK_CLOSE(f.sigma * f.sigma * 4, 4.3173084083e-3, 1e-9);
    CHECK_CLOSE(f.par[GK_PL_B].lower, 0, 0);
    CHECK_INT_EQ(f.df, 4);
}

/* The paper's law for addition, exact: found in both units. */
static void test_exact(void)
{
    double x[11], y[11];
    for (int i = 0; i < 11; i++) {
        x[i] = 20 + 6 * i;
        y[i] = law(1.09e15, 7.73, 1442.63, x[i]);
    }
    struct gk_powerlaw_data d = {.n = 11, .x = x, .y = y};
    struct gk_powerlaw_conf c = plain();
    struct gk_powerlaw f;
    struct gk_err err = {0};
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
    CHECK_CLOSE(f.par[GK_PL_A].value, 1.09e15, 1e-9);
    CHECK_CLOSE(f.par[GK_PL_GAMMA].value, 7.73, 1e-11);
    CHECK_CLOSE(f.par[GK_PL_B].value, 1442.63, 1e-10);
    CHECK_CLOSE(f.par[GK_PL_A_OTHER].value, 1.09e15 * pow(100, -7.73), 1e-9);
    for (int i = 0; i < GK_PL_PARS; i++) {
        CHECK(f.par[i].lower <= f.par[i].value && f.par[i].value <= f.par[i].upper);
        CHECK_CLOSE(f.par[i].lower, f.par[i].upper, 1e-8);
    }
    CHECK(f.corr[GK_PL_A][GK_PL_GAMMA] > 0.999);
    /* scaling x and y scales a and b alone */
    struct gk_powerlaw g;
    for (int i = 0; i < 11; i++) {
        x[i] /= 100;
        y[i] *= 1e-6;
    }
    c.other = 100;
    CHECK(gk_powerlaw_fit(&g, &d, &c, &err) == 0);
    CHECK_CLOSE(g.par[GK_PL_A].value, f.par[GK_PL_A_OTHER].value * 1e-6, 1e-9);
    CHECK_CLOSE(g.par[GK_PL_A_OTHER].value, 1.09e9, 1e-9);
    CHECK_CLOSE(g.par[GK_PL_GAMMA].value, 7.73, 1e-11);
}

/* S5 in the paper, b = 0, with 5 % noise. */
static void noisy_s5(double *x, double *y, uint64_t seed)
{
    struct gk_rng r;
    gk_rng_seed(&r, seed, 0);
    for (int i = 0; i < 12; i++) {
        x[i] = 25 + 5 * i;
        y[i] = law(1.85e6, 1.18, 0, x[i]) * (1 + 0.05 * gk_rng_normal(&r));
    }
}

/* The intervals hold what they say: 95 % of repetitions with the noise they assume. */
static void test_coverage(void)
{
    enum { TIMES = 60 };
    double x[12], y[12];
    int gamma = 0, b = 0, a = 0;
    for (int k = 0; k < TIMES; k++) {
        struct gk_rng r;
        gk_rng_seed(&r, (uint64_t)k, 1);
        for (int i = 0; i < 12; i++) {
            x[i] = 25 + 5 * i;
            y[i] = law(1.85e6, 1.18, 0, x[i]) + 800 * gk_rng_normal(&r);
        }
        struct gk_powerlaw_data d = {.n = 12, .x = x, .y = y};
        struct gk_powerlaw_conf c = plain();
        struct gk_powerlaw f;
        struct gk_err err = {0};
        CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
        gamma += f.par[GK_PL_GAMMA].lower < 1.18 && 1.18 < f.par[GK_PL_GAMMA].upper;
        a += f.par[GK_PL_A].lower < 1.85e6 && 1.85e6 < f.par[GK_PL_A].upper;
        b += f.par[GK_PL_B].lower < 0 && 0 < f.par[GK_PL_B].upper;
    }
    /* binomial: 57 +- 1.7; four of those below */
    CHECK(gamma > 50);
    CHECK(a > 50);
    CHECK(b > 50);
}

static void test_s5(void)
{
    double x[12], y[12];
    int vague = 0, inside = 0;
    for (uint64_t k = 0; k < 40; k++) {
        noisy_s5(x, y, k);
        struct gk_powerlaw_data d = {.n = 12, .x = x, .y = y};
        struct gk_powerlaw_conf c = plain();
        struct gk_powerlaw f;
        struct gk_err err = {0};
        CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
        inside += f.par[GK_PL_GAMMA].lower < 1.18 && 1.18 < f.par[GK_PL_GAMMA].upper;
        vague += gk_powerlaw_vague(&f.par[GK_PL_B]);
    }
    printf("S5 with 5 %% noise: gamma inside %d of 40, b vague %d\n", inside, vague);
    CHECK(inside >= 33);
    CHECK(vague >= 33);
}

/* A profile's end is where the best law with that parameter held costs t^2 sigma^2 more. */
static void test_interval_is_profile(void)
{
    double x[12], y[12];
    noisy_s5(x, y, 7);
    struct gk_powerlaw_data d = {.n = 12, .x = x, .y = y};
    struct gk_powerlaw_conf c = plain();
    struct gk_powerlaw f, held;
    struct gk_err err = {0};
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
    double rss = f.sigma * f.sigma * f.df, t = gk_t_quantile(0.975, f.df);
    for (int i = 0; i < 2; i++) {
        c.fix_b = true;
        c.b = i ? f.par[GK_PL_B].upper : f.par[GK_PL_B].lower;
        CHECK(gk_powerlaw_fit(&held, &d, &c, &err) == 0);
        CHECK_CLOSE(held.sigma * held.sigma * held.df, rss + t * t * f.sigma * f.sigma, 1e-6);
    }
}

/* The least sum of squares of y - a x^-gamma - b at a gamma, where A or B are NAN if free. */
static double squares_at(const struct gk_powerlaw_data *d, double gamma, double a, double b)
{
    double g = 0, y = 0, gg = 0, gy = 0, sum = 0;
    const double n = (double)d->n;
    for (size_t i = 0; i < d->n && isnan(b); i++) {
        g += pow(d->x[i], -gamma) / n;
        y += d->y[i] / n;
    }
    y = isnan(b) ? y : b;
    for (size_t i = 0; i < d->n; i++) {
        const double off = pow(d->x[i], -gamma) - g;
        gg += off * off;
        gy += off * (d->y[i] - y);
    }
    for (size_t i = 0; i < d->n; i++) {
        const double r = d->y[i] - y - (isnan(a) ? gy / gg : a) * (pow(d->x[i], -gamma) - g);
        sum += r * r;
    }
    return sum;
}

/* And at the best gamma between LOW and HIGH. */
static double squares_between(const struct gk_powerlaw_data *d, double low, double high, double a,
                              double b)
{
    static const double golden = 0.6180339887498949;
    double p = high - golden * (high - low), q = low + golden * (high - low);
    double at_p = squares_at(d, p, a, b), at_q = squares_at(d, q, a, b);
    while (high - low > 1e-8) {
        if (at_p < at_q) {
            high = q;
            q = p;
            at_q = at_p;
            p = high - golden * (high - low);
            at_p = squares_at(d, p, a, b);
        } else {
            low = p;
            p = q;
            at_p = at_q;
            q = low + golden * (high - low);
            at_q = squares_at(d, q, a, b);
        }
    }
    return squares_at(d, (low + high) / 2, a, b);
}

static void count_laws(void *ctx, double done, double total)
{
    CHECK(done >= 0 && done <= total);
    ++*(int *)ctx;
}

/* With this many runs the fit looks for starts on groups of runs, and for ends of intervals by
 * false position. The ends must be where the sums of squares put them, and few laws may be solved
 * for that. */
static void test_many_runs(void)
{
    enum { N = 3000 };
    double *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    struct gk_powerlaw_data d = {.n = N, .x = x, .y = y};
    int laws = 0;
    struct gk_powerlaw_conf c = plain();
    struct gk_powerlaw f;
    struct gk_err err = {0};
    struct gk_rng r;
    gk_rng_seed(&r, 1, 2);
    for (int i = 0; i < N; i++) {
        x[i] = 10 * pow(9, gk_rng_uniform(&r));
        y[i] = law(1.85e6, 1.18, 500, x[i]) + 900 * gk_rng_normal(&r);
    }
    c.tick = (struct gk_tick){count_laws, &laws};
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
    CHECK(laws >= 8 && laws < 8 * 10);
    const double value = f.par[GK_PL_GAMMA].value, t = gk_t_quantile(0.975, f.df);
    const double rss = squares_at(&d, value, NAN, NAN), limit = rss * (1 + t * t / f.df);
    CHECK_CLOSE(f.sigma * f.sigma * f.df, rss, 1e-10);
    for (int upper = 0; upper < 2; upper++) {
        const struct gk_estimate *p = f.par;
        const double a = upper ? p[GK_PL_A].upper : p[GK_PL_A].lower;
        const double b = upper ? p[GK_PL_B].upper : p[GK_PL_B].lower;
        const double gamma = upper ? p[GK_PL_GAMMA].upper : p[GK_PL_GAMMA].lower;
        CHECK_CLOSE(squares_at(&d, gamma, NAN, NAN), limit, 1e-9);
        CHECK_CLOSE(squares_between(&d, value - 0.5, value + 0.5, a, NAN), limit, 1e-9);
        CHECK_CLOSE(squares_between(&d, value - 0.5, value + 0.5, NAN, b), limit, 1e-9);
    }
    free(x);
    free(y);
}

/* Two million runs at few places: a fit that compared each run with all before it would not end
 * within a test. */
static void test_few_places(void)
{
    enum { N = 2000000 };
    double *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    bool *censored = malloc(N * sizeof *censored);
    struct gk_powerlaw_data d = {.n = N, .x = x, .y = y, .censored = censored};
    struct gk_powerlaw_conf c = plain();
    struct gk_powerlaw f;
    struct gk_err err = {0};
    for (int i = 0; i < N; i++) {
        censored[i] = i < N / 2;
        x[i] = censored[i] ? 50 : 60 + i % 2;
        y[i] = i;
    }
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == -1);
    CHECK_STR_EQ(err.msg, "only 2 different x with a value: too few for 3 parameters");
    free(x);
    free(y);
    free(censored);
}

static void test_bound(void)
{
    double x[12], y[12];
    for (int i = 0; i < 12; i++) {
        x[i] = 25 + 5 * i;
        y[i] = law(1.85e6, 1.18, -3000, x[i]) + (i % 2 ? 150 : -150);
    }
    struct gk_powerlaw_data d = {.n = 12, .x = x, .y = y};
    struct gk_powerlaw_conf c = plain();
    struct gk_powerlaw free, bound, held;
    struct gk_err err = {0};
    CHECK(gk_powerlaw_fit(&free, &d, &c, &err) == 0);
    CHECK_NEAR(free.par[GK_PL_B].value, -3000, 1000);
    c.bound_b = true;
    CHECK(gk_powerlaw_fit(&bound, &d, &c, &err) == 0);
    CHECK(bound.at_bound && !free.at_bound);
    CHECK_CLOSE(bound.par[GK_PL_B].value, 0, 0);
    CHECK_CLOSE(bound.par[GK_PL_B].lower, 0, 0);
    CHECK(bound.par[GK_PL_B].upper > 0);
    CHECK(isnan(bound.par[GK_PL_B].stderror));
    c.bound_b = false;
    c.fix_b = true;
    CHECK(gk_powerlaw_fit(&held, &d, &c, &err) == 0);
    CHECK_CLOSE(bound.par[GK_PL_GAMMA].value, held.par[GK_PL_GAMMA].value, 1e-9);
    CHECK_CLOSE(bound.par[GK_PL_A].value, held.par[GK_PL_A].value, 1e-9);
    /* a bound that does not bind changes nothing */
    c.fix_b = false;
    c.bound_b = true;
    c.b_min = -1e6;
    CHECK(gk_powerlaw_fit(&bound, &d, &c, &err) == 0);
    CHECK(!bound.at_bound);
    CHECK_CLOSE(bound.par[GK_PL_GAMMA].value, free.par[GK_PL_GAMMA].value, 1e-9);
}

/* Weights 0 and 2 are as good as leaving out and repeating. */
static void test_weights(void)
{
    double x[13], y[13], w[13], x2[16], y2[16];
    noisy_s5(x, y, 3);
    x[12] = 33;
    y[12] = 1;
    size_t n = 0;
    for (int i = 0; i < 13; i++) {
        w[i] = i == 12 ? 0 : i < 4 ? 2 : 1;
        for (int k = 0; k < (int)w[i]; k++, n++) {
            x2[n] = x[i];
            y2[n] = y[i];
        }
    }
    struct gk_powerlaw_data d = {.n = 13, .x = x, .y = y, .weight = w};
    struct gk_powerlaw_data repeated = {.n = n, .x = x2, .y = y2};
    struct gk_powerlaw_conf c = plain();
    struct gk_powerlaw f, g;
    struct gk_err err = {0};
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
    CHECK(gk_powerlaw_fit(&g, &repeated, &c, &err) == 0);
    CHECK_INT_EQ(f.n, 12);
    for (int i = 0; i < GK_PL_PARS; i++)
        CHECK_CLOSE(f.par[i].value, g.par[i].value, 1e-6);
    /* sum w r^2 / df, with w of mean 4 / 3 and 1 */
    CHECK_CLOSE(f.sigma * f.sigma * 9 * 4 / 3, g.sigma * g.sigma * 13, 1e-8);
}

static void test_censored(void)
{
    double x[16], y[16];
    bool cens[16] = {0};
    struct gk_powerlaw_data d = {.n = 16, .x = x, .y = y, .censored = cens};
    struct gk_powerlaw_conf c = plain();
    struct gk_powerlaw f;
    struct gk_err err = {0};
    for (int i = 0; i < 16; i++) {
        x[i] = 20 + 4 * i;
        y[i] = law(1.09e15, 7.73, 1442.63, x[i]);
    }
    /* A run that was cut before the law's time agrees with the law, and does not change it. */
    cens[0] = true;
    y[0] *= 0.5;
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
    CHECK_CLOSE(f.par[GK_PL_GAMMA].value, 7.73, 1e-6);
    CHECK_INT_EQ(f.observed, 15);
    /* A run that was cut after the law's time contradicts the law, and pulls it. */
    y[0] *= 4;
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
    CHECK(f.par[GK_PL_GAMMA].value > 7.8);

    /* With noise, late runs are cut at 20,000. A fit without them, or with the cut as their value,
     * is biased towards a small gamma; the censored fit is not. */
    double sum = 0, naive = 0;
    enum { TIMES = 40 };
    for (int k = 0; k < TIMES; k++) {
        struct gk_rng r;
        gk_rng_seed(&r, (uint64_t)k, 5);
        for (int i = 0; i < 16; i++) {
            x[i] = 30 + 4 * i;
            y[i] = law(1.85e6, 1.18, 0, x[i]) + 2000 * gk_rng_normal(&r);
            cens[i] = y[i] > 20000;
            y[i] = fmin(y[i], 20000);
        }
        c.fix_b = true;
        d.censored = cens;
        CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
        sum += f.par[GK_PL_GAMMA].value / TIMES;
        d.censored = NULL;
        CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
        naive += f.par[GK_PL_GAMMA].value / TIMES;
    }
    printf("censored: mean gamma %.4f, cut taken for the value %.4f, truth 1.18\n", sum, naive);
    CHECK_NEAR(sum, 1.18, 0.08);
    CHECK(naive < 1.0);
}

/* First-order bands: at a datum of an exact law no width; else wider for a run than for the law. */
static void test_predict(void)
{
    double x[12], y[12];
    noisy_s5(x, y, 2);
    struct gk_powerlaw_data d = {.n = 12, .x = x, .y = y};
    struct gk_powerlaw_conf c = plain();
    struct gk_powerlaw f;
    struct gk_err err = {0};
    struct gk_estimate l, r;
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
    gk_powerlaw_predict(&f, 42, &l, &r);
    CHECK_CLOSE(l.value,
                law(f.par[GK_PL_A].value, f.par[GK_PL_GAMMA].value, f.par[GK_PL_B].value, 42),
                1e-9);
    CHECK_CLOSE(r.stderror, hypot(l.stderror, f.sigma), 1e-12);
    CHECK(r.lower < l.lower && l.lower < l.value && l.value < l.upper && l.upper < r.upper);
    /* the covariance agrees with that of a, gamma, b */
    double g[3] = {pow(42, -f.par[GK_PL_GAMMA].value), 0, 1}, v = 0;
    g[1] = -log(42) * f.par[GK_PL_A].value * g[0];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            v += g[i] * f.corr[i][j] * f.par[i].stderror * f.par[j].stderror * g[j];
    CHECK_CLOSE(sqrt(v), l.stderror, 1e-4);
}

static void test_errors(void)
{
    double x[4] = {1, 2, 3, 3}, y[4] = {4, 3, 2, 1}, w[4] = {1, 1, 1, 1};
    struct gk_powerlaw_data d = {.n = 4, .x = x, .y = y, .weight = w};
    struct gk_powerlaw_conf c = plain();
    struct gk_powerlaw f;
    struct gk_err err = {0};
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == 0);
    w[0] = 0;
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == -1);
    CHECK_STR_HAS(err.msg, "2 different x with a value: too few for 3");
    d.n = 2;
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == -1);
    CHECK_STR_HAS(err.msg, "1 runs with a value: too few for 3");
    d.n = 4;
    w[0] = -1;
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == -1);
    CHECK_STR_HAS(err.msg, "weight -1");
    d.weight = NULL;
    x[1] = 0;
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == -1);
    CHECK_STR_HAS(err.msg, "x = 0");
    x[1] = 2;
    y[2] = INFINITY;
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == -1);
    CHECK_STR_HAS(err.msg, "y = inf");
    for (int i = 0; i < 4; i++)
        y[i] = 5;
    CHECK(gk_powerlaw_fit(&f, &d, &c, &err) == -1);
    CHECK_STR_HAS(err.msg, "every y is 5");
}

int main(void)
{
    test_danwood();
    test_exact();
    test_s5();
    test_coverage();
    test_interval_is_profile();
    test_many_runs();
    test_few_places();
    test_bound();
    test_weights();
    test_censored();
    test_predict();
    test_errors();
    return check_status();
}
