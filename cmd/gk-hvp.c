/* gk-hvp: the curvature of the loss at checkpoints, from exact Hessian-vector products.
 *
 *     gk-hvp -d add.data run.gks
 *     gk-hvp -d add.data --top 5 --vectors top.gks final.safetensors
 */
#include "gk/cli.h"
#include "gk/curvature.h"
#include "gk/out.h"
#include "gk/study_opts.h"
#include "gk/table.h"

static struct gk_common common;
static bool loss_given;
static const char *data, *vectors;
static int split, params, precision, loss;
static int64_t top, max_products = 1000, probes, depth = 64;
static bool trace, density, ggn, precondition;
static bool top_given, tol_given, limit_given, probes_given, depth_given, sigma_given, grid_given;
static struct gk_curvature_conf conf = {.sigma = 0.003};

static const struct gk_opt opts[] = {
    GK_OPT_TEXT('d', "data", &data, "FILE", "the dataset (required)", .flags = GK_OPT_SILENT),
    GK_OPT_CHOICE(0, "split", &split, "train|val", "the rows whose loss it is", .def = "train"),
    GK_OPT_CHOICE(0, "params", &params, "all|matrices",
                  "the parameters that move: all, or the tensors of rank 2", .def = "all"),
    GK_OPT_FLAG(0, "ggn", &ggn, "the Gauss-Newton matrix instead of the Hessian"),
    GK_OPT_FLAG(0, "precondition", &precondition,
                "the Hessian as adam or adamw scales it, by the state in the checkpoint"),
    GK_OPT_INT(0, "top", &top, "the K largest eigenvalues", .min = 1, .max = 1000, .choices = "K",
               .given = &top_given),
    GK_OPT_FLAG(0, "trace", &trace, "the trace, with its standard error"),
    GK_OPT_FLAG(0, "density", &density, "the density of the eigenvalues"),
    GK_OPT_TEXT(0, "vector", &conf.vector, "FILE",
                "the product with the vector in FILE, as a frame", .flags = GK_OPT_SILENT),
    GK_OPT_TEXT(0, "vectors", &vectors, "FILE", "write the eigenvectors to FILE, as a stream",
                .flags = GK_OPT_SILENT | GK_OPT_OUTPUT),
    GK_OPT_REAL(
        0, "tol", &conf.tol,
        "residuals of at most R max(|lambda|, lambda_max/1000) (default: 1e-3 in f32, 1e-6 in f64)",
        .min = 1e-15, .max = 1, .choices = "R", .given = &tol_given),
    GK_OPT_INT(0, "max-products", &max_products,
               "products at most for a checkpoint's eigenvalues (default 1000)", .min = 1,
               .max = 1e9, .given = &limit_given),
    GK_OPT_INT(0, "probes", &probes,
               "--trace: products in all (default 60); --density: random starts (default 4)",
               .min = 1, .max = 1e6, .given = &probes_given),
    GK_OPT_INT(0, "depth", &depth, "--density: Lanczos steps a start (default 64)", .min = 2,
               .max = 1e4, .given = &depth_given),
    GK_OPT_REAL(0, "sigma", &conf.sigma,
                "--density: width of an eigenvalue, a fraction of the range (default 0.003)",
                .min = 1e-9, .max = 1, .choices = "R", .given = &sigma_given),
    GK_OPT_GRID(0, "grid", &conf.grid,
                "--density: at N values from A to B (default: 1001 over the range)",
                .given = &grid_given),
    GK_PRECISION_OPT(&precision),
    GK_LOSS_OPT(&loss, &loss_given),
    GK_FEW_THREADS_OPT(&common),
    GK_SEED_OPT(&common),
    GK_DIGITS_OPT(&common),
    {0},
};

static const struct gk_tool tool = {
    .name = "gk-hvp",
    .synopsis = "-d DATA [options] [CHECKPOINT...]",
    .summary = "Print the ends, top, trace or density of the loss's Hessian, or a product with it.",
    .example = "gk-train -d add.data --steps 600 --trajectory - --every 20 -o run.tsv | "
               "gk-hvp -d add.data",
    .max_operands = -1,
    .opts = opts,
    .common = &common,
};

static void note(const char *text)
{
    gk_note(&tool, "%s", text);
}

static struct gk_progress progress;
static double products, frames; /* so far; frames in all, 0: unknown */

static void tick(void)
{
    gk_progress_tick(&progress, ++products);
}

/* How many products all frames take: of a trace or density as many as were asked for. Those of
 * eigenvalues are as many as they need, so that frames to come are taken to need what those DONE
 * did. */
static void expect_products(double done)
{
    const double each = conf.view == GK_VIEW_TRACE     ? (double)conf.probes
                        : conf.view == GK_VIEW_DENSITY ? (double)(conf.probes * conf.depth)
                        : done > 0                     ? products / done
                                                       : 0;
    progress.total = done < frames ? frames * each : 0;
}

static void expect_frames(char **files, int n)
{
    gk_progress_start(&progress, &tool, "product", 0);
    if (progress.on)
        frames = (double)gk_source_count(files, (size_t)n);
    expect_products(0);
}

/* Options that belong to another view are usage errors. */
static int choose(struct gk_err *err)
{
    if (top_given + trace + density + (conf.vector != NULL) > 1)
        return gk_fail_usage(err, "--top, --trace, --density and --vector exclude each other");
    conf.view = top_given     ? GK_VIEW_TOP
                : trace       ? GK_VIEW_TRACE
                : density     ? GK_VIEW_DENSITY
                : conf.vector ? GK_VIEW_VECTOR
                              : GK_VIEW_ENDS;
    const bool pairs = conf.view == GK_VIEW_ENDS || conf.view == GK_VIEW_TOP;
    const struct {
        bool given, fits;
        const char *text;
    } rule[] = {{vectors, pairs, "--vectors: only eigenvalues have vectors"},
                {tol_given, pairs, "--tol: only eigenvalues have a tolerance"},
                {limit_given, pairs, "--max-products: only eigenvalues take as many as they need"},
                {probes_given, trace || density, "--probes: for --trace and --density"},
                {depth_given, density, "--depth: for --density"},
                {sigma_given, density, "--sigma: for --density"},
                {grid_given, density, "--grid: for --density"}};
    for (size_t i = 0; i < sizeof rule / sizeof *rule; i++)
        if (rule[i].given && !rule[i].fits)
            return gk_fail_usage(err, "%s", rule[i].text);
    if (trace && probes_given && probes < 6)
        return gk_fail_usage(err, "--probes: a trace takes 6 products or more");
    limit_given |= pairs;
    probes_given |= trace || density;
    depth_given |= density;
    sigma_given |= density;
    conf.hessian = (struct gk_hessian_conf){.split = (enum gk_split)split,
                                            .matrices = params == 1,
                                            .gauss_newton = ggn,
                                            .precondition = precondition,
                                            .tick = tick};
    conf.top = (size_t)top;
    conf.max_products = (size_t)max_products;
    conf.probes = (size_t)(probes = probes > 0 ? probes : trace ? 60 : 4);
    conf.depth = (size_t)depth;
    conf.seed = (uint64_t)common.seed;
    conf.note = note;
    return 0;
}

/* What frames are measured with, and where results go: the table or the products to OUT, the
 * eigenvectors to a separate file. */
struct run {
    struct gk_curvature *curvature;
    struct gk_study *study;
    struct gk_out out, vectors;
    struct gk_stream products, pairs;
    bool stream; /* the products are a stream if the input was */
};

static int put_product(struct run *r, const struct gk_frame *f, const struct gk_history *h,
                       struct gk_err *err)
{
    struct gk_frame to = {0};
    if (f->index == 0)
        r->stream = f->in_stream;
    const int none = gk_curvature_product(r->curvature, f, &to, err);
    if (none || gk_frame_set_history(&to, h, err))
        return none ? none : -1;
    if (r->stream ? gk_stream_write(&r->products, &to, err) : gk_frame_write(&to, r->out.fp, err))
        return gk_fail_at(err, "%s", r->out.name);
    gk_frame_free(&to);
    return 0;
}

static int put_rows(struct run *r, const struct gk_frame *f, const struct gk_history *h,
                    struct gk_err *err)
{
    size_t n;
    const char *const *names = gk_curvature_columns(conf.view, &n);
    if (f->index == 0 && gk_table_begin(r->out.fp, h, names, n, err))
        return -1;
    return gk_curvature_rows(r->curvature, f, r->out.fp, err);
}

static int put_vectors(struct run *r, const struct gk_history *h, struct gk_err *err)
{
    for (size_t i = 0; i < gk_curvature_vectors(r->curvature); i++) {
        struct gk_frame to = {0};
        if (gk_curvature_vector(r->curvature, i, &to, err) || gk_frame_set_history(&to, h, err))
            return -1;
        if (gk_stream_write(&r->pairs, &to, err))
            return gk_fail_at(err, "%s", r->vectors.name);
        gk_frame_free(&to);
    }
    return 0;
}

/* In a stream, a frame from before the first update, whose state scales nothing, is skipped; a
 * single one is an error. */
static int put(void *ctx, struct gk_frame *f, struct gk_err *err)
{
    struct run *r = ctx;
    struct gk_study *s = r->study;
    struct gk_history h = {0};
    int rc = gk_study_take(s, f, err) || gk_study_history(s, f, &h, err) ||
                     gk_cli_history(&tool, &h, err)
                 ? -1
                 : 0;
    if (!rc)
        gk_note_all(&tool, &s->notes, &s->said);
    if (!rc && conf.view == GK_VIEW_VECTOR)
        rc = put_product(r, f, &h, err);
    else if (!rc)
        rc = put_rows(r, f, &h, err);
    if (!rc && vectors)
        rc = put_vectors(r, &h, err);
    gk_history_free(&h);
    if (rc > 0 && f->in_stream) {
        gk_note(&tool, "%s: skipped", err->msg);
        *err = (struct gk_err){0};
        rc = 0;
    }
    expect_products((double)f->index + 1);
    return rc ? -1 : gk_out_flush(&r->out, err);
}

/* If the table's reader goes away, the work ends; the vectors found so far stay. */
static int finish(struct run *r, int rc, struct gk_err *err)
{
    struct gk_err late = {0};
    if (rc && err->kind != GK_ERR_CLOSED)
        return -1;
    if (vectors && (gk_stream_end(&r->pairs, &late) || gk_out_commit(&r->vectors, &late))) {
        *err = late;
        return -1;
    }
    return rc;
}

static int work(struct gk_study *s, char **files, int n, struct gk_err *err)
{
    struct gk_source *source;
    struct run r = {.study = s};
    if (gk_curvature_new(&r.curvature, &conf, s, err) ||
        gk_out_open(&r.out, common.output, conf.vector != NULL, err) ||
        (vectors && gk_out_open(&r.vectors, vectors, true, err)) ||
        gk_source_open(&source, files, (size_t)n, err))
        return -1;
    r.products.fp = r.out.fp;
    r.pairs.fp = r.vectors.fp;
    int rc = gk_source_each(source, put, &r, err);
    gk_curvature_free(r.curvature);
    if (!rc && r.stream && gk_stream_end(&r.products, err))
        rc = gk_fail_at(err, "%s", r.out.name);
    return finish(&r, rc, err) ? -1 : gk_out_commit(&r.out, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct gk_study s;
    gk_cli_start(&tool, &argc, &argv);
    if (choose(&err) ||
        gk_study_open(&s, data, argv, argc, (int)common.threads, common.threads_given, &err))
        gk_die(&tool, &err);
    s.precision = (enum gk_precision)precision;
    if (loss_given)
        s.loss = loss;
    s.wanted[!split] = false;
    expect_frames(argv, argc);
    if (work(&s, argv, argc, &err))
        gk_die(&tool, &err);
    gk_progress_end(&progress);
    gk_study_close(&s);
    return 0;
}
