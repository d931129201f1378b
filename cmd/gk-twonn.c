/* gk-twonn: the intrinsic dimension of points, and of every frame of a stream of activations.
 *
 *     gk-eval -d add.data --activations block1 t.gks | gk-twonn
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gk/blas.h"
#include "gk/cli.h"
#include "gk/dimension.h"
#include "gk/frame.h"
#include "gk/matrix.h"
#include "gk/mem.h"
#include "gk/out.h"
#include "gk/table.h"

enum { ALL = GK_DIMENSION_METHODS };
static const char *const method_name[] = {"twonn", "mle", "levina"};

static struct gk_common common;
static int method;
static int64_t k;
static double discard;
static const char *tensor, *step_column;
static bool k_given, discard_given;

static const struct gk_opt opts[] = {
    GK_OPT_CHOICE(0, "method", &method, "twonn|mle|levina|all",
                  "two nearest neighbours, or maximum likelihood with the average of MacKay and "
                  "Ghahramani or "
                  "of Levina and Bickel",
                  .def = "twonn"),
    GK_OPT_INT('k', "neighbors", &k, "neighbours that maximum likelihood looks at (default 20)",
               .min = 2, .max = 1 << 20, .choices = "K", .given = &k_given),
    GK_OPT_REAL(
        0, "discard", &discard,
        "fraction of the points, those of largest ratio, that TwoNN leaves out (default 0.1)",
        .min = 0, .max = 1, .choices = "F", .given = &discard_given),
    GK_OPT_TEXT(0, "tensor", &tensor, "NAME",
                "the matrix in a frame (default: activations, else the only one)"),
    GK_OPT_TEXT(0, "step", &step_column, "NAME",
                "a table's column of steps, no coordinate (default: step, or as loggers call it)"),
    GK_THREADS_OPT(&common),
    GK_DIGITS_OPT(&common),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-twonn",
    .synopsis = "[options] [FILE ...]",
    .summary = "Estimate the intrinsic dimension of the rows of a matrix.",
    .example = "gk-eval -d add.data --activations block1 t.gks | gk-twonn",
    .max_operands = -1,
    .opts = opts,
    .common = &common,
};

/* What stays open from the first matrix to the last. */
struct run {
    struct gk_dimension_conf conf;
    struct gk_pool *pool;
    struct gk_out out;
    bool begun;
};

static struct gk_progress progress;

/* The total excludes duplicates. */
static void tick(void *ctx, double points, double total)
{
    (void)ctx;
    progress.total = total;
    gk_progress_tick(&progress, points);
}

static int check_options(struct gk_dimension_conf *conf, struct gk_err *err)
{
    for (int i = 0; i < GK_DIMENSION_METHODS; i++)
        conf->wanted[i] = method == i || method == ALL;
    if (k_given && method == GK_TWONN)
        return gk_fail_usage(err, "-k: TwoNN has no k, only mle and levina have");
    if (discard_given && !conf->wanted[GK_TWONN])
        return gk_fail_usage(err, "--discard: only TwoNN discards points");
    if (discard_given && discard >= 1)
        return gk_fail_usage(err, "--discard: 1 would leave no point to fit");
    k = k_given ? k : 20;
    discard = discard_given ? discard : 0.1;
    k_given = method != GK_TWONN;
    discard_given = conf->wanted[GK_TWONN];
    conf->k = (size_t)k;
    conf->discard = discard;
    conf->tick.fn = tick;
    return 0;
}

/* Output begins when there is something to write, since the history is the first matrix's. */
static int begin(struct run *run, struct gk_history *h, struct gk_err *err)
{
    static const char *const names[] = {"step", "n", "dropped", "method", "k", "id", "stderr"};
    if (run->begun)
        return 0;
    run->begun = true;
    if (gk_cli_history(&tool, h, err) || gk_out_open(&run->out, common.output, false, err))
        return -1;
    return gk_table_begin(run->out.fp, h, names, 7, err);
}

/* Writes the table's rows for one matrix, which is destroyed. PLACE is where it came from. */
static int measure(struct run *run, struct gk_matrix *m, double step, const char *place,
                   struct gk_err *err)
{
    struct gk_dimension dim[GK_DIMENSION_METHODS];
    const size_t all = m->rows;
    gk_progress_start(&progress, &tool, "point", (double)all);
    int rc = gk_dimensions(m->v, &m->rows, m->cols, &run->conf, run->pool, dim, err);
    gk_progress_end(&progress);
    if (rc)
        gk_fail_at(err, "%s", place);
    else
        rc = begin(run, &m->history, err);
    for (int i = 0; i < GK_DIMENSION_METHODS && !rc; i++) {
        if (!run->conf.wanted[i])
            continue;
        gk_put_number(run->out.fp, step, false, '\t');
        fprintf(run->out.fp, "%zu\t%zu\t%s\t%" PRId64 "\t", m->rows, all - m->rows, method_name[i],
                i == GK_TWONN ? 2 : k);
        gk_put_number(run->out.fp, dim[i].id, false, '\t');
        gk_put_number(run->out.fp, dim[i].error, false, '\n');
    }
    gk_matrix_free(m);
    return rc ? rc : gk_out_flush(&run->out, err);
}

static int measure_frame(void *ctx, struct gk_frame *f, struct gk_err *err)
{
    struct run *run = ctx;
    struct gk_matrix m;
    int64_t step;
    const char *name = tensor ? tensor : gk_frame_tensor(f, "activations") ? "activations" : NULL;
    if (gk_frame_step(f, (int64_t)f->index, &step, err) || gk_matrix_from_frame(&m, f, name, err))
        return -1;
    char *place = gk_format(err, "%s: frame %" PRIu64, f->file, f->number);
    gk_frame_free(f); /* the largest thing in memory */
    int rc = place ? measure(run, &m, (double)step, place, err) : -1;
    free(place);
    return rc;
}

static int measure_inputs(struct run *run, char *const *files, size_t nfiles, struct gk_err *err)
{
    const struct gk_matrix_names names = {.tensor = tensor, .step = step_column};
    struct gk_source *source;
    struct gk_matrix m;
    const char *name;
    if (gk_matrix_inputs(&source, &m, &name, files, nfiles, &names, err))
        return -1;
    if (source)
        return gk_source_each(source, measure_frame, run, err);
    gk_note_matrix(&tool, name, &m.notes);
    return measure(run, &m, 0, name, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct run run = {0};
    gk_cli_start(&tool, &argc, &argv);
    if (check_options(&run.conf, &err) || gk_blas_pool(&run.pool, (int)common.threads, &err) ||
        measure_inputs(&run, argv, (size_t)argc, &err) || gk_out_commit(&run.out, &err))
        gk_die(&tool, &err);
    gk_pool_free(run.pool);
    return 0;
}
