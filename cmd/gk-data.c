/* gk-data: the equations of a finite operation, split into training and validation rows.
 *
 *     gk-data --op add --p 97 --frac 0.5 > add.data
 */
#include <math.h>
#include <stdio.h>

#include "gk/cli.h"
#include "gk/number.h"
#include "gk/operation.h"
#include "gk/out.h"
#include "gk/table.h"

enum { PAIRS_ALL, PAIRS_UNORDERED };

static struct gk_common common;
static const char *table;
static int op, pairs, layout;
static int64_t p, q, train, split_seed;
static double frac, noise;
static int64_t noisy; /* training rows whose label is wrong */
static bool op_given, p_given, q_given, frac_given, train_given, pairs_given, noise_given, list;

static const struct gk_opt opts[] = {
    GK_OPT_CHOICE(0, "op", &op, GK_OP_CHOICES, "the operation (default add)", .given = &op_given),
    GK_OPT_INT(0, "p", &p, "the operands are 0..P-1 (default 97)", .min = 2, .max = GK_OP_MAX_P,
               .choices = "P", .given = &p_given),
    GK_OPT_INT(0, "q", &q, "the answer is taken mod Q (default: P)", .min = 2, .max = GK_OP_MAX_P,
               .choices = "Q", .given = &q_given),
    GK_OPT_TEXT(0, "table", &table, "FILE", "any other operation: a table with columns a, b, c",
                .flags = GK_OPT_SILENT),
    GK_OPT_CHOICE(
        0, "pairs", &pairs, "all|unordered",
        "all pairs, or one of a o b and b o a (default: unordered where the operation commutes and "
        "the layout is paper)",
        .given = &pairs_given),
    GK_OPT_REAL(0, "frac", &frac, "fraction of the rows that train", .min = 0, .max = 1,
                .def = "0.5", .choices = "R", .given = &frac_given),
    GK_OPT_INT(0, "train", &train, "train on N rows, instead of --frac", .min = 1, .max = 1 << 24,
               .given = &train_given),
    GK_OPT_INT(0, "split-seed", &split_seed, "seed of the split", .min = 0, .max = UINT32_MAX,
               .def = "0"),
    GK_OPT_CHOICE(0, "layout", &layout, GK_LAYOUT_CHOICES,
                  "rows 'a op b =', openai/grok's 'EOS a op b = c', or 'a b ='", .def = "paper"),
    GK_OPT_REAL(0, "label-noise", &noise,
                "fraction of the training rows whose answer is another element (default 0)",
                .min = 0, .max = 1, .choices = "F", .given = &noise_given),
    GK_OPT_FLAG(0, "list-ops", &list, "list the operations and exit", .flags = GK_OPT_SILENT),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-data",
    .synopsis = "[options]",
    .summary = "Make the dataset of a finite operation.",
    .example = "gk-data --op add --p 97 --frac 0.5 | gk-train --steps 400 | gk-hjorth",
    .max_operands = 0,
    .opts = opts,
    .common = &common,
};

static int list_ops(struct gk_err *err)
{
    struct gk_out out;
    struct gk_op_info info;
    if (gk_out_open(&out, common.output, false, err))
        return -1;
    fputs("op\topenai\tdefinition\n", out.fp);
    for (int i = 0; gk_op_info(i, &info); i++)
        fprintf(out.fp, "%s\t%s\t%s\n", info.name, info.openai ? info.openai : "-", info.formula);
    return gk_out_commit(&out, err);
}

/* The operation that the options request, with every default resolved. */
static int choose(struct gk_operation *o, struct gk_err *err)
{
    struct gk_op_info info;
    gk_op_info(op, &info);
    if (table && op_given)
        return gk_fail_usage(err, "--table and --op exclude each other");
    if ((table || !info.modular) && (p_given || q_given))
        return gk_fail_usage(err, "--%s: %s has no modulus", p_given ? "p" : "q",
                             table ? "a table" : info.name);
    if (frac_given && train_given)
        return gk_fail_usage(err, "--frac and --train exclude each other");
    if (table)
        return gk_operation_read(o, table, err);
    op_given = true;
    if (!p_given)
        p = 97;
    p_given = info.modular;
    return gk_operation_make(o, op, p, q_given ? q : p, err);
}

static int choose_pairs(struct gk_operation *o, struct gk_err *err)
{
    struct gk_equation e = {0};
    bool there = false, commutes = gk_operation_commutes(o, &e, &there);
    if (!pairs_given)
        pairs = commutes && layout == GK_LAYOUT_PAPER ? PAIRS_UNORDERED : PAIRS_ALL;
    pairs_given = true;
    if (pairs == PAIRS_ALL)
        return 0;
    if (!commutes)
        return gk_fail_usage(err,
                             "--pairs: unordered needs a commutative operation; in %s, "
                             "%d o %d = %d %s %d o %d",
                             o->name, e.a, e.b, e.c, there ? "is not" : "is there without", e.b,
                             e.a);
    gk_operation_unordered(o);
    return 0;
}

/* The number of training rows out of N, and the number of wrong ones among them. */
static int choose_train(size_t n, int elements, struct gk_err *err)
{
    if (!train_given)
        train = (int64_t)rint((double)n * frac); /* half to even, as Python rounds */
    if (train > (int64_t)n)
        return gk_fail_usage(err, "--train: %lld is more than the %zu rows there are",
                             (long long)train, n);
    if (train < 1)
        return gk_fail_usage(err, "--frac: %g of %zu rows leaves none to train on", frac, n);
    if (train_given)
        frac = (double)train / (double)n;
    noisy = (int64_t)rint((double)train * noise);
    noise_given = noise > 0;
    if (noise_given && elements < 2)
        return gk_fail_usage(err, "--label-noise: %g: there is no other element", noise);
    if (noise_given && noisy == 0)
        gk_note(&tool, "--label-noise %g of %lld training rows makes none wrong", noise,
                (long long)train);
    return 0;
}

static int set_meta(struct gk_frame *f, const struct gk_operation *o, struct gk_err *err)
{
    char r[32], wrong[32];
    gk_real_text(frac, r, sizeof r);
    gk_real_text(noise, wrong, sizeof wrong);
    if (gk_frame_set_meta(f, "op", o->name, err) ||
        gk_frame_set_meta_int(f, "p", o->operands, err) ||
        gk_frame_set_meta_int(f, "q", q_given ? q : o->elements, err) ||
        gk_frame_set_meta(f, "pairs", pairs == PAIRS_ALL ? "all" : "unordered", err) ||
        gk_frame_set_meta(f, "frac", r, err) ||
        (noise_given && gk_frame_set_meta(f, "label_noise", wrong, err)))
        return -1;
    return gk_frame_set_meta_int(f, "split_seed", split_seed, err);
}

static int make(struct gk_err *err)
{
    struct gk_operation o = {0};
    struct gk_frame f = {0};
    int rc = choose(&o, err);
    if (!rc && o.unended)
        gk_note(&tool, GK_NOTE_UNENDED, o.file, o.unended);
    if (rc || (layout == GK_LAYOUT_OPENAI && gk_operation_fits_openai(&o, err)) ||
        choose_pairs(&o, err) || choose_train(o.n, o.elements, err) ||
        gk_operation_dataset(&f, &o, (enum gk_layout)layout, (size_t)train, (size_t)noisy,
                             (uint32_t)split_seed, err) ||
        set_meta(&f, &o, err))
        return -1;
    if (train_given)
        frac = NAN; /* the history line has --train */
    if (gk_cli_history(&tool, &o.history, err) || gk_frame_set_history(&f, &o.history, err) ||
        gk_frame_save(&f, common.output, err))
        return -1;
    gk_frame_free(&f);
    gk_operation_free(&o);
    return 0;
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    gk_cli_start(&tool, &argc, &argv);
    if (list ? list_ops(&err) : make(&err))
        gk_die(&tool, &err);
    return 0;
}
