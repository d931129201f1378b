/* What changes a gradient before the update, and the norm held after it, by their properties. */
#include "step.h"

/* A steady gradient is its own average; one that comes once fades as A^k. */
static void check_ema(void)
{
    struct gk_optim_conf c = descent();
    c.grokfast = (struct gk_grokfast){.kind = GK_GROKFAST_EMA, .keep = 0.8, .gain = 2};
    double *theta = draw(GK_F64, ps.total, 1), *g = draw(GK_F64, ps.total, 2);
    double *none = gk_alloc(ps.total, sizeof *none, NULL);
    struct gk_optim *steady = make(&c, GK_F64), *once = make(&c, GK_F64);
    for (int k = 0; k < 6; k++) {
        double *d = changed(steady, k, theta, g);
        check_is(d, 3, g, 1e-14);
        gk_free(d);
        d = changed(once, k, theta, k == 0 ? g : none);
        check_is(d, k == 0 ? 3 : 2 * pow(0.8, k), g, 1e-14);
        gk_free(d);
    }
    gk_optim_free(steady);
    gk_optim_free(once);
    gk_free(theta);
    gk_free(g);
    gk_free(none);
}

/* Until the queue is full, the gradient stays unchanged to the bit; then the mean of the last W
 * gradients is added. */
static void check_ma(void)
{
    enum { W = 3, K = 8 };
    struct gk_optim_conf c = descent();
    c.grokfast = (struct gk_grokfast){.kind = GK_GROKFAST_MA, .window = W, .gain = 6};
    double *theta = draw(GK_F64, ps.total, 1), *g = draw(GK_F64, ps.total, 2);
    double *now = gk_alloc(ps.total, sizeof *now, NULL);
    struct gk_optim *o = make(&c, GK_F64);
    struct gk_optim_conf plain = descent();
    struct gk_optim *p = make(&plain, GK_F64);
    for (int k = 0; k < K; k++) {
        for (size_t i = 0; i < ps.total; i++)
            now[i] = (k + 1) * g[i];
        double *d = changed(o, k, theta, now), *e = changed(p, k, theta, now);
        CHECK((memcmp(d, e, ps.total * sizeof *d) == 0) == (k < W - 1));
        /* k + 1 and 6 times the mean of k - 1, k, k + 1 */
        check_is(d, k < W - 1 ? k + 1 : k + 1 + 6 * k, g, 1e-12);
        gk_free(d);
        gk_free(e);
    }
    gk_optim_free(o);
    gk_optim_free(p);
    gk_free(theta);
    gk_free(g);
    gk_free(now);
}

/* The gradient of each tensor keeps its length and has no part along theta, also after grokfast. */
static void check_orthogonal(void)
{
    for (int fast = 0; fast < 2; fast++) {
        struct gk_optim_conf c = descent();
        c.orthogonal = true;
        if (fast)
            c.grokfast = (struct gk_grokfast){.kind = GK_GROKFAST_EMA, .keep = 0.5, .gain = 1};
        double *theta = draw(GK_F64, ps.total, 3), *g = draw(GK_F64, ps.total, 4);
        struct gk_optim *o = make(&c, GK_F64);
        double *d = changed(o, 0, theta, g);
        for (size_t i = 0; i < ps.n; i++) {
            const size_t at = ps.p[i].offset, n = ps.p[i].count;
            const double longer = fast ? 2 : 1, w = norm(theta + at, n);
            CHECK_CLOSE(norm(d + at, n), longer * norm(g + at, n), 1e-12);
            CHECK_NEAR(product(d + at, theta + at, n) / (w * norm(d + at, n)), 0, 1e-13);
            CHECK(product(d + at, g + at, n) > 0);
        }
        gk_free(d);
        gk_optim_free(o);
        gk_free(theta);
        gk_free(g);
    }
}

/* At theta = 0, and without a gradient, there is nothing to remove. */
static void check_orthogonal_zeros(void)
{
    struct gk_optim_conf c = descent();
    c.orthogonal = true;
    double *none = gk_alloc(ps.total, sizeof *none, NULL), *g = draw(GK_F64, ps.total, 4);
    struct gk_optim *o = make(&c, GK_F64);
    double *d = changed(o, 0, none, g);
    check_is(d, 1, g, 1e-14);
    gk_free(d);
    d = changed(o, 1, g, none);
    check_is(d, 0, g, 0);
    gk_free(d);
    gk_optim_free(o);
    gk_free(none);
    gk_free(g);
}

/* A gradient along theta becomes 0: its rounding errors are not scaled up to its length. */
static void check_orthogonal_along(void)
{
    for (int back = 0; back < 2; back++) {
        struct gk_optim_conf c = descent();
        c.orthogonal = true;
        double *theta = draw(GK_F64, ps.total, 7), *g = gk_alloc(ps.total, sizeof *g, NULL);
        for (size_t i = 0; i < ps.total; i++)
            g[i] = back ? -theta[i] / 3 : 0.7 * theta[i];
        struct gk_optim *o = make(&c, GK_F64);
        double *d = changed(o, 0, theta, g);
        check_is(d, 0, g, 0);
        gk_free(d);
        gk_optim_free(o);
        gk_free(theta);
        gk_free(g);
    }
}

/* Clipping sees the gradient as grokfast left it: longer, here. */
static void check_clip(void)
{
    struct gk_optim_conf c = descent();
    c.grokfast = (struct gk_grokfast){.kind = GK_GROKFAST_EMA, .keep = 0.5, .gain = 9};
    double *theta = draw(GK_F64, ps.total, 5), *g = draw(GK_F64, ps.total, 6);
    const double g_norm = norm(g, ps.total);
    c.clip = 2 * g_norm; /* above |g|, below 10 |g| */
    struct gk_optim *o = make(&c, GK_F64);
    double *d = changed(o, 0, theta, g);
    check_is(d, 2, g, 1e-13);
    gk_free(d);
    gk_optim_free(o);
    c.clip = 11 * g_norm;
    o = make(&c, GK_F64);
    d = changed(o, 0, theta, g);
    check_is(d, 10, g, 1e-13);
    gk_free(d);
    gk_optim_free(o);
    gk_free(theta);
    gk_free(g);
}

/* Whatever the optimiser does, |theta| is X |theta_0|, in both precisions. */
static void check_hold_norm(void)
{
    for (int kind = GK_ADAMW; kind <= GK_MUON; kind++)
        for (int wide = 0; wide < 2; wide++) {
            const enum gk_dtype real = wide ? GK_F64 : GK_F32;
            struct gk_optim_conf c = gk_optim_defaults(kind);
            c.hold_norm = 1.5;
            c.lr = 0.1;
            struct gk_optim *o = make(&c, real);
            void *theta = draw(real, ps.total, 7);
            double *at = widened(real, ps.total, theta);
            const double want = 1.5 * norm(at, ps.total);
            gk_optim_start(o, theta);
            for (int k = 0; k < 20; k++) {
                void *g = draw(real, ps.total, 100 + (uint64_t)k);
                gk_optim_step(o, k, theta, g, 1);
                gk_free(g);
                gk_reals_widen(real, ps.total, theta, at);
                CHECK_CLOSE(norm(at, ps.total), want, wide ? 1e-14 : 1e-6);
            }
            gk_optim_free(o);
            gk_free(theta);
            gk_free(at);
        }
}

/* Every row ends as the update left it, or scaled to the norm MOST; embedding and read-out are
 * free. */
static void check_clip_rows(void)
{
    const double most = 1.2;
    for (int kind = GK_ADAMW; kind <= GK_MUON; kind++)
        for (int wide = 0; wide < 2; wide++) {
            const enum gk_dtype real = wide ? GK_F64 : GK_F32;
            const double tolerance = wide ? 1e-14 : 1e-6;
            struct gk_optim_conf c = gk_optim_defaults(kind);
            c.lr = 0.1;
            c.warmup = 0;
            void *free_theta = draw(real, ps.total, 7), *theta = draw(real, ps.total, 7);
            void *g = draw(real, ps.total, 8);
            struct gk_optim *o = make(&c, real);
            gk_optim_step(o, 0, free_theta, g, 1);
            gk_optim_free(o);
            c.clip_rows = most;
            o = make(&c, real);
            gk_optim_step(o, 0, theta, g, 1);
            gk_optim_free(o);
            double *was = widened(real, ps.total, free_theta), *is = widened(real, ps.total, theta);
            size_t clipped = 0, left = 0;
            for (size_t i = 0; i < ps.n; i++) {
                const struct gk_param *p = &ps.p[i];
                const size_t width = p->rank == 2 ? p->shape[1] : p->shape[0];
                const bool is_free = strstr(p->name, "embed") != NULL;
                for (size_t at = p->offset; at < p->offset + p->count; at += width) {
                    const double longer = norm(was + at, width) / most;
                    const bool clips = !is_free && longer > 1;
                    clipped += clips;
                    left += !clips;
                    for (size_t j = at; j < at + width; j++)
                        if (clips)
                            CHECK_NEAR(is[j], was[j] / longer, tolerance);
                        else
                            CHECK(is[j] == was[j]);
                }
            }
            CHECK(clipped > 10 && left > 10);
            gk_free(was);
            gk_free(is);
            gk_free(free_theta);
            gk_free(theta);
            gk_free(g);
        }
}

/* A row whose norm overflows a double becomes nan, which ends the run, and not 0, which would look
 * plausible. */
static void check_clip_rows_overflow(void)
{
    struct gk_optim_conf c = descent();
    c.clip_rows = 1;
    double *theta = draw(GK_F64, ps.total, 7), *none = gk_alloc(ps.total, sizeof *none, NULL);
    const struct gk_param *p = gk_params_find(&ps, "blocks.0.ffn.up.weight");
    theta[p->offset] = 1e200;
    struct gk_optim *o = make(&c, GK_F64);
    gk_optim_step(o, 0, theta, none, 0);
    CHECK(isnan(theta[p->offset]) && isfinite(theta[p->offset + p->shape[1]]));
    gk_optim_free(o);
    gk_free(theta);
    gk_free(none);
}

/* With all interventions together every optimiser gives the same bytes on one thread and on three,
 * and keeps all of theta from before the update. */
static void check_threads(void)
{
    for (int kind = GK_ADAMW; kind <= GK_MUON; kind++)
        for (int ma = 0; ma < 2; ma++) {
            struct gk_optim_conf c = gk_optim_defaults(kind);
            c.decay_matrices = ma;
            c.orthogonal = true;
            c.clip = 3;
            c.clip_rows = 1;
            c.hold_norm = 1;
            c.grokfast = ma ? (struct gk_grokfast){.kind = GK_GROKFAST_MA, .window = 3, .gain = 2}
                            : (struct gk_grokfast){GK_GROKFAST_EMA, .keep = 0.9, .gain = 2};
            float *theta[2], *prev[2], *before = gk_alloc(ps.total, sizeof *before, NULL);
            for (int i = 0; i < 2; i++) {
                struct gk_pool *pool = three;
                three = i ? pool : NULL;
                struct gk_optim *o = make(&c, GK_F32);
                theta[i] = draw(GK_F32, ps.total, 15);
                prev[i] = draw(GK_F32, ps.total, 16);
                gk_optim_start(o, theta[i]);
                gk_optim_keep(o, prev[i]);
                for (int k = 0; k < 6; k++) {
                    void *g = draw(GK_F32, ps.total, 200 + (uint64_t)k);
                    memcpy(before, theta[i], ps.total * sizeof *before);
                    gk_optim_step(o, k, theta[i], g, 1);
                    gk_free(g);
                }
                gk_optim_free(o);
                three = pool;
                CHECK(memcmp(prev[i], before, ps.total * sizeof *before) == 0);
            }
            CHECK(memcmp(theta[0], theta[1], ps.total * sizeof(float)) == 0);
            gk_free(before);
            for (int i = 0; i < 2; i++) {
                gk_free(theta[i]);
                gk_free(prev[i]);
            }
        }
}

static void check_parse(void)
{
    const struct {
        const char *text, *said;
    } wrong[] = {{"ema", "'ema' is none of: none ema:A,L ma:W,L"},
                 {"sma:3,2", "'sma:3,2' is none of: none ema:A,L ma:W,L"},
                 {"ema:0.9", "'ema:0.9' has 1 numbers, not two"},
                 {"ema:0.9,2,3", "'ema:0.9,2,3' has 3 numbers, not two"},
                 {"ema:1,2", "A = 1 is not in [0, 1)"},
                 {"ema:-0.1,2", "A = -0.1 is not in [0, 1)"},
                 {"ema:nan,2", "nan is not finite"},
                 {"ema:0.9,-2", "L = -2 is not in [0, inf)"},
                 {"ma:0,2", "W = 0 is no integer in [1, 100000]"},
                 {"ma:2.5,2", "W = 2.5 is no integer in [1, 100000]"},
                 {"ma:100001,2", "W = 100001 is no integer in [1, 100000]"},
                 {"ma:,2", "',2' has an empty place"}};
    struct gk_grokfast g;
    struct gk_err err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        err = (struct gk_err){0};
        CHECK(gk_grokfast_parse(&g, wrong[i].text, &err) == -1);
        CHECK_STR_EQ(err.setting, "grokfast");
        CHECK_STR_HAS(err.msg, wrong[i].said);
    }
    CHECK(gk_grokfast_parse(&g, "none", &err) == 0 && g.kind == GK_GROKFAST_NONE);
    CHECK(gk_grokfast_parse(&g, "ema:0.98,2", &err) == 0 && g.kind == GK_GROKFAST_EMA &&
          g.keep == 0.98 && g.gain == 2);
    CHECK(gk_grokfast_parse(&g, "ma:100,5", &err) == 0 && g.kind == GK_GROKFAST_MA &&
          g.window == 100 && g.gain == 5);
}

int main(void)
{
    set_up();
    check_ema();
    check_ma();
    check_orthogonal();
    check_orthogonal_zeros();
    check_orthogonal_along();
    check_clip();
    check_hold_norm();
    check_clip_rows();
    check_clip_rows_overflow();
    check_threads();
    check_parse();
    return tear_down();
}
