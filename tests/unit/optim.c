/* Optimisers against closed forms, and the sums behind norms and cosines. */
#include <stdlib.h>

#include "check.h"
#include "gk/mem.h"
#include "gk/optim.h"
#include "gk/rng.h"

enum { K = 20 };

static const struct gk_optim_conf settings = {
    .lr = 0.1, .beta1 = 0.9, .beta2 = 0.98, .eps = 1e-3, .momentum = 0.8};

static struct gk_optim_conf with(enum gk_optimizer kind, double decay)
{
    struct gk_optim_conf c = settings;
    c.kind = kind;
    c.weight_decay = decay;
    return c;
}

/* theta after K updates from THETA under a constant gradient G. */
static double run(const struct gk_optim_conf *c, double theta, double g)
{
    struct gk_optim *o;
    struct gk_err err = {0};
    double kept = NAN, before = theta;
    CHECK(gk_optim_new(&o, c, 1, NULL, GK_F64, NULL, &err) == 0);
    gk_optim_keep(o, &kept);
    for (int k = 0; k < K; k++) {
        before = theta;
        gk_optim_step(o, k, &theta, &g, fabs(g));
    }
    CHECK(kept == before);
    gk_optim_free(o);
    return theta;
}

static void check_constant_gradient(void)
{
    const double lr = settings.lr, eps = settings.eps, mu = settings.momentum;
    for (double g = -3; g <= 3; g += 6) {
        struct gk_optim_conf c = with(GK_SGD, 0);
        CHECK_CLOSE(run(&c, 1, g), 1 - K * lr * g, 1e-13);

        /* buf after k updates is g (1 - mu^k) / (1 - mu) */
        double way = 0, size = lr;
        for (int k = 1; k <= K; k++)
            way += lr * g * (1 - pow(mu, k)) / (1 - mu);
        c = with(GK_MOMENTUM, 0);
        CHECK_CLOSE(run(&c, 1, g), 1 - way, 1e-13);

        /* both averages of a constant are that constant, once freed of their bias */
        c = with(GK_ADAM, 0);
        CHECK_CLOSE(run(&c, 1, g), 1 - K * lr * g / (3 + eps), 1e-12);
        c = with(GK_ADAMAX, 0);
        CHECK_CLOSE(run(&c, 1, g), 1 - K * lr * g / (3 + eps), 1e-12);

        way = 0;
        for (int k = 1; k <= K; k++)
            way += lr * g / (3 * sqrt(1 - pow(settings.beta2, k)) + eps);
        c = with(GK_RMSPROP, 0);
        CHECK_CLOSE(run(&c, 1, g), 1 - way, 1e-13);

        way = 0;
        for (int k = 0; k < K; k++, size *= 1.2)
            way += size;
        c = with(GK_RPROP, 0);
        CHECK_CLOSE(run(&c, 1, g), 1 - (g > 0 ? way : -way), 1e-13);
    }
}

static void check_decay(void)
{
    const double shrunk = pow(1 - settings.lr * 0.5, K);
    struct gk_optim_conf c = with(GK_ADAMW, 0.5);
    CHECK_CLOSE(run(&c, 2, 0), 2 * shrunk, 1e-13);
    c = with(GK_SGD, 0.5);
    CHECK_CLOSE(run(&c, 2, 0), 2 * shrunk, 1e-13);
    /* Adam scales L2 decay away: any decay gives steps of about lr. */
    c = with(GK_ADAM, 0.5);
    const double weak = run(&c, 1000, 0);
    c = with(GK_ADAM, 5);
    CHECK_CLOSE(run(&c, 1000, 0), weak, 1e-3);
    CHECK_CLOSE(weak, 1000 - K * settings.lr, 1e-4);
    /* Together with a gradient: theta' = shrink theta - lr g / (|g| + eps). */
    c = with(GK_ADAMW, 0.5);
    const double shrink = 1 - settings.lr * 0.5, step = settings.lr * 3 / (3 + settings.eps);
    CHECK_CLOSE(run(&c, 2, 3), 2 * shrunk - step * (1 - shrunk) / (1 - shrink), 1e-12);
}

static void check_warmup_and_clip(void)
{
    struct gk_optim_conf c = with(GK_SGD, 0);
    c.warmup = 4;
    const double want[] = {0, 0.25, 0.5, 0.75, 1, 1};
    for (int k = 0; k < 6; k++)
        CHECK_CLOSE(gk_optim_lr(&c, k), settings.lr * want[k], 1e-15);
    CHECK_CLOSE(run(&c, 1, 1), 1 - settings.lr * (1.5 + K - 4), 1e-13);
    c.kind = GK_RPROP;
    CHECK(gk_optim_lr(&c, 0) == settings.lr);
    c = with(GK_SGD, 0);
    c.clip = 0.25;
    CHECK_CLOSE(run(&c, 1, 2), 1 - K * settings.lr * 0.25, 1e-13);
    CHECK_CLOSE(run(&c, 1, 0.2), 1 - K * settings.lr * 0.2, 1e-13); /* short enough as it is */
}

/* Rprop on |x|: each change of sign halves the step, and the update after it stands still. */
static void check_rprop_turns(void)
{
    struct gk_optim_conf c = with(GK_RPROP, 0);
    struct gk_optim *o;
    struct gk_err err = {0};
    const double grad[] = {1, 1, -1, -1, -1}, to[] = {-0.1, -0.22, -0.22, -0.16, -0.088};
    double theta = 0;
    CHECK(gk_optim_new(&o, &c, 1, NULL, GK_F64, NULL, &err) == 0);
    for (int k = 0; k < 5; k++) {
        gk_optim_step(o, k, &theta, &grad[k], 1);
        CHECK_CLOSE(theta, to[k], 1e-14);
    }
    gk_optim_free(o);
    /* sizes stay within [1e-6, 50] */
    c.lr = 40;
    CHECK_CLOSE(run(&c, 0, 1), -40 - 48 - 50.0 * (K - 2), 1e-13);
}

static void check_decay_of_matrices_only(void)
{
    const struct gk_arch a = {
        .model = GK_TRANSFORMER, .layers = 1, .dim = 8, .heads = 2, .ff = 16, .vocab = 5};
    struct gk_optim_conf c = with(GK_ADAMW, 0.5);
    struct gk_params ps;
    struct gk_optim *o;
    struct gk_err err = {0};
    c.decay_matrices = true;
    CHECK(gk_params_init(&ps, &a, &err) == 0);
    double *theta = gk_alloc(ps.total, sizeof *theta, &err);
    double *grad = gk_alloc(ps.total, sizeof *grad, &err);
    for (size_t i = 0; i < ps.total; i++)
        theta[i] = 1;
    CHECK(gk_optim_new(&o, &c, ps.total, &ps, GK_F64, NULL, &err) == 0);
    gk_optim_step(o, 0, theta, grad, 0);
    for (size_t i = 0; i < ps.n; i++)
        for (size_t j = 0; j < ps.p[i].count; j++)
            CHECK(theta[ps.p[i].offset + j] == (ps.p[i].rank == 2 ? 0.95 : 1));
    gk_optim_free(o);
    gk_free(theta);
    gk_free(grad);
    gk_params_free(&ps);
}

/* N elements drawn around 0, as REAL. */
static void *draw(enum gk_dtype real, size_t n, uint64_t seed)
{
    struct gk_rng r;
    void *v = gk_alloc(n, gk_dtype_size(real), NULL);
    gk_rng_seed(&r, seed, 1);
    for (size_t i = 0; v && i < n; i++) {
        const double x = gk_rng_uniform(&r) - 0.5;
        if (real == GK_F64)
            ((double *)v)[i] = x;
        else
            ((float *)v)[i] = (float)x;
    }
    return v;
}

/* The same bytes on one thread and on three, for every optimiser; single precision follows
 * double. */
static void check_threads(struct gk_pool *three)
{
    enum { N = 50001 };
    for (int kind = GK_ADAMW; kind <= GK_LION; kind++) {
        struct gk_optim_conf c = with(kind, 0.1);
        void *theta[3], *grad[2] = {draw(GK_F32, N, 2), draw(GK_F64, N, 2)};
        for (int i = 0; i < 3; i++) {
            struct gk_optim *o;
            struct gk_err err = {0};
            const enum gk_dtype real = i == 2 ? GK_F64 : GK_F32;
            theta[i] = draw(real, N, 1);
            CHECK(gk_optim_new(&o, &c, N, NULL, real, i ? three : NULL, &err) == 0);
            for (int k = 0; k < 5; k++)
                gk_optim_step(o, k, theta[i], grad[i / 2], 1);
            gk_optim_free(o);
        }
        CHECK(memcmp(theta[0], theta[1], N * sizeof(float)) == 0);
        double worst = 0;
        for (int i = 0; i < N; i++)
            worst = fmax(worst, fabs((double)((float *)theta[0])[i] - ((double *)theta[2])[i]));
        CHECK_NEAR(worst, 0, 1e-4);
        for (int i = 0; i < 3; i++)
            gk_free(theta[i]);
        gk_free(grad[0]);
        gk_free(grad[1]);
    }
}

static void check_dots(struct gk_pool *three)
{
    const size_t sizes[] = {0, 1, 100, 50001, 3000001};
    for (int s = 0; s < 5; s++) {
        const size_t n = sizes[s];
        float *t = draw(GK_F32, n, 1), *g = draw(GK_F32, n, 2), *p = draw(GK_F32, n, 3),
              *i = draw(GK_F32, n, 4);
        struct gk_dots one, many, none;
        double gg = 0, tt = 0, tp = 0, pp = 0, ti = 0;
        for (size_t j = 0; j < n; j++) {
            const double x = (double)t[j], y = (double)p[j];
            gg += (double)g[j] * (double)g[j];
            tt += x * x;
            tp += x * y;
            pp += y * y;
            ti += x * (double)i[j];
        }
        gk_vec_dots(NULL, GK_F32, n, t, g, p, i, &one);
        gk_vec_dots(three, GK_F32, n, t, g, p, i, &many);
        CHECK(memcmp(&one, &many, sizeof one) == 0);
        CHECK_CLOSE(one.gg, gg, 1e-12);
        CHECK_CLOSE(one.tt, tt, 1e-12);
        CHECK_CLOSE(one.pp, pp, 1e-12);
        CHECK_NEAR(one.tp, tp, 1e-12 * (1 + tt));
        CHECK_NEAR(one.ti, ti, 1e-12 * (1 + tt));
        gk_vec_dots(three, GK_F32, n, t, NULL, NULL, NULL, &none);
        CHECK(none.tt == one.tt && isnan(none.gg) && isnan(none.tp) && isnan(none.pp) &&
              isnan(none.ti));
        gk_free(t);
        gk_free(g);
        gk_free(p);
        gk_free(i);
    }
}

int main(void)
{
    struct gk_pool *three;
    struct gk_err err = {0};
    CHECK(gk_pool_new(&three, 3, &err) == 0);
    check_constant_gradient();
    check_decay();
    check_warmup_and_clip();
    check_rprop_turns();
    check_decay_of_matrices_only();
    check_threads(three);
    check_dots(three);
    gk_pool_free(three);
    return check_status();
}
