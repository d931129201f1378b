/* Test functions against their formulas, finite differences and the curvature at the minimum; and
 * the optimisers on them against a plain rewriting of PyTorch's definitions. */
#include "gk/testfn.h"

#include "check.h"
#include "gk/optim.h"

enum { N = 4, STEPS = 300 };

static const struct gk_testfn functions[] = {
    {GK_ROSENBROCK, N, 100, false},       {GK_ROSENBROCK, N, 100, true},
    {GK_ROSENBROCK_CHAIN, N, 100, false}, {GK_ROSENBROCK_CHAIN, N, 100, true},
    {GK_RASTRIGIN, N, 10, false},         {GK_RASTRIGIN, N, 10, true},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static double plain(const struct gk_testfn *f, const double *x)
{
    double s = 0;
    if (f->kind == GK_ROSENBROCK)
        for (int i = 0; i < N / 2; i++)
            s += f->a * pow(x[2 * i] * x[2 * i] - x[2 * i + 1], 2) + pow(x[2 * i] - 1, 2);
    else if (f->kind == GK_ROSENBROCK_CHAIN)
        for (int i = 0; i < N - 1; i++)
            s += f->a * pow(x[i + 1] - x[i] * x[i], 2) + pow(1 - x[i], 2);
    else
        for (int i = 0; i < N; i++)
            s += f->a + x[i] * x[i] - f->a * cos(2 * M_PI * x[i]);
    return f->log ? log(s + 1) : s;
}

static void test_values(void)
{
    const double at[3][N] = {{-1.2, 1, 0.3, -0.7}, {2.2, -3.1, 0.5, 0.01}, {1, 1, 1, 1}};
    for (int k = 0; k < FUNCTIONS; k++)
        for (int j = 0; j < 3; j++) {
            double x[N], grad[N], h = 1e-5;
            memcpy(x, at[j], sizeof x);
            double v = gk_testfn_value(&functions[k], x, grad);
            CHECK_NEAR(v, plain(&functions[k], x), 1e-12 * (1 + v));
            CHECK(v == gk_testfn_value(&functions[k], x, NULL));
            for (int i = 0; i < N; i++) {
                x[i] = at[j][i] + h;
                double up = plain(&functions[k], x);
                x[i] = at[j][i] - h;
                double down = plain(&functions[k], x);
                x[i] = at[j][i];
                CHECK_NEAR(grad[i], (up - down) / (2 * h), 1e-6 * (1 + fabs(grad[i])));
            }
        }
}

static void test_minimum(void)
{
    for (int k = 0; k < FUNCTIONS; k++) {
        double x[N], grad[N];
        for (int i = 0; i < N; i++)
            x[i] = functions[k].kind != GK_RASTRIGIN;
        CHECK(gk_testfn_value(&functions[k], x, grad) == 0);
        CHECK(gk_testfn_error(&functions[k], x) == 0);
        for (int i = 0; i < N; i++)
            CHECK(grad[i] == 0);
        x[0] += 3;
        x[1] -= 4;
        CHECK_CLOSE(gk_testfn_error(&functions[k], x), 5, 1e-15);
    }
}

/* The Hessian by central differences of the gradient. */
static void hessian(const struct gk_testfn *f, const double *at, double h[2][2])
{
    const double d = 1e-5;
    for (int i = 0; i < 2; i++) {
        double x[2] = {at[0], at[1]}, up[2], down[2];
        x[i] = at[i] + d;
        gk_testfn_value(f, x, up);
        x[i] = at[i] - d;
        gk_testfn_value(f, x, down);
        for (int j = 0; j < 2; j++)
            h[i][j] = (up[j] - down[j]) / (2 * d);
    }
}

static void test_curvature(void)
{
    double h[2][2];
    for (int log = 0; log < 2; log++) { /* log(1 + f) has the same curvature at the minimum */
        struct gk_testfn r = {GK_ROSENBROCK, 2, 100, log}, s = {GK_RASTRIGIN, 2, 10, log};
        hessian(&r, (double[]){1, 1}, h);
        double mean = (h[0][0] + h[1][1]) / 2, half = hypot((h[0][0] - h[1][1]) / 2, h[0][1]);
        CHECK_CLOSE(mean + half, 1001.60064, 1e-5);
        CHECK_CLOSE(mean - half, 0.399360767, 1e-3);
        hessian(&s, (double[]){0, 0}, h);
        CHECK_CLOSE(h[0][0], 2 + 4 * M_PI * M_PI * 10, 1e-5);
        CHECK_CLOSE(h[1][1], 2 + 4 * M_PI * M_PI * 10, 1e-5);
        CHECK_NEAR(h[0][1], 0, 1e-6);
    }
}

/* One coordinate under PyTorch's update K = 1, 2, ...; the text of its documentation, in C. */
struct coordinate {
    double x, m, v, size, before;
};

static void torch_step(const struct gk_optim_conf *c, struct coordinate *q, double g, int k)
{
    double m_hat, v_hat, factor;
    switch (c->kind) {
    case GK_ADAMW:
    case GK_ADAM:
        if (c->kind == GK_ADAMW)
            q->x -= c->lr * c->weight_decay * q->x;
        else
            g += c->weight_decay * q->x;
        q->m = c->beta1 * q->m + (1 - c->beta1) * g;
        q->v = c->beta2 * q->v + (1 - c->beta2) * g * g;
        m_hat = q->m / (1 - pow(c->beta1, k));
        v_hat = q->v / (1 - pow(c->beta2, k));
        q->x -= c->lr * m_hat / (sqrt(v_hat) + c->eps);
        return;
    case GK_ADAMAX:
        g += c->weight_decay * q->x;
        q->m = c->beta1 * q->m + (1 - c->beta1) * g;
        q->v = fmax(c->beta2 * q->v, fabs(g) + c->eps);
        q->x -= c->lr / (1 - pow(c->beta1, k)) * q->m / q->v;
        return;
    case GK_RMSPROP:
        g += c->weight_decay * q->x;
        q->v = c->beta2 * q->v + (1 - c->beta2) * g * g;
        q->x -= c->lr * g / (sqrt(q->v) + c->eps);
        return;
    case GK_RPROP: /* steps in [1e-6, 50], factors 0.5 and 1.2; no step where the sign changed */
        if (k == 1)
            q->size = c->lr;
        factor = g * q->before > 0 ? 1.2 : g * q->before < 0 ? 0.5 : 1;
        q->size = fmin(fmax(q->size * factor, 1e-6), 50);
        if (factor == 0.5)
            g = 0;
        q->x -= q->size * (g > 0 ? 1 : g < 0 ? -1 : 0);
        q->before = g;
        return;
    case GK_MOMENTUM:
        g += c->weight_decay * q->x;
        q->m = k == 1 ? g : c->momentum * q->m + g;
        q->x -= c->lr * q->m;
        return;
    case GK_SGD:
        q->x -= c->lr * (g + c->weight_decay * q->x);
        return;
    case GK_LION: /* the listing of Chen et al. */
        factor = c->beta1 * q->m + (1 - c->beta1) * g;
        factor = (factor > 0) - (factor < 0) + c->weight_decay * q->x;
        q->x -= c->lr * factor;
        q->m = c->beta2 * q->m + (1 - c->beta2) * g;
        return;
    case GK_MUON: /* has no coordinates */
        return;
    }
}

static void test_path(const struct gk_testfn *f, const struct gk_optim_conf *c)
{
    const double start[N] = {-1.2, 1, 0.6, -0.4};
    struct coordinate q[N] = {0};
    double x[N], y[N], grad[N];
    struct gk_optim *o;
    struct gk_err err = {0};
    memcpy(x, start, sizeof x);
    for (int i = 0; i < N; i++)
        q[i].x = start[i];
    CHECK(gk_optim_new(&o, c, N, NULL, GK_F64, NULL, &err) == 0);
    for (int k = 0; k < STEPS; k++) {
        gk_testfn_value(f, x, grad);
        gk_optim_step(o, k, x, grad, 0);
        for (int i = 0; i < N; i++)
            y[i] = q[i].x;
        gk_testfn_value(f, y, grad);
        for (int i = 0; i < N; i++) {
            torch_step(c, &q[i], grad[i], k + 1);
            CHECK_NEAR(x[i], q[i].x, 1e-12);
        }
        if (check_failures)
            break;
    }
    gk_optim_free(o);
}

static void test_optimisers(void)
{
    for (int kind = GK_ADAMW; kind <= GK_LION; kind++)
        for (int k = 0; k < FUNCTIONS; k++)
            for (int decay = 0; decay < 2; decay++) {
                struct gk_optim_conf c = {.kind = (enum gk_optimizer)kind, .lr = 1e-4};
                c.beta1 = 0.9;
                c.beta2 = kind == GK_RMSPROP ? 0.99 : 0.98;
                c.eps = 1e-8;
                c.momentum = 0.9;
                if (decay && kind != GK_RPROP)
                    c.weight_decay = 0.1;
                test_path(&functions[k], &c);
                if (check_failures) {
                    fprintf(stderr, "optimiser %d, function %d, decay %d\n", kind, k, decay);
                    return;
                }
            }
}

static void test_refusals(void)
{
    struct gk_err err = {0};
    struct gk_testfn f = {GK_ROSENBROCK, 3, 100, false};
    CHECK(gk_testfn_check(&f, &err) == -1);
    CHECK_STR_HAS(err.msg, "an even n, not 3");
    f.kind = GK_ROSENBROCK_CHAIN;
    CHECK(gk_testfn_check(&f, &err) == 0);
    f.n = 1;
    CHECK(gk_testfn_check(&f, &err) == -1);
    CHECK_STR_HAS(err.msg, "at least 2");
    f.kind = GK_RASTRIGIN;
    CHECK(gk_testfn_check(&f, &err) == 0);
}

int main(void)
{
    test_values();
    test_minimum();
    test_curvature();
    test_optimisers();
    test_refusals();
    return check_status();
}
