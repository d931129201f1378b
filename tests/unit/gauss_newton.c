/* Products with the Gauss-Newton matrix against J' L J written out: J, the logits' derivatives by
 * the parameters, from central differences, a column each; L, the loss's second derivatives by the
 * logits, from their formulas. Every loss, and every part of a network. */
#include "golden.h"
#include "gk/rng.h"

static double stable(double x)
{
    return x < 0 ? 1 / (1 - x) : x + 1;
}
static double stable1(double x)
{
    return x < 0 ? stable(x) * stable(x) : 1;
}
static double stable2(double x)
{
    return x < 0 ? 2 * pow(stable(x), 3) : 0;
}

/* y (V) becomes L y for one row of logits z (V), whose label is LABEL. */
static void apply_loss(int loss, const double *z, size_t V, size_t label, double *y)
{
    double sum = 0, mean = 0;
    for (size_t j = 0; j < V; j++)
        sum += loss == GK_STABLEMAX ? stable(z[j]) : exp(z[j]);
    for (size_t j = 0; j < V; j++)
        mean += y[j] * (loss == GK_STABLEMAX ? stable1(z[j]) : exp(z[j])) / sum;
    for (size_t j = 0; j < V; j++) {
        const double s = stable(z[j]), s1 = stable1(z[j]), s2 = stable2(z[j]);
        const double own = j == label ? s2 / s - s1 * s1 / (s * s) : 0;
        if (loss == GK_MSE)
            y[j] *= 2 / (double)V;
        else if (loss != GK_STABLEMAX)
            y[j] = exp(z[j]) / sum * (y[j] - mean);
        else
            y[j] = (s2 / sum - own) * y[j] - s1 / sum * mean;
    }
}

struct dense {
    size_t n, outputs, V,
        rows;      /* parameters; numbers of a column of J; of a row of logits; those */
    double *z, *j; /* [outputs], (n, outputs) */
};

static void differentiate(struct dense *d, struct gk_engine *e, double *theta)
{
    const double h = 1e-6;
    struct gk_err err = {0};
    double *plus = gk_alloc(d->outputs, sizeof *plus, NULL);
    d->z = gk_alloc(d->outputs, sizeof *d->z, NULL);
    d->j = gk_alloc(d->n * d->outputs, sizeof *d->j, NULL);
    golden_must(gk_engine_logits(e, theta, d->z, &err), &err);
    for (size_t i = 0; i < d->n; i++) {
        const double was = theta[i];
        double *column = d->j + i * d->outputs;
        theta[i] = was + h;
        golden_must(gk_engine_logits(e, theta, plus, &err), &err);
        theta[i] = was - h;
        golden_must(gk_engine_logits(e, theta, column, &err), &err);
        theta[i] = was;
        for (size_t o = 0; o < d->outputs; o++)
            column[o] = (plus[o] - column[o]) / (2 * h);
    }
    gk_free(plus);
}

static void product(const struct dense *d, int loss, const int32_t *labels, const double *v,
                    double *gv)
{
    double *y = gk_alloc(d->outputs, sizeof *y, NULL);
    for (size_t i = 0; i < d->n; i++)
        for (size_t o = 0; o < d->outputs; o++)
            y[o] += v[i] * d->j[i * d->outputs + o];
    for (size_t r = 0; r < d->rows; r++)
        apply_loss(loss, d->z + r * d->V, d->V, (size_t)labels[r], y + r * d->V);
    for (size_t i = 0; i < d->n; i++) {
        gv[i] = 0;
        for (size_t o = 0; o < d->outputs; o++)
            gv[i] += d->j[i * d->outputs + o] * y[o] / (double)d->rows;
    }
    gk_free(y);
}

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void check_network(const char *name, int loss, struct gk_pool *pool)
{
    struct gk_err err = {0};
    struct golden g;
    struct gk_engine *e;
    struct gk_rng rng;
    char file[64];
    snprintf(file, sizeof file, "tests/golden/%s.safetensors", name);
    golden_open(&g, file);
    if (loss >= 0)
        g.arch.loss = loss;
    golden_must(gk_engine_new(&e, &g.arch, &g.data, GK_TRAIN, GK_F64, pool, &err), &err);
    struct dense d = {.n = g.params.total, .V = (size_t)g.arch.vocab};
    d.rows = gk_engine_rows(e) * (size_t)g.data.k;
    d.outputs = d.rows * d.V;
    double *theta = golden_vector(&g, "param.");
    differentiate(&d, e, theta);
    double *v[6];
    for (int i = 0; i < 6; i++)
        v[i] = gk_alloc(d.n, sizeof *v[i], NULL);
    double *x = v[0], *y = v[1], *gx = v[2], *gy = v[3], *want = v[4], *hx = v[5];
    gk_rng_seed(&rng, 1, 1);
    for (size_t i = 0; i < d.n; i++) {
        x[i] = gk_rng_normal(&rng);
        y[i] = gk_rng_normal(&rng);
    }
    golden_must(gk_engine_linearise_logits(e, theta, &err), &err);
    golden_must(gk_engine_hvp(e, x, gx, &err), &err);
    golden_must(gk_engine_hvp(e, y, gy, &err), &err);
    product(&d, g.arch.loss, g.data.split[GK_TRAIN].labels, x, want);
    const double off = golden_distance(gx, want, d.n);
    if (!(off < 1e-7))
        CHECK_FAILED("%s, loss %d: the product is off by %g", name, g.arch.loss, off);
    const double size = sqrt(dot(gx, gx, d.n) * dot(y, y, d.n));
    CHECK_NEAR(dot(gx, y, d.n), dot(gy, x, d.n), 1e-13 * size);
    CHECK(g.arch.loss == GK_STABLEMAX || (dot(x, gx, d.n) > 0 && dot(y, gy, d.n) > 0));
    /* and the Hessian again, which is another matrix */
    golden_must(gk_engine_linearise(e, theta, NULL, NULL, &err), &err);
    golden_must(gk_engine_hvp(e, x, hx, &err), &err);
    CHECK(golden_distance(hx, gx, d.n) > 1e-3);
    for (int i = 0; i < 6; i++)
        gk_free(v[i]);
    gk_free(theta);
    gk_free(d.z);
    gk_free(d.j);
    gk_engine_free(e);
    golden_close(&g);
}

int main(void)
{
    static const char *const names[] = {"transformer_paper", "nanda",      "gpt2",
                                        "post_silu_all",     "none_tanh",  "mlp",
                                        "mlp_concat",        "mlp_onehot", "gromov"};
    struct gk_err err = {0};
    struct gk_pool *pool;
    golden_must(gk_pool_new(&pool, 2, &err), &err);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_network(names[i], -1, pool);
    for (int loss = 0; loss < GK_LOSSES; loss++) {
        check_network("nanda", loss, pool);
        check_network("mlp", loss, NULL);
    }
    check_network("paper_mse", -1, NULL);
    check_network("paper_stablemax", -1, pool);
    gk_pool_free(pool);
    return check_status();
}
