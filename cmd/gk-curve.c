/* gk-curve: a curve from the logs of other programs: TensorBoard's event files, tables of any form,
 * JSON.
 *
 *     gk-curve runs/exp1/events* | gk-phases
 */
#include <stdio.h>
#include <stdlib.h>

#include "gk/cli.h"
#include "gk/curve.h"
#include "gk/out.h"

static struct gk_common common;
static struct gk_curve_conf conf;
static bool list;

static const struct gk_opt opts[] = {
    GK_OPT_TEXT(0, "map", &conf.map, "COLUMN=SERIES,...",
                "which series a column is; gk's own columns are else found by their names"),
    GK_OPT_TEXT(0, "percent", &conf.percent, "COLUMN,...", "these come in percent"),
    GK_OPT_TEXT(0, "step", &conf.step, "NAME", "the column of a table that is the step"),
    GK_OPT_FLAG(0, "join", &conf.join, "several folders, and all rows of a table, are one run"),
    GK_OPT_FLAG(0, "list", &list, "a row for each series that there is"),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-curve",
    .synopsis = "[options] [FILE...]",
    .summary = "Make a curve of any log: TensorBoard event files, tables, JSON.",
    .example = "gk-curve --map train_loss=train/nll runs/exp1/events* | gk-hjorth",
    .max_operands = -1,
    .opts = opts,
    .common = &common,
};

static int run(char **files, int n, struct gk_err *err)
{
    struct gk_curve *c;
    struct gk_out out;
    size_t said = 0;
    if (list && conf.percent)
        return gk_fail_usage(err, "--list and --percent exclude each other");
    if (gk_curve_open(&c, files, (size_t)n, &conf, err))
        return -1;
    if (gk_curve_choose(c, list, err))
        return -1;
    gk_note_all(&tool, gk_curve_notes(c), &said);
    if (!list)
        conf.map = gk_curve_chosen(c); /* the line of history has it in full */
    if (gk_cli_history(&tool, gk_curve_history(c), err) ||
        gk_out_open(&out, common.output, false, err))
        return -1;
    if (list ? gk_curve_list(c, out.fp, gk_curve_history(c), err)
             : gk_curve_write(c, out.fp, gk_curve_history(c), err))
        return -1;
    gk_note_all(&tool, gk_curve_notes(c), &said);
    if (gk_out_commit(&out, err))
        return -1;
    gk_curve_close(c);
    return 0;
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    gk_cli_start(&tool, &argc, &argv);
    if (run(argv, argc, &err))
        gk_die(&tool, &err);
    return 0;
}
