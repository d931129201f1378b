/* gk-times: how long groups of runs took to grok, including those that did not.
 *
 *     gk-times --group optimizer --compare build/sweeps/race/table.tsv
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/cli.h"
#include "gk/list.h"
#include "gk/mem.h"
#include "gk/out.h"
#include "gk/survival.h"
#include "gk/table.h"
#include "gk/times.h"

static struct gk_common common;
static struct gk_times_columns column;
static const char *group;
static bool compare, curves, bounded;
static double until;

static const struct gk_opt opts[] = {
    GK_OPT_TEXT(0, "time", &column.time, "COLUMN", "the step of grokking, nan if it did not come",
                .def = "t4"),
    GK_OPT_TEXT(0, "censor", &column.censor, "COLUMN",
                "the steps each run had, or 1 where the time is only the run's end (default: "
                "steps, if there is one)"),
    GK_OPT_TEXT(0, "group", &group, "COLUMN,COLUMN",
                "a group is the runs with the same values there (default: all runs)"),
    GK_OPT_FLAG(0, "compare", &compare, "the log-rank test between the groups"),
    GK_OPT_FLAG(0, "curves", &curves, "the share that has grokked, step by step"),
    GK_OPT_REAL(0, "until", &until, "restrict the mean to STEP (default: as far as all are known)",
                .min = 0, .max = INFINITY, .choices = "STEP", .flags = GK_OPT_OPEN_MIN,
                .given = &bounded),
    GK_DIGITS_OPT(&common),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-times",
    .synopsis = "[options] [TABLE]",
    .summary = "Say how long groups of runs took to grok, including those that did not.",
    .example = "printf 'lr,t4,steps\\n1e-3,950,2000\\n1e-3,nan,2000\\n2e-3,400,600\\n' | "
               "gk-times --group lr",
    .max_operands = 1,
    .opts = opts,
    .common = &common,
};

/* ---- a row for each group ---- */

/* The last step at which the share of every group is known; the last step of any run if all runs
 * have grokked. */
static double known_to_all(const struct gk_survival *s, size_t groups)
{
    double least = INFINITY, last = 0;
    for (size_t g = 0; g < groups; g++) {
        least = fmin(least, gk_survival_known(&s[g]));
        last = fmax(last, s[g].point[s[g].points - 1].time);
    }
    return isinf(least) ? last : least;
}

static int check_until(const struct gk_survival *s, const struct gk_times *t, const char *file,
                       struct gk_err *err)
{
    for (size_t g = 0; g < t->data.groups && bounded; g++)
        if (until > gk_survival_known(&s[g]))
            return gk_fail(err, "%s: --until %g: the runs of %s are known up to step %g only", file,
                           until, t->group_name[g], gk_survival_known(&s[g]));
    if (!bounded)
        until = known_to_all(s, t->data.groups);
    return 0;
}

/* What the numbers alone do not show. */
static void remark(const struct gk_survival *s, const struct gk_times *t, const char *file)
{
    size_t n = 0;
    const char *first = NULL;
    for (size_t g = 0; g < t->data.groups; g++)
        if (isinf(gk_survival_median_of(&s[g]).at) && !n++)
            first = t->group_name[g];
    const char *open = group ? "group '" : "", *close = group ? "'" : "";
    if (n == 1)
        gk_note(&tool,
                "%s: more than half of %s%s%s did not grok in the steps they had: median inf", file,
                open, first, close);
    else if (n)
        gk_note(&tool,
                "%s: more than half of %s%s%s and of %zu other group%s did not grok in the steps "
                "they had: median inf",
                file, open, first, close, n - 1, n == 2 ? "" : "s");
}

static int put_groups(FILE *fp, const struct gk_history *h, const struct gk_survival *s,
                      const struct gk_times *t, struct gk_err *err)
{
    static const char *const names[] = {"group",           "n",           "grokked",
                                        "median",          "lower",       "upper",
                                        "restricted_mean", "mean_stderr", "until"};
    if (gk_table_begin(fp, h, names, 9, err))
        return -1;
    for (size_t g = 0; g < t->data.groups; g++) {
        const struct gk_survival_median m = gk_survival_median_of(&s[g]);
        double mean, stderror;
        gk_survival_mean(&s[g], until, &mean, &stderror);
        gk_put_text(fp, t->group_name[g], '\t');
        fprintf(fp, "%zu\t%zu\t", s[g].n, s[g].events);
        gk_put_number(fp, m.at, false, '\t');
        gk_put_number(fp, m.lower, false, '\t');
        gk_put_number(fp, m.upper, false, '\t');
        gk_put_number(fp, mean, false, '\t');
        gk_put_number(fp, stderror, false, '\t');
        gk_put_number(fp, until, false, '\n');
    }
    return 0;
}

/* ---- a row for each step ---- */

static void put_point(FILE *fp, const char *name, double step, size_t at_risk, size_t grokked,
                      size_t censored, const double share[3])
{
    gk_put_text(fp, name, '\t');
    gk_put_number(fp, step, false, '\t');
    fprintf(fp, "%zu\t%zu\t%zu\t", at_risk, grokked, censored);
    for (int i = 0; i < 3; i++)
        gk_put_number(fp, share[i], false, i < 2 ? '\t' : '\n');
}

static int put_curves(FILE *fp, const struct gk_history *h, const struct gk_survival *s,
                      const struct gk_times *t, struct gk_err *err)
{
    static const char *const names[] = {"group",    "step",  "at_risk", "grokked",
                                        "censored", "share", "lower",   "upper"};
    if (gk_table_begin(fp, h, names, 8, err))
        return -1;
    for (size_t g = 0; g < t->data.groups; g++) {
        if (s[g].point[0].time > 0)
            put_point(fp, t->group_name[g], 0, s[g].n, 0, 0, (const double[]){0, 0, 0});
        for (size_t i = 0; i < s[g].points; i++) {
            const struct gk_survival_point *p = &s[g].point[i];
            put_point(fp, t->group_name[g], p->time, p->at_risk, p->events, p->censored,
                      (const double[]){1 - p->survival, 1 - p->upper, 1 - p->lower});
        }
    }
    return 0;
}

/* ---- the test ---- */

static void put_test(FILE *fp, const char *name, const struct gk_logrank_row *r, size_t df)
{
    gk_put_text(fp, name, '\t');
    fprintf(fp, "%zu\t%zu\t", r->n, r->events);
    gk_put_number(fp, r->expected, false, '\t');
    gk_put_number(fp, r->chi_square, false, '\t');
    fprintf(fp, "%zu\t", df);
    gk_put_number(fp, r->p, false, '\n');
}

static int put_comparison(FILE *fp, const struct gk_history *h, const struct gk_times *t,
                          struct gk_err *err)
{
    static const char *const names[] = {"group",      "n",  "grokked", "expected",
                                        "chi_square", "df", "p"};
    const size_t groups = t->data.groups;
    struct gk_logrank test;
    struct gk_logrank_row sum = {0}, *row = gk_alloc(groups, sizeof *row, err);
    int rc = row && !gk_logrank_test(&test, row, &t->data, err)
                 ? gk_table_begin(fp, h, names, 7, err)
                 : -1;
    for (size_t g = 0; g < groups && !rc; g++) {
        put_test(fp, t->group_name[g], &row[g], !isnan(row[g].p));
        sum.n += row[g].n;
        sum.events += row[g].events;
        sum.expected += row[g].expected;
    }
    if (!rc) {
        sum.chi_square = test.chi_square;
        sum.p = test.p;
        put_test(fp, "all", &sum, test.df);
        if (!test.df)
            gk_note(&tool, "no run grokked while another group's could have: nothing to compare");
    }
    gk_free(row);
    return rc;
}

/* ---- */

static int check_options(struct gk_err *err)
{
    if (compare && curves)
        return gk_fail_usage(err, "--compare and --curves exclude each other");
    if (bounded && (compare || curves))
        return gk_fail_usage(err, "--until is of the mean, which --%s does not print",
                             compare ? "compare" : "curves");
    if (compare && !group)
        return gk_fail_usage(err, "--compare wants groups: --group COLUMN");
    return group ? gk_list_words("group", group, &column.group, &column.n, err) : 0;
}

/* The steps of gk's own tables, by default. */
static int find_censor(const struct gk_rows *r, struct gk_err *err)
{
    int at;
    if (column.censor)
        return 0;
    if (gk_rows_find(r, "steps", &at, err))
        return -1;
    if (at >= 0)
        column.censor = "steps";
    return 0;
}

static int write_table(FILE *fp, const struct gk_history *h, const struct gk_times *t,
                       const char *file, struct gk_err *err)
{
    if (compare)
        return put_comparison(fp, h, t, err);
    struct gk_survival *s = gk_alloc(t->data.groups, sizeof *s, err);
    if (!s)
        return -1;
    int rc = gk_survival_curves(s, &t->data, err);
    if (!rc) {
        rc = curves ? put_curves(fp, h, s, t, err)
                    : check_until(s, t, file, err) || put_groups(fp, h, s, t, err);
        if (!rc && !curves)
            remark(s, t, file);
        gk_survival_free(s, t->data.groups);
    }
    gk_free(s);
    return rc;
}

static int run(const char *path, struct gk_err *err)
{
    struct gk_rows r;
    struct gk_times t;
    struct gk_out out;
    if (check_options(err) || gk_rows_open_input(&r, path, err) || find_censor(&r, err) ||
        gk_times_read(&t, &r, &column, err))
        return -1;
    if (compare && t.data.groups < 2)
        return gk_fail(err, "%s: one group in %s, %s: nothing to compare with", r.file, group,
                       t.group_name[0]);
    if (t.alike[0])
        gk_note(&tool, "%s: %s and %s are two groups: their cells differ as text", r.file,
                t.alike[0], t.alike[1]);
    if (t.left_out)
        gk_note(&tool, "%s: %zu run%s left out: neither %s nor %s is known", r.file, t.left_out,
                t.left_out == 1 ? " is" : "s are", column.time, column.censor);
    gk_note_all(&tool, &t.doubts, &(size_t){0});
    gk_note_table(&tool, r.file, &r.notes);
    if (gk_cli_history(&tool, &r.history, err) || gk_out_open(&out, common.output, false, err) ||
        write_table(out.fp, &r.history, &t, r.file, err))
        return -1;
    gk_times_free(&t);
    gk_rows_close(&r);
    return gk_out_commit(&out, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    gk_cli_start(&tool, &argc, &argv);
    if (run(argc ? argv[0] : NULL, &err))
        gk_die(&tool, &err);
    free(column.group);
    return 0;
}
