/* gk-landscape: loss and accuracy along directions from a checkpoint, or from every frame of a
 * trajectory.
 *
 *     gk-landscape -d add.data --toward end.ckpt run.gks
 *     gk-landscape -d add.data --toward random:1 --toward2 random:2 --norm filter end.ckpt
 */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "gk/cli.h"
#include "gk/landscape.h"
#include "gk/out.h"
#include "gk/study_opts.h"
#include "gk/table.h"

static struct gk_common common;
static bool loss_given;
static const char *data, *toward, *toward2;
static int split, norm, precision, loss;
static int params;
static bool beta_given, params_given;
static struct gk_landscape_conf conf;

enum { BOTH = 2 }; /* in addition to enum gk_split */

static const struct gk_opt opts[] = {
    GK_OPT_TEXT('d', "data", &data, "FILE", "the dataset (required)", .flags = GK_OPT_SILENT),
    GK_OPT_TEXT(0, "toward", &toward, "WHERE",
                "a file (another checkpoint, or a direction), next, first, frame:STEP, random:SEED "
                "or pca:K "
                "(required)"),
    GK_OPT_TEXT(0, "toward2", &toward2, "WHERE", "a second direction: a surface"),
    GK_OPT_CHOICE(0, "norm", &norm, GK_NORMS,
                  "scale directions: not, to length 1, or each row as the network's",
                  .def = "none"),
    GK_OPT_GRID(0, "alpha", &conf.grid[0], "points along the direction", .def = "-1:1:51"),
    GK_OPT_GRID(0, "beta", &conf.grid[1], "points along the second (default: as --alpha)",
                .given = &beta_given),
    GK_OPT_CHOICE(0, "params", &params, "all|matrices",
                  "where directions lie: in all parameters (default) or those of rank 2",
                  .given = &params_given),
    GK_OPT_TEXT(0, "tensor", &conf.tensor, "GLOB", "only in these, such as 'blocks.0.*'"),
    GK_OPT_TEXT(0, "exclude", &conf.exclude, "GLOB", "and not in these, such as 'embed*,unembed*'"),
    GK_OPT_CHOICE(0, "split", &split, "train|val|both", "the rows to use", .def = "both"),
    GK_PRECISION_OPT(&precision),
    GK_LOSS_OPT(&loss, &loss_given),
    GK_FEW_THREADS_OPT(&common),
    GK_DIGITS_OPT(&common),
    {0},
};

static const struct gk_tool tool = {
    .name = "gk-landscape",
    .synopsis = "-d DATA --toward WHERE [options] [CHECKPOINT...]",
    .summary = "Print the loss and accuracy along directions from checkpoints.",
    .example = "gk-train -d add.data --trajectory - -o run.tsv | "
               "gk-landscape -d add.data --toward next --alpha -1:2:61",
    .max_operands = -1,
    .opts = opts,
    .common = &common,
};

static int choose(char **files, int n, struct gk_err *err)
{
    bool piped = n == 0;
    for (int i = 0; i < n; i++) {
        struct stat st;
        piped |= strcmp(files[i], "-") == 0 || (stat(files[i], &st) == 0 && S_ISFIFO(st.st_mode));
    }
    if (!toward)
        return gk_fail_usage(err, "--toward: a direction is needed");
    if (conf.tensor && params_given)
        return gk_fail_usage(err, "--tensor and --params exclude each other");
    if (beta_given && !toward2)
        return gk_fail_usage(err, "--beta: a surface needs --toward2");
    if (gk_toward_parse(&conf.toward[0], "toward", toward, err) ||
        (toward2 && gk_toward_parse(&conf.toward[1], "toward2", toward2, err)))
        return -1;
    conf.directions = toward2 ? 2 : 1;
    if (toward2 && strcmp(toward, toward2) == 0)
        return gk_fail_usage(err, "--toward2: '%s' is the first direction, too", toward2);
    for (int i = 0; i < conf.directions; i++)
        if (piped && gk_toward_rereads(&conf.toward[i]))
            return gk_fail_usage(err, "%s reads the checkpoints twice: give them as files",
                                 conf.toward[i].text);
    if (toward2 && !beta_given)
        conf.grid[1] = conf.grid[0];
    beta_given = toward2 != NULL;
    conf.norm = (enum gk_norm)norm;
    conf.matrices = params == 1;
    conf.files = files;
    conf.nfiles = (size_t)n;
    return 0;
}

static int put_head(const struct gk_study *s, const struct gk_frame *f, FILE *fp,
                    struct gk_err *err)
{
    static const char *const line[] = {"step",      "alpha",    "train_loss",
                                       "train_acc", "val_loss", "val_acc"};
    static const char *const surface[] = {"step",      "alpha",    "beta",   "train_loss",
                                          "train_acc", "val_loss", "val_acc"};
    struct gk_history h = {0};
    toward = conf.toward[0].recorded;
    if (toward2)
        toward2 = conf.toward[1].recorded;
    const int rc = gk_study_history(s, f, &h, err) || gk_cli_history(&tool, &h, err) ||
                   gk_table_begin(fp, &h, toward2 ? surface : line, toward2 ? 7 : 6, err);
    gk_history_free(&h);
    return rc ? -1 : 0;
}

static bool goes(enum gk_toward_kind kind)
{
    return conf.toward[0].kind == kind || (conf.directions == 2 && conf.toward[1].kind == kind);
}

/* A shell sorts the file of step 1000 before that of step 200. */
static int remark_order(const struct gk_frame *f, const struct gk_frame *next, struct gk_err *err)
{
    static bool said;
    int64_t step, later;
    if (said || !next || !(goes(GK_TOWARD_NEXT) || goes(GK_TOWARD_PCA)))
        return 0;
    if (gk_frame_step(f, GK_NO_STEP, &step, err) || gk_frame_step(next, step, &later, err))
        return -1;
    said = later < step;
    if (said)
        gk_note(&tool, "%s: step %" PRId64 " comes after step %" PRId64 ": %s", next->file, later,
                step,
                goes(GK_TOWARD_NEXT) ? "it is taken as the next"
                                     : "the axes are those about the last frame given");
    return 0;
}

/* One frame; NEXT is the one after it, or NULL. Of several frames, one without a direction is
 * skipped; a single one is an error. */
static int put(struct gk_landscape *l, struct gk_study *s, const struct gk_frame *f,
               const struct gk_frame *next, struct gk_out *out, struct gk_err *err)
{
    if (gk_study_take(s, f, err) ||
        (f->index == 0 && (gk_frame_need_matches(f, conf.tensor, err) ||
                           gk_frame_note_matches(f, "exclude", conf.exclude, &s->notes, err))) ||
        remark_order(f, next, err))
        return -1;
    gk_note_all(&tool, &s->notes, &s->said);
    const int aimed = gk_landscape_aim(l, f, next, err);
    if (aimed < 0 || (aimed == 0 && f->index == 0 && !next) ||
        (f->index == 0 && put_head(s, f, out->fp, err)))
        return -1;
    if (aimed == 0) {
        gk_note(&tool, "%s: skipped", err->msg);
        *err = (struct gk_err){0};
        return 0;
    }
    return gk_landscape_rows(l, out, err) || gk_out_flush(out, err) ? -1 : 0;
}

static int work(struct gk_study *s, struct gk_err *err)
{
    struct gk_landscape *l;
    struct gk_source *source;
    struct gk_frame f, next;
    struct gk_out out;
    if (gk_landscape_new(&l, &conf, s, err) || gk_out_open(&out, common.output, false, err) ||
        gk_source_open(&source, conf.files, conf.nfiles, err))
        return -1;
    int more = gk_source_next(source, &f, err), rc = more < 0 ? -1 : 0;
    while (!rc && more > 0) {
        more = gk_source_next(source, &next, err);
        rc = more < 0 ? -1 : put(l, s, &f, more ? &next : NULL, &out, err);
        gk_frame_free(&f);
        f = next;
    }
    gk_source_close(source);
    gk_landscape_free(l);
    return rc ? -1 : gk_out_commit(&out, err);
}

static void tick(void *progress, double points)
{
    gk_progress_tick(progress, points);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct gk_study s;
    struct gk_progress progress;
    gk_cli_start(&tool, &argc, &argv);
    if (choose(argv, argc, &err) ||
        gk_study_open(&s, data, argv, argc, (int)common.threads, common.threads_given, &err))
        gk_die(&tool, &err);
    s.precision = (enum gk_precision)precision;
    if (loss_given)
        s.loss = loss;
    for (int i = 0; i < 2; i++)
        s.wanted[i] = split == BOTH || split == i;
    gk_progress_start(&progress, &tool, "point", 0);
    if (progress.on)
        progress.total =
            (double)gk_source_count(conf.files, conf.nfiles) * gk_landscape_points(&conf);
    conf.tick = tick;
    conf.tick_ctx = &progress;
    if (work(&s, &err))
        gk_die(&tool, &err);
    gk_progress_end(&progress);
    for (int i = 0; i < 2; i++)
        gk_toward_free(&conf.toward[i]);
    gk_study_close(&s);
    return 0;
}
