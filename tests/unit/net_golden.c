/* The networks against the golden files: loss, accuracy, logits, every gradient, activations and
 * Hessian products, in double precision; then the same in single precision to its own accuracy. */
#include "golden.h"

static void score_is(struct gk_engine *e, const double *theta, const struct golden *g,
                     const char *prefix)
{
    struct gk_err err = {0};
    struct gk_score s;
    char name[64];
    golden_must(gk_engine_score(e, theta, &s, &err), &err);
    snprintf(name, sizeof name, "%sloss", prefix);
    double *loss = golden_tensor(g, name, NULL);
    snprintf(name, sizeof name, "%saccuracy", prefix);
    double *acc = golden_tensor(g, name, NULL);
    CHECK_CLOSE(s.loss, *loss, 1e-12);
    CHECK_CLOSE(s.acc, *acc, 1e-12);
    gk_free(loss);
    gk_free(acc);
}

static void logits_are(struct gk_engine *e, const double *theta, const struct golden *g)
{
    struct gk_err err = {0};
    size_t n;
    double *want = golden_tensor(g, "logits", &n), *got = gk_alloc(n, sizeof *got, NULL);
    golden_must(gk_engine_logits(e, theta, got, &err), &err);
    CHECK(golden_distance(got, want, n) < 1e-13);
    gk_free(want);
    gk_free(got);
}

static void gradient_is(struct gk_engine *e, const double *theta, const struct golden *g)
{
    struct gk_err err = {0};
    struct gk_score s;
    double *want = golden_vector(g, "grad."), *got = gk_alloc(g->params.total, sizeof *got, NULL);
    golden_must(gk_engine_grad(e, theta, NULL, 0, got, &s, &err), &err);
    CHECK(golden_worst(&g->params, got, want) < 1e-10);
    gk_free(want);
    gk_free(got);
}

static void activations_are(struct gk_engine *e, const double *theta, const struct golden *g)
{
    struct gk_err err = {0};
    double unused;
    const bool onehot = g->arch.inputs == GK_INPUTS_ONEHOT;
    if (onehot) /* it reads no embedding */
        CHECK(gk_engine_activations(e, theta, 0, &unused, &err) == -1);
    for (int l = onehot ? 1 : 0; l <= g->arch.layers; l++) {
        char name[64] = "act.embed";
        if (l > 0)
            snprintf(name, sizeof name, "act.%s%d", g->arch.model == GK_MLP ? "layer" : "block",
                     l - 1);
        size_t n;
        double *want = golden_tensor(g, name, &n), *got = gk_alloc(n, sizeof *got, NULL);
        CHECK_INT_EQ(n, gk_engine_rows(e) * (size_t)gk_engine_activation_positions(e) *
                            gk_engine_activation_width(e, l));
        golden_must(gk_engine_activations(e, theta, l, got, &err), &err);
        CHECK(golden_distance(got, want, n) < 1e-13);
        gk_free(want);
        gk_free(got);
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += a[i] * b[i];
    return s;
}

/* hv as given; H symmetric (u'Hv = v'Hu) and linear; the gradient as a by-product. */
static void products_are(struct gk_engine *e, const double *theta, const struct golden *g)
{
    struct gk_err err = {0};
    const size_t n = g->params.total;
    double *v = golden_vector(g, "v."), *want = golden_vector(g, "hv.");
    double *grad = golden_vector(g, "grad."), *got = gk_alloc(n, sizeof *got, NULL);
    double *u = gk_alloc(n, sizeof *u, NULL), *hu = gk_alloc(n, sizeof *hu, NULL);
    double *sum = gk_alloc(n, sizeof *sum, NULL);
    golden_must(gk_engine_linearise(e, theta, got, NULL, &err), &err);
    CHECK(golden_worst(&g->params, got, grad) < 1e-10);
    golden_must(gk_engine_hvp(e, v, got, &err), &err);
    CHECK(golden_worst(&g->params, got, want) < 1e-9);
    for (size_t i = 0; i < n; i++)
        u[i] = (double)((i * 7919) % 101) / 50 - 1;
    golden_must(gk_engine_hvp(e, u, hu, &err), &err);
    CHECK_CLOSE(dot(u, got, n), dot(v, hu, n), 1e-12);
    for (size_t i = 0; i < n; i++) {
        u[i] = 2 * v[i] - 3 * u[i];
        hu[i] = 2 * got[i] - 3 * hu[i];
    }
    golden_must(gk_engine_hvp(e, u, sum, &err), &err);
    CHECK(golden_distance(sum, hu, n) < 1e-12);
    double *all[] = {v, want, grad, got, u, hu, sum};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        gk_free(all[i]);
}

/* Single precision computes the same function: gradient and product to 1e-5. */
static void single(const struct golden *g, const double *theta)
{
    struct gk_err err = {0};
    struct gk_engine *e;
    const size_t n = g->params.total;
    float *t = gk_alloc(n, sizeof *t, NULL), *out = gk_alloc(n, sizeof *out, NULL);
    double *v = golden_vector(g, "v."), *grad = golden_vector(g, "grad.");
    double *hv = golden_vector(g, "hv."), *got = gk_alloc(n, sizeof *got, NULL);
    for (size_t i = 0; i < n; i++)
        t[i] = (float)theta[i];
    golden_must(gk_engine_new(&e, &g->arch, &g->data, GK_TRAIN, GK_F32, NULL, &err), &err);
    golden_must(gk_engine_linearise(e, t, out, NULL, &err), &err);
    for (size_t i = 0; i < n; i++)
        got[i] = (double)out[i];
    CHECK(golden_distance(got, grad, n) < 1e-5);
    for (size_t i = 0; i < n; i++)
        t[i] = (float)v[i];
    golden_must(gk_engine_hvp(e, t, out, &err), &err);
    for (size_t i = 0; i < n; i++)
        got[i] = (double)out[i];
    CHECK(golden_distance(got, hv, n) < 1e-5);
    gk_engine_free(e);
    gk_free(t);
    gk_free(out);
    gk_free(v);
    gk_free(grad);
    gk_free(hv);
    gk_free(got);
}

static void network(const char *file, bool everything)
{
    struct gk_err err = {0};
    struct golden g;
    struct gk_engine *e;
    golden_open(&g, file);
    double *theta = golden_vector(&g, "param.");
    golden_must(gk_engine_new(&e, &g.arch, &g.data, GK_TRAIN, GK_F64, NULL, &err), &err);
    score_is(e, theta, &g, "");
    logits_are(e, theta, &g);
    gradient_is(e, theta, &g);
    products_are(e, theta, &g);
    if (everything)
        activations_are(e, theta, &g);
    gk_engine_free(e);
    if (g.data.split[GK_VAL].n > 0) {
        golden_must(gk_engine_new(&e, &g.arch, &g.data, GK_VAL, GK_F64, NULL, &err), &err);
        score_is(e, theta, &g, "val.");
        gk_engine_free(e);
    }
    single(&g, theta);
    gk_free(theta);
    golden_close(&g);
}

int main(void)
{
    network("tests/golden/transformer_paper.safetensors", true);
    network("tests/golden/transformer_openai.safetensors", false);
    network("tests/golden/mlp.safetensors", true);
    static const char *const others[] = {"nanda",      "gpt2",       "post_silu_all",
                                         "none_tanh",  "paper_mse",  "paper_stablemax",
                                         "mlp_concat", "mlp_onehot", "gromov"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const int before = check_failures;
        char file[64];
        snprintf(file, sizeof file, "tests/golden/%s.safetensors", others[i]);
        network(file, true);
        if (check_failures > before)
            fprintf(stderr, "... in %s\n", others[i]);
    }
    return check_status();
}
