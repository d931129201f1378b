/* gk-hvp: the curvature of the loss at checkpoints, from exact Hessian-vector products.
 *
 *     gk-hvp -d add.data run.gks
 *     gk-hvp -d add.data --top 5 --vectors top.gks final.safetensors
 */
#include "gk/cli.h"
#include "gk/curvature.h"
#include "gk/out.h"
#include "gk/table.h"

static struct gk_common common;
static bool loss_given;
static const char *data, *vectors;
static int split, params, precision, loss;
static int64_t top, max_products = 1000, probes, depth = 64;
static bool trace, density;
static bool top_given, tol_given, limit_given, probes_given, depth_given, sigma_given, grid_given;
static struct gk_curvature_conf conf = {.sigma = 0.003};

static const struct gk_opt opts[] = {
    GK_OPT_TEXT('d', "data", &data, "FILE", "the dataset (required)", .flags = GK_OPT_SILENT),
    GK_OPT_CHOICE(0, "split", &split, "train|val", "the rows whose loss it is", .def = "train"),
    GK_OPT_CHOICE(0, "params", &params, "all|matrices",
                  "the parameters that move: all, or the tensors of rank 2", .def = "all"),
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
    GK_OPT_CHOICE(0, "dtype", &precision, GK_PRECISIONS,
                  "precision to compute in; saved: the checkpoint's", .def = "saved"),
    GK_OPT_CHOICE(0, "loss", &loss, GK_LOSS_CHOICES, "the loss (default: the checkpoint's)",
                  .given = &loss_given),
    GK_THREADS_OPT(&common),
    GK_SEED_OPT(&common),
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

/* One view, and only options that it has. */
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
    conf.split = (enum gk_split)split;
    conf.matrices = params == 1;
    conf.top = (size_t)top;
    conf.max_products = (size_t)max_products;
    conf.probes = (size_t)(probes = probes > 0 ? probes : trace ? 60 : 4);
    conf.depth = (size_t)depth;
    conf.seed = (uint64_t)common.seed;
    conf.note = note;
    return 0;
}

/* Where results go: the table or the products to OUT, the eigenvectors to a file of their own. */
struct results {
    struct gk_out out, vectors;
    struct gk_stream products, pairs;
    bool stream; /* the products are one: so was the input */
};

static int put_product(struct gk_curvature *c, const struct gk_frame *f, struct results *r,
                       const struct gk_history *h, struct gk_err *err)
{
    struct gk_frame to = {0};
    if (f->index == 0)
        r->stream = f->in_stream;
    if (gk_curvature_product(c, f, &to, err) || gk_frame_set_history(&to, h, err))
        return -1;
    if (r->stream ? gk_stream_write(&r->products, &to, err) : gk_frame_write(&to, r->out.fp, err))
        return gk_fail_at(err, "%s", r->out.name);
    gk_frame_free(&to);
    return 0;
}

static int put_vectors(struct gk_curvature *c, struct results *r, const struct gk_history *h,
                       struct gk_err *err)
{
    for (size_t i = 0; i < gk_curvature_vectors(c); i++) {
        struct gk_frame to = {0};
        if (gk_curvature_vector(c, i, &to, err) || gk_frame_set_history(&to, h, err))
            return -1;
        if (gk_stream_write(&r->pairs, &to, err))
            return gk_fail_at(err, "%s", r->vectors.name);
        gk_frame_free(&to);
    }
    return 0;
}

static int put(struct gk_curvature *c, struct gk_study *s, const struct gk_frame *f,
               struct results *r, struct gk_err *err)
{
    struct gk_history h = {0};
    size_t n;
    const char *const *names = gk_curvature_columns(conf.view, &n);
    int rc = gk_study_take(s, f, err) || gk_study_history(s, f, &h, err) ||
             gk_cli_history(&tool, &h, err);
    if (!rc && gk_study_remark(s, f))
        gk_note(&tool, "%s: %s", f->file, gk_study_remark(s, f));
    if (!rc && conf.view == GK_VIEW_VECTOR)
        rc = put_product(c, f, r, &h, err);
    else if (!rc)
        rc = (f->index == 0 && gk_table_begin(r->out.fp, &h, names, n, err)) ||
             gk_curvature_rows(c, f, r->out.fp, err) || (vectors && put_vectors(c, r, &h, err));
    gk_history_free(&h);
    return rc ? -1 : gk_out_flush(&r->out, err);
}

/* A reader of the table that goes away ends the work; the vectors found so far stay. */
static int finish(struct results *r, int rc, struct gk_err *err)
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

static int put_all(struct gk_curvature *c, struct gk_study *s, struct gk_source *source,
                   struct results *r, struct gk_err *err)
{
    struct gk_frame f;
    int more, rc = 0;
    while (!rc && (more = gk_source_next(source, &f, err)) > 0) {
        rc = put(c, s, &f, r, err);
        gk_frame_free(&f);
    }
    return rc ? rc : more;
}

static int work(struct gk_study *s, char **files, int n, struct gk_err *err)
{
    struct gk_curvature *c;
    struct gk_source *source;
    struct results r = {0};
    if (gk_curvature_new(&c, &conf, s, err) ||
        gk_out_open(&r.out, common.output, conf.vector != NULL, err) ||
        (vectors && gk_out_open(&r.vectors, vectors, true, err)) ||
        gk_source_open(&source, files, (size_t)n, err))
        return -1;
    r.products.fp = r.out.fp;
    r.pairs.fp = r.vectors.fp;
    int rc = put_all(c, s, source, &r, err);
    gk_source_close(source);
    gk_curvature_free(c);
    if (!rc && r.stream && gk_stream_end(&r.products, err))
        rc = gk_fail_at(err, "%s", r.out.name);
    return finish(&r, rc, err) ? -1 : gk_out_commit(&r.out, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct gk_study s;
    gk_cli_start(&tool, &argc, &argv);
    if (choose(&err) || gk_study_open(&s, data, argv, argc, (int)common.threads, &err))
        gk_die(&tool, &err);
    s.precision = (enum gk_precision)precision;
    if (loss_given)
        s.loss = loss;
    s.wanted[!split] = false;
    if (work(&s, argv, argc, &err))
        gk_die(&tool, &err);
    gk_study_close(&s);
    return 0;
}
