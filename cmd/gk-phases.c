/* gk-phases: when a run memorised, when it generalised, and how often its training loss shot up. */
#include <math.h>
#include <string.h>

#include "gk/cli.h"
#include "gk/out.h"
#include "gk/phases.h"
#include "gk/table.h"

static struct gk_common common;
static struct gk_phases_opts phases_opts;
static int64_t hold;
static bool spikes, percent;
static const char *step_column;

static const struct gk_opt opts[] = {
    GK_OPT_REAL(0, "low", &phases_opts.low, "t1 and t3: the first accuracy above this", .min = 0,
                .max = 1, .def = "0", .choices = "ACC"),
    GK_OPT_REAL(0, "high", &phases_opts.high, "t2 and t4: the first accuracy that reaches this",
                .min = 0, .max = 1, .def = "1", .choices = "ACC", .flags = GK_OPT_OPEN_MIN),
    GK_OPT_INT(0, "hold", &hold,
               "an event counts from the first of K evaluations in a row at which it holds",
               .min = 1, .max = 1 << 30, .def = "1", .choices = "K"),
    GK_OPT_REAL(0, "gap", &phases_opts.gap,
                "a delay t4 - t2 above this is grokking, not comprehension", .min = 0,
                .max = INFINITY, .def = "1000", .choices = "STEPS"),
    GK_OPT_REAL(0, "factor", &phases_opts.factor,
                "a slingshot lifts the training loss to X times its floor", .min = 1,
                .max = INFINITY, .def = "5", .flags = GK_OPT_OPEN_MIN),
    GK_OPT_REAL(0, "rise", &phases_opts.rise, "and at least by this much", .min = 0,
                .max = INFINITY, .def = "0.02", .choices = "LOSS"),
    GK_OPT_TEXT(0, "step", &step_column, "NAME",
                "the column of steps (default: step, or as loggers call it)"),
    GK_OPT_FLAG(0, "percent", &percent, "accuracies are in percent"),
    GK_OPT_FLAG(0, "spikes", &spikes, "print the slingshots, a row each"),
    GK_DIGITS_OPT(&common),
    {0},
};

static const struct gk_tool tool = {
    .name = "gk-phases",
    .synopsis = "[options] [FILE]",
    .summary = "Tell from a curve when a run memorised, when it generalised, and its phase.",
    .example = "gk-data --frac 0.6 | gk-train --lr 2e-3 --steps 3000 | gk-phases",
    .max_operands = 1,
    .opts = opts,
    .common = &common,
};

/* The columns that are used, and what they have held so far. */
enum { TRAIN_ACC, VAL_ACC, TRAIN_LOSS, COLUMNS };
static const char *const column_name[COLUMNS] = {"train_acc", "val_acc", "train_loss"};
struct columns {
    int col[COLUMNS];
    bool seen[COLUMNS];
    double highest[COLUMNS], last[COLUMNS]; /* accuracies as fractions */
    double negative;                        /* the first loss below 0, or NAN */
    bool countable;                         /* slingshots can be seen in the losses */
};

static int find_columns(struct gk_rows *r, struct columns *c, struct gk_err *err)
{
    *c = (struct columns){.negative = NAN};
    if (gk_rows_use_steps(r, step_column, err))
        return -1;
    for (int i = 0; i < TRAIN_LOSS; i++)
        if ((c->col[i] = gk_rows_need(r, column_name[i], err)) < 0)
            return -1;
    return gk_rows_find(r, column_name[TRAIN_LOSS], &c->col[TRAIN_LOSS], err);
}

/* An accuracy as a fraction. One that single precision rounded above 1 is 1. */
static int take_accuracy(const struct gk_rows *r, const char *name, double *v, struct gk_err *err)
{
    const double most = percent ? 100 : 1;
    if (*v < 0 || *v > most * (1 + 1e-6))
        return gk_rows_fail(r, err, "%s is %.9g: accuracies are %s", name, *v,
                            percent ? "in percent, from 0 to 100"
                                    : "fractions, from 0 to 1 (--percent reads percent)");
    if (*v > most) /* also false for nan */
        *v = most;
    *v /= most;
    return 0;
}

/* The values of the current row; NAN without such a column. */
static int read_row(const struct gk_rows *r, struct columns *c, double *v, struct gk_err *err)
{
    for (int i = 0; i < COLUMNS; i++) {
        v[i] = NAN;
        if (c->col[i] >= 0 && gk_rows_number(r, c->col[i], &v[i], err))
            return -1;
        if (i < TRAIN_LOSS && take_accuracy(r, column_name[i], &v[i], err))
            return -1;
        c->seen[i] |= !isnan(v[i]);
        c->last[i] = isnan(v[i]) ? c->last[i] : v[i];
        c->highest[i] = fmax(c->highest[i], v[i]); /* nan is none */
    }
    if (v[TRAIN_LOSS] < 0 && isnan(c->negative))
        c->negative = v[TRAIN_LOSS];
    return 0;
}

/* One accuracy may be a fraction beside one in percent. A validation accuracy may stay below 1 %,
 * but hardly ends at just 1 %, its highest. */
static void remark_percent(const struct gk_rows *r, const struct columns *c)
{
    const double one = 1.0 / 100, train = c->highest[TRAIN_ACC], val = c->highest[VAL_ACC];
    if (train <= one && val <= one)
        gk_note(&tool, "%s: no accuracy is above 1 in percent: are they fractions?", r->file);
    else if (train <= one || (val == one && c->last[VAL_ACC] == one))
        gk_note(&tool, "%s: no %s is above 1 in percent: is it a fraction?", r->file,
                column_name[train <= one ? TRAIN_ACC : VAL_ACC]);
}

static int read_curve(struct gk_rows *r, struct columns *c, struct gk_phases *p, struct gk_err *err)
{
    int rc;
    double v[COLUMNS], step = -INFINITY;
    if (find_columns(r, c, err))
        return -1;
    for (size_t n = 0; (rc = gk_rows_next(r, err)) == 1; n++)
        if (gk_rows_step(r, n, &step, err) || read_row(r, c, v, err) ||
            gk_phases_row(p, step, v[TRAIN_ACC], v[VAL_ACC], v[TRAIN_LOSS], err))
            return -1;
    for (int i = 0; i < TRAIN_LOSS && rc == 0; i++)
        if (!c->seen[i])
            rc = gk_fail(err, "%s: no row has a %s but nan", r->file, column_name[i]);
    if (!rc && percent)
        remark_percent(r, c);
    return rc;
}

static int print_phases(FILE *fp, const struct gk_history *h, const struct gk_phases *p,
                        bool has_loss, struct gk_err *err)
{
    static const char *const names[] = {"t1",    "t2",    "t3",         "t4",
                                        "delay", "phase", "slingshots", "t4_stable"};
    if (gk_table_begin(fp, h, names, 8, err))
        return -1;
    for (int i = 0; i < 4; i++)
        gk_put_number(fp, p->t[i].when, false, '\t');
    gk_put_number(fp, gk_phases_delay(p), false, '\t');
    fprintf(fp, "%s\t", gk_phase_name(gk_phases_which(p)));
    gk_put_number(fp, has_loss ? (double)gk_phases_slingshots(p) : NAN, false, '\t');
    gk_put_number(fp, p->stable, false, '\n');
    return 0;
}

static int print_spikes(FILE *fp, const struct gk_history *h, const struct gk_phases *p,
                        struct gk_err *err)
{
    static const char *const names[] = {"start", "peak", "end", "floor", "height"};
    if (gk_table_begin(fp, h, names, 5, err))
        return -1;
    for (size_t k = 0; k < gk_phases_slingshots(p); k++) {
        const struct gk_spike *s = &p->high.spike[k];
        const double row[] = {s->start, s->peak, s->end, s->floor, s->height};
        for (int i = 0; i < 5; i++)
            gk_put_number(fp, row[i], false, i < 4 ? '\t' : '\n');
    }
    return 0;
}

/* From a floor below 0 every step would be a slingshot. */
static int check_losses(const struct gk_rows *r, struct columns *c, struct gk_err *err)
{
    static const char negative[] =
        "%s: train_loss is %.9g: slingshots show in losses of 0 and above, not in their logarithm";
    c->countable = c->seen[TRAIN_LOSS] && isnan(c->negative);
    if (spikes && !c->seen[TRAIN_LOSS])
        return gk_fail(err, "%s: slingshots show in the column train_loss, which has no values",
                       r->file);
    if (spikes && !c->countable)
        return gk_fail(err, negative, r->file, c->negative);
    if (!isnan(c->negative))
        gk_note(&tool, negative, r->file, c->negative);
    return 0;
}

/* Was the curve made by gk-train with minibatches? */
static bool has_batches(const struct gk_history *h)
{
    static const char by[] = "gk-train ", batch[] = " --batch ";
    for (size_t i = 0; i < h->n; i++) {
        const char *at = strncmp(h->line[i], by, sizeof by - 1) ? NULL : strstr(h->line[i], batch);
        if (at && strncmp(at + sizeof batch - 1, "full", 4) != 0)
            return true;
    }
    return false;
}

static int run(const char *path, struct gk_phases *p, struct gk_err *err)
{
    struct gk_rows r;
    struct columns c;
    struct gk_out out;
    if (!(phases_opts.low < phases_opts.high)) /* t1 could come after t2, and t3 after t4 */
        return gk_fail_usage(err, "--low: %g is not below --high, %g", phases_opts.low,
                             phases_opts.high);
    phases_opts.hold = (size_t)hold;
    gk_phases_init(p, &phases_opts);
    if (gk_rows_open_input(&r, path, err) || read_curve(&r, &c, p, err) ||
        check_losses(&r, &c, err) || gk_cli_history(&tool, &r.history, err))
        return -1;
    if (gk_out_open(&out, common.output, false, err))
        return -1;
    if (spikes ? print_spikes(out.fp, &r.history, p, err)
               : print_phases(out.fp, &r.history, p, c.countable, err))
        return -1;
    if (has_batches(&r.history))
        gk_note(&tool, "%s: train_acc is that of a batch (--batch): t1 and t2 may come too early",
                r.file);
    gk_note_table(&tool, r.file, &r.notes);
    if (c.countable && gk_phases_missed(p))
        gk_note(&tool,
                "%s: no slingshot by --factor %g, but %zu spike%s of twice the floor: --factor 2 "
                "counts them",
                r.file, phases_opts.factor, gk_phases_missed(p),
                gk_phases_missed(p) == 1 ? "" : "s");
    gk_rows_close(&r);
    return gk_out_commit(&out, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct gk_phases p;
    gk_cli_start(&tool, &argc, &argv);
    if (run(argc ? argv[0] : NULL, &p, &err))
        gk_die(&tool, &err);
    gk_phases_free(&p);
    return 0;
}
