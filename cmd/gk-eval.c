/* gk-eval: loss and accuracy of checkpoints on a dataset, or a layer's activations.
 *
 *     gk-eval -d add.data run.gks
 *     gk-eval -d add.data --activations block1 run.gks | gk-twonn
 */
#include "gk/activations.h"
#include "gk/cli.h"
#include "gk/out.h"
#include "gk/study.h"
#include "gk/study_opts.h"
#include "gk/table.h"

static struct gk_common common;
static bool loss_given;
static const char *data, *layer, *position;
static int split, precision, loss;
static bool split_given, position_given;

enum { BOTH = 2 }; /* in addition to enum gk_split */

static const struct gk_opt opts[] = {
    GK_OPT_TEXT('d', "data", &data, "FILE", "the dataset (required)", .flags = GK_OPT_SILENT),
    GK_OPT_TEXT(0, "activations", &layer, "LAYER",
                "write the activations after embed, block0, block1, ... or (mlp) layer0, ..."),
    GK_OPT_TEXT(0, "position", &position, "last|all|N",
                "the activations at this position of each row (default: last)",
                .given = &position_given),
    GK_OPT_CHOICE(0, "split", &split, "train|val|both",
                  "the rows to use (default: both; of activations: train)", .given = &split_given),
    GK_PRECISION_OPT(&precision),
    GK_LOSS_OPT(&loss, &loss_given),
    GK_FEW_THREADS_OPT(&common),
    GK_DIGITS_OPT(&common),
    {0},
};

static const struct gk_tool tool = {
    .name = "gk-eval",
    .synopsis = "-d DATA [options] [CHECKPOINT...]",
    .summary = "Print the loss and accuracy of checkpoints, or write a layer's activations.",
    .example = "gk-eval -d add.data --activations block1 run.gks | gk-twonn",
    .max_operands = -1,
    .opts = opts,
    .common = &common,
};

static int history(const struct gk_study *s, const struct gk_frame *f, struct gk_history *h,
                   struct gk_err *err)
{
    *h = (struct gk_history){0};
    return gk_study_history(s, f, h, err) || gk_cli_history(&tool, h, err) ? -1 : 0;
}

static int take(struct gk_study *s, const struct gk_frame *f, struct gk_err *err)
{
    if (gk_study_take(s, f, err))
        return -1;
    gk_note_all(&tool, &s->notes, &s->said);
    return 0;
}

static int put_row(struct gk_study *s, const struct gk_frame *f, FILE *fp, struct gk_err *err)
{
    static const char *const names[] = {"step", "train_loss", "train_acc", "val_loss", "val_acc"};
    struct gk_history h = {0};
    struct gk_score score[2];
    if (f->index == 0 && (history(s, f, &h, err) || gk_table_begin(fp, &h, names, 5, err)))
        return -1;
    gk_history_free(&h);
    if (gk_study_score(s, s->theta, score, err))
        return gk_frame_fail_at(f, err);
    gk_study_put_step(s, fp);
    gk_study_put_score(s, score, fp);
    return 0;
}

static int put_activations(const struct gk_activations *a, struct gk_study *s,
                           const struct gk_frame *f, struct gk_stream *stream, const char *to,
                           struct gk_err *err)
{
    struct gk_frame points = {0};
    struct gk_history h;
    if (gk_activations_take(a, s, &points, err))
        return gk_frame_fail_at(f, err);
    if (history(s, f, &h, err) || gk_frame_set_history(&points, &h, err))
        return -1;
    if (gk_stream_write(stream, &points, err))
        return gk_fail_at(err, "%s", to);
    gk_history_free(&h);
    gk_frame_free(&points);
    return 0;
}

/* All frames of FILES, as a table or as a stream of activations. */
static int evaluate(struct gk_study *s, const struct gk_activations *a, char **files, int n,
                    struct gk_err *err)
{
    struct gk_source *source;
    struct gk_frame f;
    struct gk_out out;
    struct gk_progress progress;
    int more;
    gk_progress_start(&progress, &tool, "frame", 0);
    if (progress.on)
        progress.total = (double)gk_source_count(files, (size_t)n);
    if (gk_out_open(&out, common.output, layer != NULL, err) ||
        gk_source_open(&source, files, (size_t)n, err))
        return -1;
    struct gk_stream stream = {.fp = out.fp};
    while ((more = gk_source_next(source, &f, err)) > 0) {
        if (take(s, &f, err))
            return -1;
        if (layer ? put_activations(a, s, &f, &stream, out.name, err) : put_row(s, &f, out.fp, err))
            return -1;
        if (gk_out_flush(&out, err))
            return -1;
        gk_progress_tick(&progress, (double)f.index + 1);
        gk_frame_free(&f);
    }
    gk_progress_end(&progress);
    gk_source_close(source);
    if (more < 0)
        return -1;
    if (layer && gk_stream_end(&stream, err))
        return gk_fail_at(err, "%s", out.name);
    return gk_out_commit(&out, err);
}

/* Activations have their own split option, so that rows of both splits are mixed only on
 * request. */
static int choose(struct gk_activations *a, struct gk_err *err)
{
    if (position_given && !layer)
        return gk_fail_usage(err, "--position: only --activations have positions");
    if (layer && loss_given)
        return gk_fail_usage(err, "--loss: --activations do not depend on the loss");
    if (layer && common.digits_given)
        return gk_fail_usage(err, "--digits: --activations are no table, and are written exactly");
    if (!split_given)
        split = layer ? GK_TRAIN : BOTH;
    split_given = true;
    position_given = layer != NULL;
    if (!position)
        position = "last";
    return layer ? gk_activations_parse(a, layer, position, err) : 0;
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct gk_activations a;
    struct gk_study s;
    gk_cli_start(&tool, &argc, &argv);
    if (choose(&a, &err) ||
        gk_study_open(&s, data, argv, argc, (int)common.threads, common.threads_given, &err))
        gk_die(&tool, &err);
    s.precision = (enum gk_precision)precision;
    if (loss_given)
        s.loss = loss;
    for (int i = 0; i < 2; i++)
        s.wanted[i] = split == BOTH || split == i;
    if (evaluate(&s, &a, argv, argc, &err))
        gk_die(&tool, &err);
    gk_study_close(&s);
    return 0;
}
