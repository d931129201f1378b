/* What a row of gk-train says, against its definition; the order of minibatches; the ends of
 * gk_train. */
#include <unistd.h>

#include "golden.h"
#include "gk/train.h"

enum { STEPS = 9 };

static struct gk_train_conf conf_of(const struct golden *g)
{
    struct gk_train_conf c = {
        .arch = g->arch, .optim = gk_optim_defaults(GK_ADAMW), .real = GK_F64, .seed = 2};
    c.optim.lr = 0.01;
    return c;
}

static double norm(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i] * v[i];
    return sqrt(sum);
}

static double cosine(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum / (norm(a, n) * norm(b, n));
}

static void check_columns(struct golden *g)
{
    const struct gk_train_conf conf = conf_of(g);
    struct gk_err err = {0};
    struct gk_trainer *t;
    struct gk_engine *train, *val;
    golden_must(gk_trainer_new(&t, &conf, &g->data, NULL, &err), &err);
    golden_must(gk_engine_new(&train, &g->arch, &g->data, GK_TRAIN, GK_F64, NULL, &err), &err);
    golden_must(gk_engine_new(&val, &g->arch, &g->data, GK_VAL, GK_F64, NULL, &err), &err);
    const size_t n = g->params.total;
    double *drawn = gk_alloc(n, sizeof *drawn, NULL), *was = gk_alloc(n, sizeof *was, NULL);
    double *grad = gk_alloc(n, sizeof *grad, NULL);
    const double *theta = gk_trainer_theta(t);
    gk_params_draw(&g->params, &g->arch, NULL, 2, drawn);
    CHECK(memcmp(theta, drawn, n * sizeof *theta) == 0);
    for (int k = 0; k <= STEPS; k++) {
        struct gk_train_row row;
        struct gk_score ts, vs;
        golden_must(gk_trainer_measure(t, k % 2 == 0, &row, &err), &err);
        golden_must(gk_engine_grad(train, theta, NULL, 0, grad, &ts, &err), &err);
        golden_must(gk_engine_score(val, theta, &vs, &err), &err);
        CHECK_INT_EQ(row.step, k);
        CHECK_CLOSE(row.lr, 0.01 * k / 10, 1e-15);
        CHECK_CLOSE(row.train.loss, ts.loss, 1e-14);
        CHECK_CLOSE(row.train.acc, ts.acc, 1e-14);
        CHECK_CLOSE(row.val.loss, k % 2 == 0 ? vs.loss : NAN, 1e-14);
        CHECK_CLOSE(row.val.acc, k % 2 == 0 ? vs.acc : NAN, 1e-14);
        CHECK_CLOSE(row.grad_norm, norm(grad, n), 1e-13);
        CHECK_CLOSE(row.param_norm, norm(theta, n), 1e-13);
        CHECK_CLOSE(row.cos_init, cosine(drawn, theta, n), 1e-13);
        CHECK_CLOSE(row.cos_prev, k ? cosine(was, theta, n) : NAN, 1e-13);
        memcpy(was, theta, n * sizeof *was);
        gk_trainer_update(t);
    }
    gk_free(drawn);
    gk_free(was);
    gk_free(grad);
    gk_engine_free(train);
    gk_engine_free(val);
    gk_trainer_free(t);
}

/* An epoch sees every row once: where parameters stand still, the losses of its batches average to
 * the loss of all rows. Epochs differ in their order; a seed gives the same order again. */
static void check_epochs(struct golden *g)
{
    enum { BATCH = 7, EPOCHS = 3 };
    struct gk_train_conf conf = conf_of(g);
    struct gk_err err = {0};
    struct gk_trainer *t, *full;
    struct gk_train_row row, all;
    const size_t rows = g->data.split[GK_TRAIN].n, batches = (rows + BATCH - 1) / BATCH;
    double first[EPOCHS];
    conf.optim.lr = 0;
    golden_must(gk_trainer_new(&full, &conf, &g->data, NULL, &err), &err);
    golden_must(gk_trainer_measure(full, false, &all, &err), &err);
    conf.batch = BATCH;
    golden_must(gk_trainer_new(&t, &conf, &g->data, NULL, &err), &err);
    for (int e = 0; e < EPOCHS; e++) {
        double loss = 0, acc = 0;
        for (size_t b = 0; b < batches; b++) {
            const double size = b + 1 < batches ? BATCH : (double)(rows - b * BATCH);
            golden_must(gk_trainer_measure(t, false, &row, &err), &err);
            if (b == 0)
                first[e] = row.train.loss;
            loss += size / (double)rows * row.train.loss;
            acc += size / (double)rows * row.train.acc;
            gk_trainer_update(t);
        }
        CHECK_CLOSE(loss, all.train.loss, 1e-13);
        CHECK_CLOSE(acc, all.train.acc, 1e-13);
    }
    CHECK(first[0] != first[1] && first[1] != first[2] && first[0] != first[2]);
    gk_trainer_free(full);
    gk_trainer_free(t);
}

static void check_log_steps(void)
{
    const int64_t yes[] = {0, 1, 2, 9, 10, 11, 13, 89, 100, 112, 1000, 1122, 10000, 1000000};
    const int64_t no[] = {-1, 12, 15, 17, 99, 101, 1001, 9999, 999999};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        CHECK(gk_train_is_log_step(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        CHECK(!gk_train_is_log_step(no[i]));
    int decade = 0;
    for (int64_t s = 1000; s < 10000; s++)
        decade += gk_train_is_log_step(s);
    CHECK_INT_EQ(decade, 20);
}

static volatile sig_atomic_t stop;

static void stop_at_4(void *ctx, double at)
{
    (void)ctx;
    stop = at >= 4;
}

/* The files that remain after a row of the table could not be written, and after a stop. */
static void check_ends(struct golden *g)
{
    const struct gk_train_conf conf = conf_of(g);
    const struct gk_history h = {0};
    struct gk_err err = {0};
    struct gk_trainer *t;
    struct gk_out table;
    char save[64], rows[64];
    snprintf(save, sizeof save, "/tmp/gk-train-test-%ld.ckpt", (long)getpid());
    snprintf(rows, sizeof rows, "/tmp/gk-train-test-%ld.tsv", (long)getpid());
    struct gk_train_run run = {.steps = 100,
                               .eval_every = 1,
                               .save = save,
                               .history = &h,
                               .stop = &stop,
                               .table = &table,
                               .tick = stop_at_4};
    golden_must(gk_trainer_new(&t, &conf, &g->data, NULL, &err), &err);
    golden_must(gk_out_open(&table, rows, false, &err), &err);
    CHECK(gk_train(t, &run, &err) == -1);
    CHECK_INT_EQ(err.kind, GK_ERR_SIGNAL);
    CHECK_STR_HAS(err.msg, "stopped at step 4, saved in /tmp/");
    gk_out_discard(&table);

    struct gk_frame f = {0};
    struct gk_trainer *again;
    golden_must(gk_frame_read_one(save, &f, &err), &err);
    golden_must(gk_trainer_new(&again, &conf, &g->data, NULL, &err), &err);
    CHECK(gk_trainer_resume(again, &f, &err) == 0);
    CHECK_INT_EQ(gk_trainer_step(again), 4);
    CHECK(memcmp(gk_trainer_theta(again), gk_trainer_theta(t), g->params.total * 8) == 0);
    unlink(save);

    stop = 0;
    run.save = "/dev/null";
    run.tick = NULL;
    golden_must(gk_out_open(&table, "/dev/full", false, &err), &err);
    CHECK(gk_train(again, &run, &err) == -1);
    CHECK_INT_EQ(err.kind, GK_ERR_FAILED);
    CHECK_STR_EQ(err.msg, "/dev/full: No space left on device");
    gk_out_discard(&table);
    gk_frame_free(&f);
    gk_trainer_free(again);
    gk_trainer_free(t);
}

int main(void)
{
    struct golden g;
    golden_open(&g, "tests/golden/transformer_paper.safetensors");
    check_columns(&g);
    check_epochs(&g);
    check_ends(&g);
    golden_close(&g);
    golden_open(&g, "tests/golden/mlp.safetensors");
    check_epochs(&g);
    golden_close(&g);
    check_log_steps();
    return check_status();
}
