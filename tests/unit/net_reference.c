/* The engine against a plain transformer written here without any sharing: every position of every
 * example by itself, naive loops in double. Shapes that exercise the prefix plan: one to three
 * blocks, scored positions with gaps, no shared prefix at all, more rows than tiles, minibatches.
 * Then the gradient by finite differences of the loss, and the Hessian product by differences of
 * the gradient. */
#include <stdlib.h>

#include "check.h"
#include "gk/mem.h"
#include "gk/net.h"
#include "gk/pool.h"
#include "gk/rng.h"

static void must(int rc, const struct gk_err *err)
{
    if (rc) {
        fprintf(stderr, "%s\n", err->msg);
        exit(1);
    }
}

/* ---- the reference ---- */

struct ref {
    const struct gk_arch *a;
    const struct gk_params *ps;
    const double *theta;
};

static const double *tensor(const struct ref *r, const char *fmt, int l)
{
    char name[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(name, sizeof name, fmt, l);
#pragma GCC diagnostic pop
    return r->theta + gk_params_find(r->ps, name)->offset;
}

static void matvec(const double *w, int out, int in, const double *x, double *y)
{
    for (int i = 0; i < out; i++) {
        y[i] = 0;
        for (int j = 0; j < in; j++)
            y[i] += w[i * in + j] * x[j];
    }
}

static void layernorm(int d, double *x, const double *gain, const double *bias)
{
    double mean = 0, var = 0;
    for (int j = 0; j < d; j++)
        mean += x[j] / d;
    for (int j = 0; j < d; j++)
        var += (x[j] - mean) * (x[j] - mean) / d;
    for (int j = 0; j < d; j++)
        x[j] = gain[j] * (x[j] - mean) / sqrt(var + 1e-5) + bias[j];
}

enum { MAX_T = 8, MAX_D = 128, MAX_FF = 64, MAX_V = 64 };

static void ref_block(const struct ref *r, int l, int T, double x[MAX_T][MAX_D])
{
    const int d = r->a->dim, H = r->a->heads, w = d / H, ff = r->a->ff;
    double q[MAX_T][MAX_D], k[MAX_T][MAX_D], v[MAX_T][MAX_D], y[MAX_D], up[MAX_FF];
    for (int t = 0; t < T; t++) {
        matvec(tensor(r, "blocks.%d.attn.q.weight", l), d, d, x[t], q[t]);
        matvec(tensor(r, "blocks.%d.attn.k.weight", l), d, d, x[t], k[t]);
        matvec(tensor(r, "blocks.%d.attn.v.weight", l), d, d, x[t], v[t]);
    }
    for (int t = 0; t < T; t++) {
        double a[MAX_D] = {0};
        for (int h = 0; h < H; h++) {
            double s[MAX_T], sum = 0;
            for (int j = 0; j <= t; j++) {
                s[j] = 0;
                for (int i = h * w; i < (h + 1) * w; i++)
                    s[j] += q[t][i] * k[j][i];
                sum += s[j] = exp(s[j] / sqrt(w));
            }
            for (int j = 0; j <= t; j++)
                for (int i = h * w; i < (h + 1) * w; i++)
                    a[i] += s[j] / sum * v[j][i];
        }
        matvec(tensor(r, "blocks.%d.attn.o.weight", l), d, d, a, y);
        for (int i = 0; i < d; i++)
            x[t][i] += y[i];
        layernorm(d, x[t], tensor(r, "blocks.%d.norm1.weight", l),
                  tensor(r, "blocks.%d.norm1.bias", l));
        matvec(tensor(r, "blocks.%d.ffn.up.weight", l), ff, d, x[t], up);
        for (int i = 0; i < ff; i++)
            up[i] = up[i] > 0 ? up[i] : 0;
        matvec(tensor(r, "blocks.%d.ffn.down.weight", l), d, ff, up, y);
        for (int i = 0; i < d; i++)
            x[t][i] += y[i];
        layernorm(d, x[t], tensor(r, "blocks.%d.norm2.weight", l),
                  tensor(r, "blocks.%d.norm2.bias", l));
    }
}

/* Sum of the scored positions' losses of one row; *RIGHT if all their largest logits are right. */
static double ref_row(const struct ref *r, const struct gk_dataset *ds, const int32_t *tokens,
                      const int32_t *labels, int *right)
{
    const int d = r->a->dim, V = r->a->vocab;
    double x[MAX_T][MAX_D], loss = 0;
    for (int t = 0; t < ds->T; t++)
        for (int i = 0; i < d; i++) {
            const double w = t / pow(10000, (double)(i - i % 2) / d);
            x[t][i] = tensor(r, "embed.weight", 0)[tokens[t] * d + i] + (i % 2 ? cos(w) : sin(w));
        }
    for (int l = 0; l < r->a->layers; l++)
        ref_block(r, l, ds->T, x);
    *right = 1;
    for (int j = 0; j < ds->k; j++) {
        double z[MAX_V], sum = 0;
        int top = 0;
        matvec(tensor(r, "unembed.weight", 0), V, d, x[ds->score[j]], z);
        for (int i = 0; i < V; i++) {
            sum += exp(z[i]);
            top = z[i] > z[top] ? i : top;
        }
        loss += log(sum) - z[labels[j]];
        *right &= top == labels[j];
    }
    return loss;
}

static struct gk_score ref_score(const struct ref *r, const struct gk_dataset *ds,
                                 const uint32_t *subset, size_t n)
{
    struct gk_score s = {0, 0};
    const struct gk_rowset *rows = &ds->split[GK_TRAIN];
    for (size_t i = 0; i < n; i++) {
        const size_t row = subset ? subset[i] : i;
        int right;
        s.loss += ref_row(r, ds, rows->tokens + row * (size_t)ds->T,
                          rows->labels + row * (size_t)ds->k, &right);
        s.acc += right;
    }
    s.loss /= (double)n * ds->k;
    s.acc /= (double)n;
    return s;
}

/* ---- random datasets ---- */

/* The first SHARED positions take few values, so that prefixes are shared; the others any. */
static void dataset(struct gk_dataset *ds, struct gk_rng *rng, size_t n, int T, int shared,
                    const int *score, int k, int vocab)
{
    *ds = (struct gk_dataset){.T = T, .k = k, .vocab = vocab, .elements = vocab};
    struct gk_rowset *r = &ds->split[GK_TRAIN];
    r->n = n;
    r->tokens = gk_alloc(n * (size_t)T, sizeof *r->tokens, NULL);
    r->labels = gk_alloc(n * (size_t)k, sizeof *r->labels, NULL);
    for (size_t i = 0; i < n * (size_t)T; i++) {
        const bool few = (int)(i % (size_t)T) < shared;
        r->tokens[i] = (int32_t)gk_rng_below(rng, few ? 3 : (uint64_t)vocab);
    }
    for (size_t i = 0; i < n * (size_t)k; i++)
        r->labels[i] = (int32_t)gk_rng_below(rng, (uint64_t)vocab);
    for (int j = 0; j < k; j++)
        ds->score[j] = score[j];
}

static double dot(const double *a, const double *b, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += a[i] * b[i];
    return s;
}

/* theta + h v */
static void along(const double *theta, const double *v, double h, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = theta[i] + h * v[i];
}

static void check_engine(const struct gk_arch *a, const struct gk_dataset *ds, struct gk_rng *rng,
                         struct gk_pool *pool)
{
    struct gk_err err = {0};
    struct gk_engine *e;
    must(gk_engine_new(&e, a, ds, GK_TRAIN, GK_F64, pool, &err), &err);
    const struct gk_params *ps = gk_engine_params(e);
    const size_t n = ps->total, rows = ds->split[GK_TRAIN].n;
    double *v[6];
    for (int i = 0; i < 6; i++)
        v[i] = gk_alloc(n, sizeof *v[i], NULL);
    double *theta = v[0], *dir = v[1], *grad = v[2], *hv = v[3], *at = v[4], *grad2 = v[5];
    gk_params_draw(ps, a, NULL, 7, theta);
    for (size_t i = 0; i < n; i++) {
        theta[i] += 0.1 * gk_rng_normal(rng); /* LayerNorm's 1 and 0 would hide mistakes */
        dir[i] = gk_rng_normal(rng);
    }
    const struct ref ref = {a, ps, theta};
    struct gk_score want = ref_score(&ref, ds, NULL, rows), got, plus, minus;

    must(gk_engine_score(e, theta, &got, &err), &err);
    CHECK_CLOSE(got.loss, want.loss, 1e-12);
    CHECK_CLOSE(got.acc, want.acc, 1e-12);
    must(gk_engine_grad(e, theta, NULL, 0, grad, &got, &err), &err);
    CHECK_CLOSE(got.loss, want.loss, 1e-12);

    /* ReLU's kinks spoil a wide difference, rounding a narrow one */
    const double h = 1e-6;
    along(theta, dir, h, n, at);
    must(gk_engine_score(e, at, &plus, &err), &err);
    must(gk_engine_grad(e, at, NULL, 0, hv, NULL, &err), &err);
    along(theta, dir, -h, n, at);
    must(gk_engine_score(e, at, &minus, &err), &err);
    must(gk_engine_grad(e, at, NULL, 0, grad2, NULL, &err), &err);
    CHECK_CLOSE((plus.loss - minus.loss) / (2 * h), dot(grad, dir, n), 1e-5);
    for (size_t i = 0; i < n; i++)
        grad2[i] = (hv[i] - grad2[i]) / (2 * h);
    must(gk_engine_linearise(e, theta, at, NULL, &err), &err);
    CHECK(memcmp(at, grad, n * sizeof *at) == 0);
    must(gk_engine_hvp(e, dir, hv, &err), &err);
    double diff = 0;
    for (size_t i = 0; i < n; i++)
        diff += (hv[i] - grad2[i]) * (hv[i] - grad2[i]);
    CHECK_NEAR(sqrt(diff / dot(hv, hv, n)), 0, 1e-4);

    /* a minibatch with a repeated row; then all rows again */
    uint32_t batch[5];
    for (int i = 0; i < 5; i++)
        batch[i] = (uint32_t)gk_rng_below(rng, rows);
    batch[4] = batch[0];
    if (rows >= 5) {
        want = ref_score(&ref, ds, batch, 5);
        must(gk_engine_grad(e, theta, batch, 5, at, &got, &err), &err);
        CHECK_CLOSE(got.loss, want.loss, 1e-12);
        CHECK_CLOSE(got.acc, want.acc, 1e-12);
        CHECK_INT_EQ(gk_engine_hvp(e, dir, hv, &err), -1); /* the plan has changed */
        must(gk_engine_grad(e, theta, NULL, 0, at, &got, &err), &err);
        CHECK(memcmp(at, grad, n * sizeof *at) == 0);
    }
    for (int i = 0; i < 6; i++)
        gk_free(v[i]);
    gk_engine_free(e);
}

#define TRANSFORMER(layers_, dim_, heads_, ff_, vocab_)                                            \
    {                                                                                              \
        .model = GK_TRANSFORMER, .layers = layers_, .dim = dim_, .heads = heads_, .ff = ff_,       \
        .vocab = vocab_                                                                            \
    }

int main(void)
{
    static const struct {
        struct gk_arch a;
        size_t n;
        int T, shared, k, score[3];
    } cases[] = {
        {TRANSFORMER(2, 8, 2, 16, 12), 40, 4, 2, 1, {3}},       /* as layout paper */
        {TRANSFORMER(2, 8, 4, 16, 12), 40, 6, 3, 2, {4, 5}},    /* as layout openai */
        {TRANSFORMER(1, 8, 1, 16, 12), 30, 4, 2, 1, {3}},       /* first block is the last */
        {TRANSFORMER(3, 12, 3, 20, 12), 60, 5, 2, 1, {4}},      /* a stem through two blocks */
        {TRANSFORMER(2, 8, 2, 16, 12), 30, 6, 1, 3, {1, 3, 5}}, /* gaps between scores */
        {TRANSFORMER(2, 8, 2, 16, 12), 20, 4, 0, 1, {0}},       /* scored at once: no stem */
        {TRANSFORMER(2, 8, 2, 16, 40), 700, 4, 2, 1, {3}},      /* several tiles and lanes */
        {TRANSFORMER(2, 32, 1, 64, 12), 30, 4, 2, 1, {3}},      /* heads 32 wide */
        {TRANSFORMER(2, 128, 4, 64, 12), 70, 4, 2, 1, {3}},     /* the default's heads */
        {TRANSFORMER(2, 20, 2, 12, 12), 37, 4, 2, 1, {3}},      /* no multiple of a vector */
        {TRANSFORMER(2, 8, 2, 16, 12), 1, 4, 0, 1, {2}},        /* one row; a tail unread */
    };
    struct gk_err err = {0};
    struct gk_rng rng;
    struct gk_pool *pool;
    gk_rng_seed(&rng, 3, 99);
    must(gk_pool_new(&pool, 2, &err), &err);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gk_dataset ds;
        dataset(&ds, &rng, cases[i].n, cases[i].T, cases[i].shared, cases[i].score, cases[i].k,
                cases[i].a.vocab);
        const int before = check_failures;
        check_engine(&cases[i].a, &ds, &rng, i % 2 ? pool : NULL);
        if (check_failures > before)
            fprintf(stderr, "... in case %zu\n", i);
        gk_dataset_free(&ds);
    }
    gk_pool_free(pool);
    return check_status();
}
