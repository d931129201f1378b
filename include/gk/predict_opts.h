/* The options of gk-predict, the commands that take them, and what they are without a word. */
#ifndef GK_PREDICT_OPTS_H
#define GK_PREDICT_OPTS_H

#include <math.h>

#include "gk/cli.h"
#include "gk/list.h"
#include "gk/predict.h"
#include "gk/signal_opts.h"

static struct gk_common common;
static struct gk_signal_opts in = GK_SIGNAL_OPTS_INIT;
static struct gk_runs_columns column = {.from = NAN, .to = NAN};
static bool within;
static const char *model_file, *features, *against, *given_text;
static int what;
static int64_t replicates, refits;
static double ridge, at_step, cover = 0.9, give_up = NAN;
static struct given {
    bool model, features, against, outcome, val, group, m0, skip_nan, ridge, bootstrap, refits;
    bool print, seed, within, time, steps, at, cover;
    bool column, step, detrend, taper, set, give_up, window;
} given;

enum { FIT = 1, SCORE = 2, RANK = 4 };

static const struct gk_opt opts[] = {
    GK_OPT_TEXT('m', "model", &model_file, "FILE",
                "the model: fit writes it (if asked to), score reads it (default: that of gk)",
                .flags = GK_OPT_SILENT, .commands = FIT | SCORE, .given = &given.model),
    GK_OPT_TEXT(0, "features", &features, "A,B",
                "fit, rank: columns (default: all called as measures of gk-hjorth, m0 or m0_400)",
                .commands = FIT | RANK, .given = &given.features),
    GK_OPT_TEXT(0, "against", &against, "A,B",
                "fit: the features of another model, to compare with in the summary",
                .commands = FIT, .given = &given.against),
    GK_OPT_TEXT(0, "outcome", &column.outcome, "COLUMN",
                "fit, rank: 1 for a run that grokked, else 0 (default grokked)",
                .commands = FIT | RANK, .given = &given.outcome),
    GK_OPT_TEXT(0, "val", &column.val, "COLUMN",
                "fit, rank: final validation accuracy (default: final_val_acc if there is one)",
                .commands = FIT | RANK, .given = &given.val),
    GK_OPT_TEXT(0, "group", &column.group, "COLUMN",
                "fit: leave one group out at a time (default: a tenth of the runs); rank: look at "
                "each group by itself",
                .commands = FIT | RANK, .given = &given.group),
    GK_OPT_FLAG(0, "within", &within, "fit: rank only runs of the same group", .commands = FIT,
                .given = &given.within),
    GK_OPT_TEXT(0, "m0", &column.m0, "COLUMN",
                "fit: the single feature to compare with (default: the first m0)", .commands = FIT,
                .given = &given.m0),
    GK_OPT_FLAG(0, "skip-nan", &column.skip_nan,
                "fit: leave out runs with a nan in a column that is used", .commands = FIT,
                .given = &given.skip_nan),
    GK_OPT_REAL(0, "ridge", &ridge, "fit: penalty on standardised weights (default 1)", .min = 0,
                .max = INFINITY, .choices = "L", .flags = GK_OPT_OPEN_MIN, .commands = FIT,
                .given = &given.ridge),
    GK_OPT_INT(0, "bootstrap", &replicates, "fit, rank: resamples for the intervals (default 2000)",
               .min = 0, .max = 1e6, .commands = FIT | RANK, .given = &given.bootstrap),
    GK_OPT_INT(0, "refits", &refits,
               "fit: resamples with new fits, for the intervals of the model (default 200)",
               .min = 0, .max = 1e6, .commands = FIT, .given = &given.refits),
    GK_OPT_CHOICE(0, "print", &what, GK_REPORTS, "fit: the table (default summary)",
                  .commands = FIT, .given = &given.print),
    GK_OPT_TEXT(0, "time", &column.time, "COLUMN",
                "fit: when a run grokked, for decisions and times (default t4)", .commands = FIT,
                .given = &given.time),
    GK_OPT_TEXT(0, "steps", &column.steps, "COLUMN",
                "fit: the last step of a run, for decisions (default steps)", .commands = FIT,
                .given = &given.steps),
    GK_OPT_REAL(0, "at", &at_step,
                "fit: the step of a decision (default: the last that a feature speaks of)",
                .min = 0, .max = INFINITY, .choices = "STEP", .commands = FIT, .given = &given.at),
    GK_OPT_REAL(0, "cover", &cover, "fit: coverage of the intervals of times (default 0.9)",
                .min = 0, .max = 0.9999, .choices = "P", .flags = GK_OPT_OPEN_MIN, .commands = FIT,
                .given = &given.cover),
    GK_OPT_INT(0, "seed", &common.seed, "fit, rank: seed of folds and resamples (default 0)",
               .min = 0, .max = GK_SEED_MOST, .commands = FIT | RANK, .given = &given.seed),
    GK_OPT_WINDOW(0, "window", &in.window, "the steps of features whose names do not say",
                  .commands = FIT | SCORE, .given = &given.window),
    GK_OPT_TEXT('c', "column", &in.column, "NAME",
                "score: the column to read (default: train_loss)", .commands = SCORE,
                .given = &given.column),
    GK_OPT_TEXT(0, "step", &in.step, "NAME",
                "score: the column of steps (default: step, or as loggers call it)",
                .commands = SCORE, .given = &given.step),
    GK_OPT_TEXT(0, "detrend", &in.detrend, "none|mean|linear|highpass=F",
                "score: as in gk-hjorth for the table (default none)", .commands = SCORE,
                .given = &given.detrend),
    GK_OPT_CHOICE(0, "taper", &in.conditioning.taper, GK_TAPER_NAMES,
                  "score: likewise (default none)", .commands = SCORE, .given = &given.taper),
    GK_OPT_TEXT(0, "set", &given_text, "NAME=X,...", "score: features that are not of the curve",
                .commands = SCORE, .given = &given.set),
    GK_OPT_REAL(0, "give-up", &give_up,
                "score: end if the probability is below P once the windows are over", .min = 0,
                .max = 1, .choices = "P", .commands = SCORE, .given = &given.give_up),
    GK_DIGITS_OPT(&common),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-predict",
    .synopsis = "fit|score|rank [options] [FILE]",
    .summary =
        "Predict grokking from the first steps: fit a model to runs, score a live curve, rank "
        "measures.",
    .example = "gk-data | gk-train | gk-predict score --model grok.model --give-up 0.1",
    .commands = "fit|score|rank",
    .max_operands = 2,
    .opts = opts,
    .common = &common,
};

/* An option of another command is wrong usage. */
static int check_options(unsigned command, struct gk_err *err)
{
    static const char *const names[] = {[FIT] = "fit",
                                        [SCORE] = "score",
                                        [FIT | SCORE] = "fit and score",
                                        [FIT | RANK] = "fit and rank"};
    for (const struct gk_opt *o = opts; o->name; o++)
        if (o->commands && !(o->commands & command) && *o->given)
            return gk_fail_usage(err, "--%s is an option of gk-predict %s", o->name,
                                 names[o->commands]);
    return 0;
}

/* Names the options of fit that change neither the table nor the model, and forgets the columns
 * that they name: a nan there is no reason to leave a run out. */
static void forget_unused(void)
{
    const bool scores = what == GK_REPORT_SUMMARY || what == GK_REPORT_MODELS;
    const bool ranks = scores || what == GK_REPORT_GROUPS || model_file;
    const bool decisions = what == GK_REPORT_DECISIONS;
    const struct {
        bool idle;
        const char *name, *prints;
    } options[] = {{given.against && !scores, "against", "summary or models"},
                   {given.within && !ranks, "within", "summary, models or groups"},
                   {given.steps && !decisions, "steps", "decisions"},
                   {given.cover && what != GK_REPORT_TIMES, "cover", "times"}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].idle)
            gk_note(&tool, "--%s changes nothing without --print %s", options[i].name,
                    options[i].prints);
    if (!scores)
        against = NULL;
    if (!decisions)
        column.steps = NULL;
}

/* What fit and rank share. */
static int set_defaults(struct gk_err *err)
{
    if (!given.bootstrap)
        replicates = 2000;
    if (!given.seed)
        common.seed = 0;
    given.bootstrap = given.seed = true;
    return features ? gk_list_words("features", features, &column.features, &column.n, err) : 0;
}

static int fit_defaults(struct gk_err *err)
{
    if (!given.outcome)
        column.outcome = "grokked";
    if (!given.ridge)
        ridge = 1;
    given.outcome = given.ridge = true;
    if (given.window) {
        column.from = in.window.a;
        column.to = in.window.b;
    }
    if (what == GK_REPORT_GROUPS && !column.group)
        return gk_fail_usage(err, "--print groups needs --group");
    if (within && !column.group)
        return gk_fail_usage(err, "--within needs --group");
    if (model_file && gk_cli_outputs(&tool, "--model", model_file, err))
        return -1;
    forget_unused();
    const bool decisions = what == GK_REPORT_DECISIONS;
    if (!given.time && (decisions || what == GK_REPORT_TIMES))
        column.time = "t4";
    if (!given.steps && decisions)
        column.steps = "steps";
    if (against && gk_list_words("against", against, &column.against, &column.n_against, err))
        return -1;
    return set_defaults(err);
}

#endif
