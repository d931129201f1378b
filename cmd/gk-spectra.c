/* gk-spectra: the norms and ranks of weight matrices, along a trajectory or of any file.
 *
 *     gk-train -d add.data --trajectory - -o run.tsv | gk-spectra --tensor 'blocks.0.*'
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gk/blas.h"
#include "gk/cli.h"
#include "gk/dump.h"
#include "gk/frame.h"
#include "gk/matrix.h"
#include "gk/out.h"
#include "gk/spectra.h"
#include "gk/table.h"

static struct gk_common common;
static const char *tensor, *exclude;
static struct gk_notes notes;

static const struct gk_opt opts[] = {
    GK_OPT_TEXT(0, "tensor", &tensor, "GLOB",
                "only the matrices that match (default: all parameters that are matrices)"),
    GK_OPT_TEXT(0, "exclude", &exclude, "GLOB", "and none of these"),
    GK_THREADS_OPT(&common),
    GK_DIGITS_OPT(&common),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-spectra",
    .synopsis = "[options] [FILE...]",
    .summary = "Print norm, spectral norm, stable and effective rank of weight matrices.",
    .example = "gk-train -d add.data --trajectory - -o run.tsv | gk-spectra",
    .max_operands = -1,
    .opts = opts,
    .common = &common,
};

/* What stays open from the first matrix to the last. */
struct run {
    struct gk_pool *pool;
    struct gk_out out;
    struct gk_progress progress;
    bool begun;
};

/* The history is the first input's. */
static int begin(struct run *run, struct gk_history *h, struct gk_err *err)
{
    static const char *const names[] = {"step", "tensor",        "rows",        "cols",
                                        "norm", "spectral_norm", "stable_rank", "effective_rank"};
    if (run->begun)
        return 0;
    run->begun = true;
    if (gk_cli_history(&tool, h, err))
        return -1;
    return gk_table_begin(run->out.fp, h, names, 8, err);
}

static int put_row(struct run *run, int64_t step, const char *name, const struct gk_spectrum *s,
                   struct gk_err *err)
{
    FILE *fp = run->out.fp;
    fprintf(fp, "%" PRId64 "\t", step);
    gk_put_text(fp, name, '\t');
    fprintf(fp, "%zu\t%zu\t", s->rows, s->cols);
    gk_put_number(fp, s->norm, false, '\t');
    gk_put_number(fp, s->spectral_norm, false, '\t');
    gk_put_number(fp, s->stable_rank, false, '\t');
    gk_put_number(fp, s->effective_rank, false, '\n');
    return gk_out_row(&run->out, err);
}

static int measure_frame(void *ctx, struct gk_frame *f, struct gk_err *err)
{
    struct run *run = ctx;
    struct gk_history h = {0};
    struct gk_tensor_spectrum *s;
    int64_t step;
    size_t n;
    if (gk_frame_step(f, GK_NO_STEP, &step, err) ||
        (step == GK_NO_STEP && f->index == 1 &&
         gk_notes_add(&notes, NULL, err,
                      "%s: frames without a step: they count from 0, in the order they are given",
                      f->file)) ||
        (!run->begun && gk_frame_spectra_doubts(f, tensor, exclude, &notes, err)) ||
        gk_frame_spectra(f, tensor, exclude, run->pool, &s, &n, err))
        return -1;
    if (step == GK_NO_STEP)
        step = (int64_t)f->index;
    int rc = gk_history_add_text(&h, gk_frame_meta(f, "gk.history"), err) || begin(run, &h, err);
    for (size_t i = 0; i < n && !rc; i++)
        rc = put_row(run, step, s[i].name, &s[i].s, err);
    gk_history_free(&h);
    free(s);
    gk_progress_tick(&run->progress, (double)f->index + 1);
    return rc;
}

static int measure_matrix(struct run *run, struct gk_matrix *m, const char *name,
                          struct gk_err *err)
{
    struct gk_spectrum s;
    int rc = gk_spectrum_of(m->v, m->rows, m->cols, &s, err);
    if (rc)
        gk_fail_at(err, "%s", name);
    else
        rc = begin(run, &m->history, err) || put_row(run, 0, "matrix", &s, err);
    gk_matrix_free(m);
    return rc;
}

static int measure_inputs(struct run *run, char *const *files, size_t nfiles, struct gk_err *err)
{
    const struct gk_matrix_names names = {.tensor = tensor, .exclude = exclude};
    struct gk_source *source;
    struct gk_matrix m;
    const char *name;
    if (gk_matrix_inputs(&source, &m, &name, files, nfiles, &names, err))
        return -1;
    if (source) {
        gk_progress_start(&run->progress, &tool, "frame", 0);
        if (run->progress.on)
            run->progress.total = (double)gk_source_count(files, nfiles);
        const int rc = gk_source_each(source, measure_frame, run, err);
        gk_progress_end(&run->progress);
        return rc;
    }
    gk_note_matrix(&tool, name, &m.notes);
    return measure_matrix(run, &m, name, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct run run = {0};
    gk_cli_start(&tool, &argc, &argv);
    if (gk_blas_pool(&run.pool, (int)common.threads, &err) ||
        gk_out_open(&run.out, common.output, false, &err) ||
        measure_inputs(&run, argv, (size_t)argc, &err) || gk_out_commit(&run.out, &err))
        gk_die(&tool, &err);
    size_t said = 0;
    gk_note_all(&tool, &notes, &said);
    gk_notes_free(&notes);
    gk_pool_free(run.pool);
    return 0;
}
