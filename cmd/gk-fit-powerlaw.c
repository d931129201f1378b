/* gk-fit-powerlaw: the law t4(r) = a r^-gamma + b of grokking time against training fraction.
 *
 *     gk-fit-powerlaw -x r -y t4 --units percent runs.tsv
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gk/cli.h"
#include "gk/list.h"
#include "gk/out.h"
#include "gk/powerlaw.h"
#include "gk/table.h"

static struct gk_common common;
static struct gk_powerlaw_columns column;
static struct gk_powerlaw_conf conf = {.level = 0.95, .b = NAN, .b_min = NAN};
static const char *predict;
static int units;
static bool details;

static const struct gk_opt opts[] = {
    GK_OPT_TEXT('x', "x", &column.x, "COLUMN", "the training fraction", .def = "r"),
    GK_OPT_TEXT('y', "y", &column.y, "COLUMN", "the step of grokking", .def = "t4"),
    GK_OPT_CHOICE(0, "units", &units, "percent|fraction",
                  "the unit of x and of row a; row a_other has the other", .def = "percent"),
    GK_OPT_TEXT('w', "weights", &column.weight, "COLUMN",
                "weights of the squares (default: all the same)"),
    GK_OPT_TEXT(
        0, "censor", &column.censor, "COLUMN",
        "the steps each run had (y nan: it never grokked), or 1 where y is only the run's end"),
    GK_OPT_REAL(0, "fix-b", &conf.b, "hold b at B", .choices = "B", .given = &conf.fix_b),
    GK_OPT_REAL(0, "b-min", &conf.b_min, "b >= B, such as 0 (default: b is free)", .choices = "B",
                .given = &conf.bound_b),
    GK_OPT_TEXT(0, "predict", &predict, "R,R",
                "add the law y(R) and a new run new(R) there, with bands"),
    GK_OPT_FLAG(0, "details", &details, "add the standard deviation sigma and the correlations"),
    GK_DIGITS_OPT(&common),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-fit-powerlaw",
    .synopsis = "[options] [TABLE]",
    .summary = "Fit y = a x^-gamma + b to a table of runs by least squares.",
    .example = "awk 'BEGIN { OFS=\"\\t\"; print \"r\", \"t4\"; for (r = 20; r <= 80; r += 10) "
               "print r, 1.09e15 * r^-7.73 + 1442 }' | gk-fit-powerlaw --predict 25,35",
    .max_operands = 1,
    .opts = opts,
    .common = &common,
};

static const char *const names[GK_PL_PARS] = {"a", "gamma", "b", "a_other"};

static void put_row(FILE *fp, const char *name, const struct gk_estimate *e)
{
    fprintf(fp, "%s\t", name);
    gk_put_number(fp, e->value, false, '\t');
    gk_put_number(fp, e->stderror, false, '\t');
    gk_put_number(fp, e->lower, false, '\t');
    gk_put_number(fp, e->upper, false, '\n');
}

static void put_details(FILE *fp, const struct gk_powerlaw *fit)
{
    struct gk_estimate e = {fit->sigma, NAN, NAN, NAN};
    put_row(fp, "sigma", &e);
    for (int i = 0; i < GK_PL_PARS; i++)
        for (int j = i + 1; j < GK_PL_PARS; j++) {
            char name[32];
            snprintf(name, sizeof name, "corr(%s,%s)", names[i], names[j]);
            e.value = fit->corr[i][j];
            put_row(fp, name, &e);
        }
}

static void put_predictions(FILE *fp, const struct gk_powerlaw *fit, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct gk_estimate law, run;
        char name[48];
        gk_powerlaw_predict(fit, x[i], &law, &run);
        snprintf(name, sizeof name, "y(%.15g)", x[i]);
        put_row(fp, name, &law);
        snprintf(name, sizeof name, "new(%.15g)", x[i]);
        put_row(fp, name, &run);
    }
}

/* For a row a: is it nearer to 0, or farther from it, than any double? */
static bool is_beyond(const struct gk_estimate *e)
{
    return e->value == 0 || isinf(e->value);
}

/* a is the power at x = 1. Far from the data it says what gamma says, with a large factor. */
static void remark_unit(const struct gk_powerlaw *fit, double least, double most)
{
    const double corr = fabs(fit->corr[GK_PL_A][GK_PL_GAMMA]);
    if (fit->df && corr > 0.999 && (most < 1 || least > 1))
        gk_note(&tool,
                "a and gamma are correlated by %.6f: a is the power at %s = 1, outside the data; "
                "compare gamma, b and --predict R with R from %g to %g, or give %s in a unit that "
                "puts the data around 1",
                corr, column.x, least, most, column.x);
}

/* A negative number often stands for a run that never grokked. */
static void remark_negative(const struct gk_powerlaw_runs *runs)
{
    size_t below = 0;
    for (size_t i = 0; i < runs->n; i++)
        below += runs->y[i] < 0;
    if (below > 0 && below < runs->n)
        gk_note(&tool,
                "%zu of %zu runs have a negative %s, which is fitted as it is; a run that never "
                "grokked has nan, and --censor",
                below, runs->n, column.y);
}

/* What the numbers do not say by themselves. */
static void remark(const struct gk_powerlaw *fit, const struct gk_powerlaw_runs *runs)
{
    double most = 0, least = INFINITY;
    for (size_t i = 0; i < runs->n; i++) {
        most = fmax(most, runs->x[i]);
        least = fmin(least, runs->x[i]);
    }
    if (units == 0 && most <= 1)
        gk_note(&tool, "no %s is above 1, taken as percent; --units fraction?", column.x);
    if (units == 1 && most > 1)
        gk_note(&tool, "some %s are above 1, taken as fraction; --units percent?", column.x);
    remark_negative(runs);
    if (fit->observed < fit->n)
        gk_note(&tool, "%d of %d runs are censored", fit->n - fit->observed, fit->n);
    remark_unit(fit, least, most);
    if (!fit->df)
        gk_note(&tool, "as many parameters as runs: the law goes through them, no errors known");
    if (fit->at_bound)
        gk_note(&tool, "b is at its bound %g; the standard errors are those with b held there",
                fit->par[GK_PL_B].value);
    for (int i = 0; i < GK_PL_PARS; i++)
        if (i != GK_PL_GAMMA && i != GK_PL_B && is_beyond(&fit->par[i]))
            gk_note(&tool, "%s is too %s for a double: give %s in a unit that brings it near 1",
                    names[i], fit->par[i].value == 0 ? "small" : "large", column.x);
    for (int i = 0; i < GK_PL_A_OTHER; i++) {
        const struct gk_estimate *e = &fit->par[i];
        if (i == GK_PL_A && is_beyond(e))
            continue;
        if (!fit->df || (i == GK_PL_B && conf.fix_b) || !gk_powerlaw_vague(e))
            continue;
        gk_note(&tool, "%s is not identifiable: its 95 %% interval, %.4g to %.4g, %s", names[i],
                e->lower, e->upper, e->lower <= 0 && e->upper >= 0 ? "contains 0" : "has no end");
    }
}

static struct gk_progress progress;

static void tick(void *ctx, double ends, double total)
{
    (void)ctx;
    progress.total = total;
    gk_progress_tick(&progress, ends);
}

static int check_options(double **x, size_t *n, struct gk_err *err)
{
    if (conf.fix_b && conf.bound_b)
        return gk_fail_usage(err, "--fix-b and --b-min exclude each other");
    conf.other = units ? 100 : 0.01;
    if (predict && gk_list_reals("predict", predict, x, n, err))
        return -1;
    for (size_t i = 0; i < *n; i++)
        if ((*x)[i] <= 0)
            return gk_fail_usage(err, "--predict: %g is not above 0", (*x)[i]);
    return 0;
}

static int write_table(const struct gk_powerlaw *fit, struct gk_history *history, const double *x,
                       size_t n, struct gk_err *err)
{
    static const char *const head[] = {"parameter", "estimate", "stderr", "lower", "upper"};
    struct gk_out out;
    if (gk_cli_history(&tool, history, err) || gk_out_open(&out, common.output, false, err) ||
        gk_table_begin(out.fp, history, head, 5, err))
        return -1;
    for (int i = 0; i < GK_PL_PARS; i++)
        put_row(out.fp, names[i], &fit->par[i]);
    put_predictions(out.fp, fit, x, n);
    if (details)
        put_details(out.fp, fit);
    return gk_out_commit(&out, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct gk_rows rows;
    struct gk_powerlaw_runs runs;
    struct gk_powerlaw fit;
    double *x = NULL;
    size_t n = 0;
    gk_cli_start(&tool, &argc, &argv);
    if (check_options(&x, &n, &err) || gk_rows_open_input(&rows, argc ? argv[0] : NULL, &err) ||
        gk_powerlaw_read(&runs, &rows, &column, &err))
        gk_die(&tool, &err);
    struct gk_powerlaw_data data = {runs.n, runs.x, runs.y, runs.weight, runs.censored};
    conf.tick.fn = tick;
    gk_progress_start(&progress, &tool, "end of an interval", 0);
    int rc = gk_powerlaw_fit(&fit, &data, &conf, &err);
    gk_progress_end(&progress);
    if (rc) {
        gk_fail_at(&err, "%s", rows.file);
        gk_die(&tool, &err);
    }
    gk_note_all(&tool, &runs.doubts, &(size_t){0});
    remark(&fit, &runs);
    gk_note_table(&tool, rows.file, &rows.notes);
    if (write_table(&fit, &rows.history, x, n, &err))
        gk_die(&tool, &err);
    gk_rows_close(&rows);
    gk_powerlaw_runs_free(&runs);
    free(x);
    return 0;
}
