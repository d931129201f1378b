/* The views of a Hessian, one checkpoint at a time. */
#include "gk/curvature.h"

#include <inttypes.h>
#include <math.h>

#include "gk/direction.h"
#include "gk/lanczos.h"
#include "gk/mem.h"
#include "gk/scale.h"
#include "gk/spectral_density.h"
#include "gk/table.h"
#include "precondition.h"

struct gk_curvature {
    const struct gk_curvature_conf *conf;
    struct gk_study *study;
    unsigned made; /* the version of the study's engines for which the rest was made */
    double tol;    /* the tolerance, with its default filled in */
    double threshold;
    struct gk_hessian hessian;
    struct gk_lanczos *lanczos; /* NULL in views without eigenvalues */
    size_t high, low;           /* eigenvalues wanted at each end */
    struct gk_eigenpair
        *pair;      /* [high + low]: decreasing from the top, then increasing from the bottom */
    double *v, *hv; /* [all parameters]: --vector's, and scratch */
    struct gk_frame vector;
};

int gk_curvature_new(struct gk_curvature **out, const struct gk_curvature_conf *conf,
                     struct gk_study *s, struct gk_err *err)
{
    struct gk_curvature *c = gk_alloc(1, sizeof *c, err);
    if (!c)
        return -1;
    c->conf = conf;
    c->study = s;
    if (conf->view == GK_VIEW_VECTOR && gk_frame_read_one(conf->vector, &c->vector, err)) {
        gk_free(c);
        return -1;
    }
    *out = c;
    return 0;
}

static void drop(struct gk_curvature *c)
{
    gk_hessian_free(&c->hessian);
    gk_lanczos_free(c->lanczos);
    gk_free(c->pair);
    gk_free(c->v);
    gk_free(c->hv);
    c->lanczos = NULL;
    c->pair = NULL;
    c->v = c->hv = NULL;
}

void gk_curvature_free(struct gk_curvature *c)
{
    if (!c)
        return;
    drop(c);
    gk_frame_free(&c->vector);
    gk_free(c);
}

const char *const *gk_curvature_columns(enum gk_curvature_view view, size_t *n)
{
    static const char *const ends[] = {"step",         "lambda_max",   "lambda_min",
                                       "residual_max", "residual_min", "condition",
                                       "rayleigh",     "products",     "threshold"};
    static const char *const top[] = {"step", "k", "lambda", "residual"};
    static const char *const trace[] = {"step", "trace", "stderr", "products"};
    static const char *const density[] = {"step", "lambda", "density", "stderr"};
    switch (view) {
    case GK_VIEW_ENDS:
        *n = sizeof ends / sizeof *ends;
        return ends;
    case GK_VIEW_TOP:
        *n = sizeof top / sizeof *top;
        return top;
    case GK_VIEW_TRACE:
        *n = sizeof trace / sizeof *trace;
        return trace;
    case GK_VIEW_DENSITY:
        *n = sizeof density / sizeof *density;
        return density;
    case GK_VIEW_VECTOR:
        break;
    }
    *n = 0;
    return NULL;
}

static int prepare_lanczos(struct gk_curvature *c, struct gk_err *err)
{
    const struct gk_curvature_conf *conf = c->conf;
    const bool single = c->study->real == GK_F32;
    c->high = conf->view == GK_VIEW_TOP ? conf->top : 1;
    c->low = conf->view == GK_VIEW_TOP ? 0 : 1;
    if (c->high > c->hessian.op.n) {
        gk_fail(err, "%zu eigenvalues of a Hessian of %zu rows", c->high, c->hessian.op.n);
        return gk_fail_about(err, "top");
    }
    c->tol = conf->tol > 0 ? conf->tol : single ? 1e-3 : 1e-6;
    const struct gk_lanczos_conf lanczos = {.high = c->high,
                                            .low = c->low,
                                            .tol = c->tol,
                                            .max_products = conf->max_products,
                                            .store = c->study->real,
                                            .seed = conf->seed};
    c->pair = gk_alloc(c->high + c->low, sizeof *c->pair, err);
    return c->pair ? gk_lanczos_new(&c->lanczos, c->hessian.op.n, &lanczos, c->study->pool, err)
                   : -1;
}

/* Allocates buffers for the current network. */
static int make_room(struct gk_curvature *c, struct gk_err *err)
{
    const struct gk_curvature_conf *conf = c->conf;
    const struct gk_params *ps = &c->study->ckpt.params;
    drop(c);
    if (gk_hessian_init(&c->hessian, c->study, &conf->hessian, err))
        return -1;
    c->v = gk_alloc(ps->total, sizeof *c->v, err);
    c->hv = gk_alloc(ps->total, sizeof *c->hv, err);
    if (!c->v || !c->hv)
        return -1;
    if ((conf->view == GK_VIEW_ENDS || conf->view == GK_VIEW_TOP) && prepare_lanczos(c, err))
        return -1;
    c->made = c->study->made;
    return 0;
}

/* Linearises the current network at its parameters; returns as gk_hessian_at does. */
static int prepare(struct gk_curvature *c, const struct gk_frame *f, struct gk_err *err)
{
    if (c->made != c->study->made && make_room(c, err))
        return gk_frame_fail_at(f, err);
    const int none = gk_hessian_at(&c->hessian, c->study, f, err);
    return none ? none
                : precondition_threshold(f, c->conf->hessian.precondition, &c->threshold, err);
}

static void put_step(const struct gk_curvature *c, FILE *fp)
{
    const int64_t step = c->study->ckpt.step;
    gk_put_number(fp, step < 0 ? NAN : (double)step, false, '\t');
}

/* Reports which eigenvalue is less accurate than requested. */
static void admit(const struct gk_curvature *c, const struct gk_frame *f, const char *name,
                  const struct gk_eigenpair *pair)
{
    struct gk_err text = {0};
    if (pair->converged || !c->conf->note)
        return;
    const double allowed = c->tol * fmax(fabs(pair->value), 1e-3 * fabs(c->pair[0].value));
    if (pair->residual <= allowed)
        gk_frame_fail(f, &text,
                      "%s %g: products ran out before a search for larger ones was complete", name,
                      pair->value);
    else
        gk_frame_fail(f, &text,
                      "%s %g is not converged: its residual is %.3g, above the tolerance %.3g",
                      name, pair->value, pair->residual, allowed);
    c->conf->note(text.msg);
}

static int find_pairs(struct gk_curvature *c, struct gk_err *err)
{
    size_t products;
    return gk_lanczos_run(c->lanczos, &c->hessian.op, c->hessian.grad, c->pair, c->pair + c->high,
                          &products, err);
}

static int put_ends(struct gk_curvature *c, const struct gk_frame *f, FILE *fp, struct gk_err *err)
{
    const bool single = c->study->real == GK_F32;
    double rayleigh;
    if (gk_hessian_rayleigh(&c->hessian, &rayleigh, err) || find_pairs(c, err))
        return -1;
    const struct gk_eigenpair *max = &c->pair[0], *min = &c->pair[1];
    put_step(c, fp);
    gk_put_number(fp, max->value, single, '\t');
    gk_put_number(fp, min->value, single, '\t');
    gk_put_number(fp, max->residual, single, '\t');
    gk_put_number(fp, min->residual, single, '\t');
    gk_put_number(fp, min->value / max->value, single, '\t');
    gk_put_number(fp, rayleigh, single, '\t');
    gk_put_number(fp, (double)c->hessian.products, false, '\t');
    gk_put_number(fp, c->threshold, single, '\n');
    admit(c, f, "lambda_max", max);
    admit(c, f, "lambda_min", min);
    return 0;
}

static int put_top(struct gk_curvature *c, const struct gk_frame *f, FILE *fp, struct gk_err *err)
{
    const bool single = c->study->real == GK_F32;
    if (find_pairs(c, err))
        return -1;
    for (size_t i = 0; i < c->high; i++) {
        char name[32];
        put_step(c, fp);
        gk_put_number(fp, (double)(i + 1), false, '\t');
        gk_put_number(fp, c->pair[i].value, single, '\t');
        gk_put_number(fp, c->pair[i].residual, single, '\n');
        snprintf(name, sizeof name, "eigenvalue %zu", i + 1);
        admit(c, f, name, &c->pair[i]);
    }
    return 0;
}

static int put_trace(struct gk_curvature *c, FILE *fp, struct gk_err *err)
{
    const bool single = c->study->real == GK_F32;
    struct gk_trace t;
    if (gk_trace(&c->hessian.op, c->conf->probes, c->conf->seed, c->study->pool, &t, err))
        return -1;
    put_step(c, fp);
    gk_put_number(fp, t.trace, single, '\t');
    gk_put_number(fp, t.error, single, '\t');
    gk_put_number(fp, (double)c->hessian.products, false, '\n');
    return 0;
}

static int put_density(struct gk_curvature *c, FILE *fp, struct gk_err *err)
{
    const struct gk_curvature_conf *conf = c->conf;
    struct gk_density d;
    if (gk_density(&d, &c->hessian.op, conf->probes, conf->depth, c->study->real, conf->seed,
                   c->study->pool, err))
        return -1;
    /* A spectrum of one value has no range: its magnitude is used, or 1. */
    const double size = fmax(fabs(d.low), fabs(d.high));
    const double range = d.high > d.low ? d.high - d.low : size > 0 ? size : 1;
    const double sigma = conf->sigma * range;
    struct gk_grid grid = conf->grid;
    if (grid.n == 0)
        grid = (struct gk_grid){d.low - 5 * sigma, d.high + 5 * sigma, 1001};
    for (int64_t i = 0; i < grid.n && !ferror(fp); i++) {
        double density, error;
        gk_density_at(&d, gk_grid_at(&grid, i), sigma, &density, &error);
        put_step(c, fp);
        gk_put_number(fp, gk_grid_at(&grid, i), false, '\t');
        gk_put_number(fp, density, false, '\t');
        gk_put_number(fp, error, false, '\n');
    }
    gk_density_free(&d);
    return 0;
}

int gk_curvature_rows(struct gk_curvature *c, const struct gk_frame *f, FILE *fp,
                      struct gk_err *err)
{
    int rc = prepare(c, f, err);
    if (rc)
        return rc;
    if (c->conf->view == GK_VIEW_ENDS)
        rc = put_ends(c, f, fp, err);
    else if (c->conf->view == GK_VIEW_TOP)
        rc = put_top(c, f, fp, err);
    else if (c->conf->view == GK_VIEW_TRACE)
        rc = put_trace(c, fp, err);
    else if (c->conf->view == GK_VIEW_DENSITY)
        rc = put_density(c, fp, err);
    return rc ? gk_frame_fail_at(f, err) : 0;
}

static int put_direction(const struct gk_curvature *c, const char *prefix, struct gk_frame *to,
                         struct gk_err *err)
{
    const struct gk_study *s = c->study;
    return gk_direction_put(to, &s->ckpt, prefix, s->real, c->hv, err) ||
                   (c->conf->hessian.precondition && gk_direction_set_scaled(to, err))
               ? -1
               : 0;
}

int gk_curvature_product(struct gk_curvature *c, const struct gk_frame *f, struct gk_frame *to,
                         struct gk_err *err)
{
    const struct gk_operator *op = &c->hessian.op;
    const struct gk_checkpoint *ckpt = &c->study->ckpt;
    const int none = prepare(c, f, err);
    if (none)
        return none;
    if (gk_direction_read(&c->vector, ckpt, c->conf->hessian.precondition, c->v, err))
        return -1;
    gk_hessian_take(&c->hessian, c->v, c->hv);
    const int exponent = gk_exponent(c->hv, op->n); /* in f32 it may not be finite */
    gk_scale(c->hv, c->hv, op->n, -exponent);
    if (op->apply(op->ctx, c->hv, c->v, err))
        return gk_frame_fail_at(f, err);
    gk_scale(c->v, c->v, op->n, exponent);
    for (size_t i = 0; i < op->n; i++)
        if (!isfinite(c->study->real == GK_F32 ? (float)c->v[i] : c->v[i]))
            return gk_frame_fail(f, err, "the product with this vector is too large");
    gk_hessian_spread(&c->hessian, c->v, c->hv);
    return put_direction(c, "hv.", to, err);
}

size_t gk_curvature_vectors(const struct gk_curvature *c)
{
    return c->lanczos ? c->high + c->low : 0;
}

static int set_meta_real(struct gk_frame *f, const char *key, double v, struct gk_err *err)
{
    char text[32];
    snprintf(text, sizeof text, "%.17g", v);
    return gk_frame_set_meta(f, key, text, err);
}

int gk_curvature_vector(struct gk_curvature *c, size_t i, struct gk_frame *to, struct gk_err *err)
{
    const bool upper = i < c->high;
    gk_lanczos_vector(c->lanczos, upper, upper ? i : i - c->high, c->v);
    gk_hessian_spread(&c->hessian, c->v, c->hv);
    if (put_direction(c, "", to, err) || set_meta_real(to, "lambda", c->pair[i].value, err) ||
        set_meta_real(to, "residual", c->pair[i].residual, err))
        return -1;
    if (c->conf->view == GK_VIEW_TOP)
        return gk_frame_set_meta_int(to, "k", (int64_t)i + 1, err);
    return gk_frame_set_meta(to, "end", upper ? "max" : "min", err);
}
