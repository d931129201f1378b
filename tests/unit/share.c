/* Threads that share tiles: each tile once, turns in the order of a lane's tiles, and gradients,
 * scores and Hessian products with the same bytes for any number of threads. */
#include "gk/pool.h"
#include "nn/plan/share.h"
#include "reference.h"

static const int threads[] = {1, 2, 4, 8, 16, 32};
enum { COUNTS = sizeof threads / sizeof *threads, TURNS = 3 };

/* A sum in which the order shows: sum = 3 sum + tile, in every turn. */
struct sums {
    const struct gk_plan *plan;
    uint64_t sum[GK_MAX_LANES][TURNS];
    int *times; /* [ntile] */
};

static void add(void *ctx, size_t lane, size_t tile, struct gk_turn *turn, int thread)
{
    struct sums *s = ctx;
    (void)thread;
    CHECK(s->plan->lane[lane] <= tile && tile < s->plan->lane[lane + 1]);
    s->times[tile]++;
    for (int k = 0; k < TURNS; k++) {
        gk_turn_take(turn);
        s->sum[lane][k] = 3 * s->sum[lane][k] + tile;
        gk_turn_pass(turn);
    }
}

static void turns_keep_order(const struct gk_plan *p)
{
    struct gk_err err = {0};
    struct sums s = {.plan = p, .times = gk_alloc(p->ntile, sizeof *s.times, NULL)};
    uint64_t want[GK_MAX_LANES] = {0};
    for (size_t l = 0; l < p->nlane; l++)
        for (size_t t = p->lane[l]; t < p->lane[l + 1]; t++)
            want[l] = 3 * want[l] + t;
    for (int i = 0; i < COUNTS; i++) {
        struct gk_pool *pool;
        struct gk_share *share;
        must(gk_pool_new(&pool, threads[i], &err), &err);
        must(gk_share_new(&share, p, pool, &err), &err);
        for (int round = 0; round < 20; round++) {
            memset(s.sum, 0, sizeof s.sum);
            gk_share_run(share, add, &s);
            for (size_t l = 0; l < p->nlane; l++)
                for (int k = 0; k < TURNS; k++)
                    CHECK(s.sum[l][k] == want[l]);
        }
        gk_share_free(share);
        gk_pool_free(pool);
    }
    for (size_t t = 0; t < p->ntile; t++)
        CHECK_INT_EQ(s.times[t], 20 * COUNTS);
    gk_free(s.times);
}

/* Everything that the engine adds up at theta: the gradient of all rows and of a batch, the loss,
 * and a Hessian product. [3 n + 1] */
static void everything(const struct gk_arch *a, const struct gk_dataset *ds, int count, float *out)
{
    struct gk_err err = {0};
    struct gk_engine *e;
    struct gk_pool *pool;
    struct gk_score s;
    uint32_t batch[1111];
    must(gk_pool_new(&pool, count, &err), &err);
    must(gk_engine_new(&e, a, ds, GK_TRAIN, GK_F32, pool, &err), &err);
    const struct gk_params *ps = gk_engine_params(e);
    const size_t n = ps->total;
    double *draw = gk_alloc(n, sizeof *draw, NULL);
    float *theta = gk_alloc(n, sizeof *theta, NULL);
    gk_params_draw(ps, a, NULL, 5, draw);
    for (size_t i = 0; i < n; i++)
        theta[i] = (float)draw[i];
    for (uint32_t i = 0; i < 1111; i++)
        batch[i] = i * 7;
    must(gk_engine_grad(e, theta, batch, 1111, out, NULL, &err), &err);
    must(gk_engine_grad(e, theta, NULL, 0, out + n, &s, &err), &err);
    must(gk_engine_linearise(e, theta, out + 2 * n, NULL, &err), &err);
    must(gk_engine_hvp(e, theta, out + 2 * n, &err), &err);
    out[3 * n] = (float)s.loss;
    gk_free(draw);
    gk_free(theta);
    gk_engine_free(e);
    gk_pool_free(pool);
}

static void same_bytes(const struct gk_arch *a, const struct gk_dataset *ds)
{
    struct gk_params ps;
    struct gk_err err = {0};
    must(gk_params_init(&ps, a, &err), &err);
    const size_t n = 3 * ps.total + 1;
    float *one = gk_alloc(n, sizeof *one, NULL), *many = gk_alloc(n, sizeof *many, NULL);
    everything(a, ds, 1, one);
    for (int i = 1; i < COUNTS; i++) {
        everything(a, ds, threads[i], many);
        CHECK(memcmp(one, many, n * sizeof *one) == 0);
    }
    gk_free(one);
    gk_free(many);
    gk_params_free(&ps);
}

int main(void)
{
    struct gk_err err = {0};
    struct gk_rng rng;
    struct gk_dataset ds;
    struct gk_plan plan;
    const int score = 3;
    gk_rng_seed(&rng, 4, 99);
    dataset(&ds, &rng, 8000, 4, 2, &score, 1, 60);
    ds.layout = gk_strdup("paper", NULL);
    for (size_t tile = 32; tile <= 320; tile *= 3) {
        must(gk_plan_new(&plan, &ds, &ds.split[GK_TRAIN], GK_PLAN_SHARED, tile, &err), &err);
        CHECK_INT_EQ(plan.ntile, gk_plan_tiles(8000, tile));
        CHECK(plan.ntile > 24); /* threads meet in a lane */
        turns_keep_order(&plan);
        gk_plan_free(&plan);
    }
    struct gk_arch a = {
        .model = GK_TRANSFORMER, .layers = 2, .dim = 8, .heads = 2, .ff = 16, .vocab = 60};
    same_bytes(&a, &ds);
    a.norm = GK_NORM_PRE;
    a.bias = GK_BIAS_ALL;
    same_bytes(&a, &ds);
    a = gk_arch_defaults(GK_MLP);
    a.dim = 8;
    a.ff = 16;
    a.vocab = 60;
    same_bytes(&a, &ds);
    gk_dataset_free(&ds);
    return check_status();
}
