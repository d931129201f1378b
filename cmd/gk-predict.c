/* gk-predict: will a run grok? Fits a model to a table of runs; scores a curve as it comes.
 *
 *     gk-predict fit --model grok.model runs.tsv
 *     gk-train ... | gk-predict score --model grok.model --give-up 0.1
 *     gk-predict rank --features m0_400,lr --group frac runs.tsv
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/out.h"
#include "gk/predict_opts.h"
#include "gk/share.h"
#include "gk/version.h"

/* The provenance line, with the command after the version. */
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

/* ---- fit ---- */

/* Its comments are those of the table, then its worth. */
static int write_model(const struct gk_history *h, const struct gk_report_of *of,
                       struct gk_err *err)
{
    struct gk_history all = {0};
    struct gk_out out;
    const bool failed = gk_history_join(&all, h, err) ||
                        gk_report_about(&all, of, column.group, err) ||
                        gk_out_open(&out, model_file, false, err) ||
                        gk_model_write(out.fp, of->m, &all, err) || gk_out_commit(&out, err);
    gk_history_free(&all);
    return failed ? -1 : 0;
}

/* The AUC of uninformative scores has a variance of (n + 1) / (12 n1 n0). */
static void remark_few(const char *name, const struct gk_runs *r)
{
    double grokked = 0, n = (double)r->n;
    for (size_t i = 0; i < r->n; i++)
        grokked += r->outcome[i];
    const double off = sqrt((n + 1) / (12 * grokked * (n - grokked)));
    if (off > 0.1)
        gk_note(&tool,
                "%s: %zu runs, %.0f that grokked: chance alone moves an AUC of so few by %.2f",
                name, r->n, grokked, off);
}

static struct gk_progress progress;

static void tick(void *ctx, double done, double total)
{
    (void)ctx;
    (void)total;
    gk_progress_tick(&progress, done);
}

/* The default number of refits takes some seconds; if that would be too few, there are none. */
static void settle_refits(const char *name, const struct gk_runs *r, const size_t *fold,
                          bool judged)
{
    enum { USUAL = 200, LEAST = 100 };
    const double budget = 1e9 / gk_model_refit_cost(r, fold);
    if (!given.refits && judged && replicates > 0) {
        refits = budget >= USUAL ? USUAL : budget >= LEAST ? (int64_t)budget : 0;
        if (refits == 0)
            gk_note(&tool,
                    "%s: too many runs and folds to fit again by default: the intervals do not "
                    "count that other runs make another model; --refits 200 does",
                    name);
    }
    given.refits = true;
}

/* HELDOUT [2, n]: probabilities by the features to compare with, on the same folds, and the scores
 * before calibration; NULL: none. */
static int fit_against(const struct gk_runs *r, size_t *fold, double **heldout, struct gk_err *err)
{
    struct gk_model m;
    *heldout = NULL;
    if (!r->against)
        return 0;
    if (!(*heldout = gk_alloc(r->n, 2 * sizeof **heldout, err)) ||
        gk_model_fit(&m, r->against, ridge, (uint64_t)common.seed, *heldout, *heldout + r->n, fold,
                     err))
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

/* The step at which a decision is taken, for tables that need it. */
static int decision_step(const struct gk_runs *r, double *at, struct gk_err *err)
{
    *at = given.at ? at_step : gk_runs_known_at(r);
    if (!isnan(*at) || (what != GK_REPORT_DECISIONS && what != GK_REPORT_TIMES))
        return 0;
    size_t j = 0;
    while (r->feature[j].measure < 0 || !isnan(r->feature[j].to))
        j++;
    gk_fail_usage(err, "in which steps A:B was %s measured?", r->feature[j].name);
    return gk_fail_about(err, "window");
}

static int fit(const char *path, struct gk_err *err)
{
    struct gk_rows rows;
    struct gk_runs r;
    struct gk_model m;
    struct gk_out out;
    double *other, at;
    size_t said = 0;
    if (fit_defaults(err) || gk_rows_open_input(&rows, path, err) ||
        gk_runs_read(&r, &rows, &column, err) || decision_step(&r, &at, err) ||
        gk_runs_remark(&r, at, &rows, err))
        return -1;
    gk_note_all(&tool, &r.doubts, &said);
    double *heldout = gk_alloc(r.n, 2 * sizeof *heldout, err);
    size_t *fold = gk_alloc(r.n, sizeof *fold, err);
    if (!heldout || !fold)
        return -1;
    if (gk_model_fit(&m, &r, ridge, (uint64_t)common.seed, heldout, heldout + r.n, fold, err) ||
        fit_against(&r, fold, &other, err))
        return gk_fail_at(err, "%s", rows.file);
    remark(rows.file, &r);
    gk_note_table(&tool, rows.file, &rows.notes);
    const bool judged = model_file || what == GK_REPORT_SUMMARY || what == GK_REPORT_MODELS;
    settle_refits(rows.file, &r, fold, judged);
    struct gk_report_of of = {.r = &r,
                              .m = &m,
                              .heldout = heldout,
                              .fold = fold,
                              .against = other,
                              .within = within,
                              .raw = heldout + r.n,
                              .against_raw = other ? other + r.n : NULL,
                              .replicates = replicates,
                              .refits = refits,
                              .seed = (uint64_t)common.seed,
                              .at = at,
                              .ridge = ridge,
                              .cover = cover,
                              .tick = {tick, NULL},
                              .notes = &r.doubts};
    gk_progress_start(&progress, &tool, "refit", (double)refits);
    if (add_history("fit", &rows.history, err) || (judged && gk_report_judge(&of, err)) ||
        gk_out_open(&out, common.output, false, err) ||
        (model_file && write_model(&rows.history, &of, err)) ||
        gk_report_write(&out, (enum gk_report)what, &rows.history, &of, err) ||
        gk_out_commit(&out, err))
        return -1;
    gk_progress_end(&progress);
    gk_note_all(&tool, &r.doubts, &said);
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

/* Sums over a window and frequencies depend on how many rows it has. */
static void remark_spacing(const struct gk_signal *s, const struct gk_model *m)
{
    size_t j = 0;
    while (j < m->d && m->term[j].feature.measure < 0)
        j++;
    if (j < m->d && s->n > 1 && s->spacing != 1)
        gk_note(&tool,
                "%s: %s is measured on a row every %.6g steps: the model must be of curves with "
                "such rows",
                gk_signal_file(s), m->term[j].feature.name, s->spacing);
}

/* What is known when the windows are over is said then: the curve may go on for hours. */
static int follow(struct gk_live *l, const struct gk_model *m, struct gk_signal *s,
                  struct gk_out *out, struct gk_err *err)
{
    struct gk_live_end end = {.p = NAN};
    const int rc = gk_live_follow(l, s, out, give_up, &end, err);
    if (rc == 0)
        gk_note(&tool, "the curve ended at step %.12g, before its windows were over", end.step);
    if (rc != 1)
        return rc;
    if (end.gave_up)
        gk_note(&tool, "step %.12g: giving up, the probability %.3g is below %g", end.step, end.p,
                give_up);
    const struct gk_feature *late = gk_live_late(l, s);
    if (late)
        gk_note(&tool, "%s: it begins at step %.12g, in the window %.12g:%.12g of %s",
                gk_signal_file(s), s->first, late->from, late->to, late->name);
    remark_beyond(l, m);
    return gk_live_follow(l, s, out, give_up, &end, err);
}

static int score(const char *path, struct gk_err *err)
{
    static const char *const names[] = {"step", "probability"};
    struct gk_history h = {0};
    struct gk_model m;
    struct gk_live *l;
    struct gk_signal s;
    struct gk_out out;
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
        follow(l, &m, &s, &out, err) || gk_out_commit(&out, err))
        return -1;
    remark_spacing(&s, &m);
    gk_note_table(&tool, gk_signal_file(&s), gk_signal_notes(&s));
    gk_signal_close(&s);
    gk_live_free(l);
    gk_model_free(&m);
    gk_history_free(&h);
    gk_free(x);
    return 0;
}

/* ---- rank ---- */

static void remark_ranking(const struct gk_ranking_notes *n, const char *file)
{
    if (n->lacking)
        gk_note(&tool, "%s: %zu value%s left out, for a nan", file, n->lacking,
                n->lacking == 1 ? "" : "s");
    if (n->alike && column.outcome)
        gk_note(&tool,
                "%s: %zu row%s without an AUC, the first of group %s: its runs have one outcome",
                file, n->alike, n->alike == 1 ? "" : "s", n->first);
}

static int rank(const char *path, struct gk_err *err)
{
    struct gk_rows rows;
    struct gk_runs r;
    struct gk_out out;
    struct gk_ranking_notes notes;
    int outcome;
    column.alone = true;
    if (set_defaults(err) || gk_rows_open_input(&rows, path, err) ||
        gk_rows_find(&rows, "grokked", &outcome, err))
        return -1;
    if (!given.outcome && outcome >= 0)
        column.outcome = "grokked";
    given.outcome = column.outcome;
    if (gk_runs_read(&r, &rows, &column, err))
        return -1;
    if (!r.n)
        return gk_fail(err, "%s: every run has a nan for its outcome or its accuracy", rows.file);
    if (add_history("rank", &rows.history, err) || gk_out_open(&out, common.output, false, err) ||
        gk_ranking_write(&out, &rows.history, &r, replicates, (uint64_t)common.seed, &notes, err) ||
        gk_out_commit(&out, err) || gk_runs_remark(&r, NAN, &rows, err))
        return -1;
    gk_note_all(&tool, &r.doubts, &(size_t){0});
    remark_ranking(&notes, rows.file);
    gk_note_table(&tool, rows.file, &rows.notes);
    free(column.features);
    gk_runs_free(&r);
    gk_rows_close(&rows);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        unsigned id;
        int (*run)(const char *path, struct gk_err *err);
    } commands[] = {{"fit", FIT, fit}, {"score", SCORE, score}, {"rank", RANK, rank}};
    struct gk_err err = {0};
    gk_cli_start(&tool, &argc, &argv);
    const char *command = argc ? argv[0] : "";
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(command, commands[i].name)) {
            if (check_options(commands[i].id, &err) ||
                commands[i].run(argc > 1 ? argv[1] : NULL, &err))
                gk_die(&tool, &err);
            return 0;
        }
    gk_fail_usage(&err, "the first operand is fit, score or rank, not '%s'", command);
    gk_die(&tool, &err);
}
