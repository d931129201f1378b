/* The seven optimisers over both golden networks: the loss at every step and the parameters after
 * ten updates. */
#include "golden.h"
#include "gk/train.h"

enum { STEPS = 10 };

static struct gk_optim_conf settings(enum gk_optimizer kind)
{
    struct gk_optim_conf c = {.kind = kind,
                              .lr = 1e-2,
                              .weight_decay = 0.1,
                              .beta1 = 0.9,
                              .beta2 = 0.98,
                              .eps = 1e-8,
                              .momentum = 0.9};
    switch (kind) {
    case GK_ADAMW:
        c.weight_decay = 1;
        c.warmup = 4;
        break;
    case GK_ADAM:
        break;
    case GK_ADAMAX:
        c.beta2 = 0.999;
        break;
    case GK_RMSPROP:
        c.lr = 1e-3;
        c.beta2 = 0.99;
        break;
    case GK_RPROP:
        c.weight_decay = 0;
        break;
    case GK_MOMENTUM:
    case GK_SGD:
        c.lr = 0.1;
        break;
    case GK_LION: /* in interventions_golden.c */
    case GK_MUON:
        break;
    }
    return c;
}

static void check_run(struct golden *g, enum gk_optimizer kind, const char *name,
                      struct gk_pool *pool)
{
    const struct gk_train_conf conf = {
        .arch = g->arch, .optim = settings(kind), .real = GK_F64, .seed = 5};
    struct gk_err err = {0};
    struct gk_trainer *t;
    struct gk_train_row row;
    char key[64];
    golden_must(gk_trainer_new(&t, &conf, &g->data, pool, &err), &err);
    double *start = golden_vector(g, "param.");
    gk_trainer_start(t, start);
    snprintf(key, sizeof key, "opt.%s.losses", name);
    double *losses = golden_tensor(g, key, NULL);
    for (int k = 0; k <= STEPS; k++) {
        golden_must(gk_trainer_measure(t, true, &row, &err), &err);
        CHECK_INT_EQ(row.step, k);
        CHECK_CLOSE(row.train.loss, losses[k], 1e-9);
        if (k < STEPS)
            gk_trainer_update(t);
    }
    snprintf(key, sizeof key, "opt.%s.param.", name);
    double *end = golden_vector(g, key);
    const double off = golden_worst(&g->params, gk_trainer_theta(t), end);
    if (!(off < 1e-9))
        CHECK_FAILED("%s: parameters are off by %g", name, off);
    gk_free(start);
    gk_free(losses);
    gk_free(end);
    gk_trainer_free(t);
}

int main(void)
{
    static const char *const file[] = {"tests/golden/transformer_paper.safetensors",
                                       "tests/golden/mlp.safetensors"};
    static const char *const name[] = {"adamw", "adam",     "adamax", "rmsprop",
                                       "rprop", "momentum", "sgd"};
    struct gk_pool *pool;
    struct gk_err err = {0};
    golden_must(gk_pool_new(&pool, 2, &err), &err);
    for (int i = 0; i < 2; i++) {
        struct golden g;
        golden_open(&g, file[i]);
        for (int kind = GK_ADAMW; kind <= GK_SGD; kind++)
            check_run(&g, kind, name[kind], pool);
        golden_close(&g);
    }
    gk_pool_free(pool);
    return check_status();
}
