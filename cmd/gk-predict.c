/* gk-predict: will a run grok? Fits a model to a table of runs; scores a curve as it comes.
 *
 *     gk-predict fit --model grok.model runs.tsv
 *     gk-train ... | gk-predict score --model grok.model --give-up 0.1
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/cli.h"
#include "gk/list.h"
#include "gk/mem.h"
#include "gk/out.h"
#include "gk/predict.h"
#include "gk/share.h"
#include "gk/signal_opts.h"
#include "gk/version.h"

static struct gk_common common;
static struct gk_signal_opts in = GK_SIGNAL_OPTS_INIT;
static struct gk_runs_columns column = {.from = NAN, .to = NAN};
static bool within;
static const char *model_file, *features, *against, *given_text;
static int what;
static int64_t replicates;
static double ridge, at_step, cover = 0.9, give_up = NAN;
static struct given {
    bool features, against, outcome, val, group, m0, skip_nan, ridge, bootstrap, print, seed;
    bool within;
    bool time, steps, at, cover;
    bool column, step, detrend, taper, set, give_up, window;
} given;

static const struct gk_opt opts[] = {
    GK_OPT_TEXT('m', "model", &model_file, "FILE",
                "the model: fit writes it (if asked to), score reads it (default: that of gk)",
                .flags = GK_OPT_SILENT),
    GK_OPT_TEXT(0, "features", &features, "A,B",
                "fit: columns (default: all called as measures of gk-hjorth, m0 or m0_400)",
                .given = &given.features),
    GK_OPT_TEXT(0, "against", &against, "A,B",
                "fit: the features of another model, to compare with in the summary",
                .given = &given.against),
    GK_OPT_TEXT(0, "outcome", &column.outcome, "COLUMN",
                "fit: 1 for a run that grokked, else 0 (default grokked)", .given = &given.outcome),
    GK_OPT_TEXT(0, "val", &column.val, "COLUMN",
                "fit: final validation accuracy (default: final_val_acc if there is one)",
                .given = &given.val),
    GK_OPT_TEXT(0, "group", &column.group, "COLUMN",
                "fit: leave one group out at a time (default: a tenth of the runs)",
                .given = &given.group),
    GK_OPT_FLAG(0, "within", &within, "fit: rank only runs of the same group",
                .given = &given.within),
    GK_OPT_TEXT(0, "m0", &column.m0, "COLUMN",
                "fit: the single feature to compare with (default: the first m0)",
                .given = &given.m0),
    GK_OPT_FLAG(0, "skip-nan", &column.skip_nan,
                "fit: leave out runs with a nan in a column that is used",
                .given = &given.skip_nan),
    GK_OPT_REAL(0, "ridge", &ridge, "fit: penalty on standardised weights (default 1)", .min = 0,
                .max = INFINITY, .choices = "L", .flags = GK_OPT_OPEN_MIN, .given = &given.ridge),
    GK_OPT_INT(0, "bootstrap", &replicates, "fit: resamples for the intervals (default 2000)",
               .min = 0, .max = 1e6, .given = &given.bootstrap),
    GK_OPT_CHOICE(0, "print", &what, GK_REPORTS, "fit: the table (default summary)",
                  .given = &given.print),
    GK_OPT_TEXT(0, "time", &column.time, "COLUMN",
                "fit: when a run grokked, for decisions and times (default t4)",
                .given = &given.time),
    GK_OPT_TEXT(0, "steps", &column.steps, "COLUMN",
                "fit: the last step of a run, for decisions (default steps)",
                .given = &given.steps),
    GK_OPT_REAL(0, "at", &at_step,
                "fit: the step of a decision (default: the last that a feature speaks of)",
                .min = 0, .max = INFINITY, .choices = "STEP", .given = &given.at),
    GK_OPT_REAL(0, "cover", &cover, "fit: coverage of the intervals of times (default 0.9)",
                .min = 0, .max = 0.9999, .choices = "P", .flags = GK_OPT_OPEN_MIN,
                .given = &given.cover),
    GK_OPT_INT(0, "seed", &common.seed, "fit: seed of folds and resamples (default 0)", .min = 0,
               .max = 9007199254740992.0, .given = &given.seed),
    GK_OPT_WINDOW(0, "window", &in.window, "the steps of features whose names do not say",
                  .given = &given.window),
    GK_OPT_TEXT('c', "column", &in.column, "NAME",
                "score: the column to read (default: train_loss)", .given = &given.column),
    GK_OPT_TEXT(0, "step", &in.step, "NAME",
                "score: the column of steps (default: step, or as loggers call it)",
                .given = &given.step),
    GK_OPT_TEXT(0, "detrend", &in.detrend, "none|mean|linear|highpass=F",
                "score: as in gk-hjorth for the table (default none)", .given = &given.detrend),
    GK_OPT_CHOICE(0, "taper", &in.conditioning.taper, GK_TAPER_NAMES,
                  "score: likewise (default none)", .given = &given.taper),
    GK_OPT_TEXT(0, "set", &given_text, "NAME=X,...", "score: features that are not of the curve",
                .given = &given.set),
    GK_OPT_REAL(0, "give-up", &give_up,
                "score: end if the probability is below P once the windows are over", .min = 0,
                .max = 1, .choices = "P", .given = &given.give_up),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-predict",
    .synopsis = "fit|score [options] [FILE]",
    .summary = "Predict grokking from the first steps: fit a model to runs, score a live curve.",
    .example = "gk-data | gk-train | gk-predict score --model grok.model --give-up 0.1",
    .commands = "fit|score",
    .max_operands = 2,
    .opts = opts,
    .common = &common,
};

/* The line of provenance, with the command after the version. */
static int add_history(const char *command, struct gk_history *h, struct gk_err *err)
{
    char *line = gk_cli_line(&tool, err), *full = NULL;
    if (line) {
        size_t head = strlen(tool.name) + 1 + strlen(GK_VERSION);
        full = gk_format(err, "%.*s %s%s", (int)head, line, command, line + head);
    }
    int rc = full ? gk_history_add(h, full, err) : -1;
    free(full);
    free(line);
    return rc;
}

/* Options of the other command are wrong usage. */
static int check_options(bool fit, struct gk_err *err)
{
    const struct {
        const char *name;
        bool fit, given;
    } all[] = {{"features", true, given.features},
               {"against", true, given.against},
               {"outcome", true, given.outcome},
               {"val", true, given.val},
               {"group", true, given.group},
               {"within", true, given.within},
               {"m0", true, given.m0},
               {"skip-nan", true, given.skip_nan},
               {"ridge", true, given.ridge},
               {"bootstrap", true, given.bootstrap},
               {"print", true, given.print},
               {"time", true, given.time},
               {"steps", true, given.steps},
               {"at", true, given.at},
               {"cover", true, given.cover},
               {"seed", true, given.seed},
               {"column", false, given.column},
               {"step", false, given.step},
               {"detrend", false, given.detrend},
               {"taper", false, given.taper},
               {"set", false, given.set},
               {"give-up", false, given.give_up}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].given && all[i].fit != fit)
            return gk_fail_usage(err, "--%s is an option of gk-predict %s", all[i].name,
                                 fit ? "score" : "fit");
    return 0;
}

/* ---- fit ---- */

/* Its comments are those of the table, then its worth. */
static int write_model(const struct gk_history *h, const struct gk_report_of *of,
                       struct gk_err *err)
{
    struct gk_history all = {0};
    struct gk_out out;
    const int rc = gk_history_join(&all, h, err) || gk_report_about(&all, of, column.group, err) ||
                           gk_out_open(&out, model_file, false, err) ||
                           gk_model_write(out.fp, of->m, &all, err) || gk_out_commit(&out, err)
                       ? -1
                       : 0;
    gk_history_free(&all);
    return rc;
}

static int fit_defaults(struct gk_err *err)
{
    if (!given.outcome)
        column.outcome = "grokked";
    if (!given.ridge)
        ridge = 1;
    if (!given.bootstrap)
        replicates = 2000;
    if (!given.seed)
        common.seed = 0;
    given.outcome = given.ridge = given.bootstrap = given.seed = true;
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
    const bool decisions = what == GK_REPORT_DECISIONS;
    if (!given.time && (decisions || what == GK_REPORT_TIMES))
        column.time = "t4";
    if (!given.steps && decisions)
        column.steps = "steps";
    if (against && gk_list_words("against", against, &column.against, &column.n_against, err))
        return -1;
    return features ? gk_list_words("features", features, &column.features, &column.n, err) : 0;
}

/* The AUC of scores that say nothing has a variance of (n + 1) / (12 n1 n0). */
static void remark_few(const char *name, const struct gk_runs *r)
{
    double grokked = 0, n = (double)r->n;
    for (size_t i = 0; i < r->n; i++)
        grokked += r->outcome[i];
    const double off = sqrt((n + 1) / (12 * grokked * (n - grokked)));
    if (off > 0.1)
        gk_note(&tool,
                "%s: %zu runs, %.0f that grokked: chance alone moves an AUC of so few by %.2f, and "
                "the intervals do not count that other runs make another model",
                name, r->n, grokked, off);
}

/* Held-out probabilities by the features to compare with, on the same folds; NULL: none. */
static int fit_against(const struct gk_runs *r, size_t *fold, double **heldout, struct gk_err *err)
{
    struct gk_model m;
    *heldout = NULL;
    if (!r->against)
        return 0;
    if (!(*heldout = gk_alloc(r->n, sizeof **heldout, err)) ||
        gk_model_fit(&m, r->against, ridge, (uint64_t)common.seed, *heldout, fold, err))
        return -1;
    gk_model_free(&m);
    return 0;
}

static void remark(const char *name, const struct gk_runs *r)
{
    remark_few(name, r);
    bool bare = false;
    for (size_t j = 0; j < r->d; j++)
        bare = bare || gk_feature_is_bare(&r->feature[j]);
    if (given.window && !bare)
        gk_note(&tool, "--window changes nothing: every feature says its own");
    if (!r->m0)
        gk_note(&tool, "no column is m0: --m0 names a feature to compare the model with");
}

static int fit(const char *path, struct gk_err *err)
{
    struct gk_rows rows;
    struct gk_runs r;
    struct gk_model m;
    struct gk_out out;
    double *other;
    if (fit_defaults(err) || gk_rows_open_input(&rows, path, err) ||
        gk_runs_read(&r, &rows, &column, err))
        return -1;
    if (r.skipped)
        gk_note(&tool, "%s: %zu run%s left out, for a nan", rows.file, r.skipped,
                r.skipped == 1 ? "" : "s");
    double *heldout = gk_alloc(r.n, sizeof *heldout, err);
    size_t *fold = gk_alloc(r.n, sizeof *fold, err);
    if (!heldout || !fold)
        return -1;
    if (gk_model_fit(&m, &r, ridge, (uint64_t)common.seed, heldout, fold, err) ||
        fit_against(&r, fold, &other, err))
        return gk_fail_at(err, "%s", rows.file);
    remark(rows.file, &r);
    const struct gk_report_of of = {.r = &r,
                                    .m = &m,
                                    .heldout = heldout,
                                    .fold = fold,
                                    .against = other,
                                    .within = within,
                                    .replicates = replicates,
                                    .seed = (uint64_t)common.seed,
                                    .at = given.at ? at_step : gk_runs_known_at(&r),
                                    .ridge = ridge,
                                    .cover = cover};
    if (add_history("fit", &rows.history, err) || gk_out_open(&out, common.output, false, err) ||
        (model_file && write_model(&rows.history, &of, err)) ||
        gk_report_write(&out, (enum gk_report)what, &rows.history, &of, err) ||
        gk_out_commit(&out, err))
        return -1;
    gk_free(heldout);
    gk_free(other);
    gk_free(fold);
    free(column.against);
    free(column.features);
    gk_model_free(&m);
    gk_runs_free(&r);
    gk_rows_close(&rows);
    return 0;
}

/* ---- score ---- */

/* The model that comes with gk says what it is. */
static int own_model(struct gk_model *m, struct gk_history *h, struct gk_err *err)
{
    char path[PATH_MAX];
    if (gk_share_path(path, sizeof path, "models/grok.model", err) ||
        gk_model_read(m, path, h, err))
        return -1;
    gk_note(&tool, "by the model of gk; --model FILE takes another");
    for (size_t i = 0; i < h->n; i++)
        if (!strncmp(h->line[i], GK_ABOUT, sizeof GK_ABOUT - 1))
            gk_note(&tool, "%s", h->line[i]);
    return 0;
}

/* A model says little about runs that are unlike those that it was fitted to. */
static void remark_beyond(const struct gk_live *l, const struct gk_model *m)
{
    double x;
    const struct gk_term *t = gk_live_beyond(l, 0, &x);
    while (t) {
        gk_note(&tool, "%s is %.6g, beyond the model's range of %.6g to %.6g", t->feature.name, x,
                t->least, t->most);
        t = gk_live_beyond(l, (size_t)(t - m->term) + 1, &x);
    }
}

static int score(const char *path, struct gk_err *err)
{
    static const char *const names[] = {"step", "probability"};
    struct gk_history h = {0};
    struct gk_model m;
    struct gk_live *l;
    struct gk_signal s;
    struct gk_out out;
    struct gk_live_end end;
    const struct gk_feature *both;
    double since;
    if (model_file && !strcmp(model_file, "-"))
        return gk_fail_usage(err, "--model: standard input is for the curve");
    if (!in.detrend)
        in.detrend = "none";
    if (gk_conditioning_parse(&in.conditioning, in.detrend, err) ||
        (model_file ? gk_model_read(&m, model_file, &h, err) : own_model(&m, &h, err)))
        return -1;
    int used = gk_model_set_windows(&m, in.window.a, in.window.b, err);
    if (used < 0)
        return -1;
    if (given.window && !used)
        gk_note(&tool, "--window changes nothing: the model says all its windows");
    double *x = gk_alloc(m.d, sizeof *x, err);
    if (!x || gk_model_given(&m, given_text, x, err) ||
        gk_live_new(&l, &m, x, &in.conditioning, &since, err) ||
        gk_signal_open(&s, path, in.column, in.step, since, INFINITY, err) ||
        gk_live_watch(l, &s, &both, err))
        return -1;
    if (both)
        gk_note(&tool, "%s: the feature %s is the column %.*s at step %.12g, not the column %s",
                gk_signal_file(&s), both->name, (int)both->column, both->name, both->from,
                both->name);
    in.column = s.column;
    given.column = given.column || s.column;
    given.detrend = given.taper = true;
    if (gk_history_join(&h, &s.history, err) || add_history("score", &h, err) ||
        gk_out_open(&out, common.output, false, err) || gk_table_begin(out.fp, &h, names, 2, err) ||
        gk_live_follow(l, &s, &out, give_up, &end, err) || gk_out_commit(&out, err))
        return -1;
    if (end.gave_up)
        gk_note(&tool, "step %.12g: giving up, the probability %.3g is below %g", end.step, end.p,
                give_up);
    else if (!end.over)
        gk_note(&tool, "the curve ended at step %.12g, before its windows were over", end.step);
    if (end.over)
        remark_beyond(l, &m);
    gk_note_table(&tool, gk_signal_file(&s), gk_signal_notes(&s));
    gk_signal_close(&s);
    gk_live_free(l);
    gk_model_free(&m);
    gk_history_free(&h);
    gk_free(x);
    return 0;
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    gk_cli_start(&tool, &argc, &argv);
    const char *command = argc ? argv[0] : "";
    bool is_fit = !strcmp(command, "fit");
    const char *path = argc > 1 ? argv[1] : NULL;
    int rc;
    if (!is_fit && strcmp(command, "score") != 0)
        rc = gk_fail_usage(&err, "the first operand is fit or score, not '%s'", command);
    else
        rc = check_options(is_fit, &err);
    if (rc || (is_fit ? fit : score)(path, &err))
        gk_die(&tool, &err);
    return 0;
}
