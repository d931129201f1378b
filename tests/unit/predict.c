/* Ranks, logistic regression and the model, on tables small enough for closed forms. */
#include "gk/predict.h"

#include <float.h>
#include <stdlib.h>

#include "check.h"
#include "gk/logistic.h"
#include "gk/rank.h"
#include "gk/rng.h"

/* ---- ranks ---- */

static void test_auc_by_hand(void)
{
    /* pairs (yes, no): 4 > 1, 4 > 2, 4 > 2, 2 > 1, 2 = 2, 2 = 2: 5 of 6 */
    const double score[] = {1, 2, 2, 4, 2}, value[] = {10, 20, 15, 40, 30};
    const bool yes[] = {false, false, false, true, true};
    struct gk_rank_data d = {5, score, yes, value, NULL};
    struct gk_rank_score a, s;
    struct gk_err err = {0};
    CHECK(gk_rank_study(&d, 0, 0, &a, &s, &err) == 0);
    CHECK_CLOSE(a.at, 5.0 / 6, 1e-15);
    CHECK(isnan(a.lower) && isnan(a.upper));
    /* ranks 1 3 3 5 3 and 1 3 2 5 4: Pearson's r of them is 8 / sqrt(8 * 10) */
    CHECK_CLOSE(s.at, 8 / sqrt(80), 1e-15);
}

static void test_rank_extremes(void)
{
    const double up[] = {-3, 0, 0.5, 7}, same[] = {2, 2, 2, 2}, down[] = {9, 8, -1, -2};
    const bool yes[] = {false, false, true, true}, all[] = {true, true, true, true};
    struct gk_rank_data d = {4, up, yes, down, NULL};
    struct gk_rank_score a, s;
    struct gk_err err = {0};
    CHECK(gk_rank_study(&d, 500, 1, &a, &s, &err) == 0);
    CHECK_CLOSE(a.at, 1, 0);
    CHECK_CLOSE(a.lower, 1, 0);
    CHECK_CLOSE(s.at, -1, 1e-15);
    d.score = same;
    CHECK(gk_rank_study(&d, 500, 1, &a, &s, &err) == 0);
    CHECK_CLOSE(a.at, 0.5, 0);
    CHECK(isnan(s.at));
    d.outcome = all;
    d.value = NULL;
    CHECK(gk_rank_study(&d, 500, 1, &a, &s, &err) == 0);
    CHECK(isnan(a.at) && isnan(a.lower) && isnan(s.at));
}

static void test_quantiles(void)
{
    double v[] = {4, -1, 0.5, 9, 2}, two[] = {-DBL_MAX, DBL_MAX};
    gk_sort(v, 5);
    CHECK_CLOSE(gk_quantile(v, 5, 0), -1, 0);
    CHECK_CLOSE(gk_quantile(v, 5, 0.5), 2, 0);
    CHECK_CLOSE(gk_quantile(v, 5, 1), 9, 0);
    CHECK_CLOSE(gk_quantile(v, 4, 0.5), 1.25, 0);
    CHECK_CLOSE(gk_quantile(v, 5, 0.1), -0.4, 1e-15); /* -1 + 0.4 (0.5 + 1) */
    CHECK_CLOSE(gk_quantile(v, 1, 0.3), -1, 0);
    CHECK_CLOSE(gk_quantile(two, 2, 0.5), 0, 0);
    CHECK(isnan(gk_quantile(v, 0, 0.5)));
    const double all[] = {INFINITY, INFINITY, INFINITY}, some[] = {-INFINITY, 0, 1, INFINITY};
    for (int q = 0; q <= 4; q++) /* on a value, and between two */
        CHECK(gk_quantile(all, 3, q / 4.0) == INFINITY && gk_quantile(all, 2, q / 4.0) == INFINITY);
    CHECK_CLOSE(gk_quantile(some, 4, 0.5), 0.5, 0);
    CHECK(gk_quantile(some, 4, 0.25) == -INFINITY && gk_quantile(some, 4, 1 / 3.0) == 0);
    CHECK(gk_quantile(some, 4, 2 / 3.0) == 1 && gk_quantile(some, 4, 0.9) == INFINITY);
}

/* A fit that fails in all resamples but the first *LEFT. */
static int score_first(void *left, const uint32_t *count, double *score, struct gk_err *err)
{
    (void)count, (void)err;
    for (int i = 0; i < 4; i++)
        score[i] = i;
    return (*(int *)left)-- > 0 ? 0 : 1;
}

/* Resamples without the measure count unless they are the majority. */
static void test_undefined_resamples(void)
{
    const double up[] = {-3, 0, 0.5, 7};
    const bool yes[] = {false, false, true, true};
    const struct gk_rank_data d = {4, up, yes, up, NULL};
    for (int n = 1; n <= 5; n++)
        for (int good = 0; good <= n; good++) {
            struct gk_rank_score a, s;
            struct gk_err err = {0};
            int left = good;
            const struct gk_rank_again again = {score_first, &left};
            CHECK(gk_rank_study_again(&d, &again, n, 1, &a, &s, &err) == 0);
            CHECK(isnan(a.lower) == (good == 0 || n - good > good));
        }
}

/* Two normals a distance delta apart have AUC Phi(delta / sqrt 2): inside 95 % of the intervals,
 * whose width is that of the estimates. */
static void test_auc_coverage(void)
{
    enum { TIMES = 200, N = 80 };
    const double delta = 1, truth = 0.5 * erfc(-delta / 2);
    int inside = 0;
    for (uint64_t k = 0; k < TIMES; k++) {
        double score[N];
        bool yes[N];
        struct gk_rng r;
        struct gk_rank_score a, s;
        struct gk_err err = {0};
        gk_rng_seed(&r, k, 1);
        for (int i = 0; i < N; i++) {
            yes[i] = i % 2;
            score[i] = gk_rng_normal(&r) + (yes[i] ? delta : 0);
        }
        struct gk_rank_data d = {N, score, yes, NULL, NULL};
        CHECK(gk_rank_study(&d, 400, k, &a, &s, &err) == 0);
        inside += a.lower <= truth && truth <= a.upper;
    }
    printf("AUC's interval holds the truth %d times of %d\n", inside, TIMES);
    CHECK(inside >= 178); /* 190 +- 3.1, four of those */
}

/* Pairs of one group only, and differences of two scores on the same resamples. */
static void test_rank_within(void)
{
    /* group 0: 3 > 1, 3 < 5; group 1: 2 > 0, 9 > 0: 3 of 4 */
    const double score[] = {1, 5, 3, 0, 2, 9}, other[] = {5, 1, 3, 9, 2, 0};
    const bool yes[] = {false, false, true, false, true, true};
    const size_t group[] = {0, 0, 0, 1, 1, 1};
    struct gk_rank_data d = {6, score, yes, NULL, group};
    struct gk_rank_score a, s;
    struct gk_err err = {0};
    CHECK(gk_rank_study(&d, 0, 0, &a, &s, &err) == 0);
    CHECK_CLOSE(a.at, 3.0 / 4, 1e-15);
    CHECK(gk_rank_difference(&d, other, 200, 3, &a, &s, &err) == 0);
    CHECK_CLOSE(a.at, 3.0 / 4 - 1.0 / 4, 1e-15);
    CHECK(gk_rank_difference(&d, score, 200, 3, &a, &s, &err) == 0);
    CHECK(a.at == 0 && a.lower == 0 && a.upper == 0);
    d.group = (const size_t[]){0, 1, 2, 3, 4, 5}; /* no pair at all */
    CHECK(gk_rank_study(&d, 0, 0, &a, &s, &err) == 0);
    CHECK(isnan(a.at));
}

/* ---- linear regression ---- */

/* y = 3 - 2 u + v exactly, then shrunk by the ridge: with one feature of sum of squares S and mean
 * 0 the slope is S / (S + ridge) times what it was. */
static void test_ridge(void)
{
    const double x[] = {0, 1, 1, 0, 2, 5, 3, 3}, y[] = {4, 1, 4, 0};
    const double u[] = {-1, 0, 1}, w[] = {1, 3, 5};
    double beta[3];
    struct gk_err err = {0};
    CHECK(gk_ridge_fit(4, 2, x, y, 1e-12, beta, &err) == 0);
    CHECK_CLOSE(beta[0], 3, 1e-9);
    CHECK_CLOSE(beta[1], -2, 1e-9);
    CHECK_CLOSE(beta[2], 1, 1e-9);
    CHECK(gk_ridge_fit(3, 1, u, w, 2, beta, &err) == 0);
    CHECK_CLOSE(beta[0], 3, 1e-14);
    CHECK_CLOSE(beta[1], 1, 1e-14);
    CHECK(gk_ridge_fit(0, 1, u, w, 2, beta, &err) == -1);
}

/* ---- logistic regression ---- */

static void test_logistic_saturated(void)
{
    /* One binary feature without penalty reproduces the frequencies: 1/4 at x = 0, 2/3 at x = 1. */
    const double x[] = {0, 0, 0, 0, 1, 1, 1}, y[] = {1, 0, 0, 0, 1, 1, 0};
    double beta[2];
    struct gk_err err = {0};
    CHECK(gk_logistic_fit(7, 1, x, y, 1e-13, beta, &err) == 0);
    CHECK_CLOSE(gk_sigmoid(beta[0]), 0.25, 1e-9);
    CHECK_CLOSE(gk_sigmoid(beta[0] + beta[1]), 2.0 / 3, 1e-9);
    CHECK_CLOSE(gk_logistic_score(1, beta, x + 4), beta[0] + beta[1], 0);
}

/* At the minimum the gradient vanishes, penalty included; separable or not. */
static void test_logistic_gradient(void)
{
    enum { N = 30, D = 3 };
    for (int separable = 0; separable < 2; separable++) {
        double x[N * D], y[N], beta[D + 1], g[D + 1] = {0};
        const double ridge = 0.7;
        struct gk_rng r;
        struct gk_err err = {0};
        gk_rng_seed(&r, 3, 0);
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < D; j++)
                x[i * D + j] = gk_rng_normal(&r);
            y[i] = separable ? x[i * D] > 0 : gk_rng_uniform(&r) < 0.5;
        }
        CHECK(gk_logistic_fit(N, D, x, y, ridge, beta, &err) == 0);
        for (int j = 1; j <= D; j++)
            g[j] = ridge * beta[j];
        for (int i = 0; i < N; i++) {
            double e = gk_sigmoid(gk_logistic_score(D, beta, x + i * D)) - y[i];
            g[0] += e;
            for (int j = 1; j <= D; j++)
                g[j] += e * x[i * D + j - 1];
        }
        for (int j = 0; j <= D; j++)
            CHECK_NEAR(g[j], 0, 1e-9);
    }
    CHECK_CLOSE(gk_sigmoid(-800), 0, 0);
    CHECK_CLOSE(gk_sigmoid(800), 1, 0);
}

/* ---- names ---- */

static void test_names(void)
{
    const struct {
        const char *name;
        bool measure, bare;
        double from, to;
    } all[] = {{"m0", true, true, 5, 50},
               {"m0_400", true, false, 0, 400},
               {"m0_100_400", true, false, 100, 400},
               {"spectral_mobility_0.5_20", true, false, 0.5, 20},
               {"spectral_complexity", true, true, 5, 50},
               {"mobility_400", true, false, 0, 400},
               {"m0_", false, false, NAN, NAN},
               {"m0_1_2_3", false, false, NAN, NAN},
               {"m0_400_100", false, false, NAN, NAN},
               {"m0_4e2", false, false, NAN, NAN},
               {"m0_-3_4", false, false, NAN, NAN},
               {"m00", false, false, NAN, NAN},
               {"n", false, false, NAN, NAN},
               {"grad_norm_400", false, false, 400, 400},
               {"x_0.5", false, false, 0.5, 0.5},
               {"_5", false, false, NAN, NAN},
               {"x_", false, false, NAN, NAN},
               {"x_4e2", false, false, NAN, NAN},
               {"lr", false, false, NAN, NAN}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        char name[40];
        snprintf(name, sizeof name, "%s", all[k].name);
        struct gk_feature f = gk_feature_parse(name, 5, 50);
        if ((f.measure >= 0) != all[k].measure || gk_feature_is_bare(&f) != all[k].bare)
            CHECK_FAILED("%s is taken for measure %d", name, f.measure);
        CHECK_CLOSE(f.from, all[k].from, 0);
        CHECK_CLOSE(f.to, all[k].to, 0);
    }
}

/* ---- the model ---- */

enum { RUNS = 60 };

/* RUNS runs in groups of 20 with two features; DELTA apart in the first. */
static void make_runs(struct gk_runs *r, double delta, size_t groups)
{
    static char m0[] = "m0_400", wd[] = "wd";
    static char *names[] = {(char *)"A", (char *)"B", (char *)"C"};
    static struct gk_feature feature[2];
    static double x[RUNS * 2];
    static bool outcome[RUNS];
    static size_t group[RUNS];
    struct gk_rng rng;
    gk_rng_seed(&rng, 9, 9);
    feature[0] = gk_feature_parse(m0, NAN, NAN);
    feature[1] = gk_feature_parse(wd, NAN, NAN);
    for (size_t i = 0; i < RUNS; i++) {
        outcome[i] = i % 3 == 0;
        x[2 * i] = exp(gk_rng_normal(&rng) + (outcome[i] ? delta : 0));
        x[2 * i + 1] = (double)(i % 4); /* has zeros: no logarithm */
        group[i] = i / 20;
    }
    *r = (struct gk_runs){.n = RUNS, .d = 2, .feature = feature, .x = x, .outcome = outcome};
    if (groups) {
        r->group = group;
        r->groups = groups;
        r->group_name = names;
    }
}

static void test_model(void)
{
    struct gk_runs r;
    struct gk_model m;
    struct gk_err err = {0};
    double heldout[RUNS], mean = 0, x[2];
    size_t fold[RUNS];
    make_runs(&r, 1.5, 3);
    CHECK(gk_model_fit(&m, &r, 1, 0, heldout, NULL, fold, &err) == 0);
    CHECK_INT_EQ(m.d, 2);
    CHECK(m.term[0].log && !m.term[1].log);
    CHECK(m.term[0].weight > 0.5 && fabs(m.term[1].weight) < m.term[0].weight / 2);
    for (int i = 0; i < RUNS; i++) {
        CHECK(heldout[i] > 0 && heldout[i] < 1);
        CHECK_INT_EQ(fold[i], i / 20);
        mean += heldout[i] / RUNS;
    }
    CHECK_NEAR(mean, 1.0 / 3, 0.05); /* calibrated: probabilities sum to what happens */
    /* by the definition in the header */
    memcpy(x, r.x, sizeof x);
    double t = m.intercept + m.term[0].weight * (log(x[0]) - m.term[0].centre) / m.term[0].scale +
               m.term[1].weight * (x[1] - m.term[1].centre) / m.term[1].scale;
    CHECK_CLOSE(gk_model_probability(&m, x), 1 / (1 + exp(-t)), 1e-14);
    x[0] = 0; /* no measure of a curve that came to rest breaks it */
    CHECK(gk_model_probability(&m, x) < 0.01);
    gk_model_free(&m);
}

/* Held out means held out: a run's own outcome does not change its probability. */
static void test_held_out(void)
{
    struct gk_runs r;
    struct gk_model m;
    struct gk_err err = {0};
    double before[RUNS], after[RUNS];
    size_t fold[RUNS];
    make_runs(&r, 1.5, 3);
    CHECK(gk_model_fit(&m, &r, 1, 0, before, NULL, fold, &err) == 0);
    gk_model_free(&m);
    for (int i = 20; i < 40; i++)
        r.outcome[i] = !r.outcome[i];
    CHECK(gk_model_fit(&m, &r, 1, 0, after, NULL, fold, &err) == 0);
    gk_model_free(&m);
    for (int i = 0; i < RUNS; i++)
        CHECK((before[i] == after[i]) == (i >= 20 && i < 40));
}

/* A fit to a resample equals a fit to the table in which each run is repeated as often, with all
 * copies of a run in one fold. */
static void test_refit(void)
{
    struct gk_runs r, copies;
    struct gk_model m;
    struct gk_err err = {0};
    double heldout[RUNS], again[RUNS], each[RUNS], x[RUNS * 2];
    size_t fold[RUNS], n = 0, from[RUNS], group[RUNS];
    uint32_t count[RUNS];
    bool outcome[RUNS];
    for (size_t groups = 0; groups <= 3; groups += 3) {
        make_runs(&r, 1.5, groups);
        CHECK(gk_model_fit(&m, &r, 1, 0, heldout, NULL, fold, &err) == 0);
        gk_model_free(&m);
        for (int i = 0; i < RUNS; i++)
            count[i] = 1;
        CHECK(gk_model_refit(&r, 1, fold, count, again, NULL, &err) == 0);
        CHECK(memcmp(heldout, again, sizeof again) == 0);
    }
    for (size_t i = 0; i < RUNS; i++) {
        count[i] = n + i % 3 <= RUNS ? (uint32_t)(i % 3) : 0;
        for (uint32_t k = 0; k < count[i]; k++, n++) {
            from[n] = i;
            x[2 * n] = r.x[2 * i];
            x[2 * n + 1] = r.x[2 * i + 1];
            outcome[n] = r.outcome[i] = i % 5 < 2;
            group[n] = r.group[i];
        }
    }
    copies = r;
    copies.n = n;
    copies.x = x;
    copies.outcome = outcome;
    copies.group = group;
    CHECK(gk_model_fit(&m, &copies, 1, 0, each, NULL, fold, &err) == 0);
    gk_model_free(&m);
    CHECK(gk_model_refit(&r, 1, r.group, count, again, NULL, &err) == 0);
    for (size_t k = 0; k < n; k++)
        CHECK_CLOSE(again[from[k]], each[k], 1e-9);
    for (size_t i = 0; i < RUNS; i++) /* one outcome is left outside the first group */
        count[i] = i < 20 || r.outcome[i];
    CHECK(gk_model_refit(&r, 1, r.group, count, again, NULL, &err) == 1);
}

static void test_separable(void)
{
    struct gk_runs r;
    struct gk_model m;
    struct gk_err err = {0};
    double heldout[RUNS];
    size_t fold[RUNS];
    make_runs(&r, 50, 0);
    CHECK(gk_model_fit(&m, &r, 1e-6, 0, heldout, NULL, fold, &err) == 0);
    CHECK(isfinite(m.intercept) && isfinite(m.term[0].weight) && isfinite(m.term[1].weight));
    for (int i = 0; i < RUNS; i++) {
        CHECK(r.outcome[i] == (heldout[i] > 0.5));
        CHECK(heldout[i] > 1e-3 && heldout[i] < 1 - 1e-3); /* 60 runs are no certainty */
        CHECK(fold[i] < 10);
    }
    gk_model_free(&m);
}

/* Uninformative features give the base rate, not its opposite. */
static void test_useless(void)
{
    struct gk_runs r;
    struct gk_model m;
    struct gk_err err = {0};
    double heldout[RUNS];
    size_t fold[RUNS];
    make_runs(&r, 0, 0);
    for (int i = 0; i < RUNS; i++) {
        r.x[2 * i] = 1 + 1e-3 * ((i * 7) % 5);
        r.x[2 * i + 1] = 3; /* constant */
    }
    CHECK(gk_model_fit(&m, &r, 1, 0, heldout, NULL, fold, &err) == 0);
    CHECK_CLOSE(m.term[1].weight, 0, 0);
    CHECK(m.term[0].weight >= 0 || fabs(m.term[0].weight) < 0.5);
    for (int i = 0; i < RUNS; i++)
        CHECK_NEAR(gk_model_probability(&m, r.x + 2 * i), 1.0 / 3, 0.15);
    gk_model_free(&m);
}

static void test_refusals(void)
{
    struct gk_runs r;
    struct gk_model m;
    struct gk_err err = {0};
    double heldout[RUNS];
    size_t fold[RUNS];
    make_runs(&r, 1, 3);
    for (int i = 20; i < RUNS; i++)
        r.outcome[i] = false;
    CHECK(gk_model_fit(&m, &r, 1, 0, heldout, NULL, fold, &err) == -1);
    CHECK_STR_HAS(err.msg, "without group A all runs have the same outcome");
    make_runs(&r, 1, 0);
    for (int i = 1; i < RUNS; i++)
        r.outcome[i] = false;
    CHECK(gk_model_fit(&m, &r, 1, 0, heldout, NULL, fold, &err) == -1);
    CHECK_STR_HAS(err.msg, "only one run has outcome 1");
    r.outcome[0] = false;
    CHECK(gk_model_fit(&m, &r, 1, 0, heldout, NULL, fold, &err) == -1);
    CHECK_STR_HAS(err.msg, "all 60 runs have outcome 0");
}

/* ---- live ---- */

static void test_live(void)
{
    static char m0[] = "m0_10", activity[] = "activity_2_6", wd[] = "wd";
    struct gk_term term[3] = {{.log = true, .floor = 1e-9, .scale = 1, .weight = 1},
                              {.floor = -INFINITY, .centre = 1, .scale = 2, .weight = 0.5},
                              {.floor = -INFINITY, .scale = 1, .weight = -1}};
    struct gk_model m = {.intercept = 0.25, .d = 3, .term = term};
    struct gk_conditioning plain = {0};
    struct gk_err err = {0};
    struct gk_live *l;
    double given[3] = {NAN, NAN, 0.125}, since, p, v[20];
    term[0].feature = gk_feature_parse(m0, NAN, NAN);
    term[1].feature = gk_feature_parse(activity, NAN, NAN);
    term[2].feature = gk_feature_parse(wd, NAN, NAN);
    for (int i = 0; i < 20; i++)
        v[i] = i % 2 ? 2 : 0; /* mean square 2, variance 1 over any even number */
    CHECK(gk_live_new(&l, &m, given, &plain, &since, &err) == 0);
    CHECK_CLOSE(since, 0, 0);
    struct gk_signal s = {.v = v, .spacing = 1};
    const double final = gk_sigmoid(0.25 + log(20) + 0 - 0.125);
    for (s.n = 1; s.n <= 20; s.n++) {
        bool over;
        CHECK(gk_live_update(l, &s, &p, &over, &err) == 0);
        CHECK(over == (s.n >= 10));
        CHECK(isnan(p) == (s.n < 5)); /* the second window begins at step 2 */
        if (s.n == 6 || s.n >= 10)    /* sums over 6 of 10 steps are scaled to 10 */
            CHECK_CLOSE(p, final, 1e-12);
    }
    gk_live_free(l);
}

int main(void)
{
    test_auc_by_hand();
    test_rank_extremes();
    test_quantiles();
    test_undefined_resamples();
    test_rank_within();
    test_ridge();
    test_auc_coverage();
    test_logistic_saturated();
    test_logistic_gradient();
    test_names();
    test_model();
    test_held_out();
    test_refit();
    test_separable();
    test_useless();
    test_refusals();
    test_live();
    return check_status();
}
