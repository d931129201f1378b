/* gk-train: trains a network on a dataset, and writes a row for each step.
 *
 *     gk-data --p 97 --frac 0.5 | gk-train --steps 400 --save run.ckpt | gk-hjorth
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/blas.h"
#include "gk/cli.h"
#include "gk/network.h"
#include "gk/train.h"

static struct gk_common common;
static struct gk_train_conf conf;
static struct gk_optim_conf *const optim = &conf.optim;
static struct gk_train_run run = {.every = 100};
static const char *data, *resume, *grokfast, *init = "paper";
static struct gk_warm warm;        /* or {0} */
static struct gk_checkpoint going; /* what --resume goes on from: only its network */
static struct gk_notes notes;      /* on what was read */
static int model, dtype, optimizer, decay, preset;
static int64_t until = 2;
static struct gk_arch_setting net[GK_ARCH_ITEMS];
/* Which other options are on the command line, and which belong to the run's description: those
 * come from the command line, from a checkpoint or from a default. */
static struct which {
    bool preset, model, init, init_scale, init_rows, optimizer, lr, weight_decay, decay, beta1,
        beta2, eps, momentum, muon_lr, warmup, clip, grokfast, orthogonal, clip_rows, hold, batch,
        seed, dtype, eval_every, every, until;
} given, recorded;
static bool always = true; /* recorded */
#define SETTING(x) .given = &given.x, .recorded = &recorded.x
#define ALWAYS(x)  .given = &given.x, .recorded = &always

#define INF       __builtin_inf()
#define LT1       (1 - 1e-9)
#define FROM_0    .min = 0, .max = INF
#define NET(name) net[GK_AT_##name]
#define SIZE_OPTION(name, field, models, t, m, most, help)                                         \
    GK_OPT_INT(0, #name, &NET(name).size, help, .min = 1, .max = (most),                           \
               .given = &NET(name).given, .recorded = &NET(name).recorded),
#define CHOICE_OPTION(name, models, t, m, values, help)                                            \
    GK_OPT_CHOICE(0, #name, &NET(name).choice, values, help, .given = &NET(name).given,            \
                  .recorded = &NET(name).recorded),
static const struct gk_opt opts[] = {
    GK_OPT_TEXT('d', "data", &data, "FILE", "the dataset (default: standard input)",
                .flags = GK_OPT_SILENT),
    GK_OPT_CHOICE(0, "model", &model, GK_MODEL_CHOICES, "the network", .def = "transformer",
                  ALWAYS(model)),
    GK_ARCH_TABLE(SIZE_OPTION, CHOICE_OPTION) // clang-format off
    GK_OPT_TEXT(0, "init", &init, GK_INIT_CHOICES "|FILE",
                "how initial values are drawn, or a checkpoint of them (default: paper)", SETTING(init)),
    // clang-format on
    GK_OPT_REAL(0, "init-scale", &conf.init.scale, "times every initial matrix", FROM_0, .def = "1",
                .flags = GK_OPT_OPEN_MIN, SETTING(init_scale)),
    GK_OPT_REAL(0, "init-rows", &conf.init.rows, "scale every row to the norm X; 0: as drawn",
                FROM_0, .def = "0", SETTING(init_rows)),
    GK_OPT_CHOICE(0, "arch", &preset, GK_PRESET_CHOICES,
                  "the settings of a published network; other options override them",
                  .flags = GK_OPT_SILENT, .given = &given.preset),
    GK_OPT_INT(0, "steps", &run.steps, "the last step", .min = 0, .max = 1e15, .def = "10000",
               .flags = GK_OPT_SILENT),
    GK_OPT_CHOICE(0, "optimizer", &optimizer, GK_OPTIMIZERS, "as PyTorch has them", .def = "adamw",
                  ALWAYS(optimizer)),
    GK_OPT_REAL(0, "lr", &optim->lr, "learning rate", FROM_0, .def = "1e-3", ALWAYS(lr)),
    GK_OPT_REAL(0, "weight-decay", &optim->weight_decay,
                "decoupled for adamw, lion and muon (default 1), L2 for the others (default 0)",
                FROM_0, SETTING(weight_decay)),
    GK_OPT_CHOICE(0, "decay", &decay, "all|matrices", "the parameters that decay", .def = "all",
                  ALWAYS(decay)),
    GK_OPT_REAL(0, "beta1", &optim->beta1, "of adamw, adam, adamax, lion and muon (default 0.9)",
                .min = 0, .max = LT1, SETTING(beta1)),
    GK_OPT_REAL(0, "beta2", &optim->beta2,
                "likewise (default 0.98, lion: 0.99), or rmsprop's alpha (default 0.99)", .min = 0,
                .max = LT1, SETTING(beta2)),
    GK_OPT_REAL(0, "eps", &optim->eps, "of these but lion (default 1e-8)", FROM_0, SETTING(eps)),
    GK_OPT_REAL(0, "momentum", &optim->momentum, "of momentum (default 0.9) and muon (0.95)",
                .min = 0, .max = 1, SETTING(momentum)),
    GK_OPT_REAL(0, "muon-lr", &optim->muon_lr, "muon's rate for its matrices (default 0.02)",
                FROM_0, SETTING(muon_lr)),
    GK_OPT_INT(0, "warmup", &optim->warmup, "update k uses lr*min(1, k/N); 0: none; rprop has none",
               .min = 0, .max = 1e15, .def = "10", ALWAYS(warmup)),
    GK_OPT_REAL(0, "clip", &optim->clip, "scale the gradient down to the norm X; 0: never", FROM_0,
                .def = "0", ALWAYS(clip)),
    GK_OPT_TEXT(0, "grokfast", &grokfast, "none|ema:A,L|ma:W,L",
                "add to the gradient L times its average", .def = "none", SETTING(grokfast)),
    GK_OPT_FLAG(0, "orthogonal-gradient", &optim->orthogonal,
                "take from each tensor's gradient its part along the tensor", SETTING(orthogonal)),
    GK_OPT_REAL(0, "clip-rows", &optim->clip_rows, "scale longer rows of blocks to X; 0: never",
                FROM_0, .def = "0", SETTING(clip_rows)),
    GK_OPT_REAL(0, "hold-norm", &optim->hold_norm, "hold |theta| at X |theta_0|; 0: it is free",
                FROM_0, .def = "0", SETTING(hold)),
    GK_OPT_INT(0, "batch", &conf.batch, "rows an update sees", .min = 1, .max = 1e15,
               .choices = "full|N", .word = "full", .def = "full", ALWAYS(batch)),
    GK_OPT_INT(0, "seed", &common.seed, "of initial values and the order of minibatches", .min = 0,
               .max = 1LL << 53, .def = "0", ALWAYS(seed)),
    GK_OPT_CHOICE(0, "dtype", &dtype, "f32|f64", "precision", .def = "f32", ALWAYS(dtype)),
    GK_FEW_THREADS_OPT(&common),
    GK_OPT_INT(0, "eval-every", &run.eval_every, "validate at steps 0, K, 2K, ... and the last",
               .min = 1, .max = 1e15, .def = "1", .choices = "K", ALWAYS(eval_every)),
    GK_OPT_TEXT(0, "save", &run.save, "FILE", "write a checkpoint at the end",
                .flags = GK_OPT_SILENT | GK_OPT_OUTPUT),
    GK_OPT_INT(0, "save-every", &run.save_every, "and at steps K, 2K, ...", .min = 1, .max = 1e15,
               .choices = "K", .flags = GK_OPT_SILENT),
    GK_OPT_FLAG(0, "weights-only", &run.weights_only, "without what --resume needs",
                .flags = GK_OPT_SILENT),
    GK_OPT_TEXT(0, "trajectory", &run.trajectory, "FILE", "write a stream of parameters",
                .flags = GK_OPT_SILENT | GK_OPT_OUTPUT),
    GK_OPT_INT(0, "every", &run.every,
               "its frames: steps 0, K, 2K, ... or evenly in log step, and the last (default 100)",
               .min = 1, .max = 1e15, .choices = "K|log", .word = "log", .flags = GK_OPT_SILENT,
               .given = &given.every),
    GK_OPT_FLAG(0, "trajectory-state", &run.trajectory_state,
                "its frames hold the optimiser's state, too", .flags = GK_OPT_SILENT),
    GK_OPT_TEXT(0, "resume", &resume, "CKPT",
                "go on from a checkpoint; what is not given comes from it", .flags = GK_OPT_SILENT),
    GK_OPT_INT(0, "until-grokked", &until,
               "stop after EVALS evaluations in a row with validation accuracy 1 (default: never; "
               "2 without EVALS)",
               .min = 1, .max = 1e15, .choices = "[EVALS]", .flags = GK_OPT_SILENT | GK_OPT_BARE,
               .given = &given.until),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-train",
    .synopsis = "[options] [DATA]",
    .summary = "Train a network on a dataset; print losses, accuracies and norms at every step.",
    .example = "gk-data --frac 0.5 | gk-train --steps 400 --save run.ckpt | gk-hjorth",
    .input = "a dataset",
    .max_operands = 1,
    .opts = opts,
    .common = &common,
};

static bool is_std(const char *file)
{
    return !file || strcmp(file, "-") == 0;
}

static int check_options(int operands, char **operand, struct gk_err *err)
{
    if (operands > 0 && data)
        return gk_fail_usage(err, "unexpected operand '%s' beside --data", operand[0]);
    data = operands > 0 ? operand[0] : data;
    if (is_std(data) && ((resume && is_std(resume)) || (given.init && is_std(init))))
        return gk_fail_usage(err, "dataset and checkpoint cannot both come from standard input");
    if (resume && given.init && gk_warm_is_file(init))
        return gk_fail_usage(err, "--init: a run begins from %s or goes on by --resume", init);
    if (!run.save && (run.save_every || run.weights_only))
        return gk_fail_usage(err, "--%s needs --save",
                             run.save_every ? "save-every" : "weights-only");
    if (!run.trajectory && (given.every || run.trajectory_state))
        return gk_fail_usage(err, "--%s needs --trajectory",
                             given.every ? "every" : "trajectory-state");
    run.perfect = given.until ? until : 0;
    return gk_grokfast_parse(&optim->grokfast, grokfast, err);
}

/* A note names an option that is given and IDLE: it has no effect here. */
static void remark(const char *name, bool idle)
{
    if (idle)
        gk_note(&tool, "--%s changes nothing here", name);
}

/* Likewise, and the run's description omits it. */
static void settle(const char *name, bool is_given, bool used, bool *is_recorded)
{
    remark(name, is_given && !used);
    *is_recorded = used;
}

/* VALUE is DEF unless the command line or the checkpoint has it. */
static void settle_real(const char *name, bool is_given, bool used, bool *is_recorded,
                        double *value, double def)
{
    *value = is_given || *is_recorded ? *value : def;
    settle(name, is_given, used, is_recorded);
}

/* Takes from A what the command line does not say about the network. */
static void take_arch(const struct gk_arch *a)
{
    model = given.model ? model : (int)a->model;
    gk_arch_take(net, a);
}

/* The network of a preset, or else of the checkpoint with the initial values. */
static int take_network(struct gk_err *err)
{
    if (given.preset && !given.init)
        init = gk_preset(preset)->init;
    if (given.init && gk_warm_hides_file(init))
        gk_note(&tool, "--init %s draws the initial values; the file of that name is ./%s", init,
                init);
    if (given.init && gk_warm_is_file(init)) {
        if (gk_warm_read(&warm, init, NET(heads).given ? (int)NET(heads).size : 0, err))
            return -1;
        init = warm.text;
    }
    if (warm.theta && gk_checkpoint_remark(&warm.ckpt, &warm.frame, &notes, err))
        return -1;
    if (given.preset || warm.theta)
        take_arch(given.preset ? &gk_preset(preset)->arch : &warm.ckpt.arch);
    return 0;
}

static void describe(void)
{
    conf.arch = gk_arch_settle(net, (enum gk_model)model);
    for (size_t i = 0; i < GK_ARCH_ITEMS; i++)
        remark(gk_arch_item(i)->name, net[i].idle);
}

static int describe_init(struct gk_err *err)
{
    static char text[48];
    if (gk_init_parse(&conf.init, init, err))
        return -1;
    if (conf.init.kind == GK_INIT_WEIGHTS && !resume && !warm.theta) {
        gk_fail_usage(err, "%s stands for a checkpoint: name its file", init);
        return gk_fail_about(err, "init");
    }
    gk_init_text(&conf.init, text, sizeof text);
    init = text;
    recorded.init = conf.init.kind != GK_INIT_PAPER;
    recorded.init_rows = conf.init.rows > 0;
    settle("init-scale", given.init_scale, !recorded.init_rows, &recorded.init_scale);
    conf.init.scale = recorded.init_scale ? conf.init.scale : 1;
    recorded.init_scale = conf.init.scale != 1;
    return 0;
}

/* Everything that depends on something else. */
static int resolve(struct gk_err *err)
{
    const struct gk_optim_conf def = gk_optim_defaults(optimizer);
    const struct gk_optim_uses uses = gk_optim_uses(optimizer);
    describe();
#define REAL(name, x, used) settle_real(name, given.x, used, &recorded.x, &optim->x, def.x)
    REAL("weight-decay", weight_decay, true);
    REAL("beta1", beta1, uses.beta1);
    REAL("beta2", beta2, uses.beta2);
    REAL("eps", eps, uses.eps);
    REAL("momentum", momentum, uses.momentum);
    REAL("muon-lr", muon_lr, uses.muon_lr);
    remark("warmup", given.warmup && optim->warmup > 0 && !uses.warmup);
    const bool spares = optim->weight_decay > 0 && gk_arch_has_vectors(&conf.arch);
    remark("decay", given.decay && decay == 1 && !spares);
    remark("clip", given.clip && optim->clip > 0 && uses.signs && !(optim->weight_decay > 0));
    remark("grokfast", given.grokfast && run.steps < (int64_t)optim->grokfast.window);
    recorded.grokfast = optim->grokfast.kind != GK_GROKFAST_NONE;
    recorded.orthogonal = optim->orthogonal;
    recorded.clip_rows = optim->clip_rows > 0;
    recorded.hold = optim->hold_norm > 0;
    optim->kind = optimizer;
    optim->decay_matrices = decay == 1;
    conf.real = dtype == 1 ? GK_F64 : GK_F32;
    conf.seed = common.seed;
    return describe_init(err);
}

static int read_checkpoint(struct gk_frame *ckpt, struct gk_err *err)
{
    if (gk_frame_read_one(resume, ckpt, err) || gk_checkpoint_arch(&going.arch, ckpt, err))
        return -1;
    going.heads_assumed = gk_checkpoint_assumes_heads(&going.arch, ckpt);
    take_arch(&going.arch);
    if (gk_checkpoint_remark(&going, ckpt, &notes, err) == 0 &&
        gk_cli_inherit(&tool, gk_train_get_setting, ckpt, err) == 0 &&
        gk_grokfast_parse(&optim->grokfast, grokfast, err) == 0 &&
        gk_init_parse(&(struct gk_init){0}, init, err) == 0)
        return 0;
    err->kind = GK_ERR_FAILED; /* the file's fault, not the user's */
    if (!err->setting)
        return gk_frame_fail_at(ckpt, err);
    return gk_frame_fail(ckpt, err, "metadata %s: %s", err->setting, err->msg);
}

/* The earlier stages, then this one: a run that is resumed unchanged already has the line. */
static int write_history(struct gk_history *h, const struct gk_frame *ckpt,
                         const struct gk_dataset *d, struct gk_err *err)
{
    char *line = gk_cli_line(&tool, err);
    int rc = !line || gk_history_add_text(h, gk_frame_meta(ckpt, "gk.history"), err) ||
             gk_history_join(h, &d->history, err);
    if (!rc && (h->n == 0 || strcmp(h->line[h->n - 1], line) != 0))
        rc = gk_history_add(h, line, err);
    free(line);
    return rc ? -1 : 0;
}

static void tick(void *progress, double at)
{
    gk_progress_tick(progress, at);
}

/* What depends on the number of rows. */
static void settle_rows(size_t rows)
{
    const bool full = (uint64_t)conf.batch >= rows;
    remark("batch", given.batch && full);
    conf.batch = full ? 0 : conf.batch;
    remark("seed", given.seed && warm.theta && conf.batch == 0);
}

static int check_fit(const struct gk_dataset *d, const struct gk_frame *ckpt, struct gk_err *err)
{
    conf.arch.vocab = conf.arch.model == GK_MLP ? d->elements : d->vocab;
    const int known = resume ? going.arch.tokens : warm.ckpt.arch.tokens; /* may be more than T */
    conf.arch.tokens = conf.arch.positions != GK_POSITIONS_LEARNED ? 0 : known ? known : d->T;
    if ((resume && gk_network_asked_for(ckpt, &going, &conf.arch, err)) ||
        (warm.theta && gk_network_asked_for(&warm.frame, &warm.ckpt, &conf.arch, err)) ||
        gk_arch_check(&conf.arch, err))
        return -1;
    settle_rows(d->split[GK_TRAIN].n);
    if (run.perfect && d->split[GK_VAL].n == 0)
        return gk_fail_usage(err, "--until-grokked: the dataset has no validation rows");
    return 0;
}

static int train(struct gk_trainer *t, struct gk_err *err)
{
    struct gk_out table;
    struct gk_progress progress;
    if (gk_trainer_step(t) > run.steps)
        return gk_fail_usage(err, "--steps: %lld is before step %lld of %s", (long long)run.steps,
                             (long long)gk_trainer_step(t), resume);
    if (gk_out_open(&table, common.output, false, err))
        return -1;
    run.table = &table;
    gk_progress_start(&progress, &tool, "step", (double)(run.steps - gk_trainer_step(t)));
    run.tick = tick;
    run.ctx = &progress;
    run.stop = gk_cli_catch_stop();
    int rc = gk_train(t, &run, err);
    gk_progress_end(&progress);
    if (rc && err->kind != GK_ERR_SIGNAL && err->kind != GK_ERR_CLOSED)
        return -1;
    return gk_out_commit(&table, rc ? NULL : err) && !rc ? -1 : rc;
}

static int threads(const struct gk_dataset *d)
{
    const int most = (int)common.threads;
    return common.threads_given ? most : gk_engine_threads(&conf.arch, d, conf.batch, most);
}

static int run_all(struct gk_err *err)
{
    struct gk_dataset d;
    struct gk_frame ckpt = {0}, settings = {0};
    struct gk_history h = {0};
    struct gk_pool *pool = NULL;
    struct gk_trainer *t = NULL;
    if ((resume && read_checkpoint(&ckpt, err)) || take_network(err) || resolve(err) ||
        gk_dataset_read(&d, data, err) || gk_dataset_remark(&d, data, &notes, err) ||
        check_fit(&d, &ckpt, err) || gk_train_remark(&conf, &notes, err) ||
        gk_cli_each(&tool, gk_train_put_setting, &settings, err) ||
        write_history(&h, warm.theta ? &warm.frame : &ckpt, &d, err) ||
        gk_blas_pool(&pool, threads(&d), err) || gk_trainer_new(&t, &conf, &d, pool, err) ||
        (resume && gk_trainer_resume(t, &ckpt, err)))
        return -1;
    gk_note_all(&tool, &notes, &(size_t){0});
    if (warm.theta)
        gk_trainer_warm(t, &warm);
    run.resumed = resume != NULL;
    run.history = &h;
    run.settings = &settings;
    int rc = train(t, err);
    gk_trainer_free(t);
    gk_pool_free(pool);
    gk_history_free(&h);
    gk_frame_free(&settings);
    gk_frame_free(&ckpt);
    gk_warm_free(&warm);
    gk_dataset_free(&d);
    gk_notes_free(&notes);
    return rc;
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    gk_cli_start(&tool, &argc, &argv);
    if (check_options(argc, argv, &err) || run_all(&err))
        gk_die(&tool, &err);
    return 0;
}
