/* gk-landscape: loss and accuracy along directions from a checkpoint, or from every frame of a
 * trajectory.
 *
 *     gk-landscape -d add.data --toward end.ckpt run.gks
 *     gk-landscape -d add.data --toward random:1 --toward2 random:2 --norm filter end.ckpt
 */
#include <string.h>
#include <sys/stat.h>

#include "gk/cli.h"
#include "gk/landscape.h"
#include "gk/out.h"
#include "gk/table.h"

static struct gk_common common;
static bool loss_given;
static const char *data, *toward, *toward2;
static int split, norm, precision, loss;
static bool beta_given;
static struct gk_landscape_conf conf;

enum { BOTH = 2 }; /* beside enum gk_split */

static const struct gk_opt opts[] = {
    {'d', "data", GK_TEXT, &data, NULL, 0, 0, "FILE", "the dataset (required)", GK_OPT_SILENT,
     NULL},
    {0, "toward", GK_TEXT, &toward, NULL, 0, 0, "WHERE",
     "a file (another checkpoint, or a direction), next, first, frame:STEP, random:SEED or pca:K "
     "(required)",
     0, NULL},
    {0, "toward2", GK_TEXT, &toward2, NULL, 0, 0, "WHERE", "a second direction: a surface", 0,
     NULL},
    {0, "norm", GK_CHOICE, &norm, "none", 0, 0, GK_NORMS,
     "scale directions: not, to length 1, or each row as the network's", 0, NULL},
    {0, "alpha", GK_GRID, &conf.grid[0], "-1:1:51", 0, 0, "A:B:N", "points along the direction", 0,
     NULL},
    {0, "beta", GK_GRID, &conf.grid[1], NULL, 0, 0, "A:B:N",
     "points along the second (default: as --alpha)", 0, &beta_given},
    {0, "split", GK_CHOICE, &split, "both", 0, 0, "train|val|both", "the rows to use", 0, NULL},
    {0, "dtype", GK_CHOICE, &precision, "saved", 0, 0, GK_PRECISIONS,
     "precision to compute in; saved: the checkpoint's", 0, NULL},
    {0, "loss", GK_CHOICE, &loss, NULL, 0, 0, GK_LOSS_CHOICES,
     "the loss (default: the checkpoint's)", 0, &loss_given},
    GK_THREADS_OPT(&common),
    {0},
};

static const struct gk_tool tool = {
    .name = "gk-landscape",
    .synopsis = "-d DATA --toward WHERE [options] [CHECKPOINT...]",
    .summary = "Print the loss and accuracy along directions from checkpoints.",
    .example = "gk-landscape -d add.data --toward next --alpha -1:2:61 run.gks",
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
    if (beta_given && !toward2)
        return gk_fail_usage(err, "--beta: a surface needs --toward2");
    if (gk_toward_parse(&conf.toward[0], "toward", toward, err) ||
        (toward2 && gk_toward_parse(&conf.toward[1], "toward2", toward2, err)))
        return -1;
    conf.directions = toward2 ? 2 : 1;
    for (int i = 0; i < conf.directions; i++)
        if (piped && gk_toward_rereads(&conf.toward[i]))
            return gk_fail_usage(err, "%s reads the checkpoints twice: give them as files",
                                 conf.toward[i].text);
    if (toward2 && !beta_given)
        conf.grid[1] = conf.grid[0];
    beta_given = toward2 != NULL;
    conf.norm = (enum gk_norm)norm;
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
    const int rc = gk_study_history(s, f, &h, err) || gk_cli_history(&tool, &h, err) ||
                   gk_table_begin(fp, &h, toward2 ? surface : line, toward2 ? 7 : 6, err);
    gk_history_free(&h);
    return rc ? -1 : 0;
}

/* One frame; NEXT is the one after it, or NULL. A frame of several that has no direction is passed
 * over, a single one without is an error. */
static int put(struct gk_landscape *l, struct gk_study *s, const struct gk_frame *f,
               const struct gk_frame *next, struct gk_out *out, struct gk_err *err)
{
    if (gk_study_take(s, f, err) || (f->index == 0 && put_head(s, f, out->fp, err)))
        return -1;
    if (gk_study_remark(s, f))
        gk_note(&tool, "%s: %s", f->file, gk_study_remark(s, f));
    const int aimed = gk_landscape_aim(l, f, next, err);
    if (aimed < 0 || (aimed == 0 && f->index == 0 && !next))
        return -1;
    if (aimed == 0) {
        gk_note(&tool, "%s: skipped", err->msg);
        *err = (struct gk_err){0};
        return 0;
    }
    return gk_landscape_rows(l, out->fp, err) || gk_out_flush(out, err) ? -1 : 0;
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
    if (choose(argv, argc, &err) || gk_study_open(&s, data, argv, argc, (int)common.threads, &err))
        gk_die(&tool, &err);
    s.precision = (enum gk_precision)precision;
    if (loss_given)
        s.loss = loss;
    for (int i = 0; i < 2; i++)
        s.wanted[i] = split == BOTH || split == i;
    gk_progress_start(&progress, &tool, "point", 0);
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
