/* The engine against plain networks without any sharing (reference.h). Shapes that exercise
 * the prefix plan: one to three blocks, scored positions with gaps, no shared prefix at all, more
 * rows than tiles, minibatches. Then the gradient by finite differences of the loss, and the
 * Hessian product by differences of the gradient. */
#include "gk/pool.h"
#include "reference.h"

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

#define MLP(inputs_, layers_, dim_, act_, vocab_)                                                  \
    {                                                                                              \
        .model = GK_MLP, .layers = layers_, .dim = dim_, .heads = 1, .ff = 20, .vocab = vocab_,    \
        .inputs = inputs_, .activation = act_, .bias = GK_BIAS_ALL                                 \
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
        /* of the mlp: tiles with a remainder; pairs in both orders, with other labels; tokens that
         * do not occur */
        {MLP(GK_INPUTS_SUM, 2, 6, GK_GELU, 60), 317, 3, 0, 1, {2}},
        {MLP(GK_INPUTS_SUM, 2, 6, GK_TANH, 9), 700, 3, 0, 1, {2}},
        {MLP(GK_INPUTS_SUM, 1, 6, GK_SILU, 50), 12, 3, 1, 1, {2}},
        {MLP(GK_INPUTS_CONCAT, 3, 6, GK_GELU, 40), 319, 3, 1, 1, {2}},
        {MLP(GK_INPUTS_CONCAT, 1, 6, GK_SQUARE, 60), 14, 3, 0, 1, {2}},
        {MLP(GK_INPUTS_ONEHOT, 2, 0, GK_SILU, 23), 701, 3, 0, 1, {2}},
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
        if (cases[i].a.model == GK_MLP)
            ds.layout = gk_strdup("nanda", NULL);
        const int before = check_failures;
        check_engine(&cases[i].a, &ds, &rng, i % 2 ? pool : NULL);
        if (check_failures > before)
            fprintf(stderr, "... in case %zu\n", i);
        gk_dataset_free(&ds);
    }
    gk_pool_free(pool);
    return check_status();
}
