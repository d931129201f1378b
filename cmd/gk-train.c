/* gk-train: trains a network on a dataset and tells how it goes, a row a step.
 *
 *     gk-data --p 97 --frac 0.5 | gk-train --steps 400 --save run.ckpt | gk-hjorth
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/blas.h"
#include "gk/cli.h"
#include "gk/train.h"

static struct gk_common common;
static struct gk_train_conf conf;
static struct gk_optim_conf *const optim = &conf.optim;
static struct gk_train_run run;
static const char *data, *resume, *batch, *every = "100";
static int model, dtype, optimizer, decay;
static int64_t layers, dim, heads = 4, ff = 512, hidden = 200, until = 2;
/* What the command line says; what it leaves to a checkpoint or to a default that depends. */
static struct given {
    bool model, layers, dim, heads, ff, hidden, optimizer, lr, decay, where, beta1, beta2, eps,
        momentum, warmup, clip, batch, seed, dtype, eval_every, every, until;
} given;

#define INF __builtin_inf()
#define LT1 (1 - 1e-9)
static const struct gk_opt opts[] = {
    {'d', "data", GK_TEXT, &data, NULL, 0, 0, "FILE", "the dataset (default: standard input)",
     GK_OPT_SILENT, NULL},
    {0, "model", GK_CHOICE, &model, "transformer", 0, 0, "transformer|mlp", "the network", 0,
     &given.model},
    {0, "layers", GK_INT, &layers, "2", 1, 64, "N", "blocks, or hidden layers of the mlp", 0,
     &given.layers},
    {0, "dim", GK_INT, &dim, "128", 1, 65536, "N", "width of the embedding", 0, &given.dim},
    {0, "heads", GK_INT, &heads, NULL, 1, 65536, "N", "attention heads (default 4)", 0,
     &given.heads},
    {0, "ff", GK_INT, &ff, NULL, 1, 1 << 20, "N", "feed-forward width (default 512)", 0, &given.ff},
    {0, "hidden", GK_INT, &hidden, NULL, 1, 1 << 20, "N", "width of the mlp's layers (default 200)",
     0, &given.hidden},
    {0, "steps", GK_INT, &run.steps, "10000", 0, 1e15, "N", "the last step", GK_OPT_SILENT, NULL},
    {0, "optimizer", GK_CHOICE, &optimizer, "adamw", 0, 0, GK_OPTIMIZERS, "as PyTorch has them", 0,
     &given.optimizer},
    {0, "lr", GK_REAL, &optim->lr, "1e-3", 0, INF, "X", "learning rate", 0, &given.lr},
    {0, "weight-decay", GK_REAL, &optim->weight_decay, NULL, 0, INF, "X",
     "decoupled for adamw, L2 for the others (default: 1 for adamw, else 0)", 0, &given.decay},
    {0, "decay", GK_CHOICE, &decay, "all", 0, 0, "all|matrices", "the parameters that decay", 0,
     &given.where},
    {0, "beta1", GK_REAL, &optim->beta1, NULL, 0, LT1, "X",
     "of adamw, adam and adamax (default 0.9)", 0, &given.beta1},
    {0, "beta2", GK_REAL, &optim->beta2, NULL, 0, LT1, "X",
     "likewise (default 0.98), or rmsprop's alpha (default 0.99)", 0, &given.beta2},
    {0, "eps", GK_REAL, &optim->eps, NULL, 0, INF, "X", "of these four (default 1e-8)", 0,
     &given.eps},
    {0, "momentum", GK_REAL, &optim->momentum, NULL, 0, 1, "X", "of momentum (default 0.9)", 0,
     &given.momentum},
    {0, "warmup", GK_INT, &optim->warmup, "10", 0, 1e15, "N",
     "update k uses lr*min(1, k/N); 0: none; rprop has none", 0, &given.warmup},
    {0, "clip", GK_REAL, &optim->clip, "0", 0, INF, "X",
     "scale the gradient down to the norm X; 0: never", 0, &given.clip},
    {0, "batch", GK_TEXT, &batch, "full", 0, 0, "full|N", "rows an update sees", 0, &given.batch},
    {0, "seed", GK_INT, &common.seed, "0", 0, 1LL << 53, "N",
     "seed of the initial parameters and the order of minibatches", 0, &given.seed},
    {0, "dtype", GK_CHOICE, &dtype, "f32", 0, 0, "f32|f64", "precision", 0, &given.dtype},
    GK_THREADS_OPT(&common),
    {0, "eval-every", GK_INT, &run.eval_every, "1", 1, 1e15, "K",
     "validate at steps 0, K, 2K, ... and the last", 0, &given.eval_every},
    {0, "save", GK_TEXT, &run.save, NULL, 0, 0, "FILE", "write a checkpoint at the end",
     GK_OPT_SILENT, NULL},
    {0, "save-every", GK_INT, &run.save_every, NULL, 1, 1e15, "K", "and at steps K, 2K, ...",
     GK_OPT_SILENT, NULL},
    {0, "weights-only", GK_FLAG, &run.weights_only, NULL, 0, 0, NULL, "without what --resume needs",
     GK_OPT_SILENT, NULL},
    {0, "trajectory", GK_TEXT, &run.trajectory, NULL, 0, 0, "FILE",
     "write a stream of the parameters along the way", GK_OPT_SILENT, NULL},
    {0, "every", GK_TEXT, &every, NULL, 0, 0, "K|log",
     "its frames: steps 0, K, 2K, ... or evenly in log step, and the last (default 100)",
     GK_OPT_SILENT, &given.every},
    {0, "resume", GK_TEXT, &resume, NULL, 0, 0, "CKPT",
     "go on from a checkpoint; what is not given comes from it", GK_OPT_SILENT, NULL},
    {0, "until-grokked", GK_INT, &until, NULL, 1, 1e15, "[EVALS]",
     "stop after EVALS evaluations in a row with validation accuracy 1 (default: never; 2 without "
     "EVALS)",
     GK_OPT_SILENT | GK_OPT_BARE, &given.until},
    {0}};

static const struct gk_tool tool = {
    .name = "gk-train",
    .synopsis = "[options] [DATA]",
    .summary = "Train a network on a dataset; print losses, accuracies and norms at every step.",
    .example = "gk-data --frac 0.5 | gk-train --steps 400 --save run.ckpt | gk-hjorth",
    .max_operands = 1,
    .opts = opts,
    .common = &common,
};

/* TEXT is WORD, which means VALUE, or a number. */
static int word_or_number(const char *option, const char *text, const char *word, int64_t value,
                          int64_t *v, struct gk_err *err)
{
    char *end;
    *v = value;
    if (strcmp(text, word) == 0)
        return 0;
    errno = 0;
    *v = strtoll(text, &end, 10);
    if (end == text || *end || errno || *v < 1)
        return gk_fail_usage(err, "--%s: '%s' is neither %s nor an integer above 0", option, text,
                             word);
    return 0;
}

static bool is_std(const char *file)
{
    return !file || strcmp(file, "-") == 0;
}

static int check_options(int operands, char **operand, struct gk_err *err)
{
    if (operands > 0 && data)
        return gk_fail_usage(err, "unexpected operand '%s' beside --data", operand[0]);
    if (operands > 0)
        data = operand[0];
    if (is_std(data) && resume && is_std(resume))
        return gk_fail_usage(err, "dataset and checkpoint cannot both come from standard input");
    if (is_std(common.output) + (run.save && is_std(run.save)) +
            (run.trajectory && is_std(run.trajectory)) >
        1)
        return gk_fail_usage(err, "standard output takes one of the table (-o), --save and "
                                  "--trajectory");
    if (!run.save && (run.save_every || run.weights_only))
        return gk_fail_usage(err, "--%s needs --save",
                             run.save_every ? "save-every" : "weights-only");
    if (!run.trajectory && given.every)
        return gk_fail_usage(err, "--every needs --trajectory");
    run.perfect = given.until ? until : 0;
    return word_or_number("every", every, "log", GK_EVERY_LOG, &run.every, err);
}

/* An option that this network or optimiser has no use for is said to be idle if it was asked for;
 * it is no part of the run's description. */
static void settle(bool *is_given, bool asked, bool used, const char *name)
{
    if (asked && !used)
        gk_note(&tool, "--%s changes nothing here", name);
    *is_given = used;
}

/* Everything that depends on something else. SAID: the command line alone. */
static int resolve(const struct given *said, struct gk_err *err)
{
    const bool mlp = model == GK_MLP, adam = optimizer <= GK_ADAMAX;
    const struct gk_optim_conf def = gk_optim_defaults(optimizer);
    settle(&given.heads, said->heads, !mlp, "heads");
    settle(&given.ff, said->ff, !mlp, "ff");
    settle(&given.hidden, said->hidden, mlp, "hidden");
    const struct {
        const char *name;
        bool *given, asked, used;
        double *value, def;
    } real[] = {
        {"weight-decay", &given.decay, said->decay, true, &optim->weight_decay, def.weight_decay},
        {"beta1", &given.beta1, said->beta1, adam, &optim->beta1, def.beta1},
        {"beta2", &given.beta2, said->beta2, adam || optimizer == GK_RMSPROP, &optim->beta2,
         def.beta2},
        {"eps", &given.eps, said->eps, adam || optimizer == GK_RMSPROP, &optim->eps, def.eps},
        {"momentum", &given.momentum, said->momentum, optimizer == GK_MOMENTUM, &optim->momentum,
         def.momentum}};
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        if (!*real[i].given)
            *real[i].value = real[i].def;
        settle(real[i].given, real[i].asked, real[i].used, real[i].name);
    }
    optim->kind = optimizer;
    optim->decay_matrices = decay == 1;
    conf.arch = (struct gk_arch){.model = model,
                                 .layers = (int)layers,
                                 .dim = (int)dim,
                                 .heads = mlp ? 1 : (int)heads,
                                 .ff = (int)(mlp ? hidden : ff)};
    conf.real = dtype == 1 ? GK_F64 : GK_F32;
    conf.seed = common.seed;
    return word_or_number("batch", batch, "full", 0, &conf.batch, err);
}

static int read_checkpoint(struct gk_frame *ckpt, struct gk_err *err)
{
    if (gk_frame_read_one(resume, ckpt, err))
        return -1;
    if (gk_cli_inherit(&tool, gk_train_get_setting, ckpt, err) == 0)
        return 0;
    err->kind = GK_ERR_FAILED; /* the file's fault, not the user's */
    return gk_frame_fail(ckpt, err, "metadata %s", err->msg + strspn(err->msg, "-"));
}

/* The stages before, then this one: a run that goes on unchanged has the line already. */
static int write_history(struct gk_history *h, const struct gk_frame *ckpt,
                         const struct gk_dataset *d, struct gk_err *err)
{
    char *line = gk_cli_line(&tool, err);
    int rc = line ? gk_history_add_text(h, gk_frame_meta(ckpt, "gk.history"), err) : -1;
    for (size_t i = 0; !rc && i < d->history.n; i++)
        rc = gk_history_add_text(h, d->history.line[i], err);
    if (!rc && (h->n == 0 || strcmp(h->line[h->n - 1], line) != 0))
        rc = gk_history_add(h, line, err);
    free(line);
    return rc;
}

static void tick(void *progress, double at)
{
    gk_progress_tick(progress, at);
}

static int check_fit(const struct gk_dataset *d, struct gk_err *err)
{
    struct gk_params ps;
    conf.arch.vocab = conf.arch.model == GK_MLP ? d->elements : d->vocab;
    if (gk_params_init(&ps, &conf.arch, err))
        return -1;
    gk_params_free(&ps);
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
    if (gk_out_commit(&table, rc ? NULL : err) && !rc)
        return -1;
    return rc;
}

static int run_all(struct gk_err *err)
{
    const struct given said = given;
    struct gk_dataset d;
    struct gk_frame ckpt = {0}, settings = {0};
    struct gk_history h = {0};
    struct gk_pool *pool = NULL;
    struct gk_trainer *t = NULL;
    if (resume && read_checkpoint(&ckpt, err))
        return -1;
    if (resolve(&said, err) || gk_dataset_read(&d, data, err) || check_fit(&d, err) ||
        gk_cli_each(&tool, gk_train_put_setting, &settings, err) ||
        write_history(&h, &ckpt, &d, err) || gk_blas_pool(&pool, (int)common.threads, err) ||
        gk_trainer_new(&t, &conf, &d, pool, err) || (resume && gk_trainer_resume(t, &ckpt, err)))
        return -1;
    run.resumed = resume != NULL;
    run.history = &h;
    run.settings = &settings;
    int rc = train(t, err);
    gk_trainer_free(t);
    gk_pool_free(pool);
    gk_history_free(&h);
    gk_frame_free(&settings);
    gk_frame_free(&ckpt);
    gk_dataset_free(&d);
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
