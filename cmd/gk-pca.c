/* gk-pca: the principal components of a trajectory or of any points.
 *
 *     gk-train -d add.data --trajectory t.gks --every 10 -q > add.tsv; gk-pca t.gks
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/blas.h"
#include "gk/cli.h"
#include "gk/mem.h"
#include "gk/out.h"
#include "gk/pca.h"
#include "gk/table.h"

static struct gk_common common;
static int64_t components;
static const char *tensor, *exclude, *axes, *step_column;
static int center, params;
static bool line, variance, components_given, center_given, params_given;

static const struct gk_opt opts[] = {
    GK_OPT_INT(0, "components", &components, "components wanted (default 2; with --variance all)",
               .min = 1, .max = 1 << 20, .choices = "K", .given = &components_given),
    GK_OPT_CHOICE(0, "center", &center, "last|mean|none",
                  "what is subtracted from every point (default last)", .given = &center_given),
    GK_OPT_FLAG(0, "line", &line, "project on the line from the first point to the last instead"),
    GK_OPT_FLAG(0, "variance", &variance,
                "print the variance of each component instead of the projections"),
    GK_OPT_TEXT(0, "axes", &axes, "FILE", "write the axes there, as a stream of one frame an axis",
                .flags = GK_OPT_SILENT | GK_OPT_OUTPUT),
    GK_OPT_CHOICE(
        0, "params", &params, "all|matrices",
        "the tensors of a trajectory that count: all parameters (default) or those of rank 2",
        .given = &params_given),
    GK_OPT_TEXT(0, "tensor", &tensor, "GLOB",
                "only these tensors of each frame, or the matrix in a single frame"),
    GK_OPT_TEXT(0, "exclude", &exclude, "GLOB", "and not these, such as 'running_*,*.num'"),
    GK_OPT_TEXT(0, "step", &step_column, "NAME",
                "a table's column of steps (default: step, or as loggers call it)"),
    GK_THREADS_OPT(&common),
    GK_DIGITS_OPT(&common),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-pca",
    .synopsis = "[options] [FILE ...]",
    .summary = "Principal components of a trajectory, or of the rows of a matrix.",
    .example = "gk-train -d add.data --trajectory - -o run.tsv | gk-pca --variance --components 5",
    .max_operands = -1,
    .opts = opts,
    .common = &common,
};

static struct gk_progress progress;

static void tick(void *ctx, double coordinates, double total)
{
    (void)ctx;
    progress.total = total;
    gk_progress_tick(&progress, coordinates);
}

static int check_options(struct gk_err *err)
{
    const char *other = components_given ? "components"
                        : center_given   ? "center"
                        : variance       ? "variance"
                        : axes           ? "axes"
                                         : NULL;
    if (line && other)
        return gk_fail_usage(err, "--line and --%s exclude each other", other);
    if (tensor && params_given)
        return gk_fail_usage(err, "--tensor and --params exclude each other");
    return 0;
}

/* V (rows, cols) as a table. */
static int print(const struct gk_points *x, const char *const *names, const double *v, size_t rows,
                 size_t cols, struct gk_err *err)
{
    struct gk_out out;
    if (gk_out_open(&out, common.output, false, err) ||
        gk_table_begin(out.fp, &x->history, names, cols, err))
        return -1;
    for (size_t i = 0; i < rows * cols && !ferror(out.fp); i++)
        gk_put_number(out.fp, v[i], false, (i + 1) % cols != 0 ? '\t' : '\n');
    return gk_out_commit(&out, err);
}

static int write_axes(const struct gk_points *x, const struct gk_pca *r, struct gk_err *err)
{
    struct gk_out out;
    if (gk_out_open(&out, axes, true, err))
        return -1;
    if (gk_pca_write_axes(out.fp, x, r, &x->history, err))
        return gk_fail_at(err, "%s", out.name);
    return gk_out_commit(&out, err);
}

static int print_line(struct gk_points *x, struct gk_pool *pool, struct gk_err *err)
{
    static const char *const names[] = {"step", "alpha", "residual", "fraction"};
    double length, *alpha = gk_alloc(x->n, 6 * sizeof *alpha, err);
    if (!alpha)
        return -1;
    double *residual = alpha + x->n, *v = residual + x->n;
    if (gk_cli_history(&tool, &x->history, err) ||
        gk_pca_line(x, alpha, residual, &length, pool, err))
        return -1;
    for (size_t t = 0; t < x->n; t++) {
        const double row[] = {x->step[t], alpha[t], residual[t], alpha[t] / length};
        memcpy(v + t * 4, row, sizeof row);
    }
    int rc = print(x, names, v, x->n, 4, err);
    gk_free(alpha);
    return rc;
}

static int print_variance(const struct gk_points *x, const struct gk_pca *r, struct gk_err *err)
{
    static const char *const names[] = {"component", "variance", "ratio", "cumulative"};
    double sum = 0, square, *v = gk_alloc(r->k, 4 * sizeof *v, err);
    for (size_t k = 0; v && k < r->k; k++) {
        if (gk_pca_variance(r, k, x, &square, err))
            return -1;
        sum += r->variance[k];
        const double row[] = {(double)k + 1, square, r->variance[k] / r->total,
                              fmin(sum / r->total, 1)};
        memcpy(v + k * 4, row, sizeof row);
    }
    int rc = v ? print(x, names, v, r->k, 4, err) : -1;
    gk_free(v);
    return rc;
}

static int print_projections(const struct gk_points *x, const struct gk_pca *r, struct gk_err *err)
{
    const size_t cols = r->k + 2;
    const char **names = gk_alloc(cols, sizeof *names, err);
    char(*name)[24] = names ? gk_alloc(cols, sizeof *name, err) : NULL;
    double *v = name ? gk_alloc(cols, r->n * sizeof *v, err) : NULL;
    if (!v)
        return -1;
    for (size_t c = 0; c < cols; c++) {
        snprintf(name[c], sizeof name[c], "pc%zu", c);
        names[c] = c == 0 ? "step" : c == cols - 1 ? "residual" : name[c];
    }
    for (size_t t = 0; t < r->n; t++) {
        v[t * cols] = x->step[t];
        memcpy(v + t * cols + 1, r->score + t * r->k, r->k * sizeof *v);
        v[t * cols + cols - 1] = r->residual[t];
    }
    int rc = print(x, names, v, r->n, cols, err);
    gk_free(names);
    gk_free(name);
    gk_free(v);
    return rc;
}

static int print_components(struct gk_points *x, struct gk_pool *pool, struct gk_err *err)
{
    struct gk_pca r;
    struct gk_pca_conf conf = {.center = (enum gk_center)center,
                               .components = (size_t)components,
                               .project = !variance,
                               .axes = axes != NULL,
                               .tick = {.fn = tick}};
    const size_t most = gk_pca_most(x, conf.center);
    if (!components_given)
        conf.components = variance || most < 2 ? most : 2;
    components = (int64_t)conf.components;
    components_given = center_given = true;
    gk_progress_start(&progress, &tool, "coordinate", 0);
    if (gk_cli_history(&tool, &x->history, err) || gk_pca(&r, x, &conf, pool, err))
        return -1;
    gk_progress_end(&progress);
    if ((axes && write_axes(x, &r, err)) ||
        (variance ? print_variance : print_projections)(x, &r, err))
        return -1;
    gk_pca_free(&r);
    return 0;
}

/* A shell sorts the file of step 1000 before that of step 200. */
static void remark_order(const struct gk_points *x)
{
    for (size_t t = 1; t < x->n; t++)
        if (x->step[t] < x->step[t - 1]) {
            gk_note(&tool, "%s: step %.12g comes after step %.12g: step %.12g counts as the last",
                    x->name, x->step[t], x->step[t - 1], x->step[x->n - 1]);
            return;
        }
}

static int analyse(char *const *files, size_t nfiles, struct gk_err *err)
{
    const struct gk_points_conf conf = {
        .matrices = params == 1, .tensor = tensor, .exclude = exclude, .step = step_column};
    struct gk_points x;
    struct gk_pool *pool;
    if (check_options(err) || gk_blas_pool(&pool, (int)common.threads, err) ||
        gk_points_open(&x, files, nfiles, &conf, err) || (!tensor && gk_points_note_twins(&x, err)))
        return -1;
    if (params_given && x.nparts == 0)
        return gk_fail_usage(err, "--params: the input is a matrix, not a trajectory");
    params_given = x.nparts > 0 && !tensor;
    if ((line ? print_line : print_components)(&x, pool, err))
        return -1;
    gk_note_table(&tool, x.name, &x.notes);
    if (line || center == GK_CENTER_LAST)
        remark_order(&x);
    if (x.buffers)
        gk_note(&tool,
                "%s: %zu tensor%s no floating-point numbers and no parameters: left out (%s%s)",
                x.name, x.buffers, x.buffers == 1 ? " holds" : "s hold", x.buffer,
                x.buffers == 1 ? "" : ", ...");
    size_t said = 0;
    gk_note_all(&tool, &x.doubts, &said);
    gk_points_free(&x);
    gk_pool_free(pool);
    return 0;
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    gk_cli_start(&tool, &argc, &argv);
    if (analyse(argv, (size_t)argc, &err))
        gk_die(&tool, &err);
    return 0;
}
