/* Descriptions drawn at random, each against the plain network of reference.h: loss and accuracy,
 * the gradient tensor by tensor against finite differences of the reference's loss, Hessian
 * products against differences of the gradient and their symmetry, and all of it with any number of
 * threads. Single precision computes the same. */
#include "gk/pool.h"
#include "reference.h"

enum { CASES = 96, THREADS = 3 };

static int pick(struct gk_rng *rng, int n)
{
    return (int)gk_rng_below(rng, (uint64_t)n);
}

/* Description I: choices that all occur, the rest at random. */
static struct gk_arch draw_arch(struct gk_rng *rng, int i, int T, int vocab)
{
    struct gk_arch a = {.model = i % 4 == 3 ? GK_MLP : GK_TRANSFORMER, .vocab = vocab};
    const int heads[] = {1, 2, 4};
    a.layers = 1 + pick(rng, 3);
    a.activation = i / 2 % GK_ACTIVATION_KINDS;
    a.loss = pick(rng, GK_LOSSES);
    a.bias = pick(rng, 4);
    a.ff = 3 + pick(rng, 15);
    if (a.model == GK_MLP) {
        a.bias = a.bias == GK_BIAS_NONE ? GK_BIAS_NONE : GK_BIAS_ALL;
        a.inputs = i / 4 % 3;
        a.dim = a.inputs == GK_INPUTS_ONEHOT ? 0 : 5;
        a.heads = 1;
        return a;
    }
    a.heads = heads[pick(rng, 3)];
    a.dim = a.heads * (4 / a.heads + pick(rng, 4)) + 8 * a.heads * (i % 16 == 0);
    a.norm = (i - i / 4) % 4; /* a quarter of the cases are mlps */
    a.positions = pick(rng, 3);
    a.tokens = a.positions == GK_POSITIONS_LEARNED ? T + pick(rng, 2) : 0;
    return a;
}

/* Rows of a layout that the mlp knows, or of any number of tokens scored anywhere. */
static void draw_dataset(struct gk_dataset *ds, struct gk_rng *rng, bool mlp, size_t n, int vocab)
{
    int score[2];
    const int T = mlp ? 3 + pick(rng, 2) : 2 + pick(rng, 4), k = mlp ? 1 : 1 + pick(rng, 2);
    score[0] = mlp || k == 1 ? T - 1 : pick(rng, T - 1);
    score[1] = T - 1;
    dataset(ds, rng, n, T, pick(rng, T), score, k, vocab);
    ds->layout = gk_strdup(T == 4 ? "paper" : "nanda", NULL);
}

static double norm(const double *a, size_t n)
{
    return sqrt(dot(a, a, n));
}

/* Each tensor's gradient along a random direction in it. */
static void check_gradient(const struct ref *ref, const struct gk_dataset *ds, const double *grad,
                           const double *dir)
{
    const struct gk_params *ps = ref->ps;
    const size_t n = ps->total, rows = ds->split[GK_TRAIN].n;
    double *at = gk_alloc(n, sizeof *at, NULL);
    const struct ref moved = {ref->a, ps, at};
    /* a kink spoils a wide difference, rounding a narrow one */
    const double h = ref->a->activation <= GK_LEAKY ? 1e-7 : 1e-6, size = norm(grad, n);
    for (size_t i = 0; i < ps->n; i++) {
        const size_t from = ps->p[i].offset, count = ps->p[i].count;
        memcpy(at, ref->theta, n * sizeof *at);
        along(ref->theta + from, dir + from, h, count, at + from);
        const double plus = ref_score(&moved, ds, NULL, rows).loss;
        along(ref->theta + from, dir + from, -h, count, at + from);
        const double minus = ref_score(&moved, ds, NULL, rows).loss;
        const double want = (plus - minus) / (2 * h), got = dot(grad + from, dir + from, count);
        if (!(fabs(got - want) <= 1e-6 * (fabs(want) + size)))
            CHECK_FAILED("%s: the gradient is %.12g, by differences %.12g", ps->p[i].name, got,
                         want);
        if (strstr(ps->p[i].name, "attn.k.bias"))
            CHECK(norm(grad + from, count) == 0);
    }
    gk_free(at);
}

static void check_product(struct gk_engine *e, const double *theta, double *v[4], size_t n)
{
    struct gk_err err = {0};
    double *dir = v[0], *hv = v[1], *u = v[2], *hu = v[3];
    double *plus = gk_alloc(n, sizeof *plus, NULL), *minus = gk_alloc(n, sizeof *minus, NULL);
    double *at = gk_alloc(n, sizeof *at, NULL);
    const double h = 1e-6;
    along(theta, dir, h, n, at);
    must(gk_engine_grad(e, at, NULL, 0, plus, NULL, &err), &err);
    along(theta, dir, -h, n, at);
    must(gk_engine_grad(e, at, NULL, 0, minus, NULL, &err), &err);
    must(gk_engine_linearise(e, theta, NULL, NULL, &err), &err);
    must(gk_engine_hvp(e, dir, hv, &err), &err);
    must(gk_engine_hvp(e, u, hu, &err), &err);
    for (size_t i = 0; i < n; i++)
        at[i] = (plus[i] - minus[i]) / (2 * h) - hv[i];
    CHECK_NEAR(norm(at, n) / norm(hv, n), 0, 1e-5);
    CHECK_NEAR((dot(u, hv, n) - dot(dir, hu, n)) / (norm(u, n) * norm(hv, n)), 0, 1e-10);
    gk_free(plus);
    gk_free(minus);
    gk_free(at);
}

/* Gradient and product with each number of threads, into OUT [2 total] of REAL. */
static void results(const struct gk_arch *a, const struct gk_dataset *ds, enum gk_dtype real,
                    struct gk_pool *pool, const void *theta, const void *dir, char *out)
{
    struct gk_err err = {0};
    struct gk_engine *e;
    must(gk_engine_new(&e, a, ds, GK_TRAIN, real, pool, &err), &err);
    const size_t bytes = gk_engine_params(e)->total * gk_dtype_size(real);
    must(gk_engine_linearise(e, theta, out, NULL, &err), &err);
    must(gk_engine_hvp(e, dir, out + bytes, &err), &err);
    /* again: an earlier run changes nothing, nor do gradients in between */
    char *again = gk_alloc(bytes, 1, NULL);
    must(gk_engine_grad(e, theta, NULL, 0, again, NULL, &err), &err);
    CHECK(memcmp(again, out, bytes) == 0);
    must(gk_engine_linearise(e, theta, again, NULL, &err), &err);
    CHECK(memcmp(again, out, bytes) == 0);
    must(gk_engine_hvp(e, dir, again, &err), &err);
    CHECK(memcmp(again, out + bytes, bytes) == 0);
    gk_free(again);
    gk_engine_free(e);
}

static void check_threads(const struct gk_arch *a, const struct gk_dataset *ds,
                          struct gk_pool *const pool[THREADS], const double *theta,
                          const double *dir, size_t n)
{
    float *t = gk_alloc(2 * n, sizeof *t, NULL);
    char *out[2][THREADS];
    for (size_t i = 0; i < n; i++) {
        t[i] = (float)theta[i];
        t[n + i] = (float)dir[i];
    }
    for (int i = 0; i < THREADS; i++) {
        out[0][i] = gk_alloc(2 * n, sizeof(float), NULL);
        out[1][i] = gk_alloc(2 * n, sizeof(double), NULL);
        results(a, ds, GK_F32, pool[i], t, t + n, out[0][i]);
        results(a, ds, GK_F64, pool[i], theta, dir, out[1][i]);
        CHECK(memcmp(out[0][i], out[0][0], 2 * n * sizeof(float)) == 0);
        CHECK(memcmp(out[1][i], out[1][0], 2 * n * sizeof(double)) == 0);
    }
    for (int part = 0; part < 2; part++) { /* the gradient, the product */
        double diff = 0, whole = 0;
        for (size_t i = part * n; i < (part + 1) * n; i++) {
            const double want = ((double *)out[1][0])[i], d = ((float *)out[0][0])[i] - want;
            diff += d * d;
            whole += want * want;
        }
        CHECK_NEAR(sqrt(diff / whole), 0, 2e-4);
    }
    for (int i = 0; i < 2 * THREADS; i++)
        gk_free(out[i % 2][i / 2]);
    gk_free(t);
}

static void check_case(struct gk_rng *rng, int i, struct gk_pool *const pool[THREADS])
{
    struct gk_err err = {0};
    struct gk_dataset ds;
    struct gk_engine *e;
    const int vocab = 7 + pick(rng, 5);
    const size_t rows = i % 8 == 5 ? 400 : 4 + (size_t)pick(rng, 12);
    draw_dataset(&ds, rng, i % 4 == 3, rows, vocab);
    const struct gk_arch a = draw_arch(rng, i, ds.T, vocab);
    must(gk_engine_new(&e, &a, &ds, GK_TRAIN, GK_F64, NULL, &err), &err);
    const struct gk_params *ps = gk_engine_params(e);
    const size_t n = ps->total;
    double *theta = gk_alloc(n, sizeof *theta, NULL), *grad = gk_alloc(n, sizeof *grad, NULL);
    double *v[4];
    for (int j = 0; j < 4; j++)
        v[j] = gk_alloc(n, sizeof *v[j], NULL);
    /* squares without LayerNorm grow from block to block beyond any precision */
    const double scale = a.norm == GK_NORM_LESS && a.activation == GK_SQUARE ? 0.5 : 1;
    const struct gk_init init = {.kind = GK_INIT_FAN_IN, .scale = scale};
    gk_params_draw(ps, &a, &init, (uint64_t)i, theta);
    for (size_t j = 0; j < n; j++) {
        theta[j] += scale * 0.2 * gk_rng_normal(rng); /* LayerNorm's 1 and 0 would hide mistakes */
        v[0][j] = gk_rng_normal(rng);
        v[2][j] = gk_rng_normal(rng);
    }
    const struct ref ref = {&a, ps, theta};
    const struct gk_score want = ref_score(&ref, &ds, NULL, rows);
    struct gk_score got;
    must(gk_engine_score(e, theta, &got, &err), &err);
    CHECK_CLOSE(got.loss, want.loss, 1e-12);
    CHECK_CLOSE(got.acc, want.acc, 1e-12);
    must(gk_engine_grad(e, theta, NULL, 0, grad, &got, &err), &err);
    CHECK_CLOSE(got.loss, want.loss, 1e-12);
    if (rows < 100) /* the others are for several lanes */
        check_gradient(&ref, &ds, grad, v[0]);
    check_product(e, theta, v, n);
    check_threads(&a, &ds, pool, theta, v[0], n);
    for (int j = 0; j < 4; j++)
        gk_free(v[j]);
    gk_free(theta);
    gk_free(grad);
    gk_engine_free(e);
    gk_dataset_free(&ds);
}

int main(void)
{
    struct gk_err err = {0};
    struct gk_rng rng;
    struct gk_pool *pool[THREADS];
    for (int i = 0; i < THREADS; i++)
        must(gk_pool_new(&pool[i], i + 1, &err), &err);
    gk_rng_seed(&rng, 11, 99);
    for (int i = 0; i < CASES; i++) {
        const int before = check_failures;
        check_case(&rng, i, pool);
        if (check_failures > before)
            fprintf(stderr, "... in case %d\n", i);
    }
    for (int i = 0; i < THREADS; i++)
        gk_pool_free(pool[i]);
    return check_status();
}
