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
#include "gk/input.h"
#include "gk/mem.h"
#include "gk/out.h"
#include "gk/table.h"

enum { ALL = GK_DIMENSION_METHODS };
static const char *const method_name[] = {"twonn", "mle", "levina"};

static struct gk_common common;
static int method;
static int64_t k;
static double discard;
static const char *tensor;
static bool k_given, discard_given;

static const struct gk_opt opts[] = {
    {0, "method", GK_CHOICE, &method, "twonn", 0, 0, "twonn|mle|levina|all",
     "two nearest neighbours, or maximum likelihood with the average of MacKay and Ghahramani or "
     "of Levina and Bickel",
     0, NULL},
    {'k', "neighbors", GK_INT, &k, NULL, 2, 1 << 20, "K",
     "neighbours that maximum likelihood looks at (default 20)", 0, &k_given},
    {0, "discard", GK_REAL, &discard, NULL, 0, 1, "F",
     "fraction of the points, those of largest ratio, that TwoNN leaves out (default 0.1)", 0,
     &discard_given},
    {0, "tensor", GK_TEXT, &tensor, NULL, 0, 0, "NAME",
     "the matrix in a frame (default: activations, else the only one)", 0, NULL},
    GK_THREADS_OPT(&common),
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
    return 0;
}

/* Output begins when there is something to put out, since the history is the first matrix'. */
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

/* The rows of the table for one matrix, which is used up. PLACE is where it came from. */
static int measure(struct run *run, struct gk_matrix *m, double step, const char *place,
                   struct gk_err *err)
{
    struct gk_dimension dim[GK_DIMENSION_METHODS];
    const size_t all = m->rows;
    int rc = gk_dimensions(m->v, &m->rows, m->cols, &run->conf, run->pool, dim, err);
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

static int measure_frame(struct run *run, struct gk_frame *f, struct gk_err *err)
{
    struct gk_matrix m;
    int64_t step = (int64_t)f->index;
    const char *name = tensor ? tensor : gk_frame_tensor(f, "activations") ? "activations" : NULL;
    if ((gk_frame_meta(f, "step") &&
         gk_frame_meta_int(f, "step", INT64_MIN, INT64_MAX, &step, err)) ||
        gk_matrix_from_frame(&m, f, name, err))
        return -1;
    char *place = gk_format(err, "%s: frame %" PRIu64, f->file, f->number);
    gk_frame_free(f); /* the largest thing in memory */
    int rc = place ? measure(run, &m, (double)step, place, err) : -1;
    free(place);
    return rc;
}

static int measure_frames(struct run *run, struct gk_source *source, struct gk_err *err)
{
    struct gk_frame f;
    int rc;
    while ((rc = gk_source_next(source, &f, err)) == 1) {
        rc = measure_frame(run, &f, err);
        gk_frame_free(&f);
        if (rc)
            break;
    }
    gk_source_close(source);
    return rc;
}

/* A single input may be of any kind, several are frames. */
static int measure_inputs(struct run *run, char *const *files, size_t nfiles, struct gk_err *err)
{
    struct gk_source *source;
    struct gk_matrix m;
    FILE *fp;
    const char *name;
    enum gk_input_kind kind;
    if (nfiles > 1)
        return gk_source_open(&source, files, nfiles, err) || measure_frames(run, source, err);
    if (gk_input_open(&fp, &name, nfiles ? files[0] : NULL, err) ||
        gk_input_kind(fp, name, &kind, err))
        return -1;
    if (kind == GK_INPUT_FRAMES)
        return gk_source_from(&source, fp, name, err) || measure_frames(run, source, err);
    if (tensor)
        return gk_fail_usage(err, "--tensor: %s is %s, without tensors", name,
                             kind == GK_INPUT_NPY ? "a .npy array" : "text");
    if (gk_matrix_read_from(&m, fp, name, kind, NULL, err))
        return -1;
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
