/* Events, phases and slingshots on curves whose answer is plain. */
#include "check.h"
#include "gk/phases.h"

static const struct gk_phases_opts usual = {
    .low = 0, .high = 1, .hold = 1, .gap = 1000, .factor = 5, .rise = 0.02};

/* Feeds N rows (train_acc, val_acc) at steps 0, 500, 1000, ... */
static void feed(struct gk_phases *p, const struct gk_phases_opts *o, const double (*acc)[2],
                 size_t n)
{
    struct gk_err err;
    gk_phases_init(p, o);
    for (size_t i = 0; i < n; i++)
        CHECK(gk_phases_row(p, 500 * (double)i, acc[i][0], acc[i][1], NAN, &err) == 0);
}
#define FEED(p, o, acc) feed(p, o, acc, sizeof(acc) / sizeof *(acc))

static void check_times(const struct gk_phases *p, double t1, double t2, double t3, double t4)
{
    CHECK_CLOSE(p->t[0].when, t1, 0);
    CHECK_CLOSE(p->t[1].when, t2, 0);
    CHECK_CLOSE(p->t[2].when, t3, 0);
    CHECK_CLOSE(p->t[3].when, t4, 0);
    CHECK_CLOSE(gk_phases_delay(p), t4 - t2, 0);
}

static void the_four_phases(void)
{
    static const double confused[][2] = {{0, 0}, {.1, 0}, {.9, 0}},
                        memorised[][2] = {{0, 0}, {1, 0}, {1, .5}},
                        comprehended[][2] = {{0, 0}, {1, .2}, {1, .9}, {1, 1}},
                        grokked[][2] = {{0, 0}, {1, 0}, {1, .2}, {1, .9}, {1, 1}},
                        backwards[][2] = {{.5, .5}, {.99, 1}};
    struct gk_phases p;
    FEED(&p, &usual, confused);
    check_times(&p, 500, NAN, NAN, NAN);
    CHECK_STR_EQ(gk_phase_name(gk_phases_which(&p)), "confusion");
    FEED(&p, &usual, memorised);
    check_times(&p, 500, 500, 1000, NAN);
    CHECK_STR_EQ(gk_phase_name(gk_phases_which(&p)), "memorization");
    FEED(&p, &usual, comprehended); /* a delay of 1000, not more */
    check_times(&p, 500, 500, 500, 1500);
    CHECK_STR_EQ(gk_phase_name(gk_phases_which(&p)), "comprehension");
    FEED(&p, &usual, grokked);
    check_times(&p, 500, 500, 1000, 2000);
    CHECK_STR_EQ(gk_phase_name(gk_phases_which(&p)), "grokking");
    FEED(&p, &usual, backwards); /* generalised, though it never fitted all */
    check_times(&p, 0, NAN, 0, 500);
    CHECK_STR_EQ(gk_phase_name(gk_phases_which(&p)), "comprehension");
}

/* An event that has to last three evaluations is dated by the first of them; rows without an
 * evaluation neither lengthen nor break it; one cut off by the end of the curve has not come. */
static void holding(void)
{
    static const double acc[][2] = {{0, 0}, {1, NAN}, {.9, 1}, {1, NAN},
                                    {1, 1}, {NAN, 0}, {1, 1},  {1, NAN}};
    struct gk_phases_opts three = usual;
    three.hold = 3;
    struct gk_phases p;
    FEED(&p, &three, acc);
    check_times(&p, 500, 1500, NAN, NAN);
    three.hold = 2;
    FEED(&p, &three, acc);
    check_times(&p, 500, 1500, 1000, 1000);
}

static void thresholds(void)
{
    static const double acc[][2] = {{.01, .02}, {.05, .03}, {.9, .05}, {.95, .9}};
    struct gk_phases_opts o = usual;
    o.low = .03, o.high = .9;
    struct gk_phases p;
    FEED(&p, &o, acc);
    check_times(&p, 500, 1000, 1000, 1500); /* above low, at or above high */
}

/* A loss that falls as 0.1 exp(-t/200) from memorisation on, with what BUMP adds. */
static void slide(struct gk_phases *p, double (*bump)(int))
{
    struct gk_err err;
    gk_phases_init(p, &usual);
    for (int t = 0; t <= 1000; t++)
        CHECK(gk_phases_row(p, t, t >= 100, 0, 0.1 * exp(-t / 200.0) + bump(t), &err) == 0);
}

/* Before memorisation (t = 50), too low (300), then two spikes of 0.7 and 3.6 with a ragged top,
 * and one that the curve's end cuts off. */
static double two_spikes(int t)
{
    switch (t) {
    case 50:
        return 5;
    case 300:
        return 0.015;
    case 500:
        return 0.3;
    case 501:
        return 0.25;
    case 502:
        return 0.7;
    case 503:
        return 0.2;
    case 700:
        return 3.6;
    case 701:
        return 1;
    case 702:
        return 0.5;
    default:
        return t >= 990 ? 1 : 0;
    }
}

static void slingshots(void)
{
    struct gk_phases p;
    slide(&p, two_spikes);
    CHECK_INT_EQ(gk_phases_slingshots(&p), 2);
    if (gk_phases_slingshots(&p) == 2) {
        const struct gk_spike *s = p.high.spike;
        CHECK(s[0].start == 500 && s[0].peak == 502 && s[0].end == 504);
        CHECK_CLOSE(s[0].floor, 0.1 * exp(-499 / 200.0), 1e-12);
        CHECK_CLOSE(s[0].height, 0.7 + 0.1 * exp(-502 / 200.0), 1e-12);
        CHECK(s[1].start == 700 && s[1].peak == 700 && s[1].end == 702);
    }
    gk_phases_free(&p);
}

static double no_bump(int t)
{
    (void)t;
    return 0;
}

/* A rise that comes in small steps is one all the same. */
static double swell(int t)
{
    return t < 400 || t > 600 ? 0 : 0.3 * (1 - fabs(t - 500.0) / 100);
}

static void smooth_curves(void)
{
    struct gk_phases p;
    slide(&p, no_bump);
    CHECK_INT_EQ(gk_phases_slingshots(&p), 0);
    CHECK(!p.high.climbing);
    gk_phases_free(&p);
    slide(&p, swell);
    CHECK_INT_EQ(gk_phases_slingshots(&p), 1);
    CHECK(gk_phases_slingshots(&p) == 1 && fabs(p.high.spike[0].peak - 500) <= 1);
    gk_phases_free(&p);
}

int main(void)
{
    the_four_phases();
    holding();
    thresholds();
    slingshots();
    smooth_curves();
    return check_status();
}
