/* Paths and surfaces of test functions as tables. */
#include <math.h>
#include <stdlib.h>

#include "gk/mem.h"
#include "gk/scale.h"
#include "gk/table.h"
#include "gk/testfn.h"

/* Begins a table with the columns FIRST (unless NULL), the variables, REST. */
static int begin(FILE *fp, const struct gk_testfn *f, const char *first, const char *const *rest,
                 size_t nrest, const struct gk_history *h, struct gk_err *err)
{
    size_t cap = 0, k = 0;
    const char **names = NULL;
    char(*x)[24] = gk_alloc(f->n, sizeof *x, err);
    int rc = x ? gk_grow(&names, &cap, f->n + nrest + 1, sizeof *names, err) : -1;
    if (!rc) {
        if (first)
            names[k++] = first;
        for (size_t i = 0; i < f->n; i++) {
            if (f->n == 2)
                snprintf(x[i], sizeof x[i], "%c", i ? 'y' : 'x');
            else
                snprintf(x[i], sizeof x[i], "x%zu", i + 1);
            names[k++] = x[i];
        }
        for (size_t i = 0; i < nrest; i++)
            names[k++] = rest[i];
        rc = gk_table_begin(fp, h, names, k, err);
    }
    free(names);
    gk_free(x);
    return rc;
}

static int follow(struct gk_out *out, const struct gk_testfn *f, struct gk_optim *o, double *x,
                  double *grad, int64_t steps, int64_t every, struct gk_err *err)
{
    FILE *fp = out->fp;
    for (int64_t k = 0; k <= steps; k++) {
        double value = gk_testfn_value(f, x, grad), g = gk_norm2(grad, f->n);
        if ((!isfinite(value) || !isfinite(g)) && k == 0) {
            gk_fail(err, "the function is too large there for a double");
            return gk_fail_about(err, "start");
        }
        if (!isfinite(value) || !isfinite(g)) {
            gk_fail(err, "too large: at step %lld the path has left all bounds", (long long)k);
            return gk_fail_about(err, "lr");
        }
        if (k % every == 0 || k == steps) {
            fprintf(fp, "%lld\t", (long long)k);
            for (size_t i = 0; i < f->n; i++)
                gk_put_number(fp, x[i], false, '\t');
            gk_put_number(fp, value, false, '\t');
            gk_put_number(fp, gk_testfn_error(f, x), false, '\t');
            gk_put_number(fp, g, false, '\n');
            if (gk_out_row(out, err))
                return -1;
        }
        gk_optim_step(o, k, x, grad, g);
    }
    return 0;
}

int gk_testfn_path(struct gk_out *out, const struct gk_testfn *f, const struct gk_optim_conf *optim,
                   double *x, int64_t steps, int64_t every, const struct gk_history *h,
                   struct gk_err *err)
{
    static const char *const rest[] = {"value", "error", "grad_norm"};
    struct gk_optim *o = NULL;
    double *grad = gk_alloc(f->n, sizeof *grad, err);
    int rc = grad ? gk_optim_new(&o, optim, f->n, NULL, GK_F64, NULL, err) : -1;
    if (!rc)
        rc = begin(out->fp, f, "step", rest, 3, h, err);
    if (!rc) {
        gk_optim_start(o, x);
        rc = follow(out, f, o, x, grad, steps, every, err);
    }
    gk_optim_free(o);
    gk_free(grad);
    return rc;
}

int gk_testfn_surface(FILE *fp, const struct gk_testfn *f, const struct gk_grid *g,
                      const struct gk_history *h, struct gk_err *err)
{
    static const char *const rest[] = {"value", "grad_x", "grad_y"};
    if (begin(fp, f, NULL, rest, 3, h, err))
        return -1;
    for (int64_t i = 0; i < g->n && !ferror(fp); i++) {
        for (int64_t j = 0; j < g->n && !ferror(fp); j++) {
            double x[2] = {gk_grid_at(g, i), gk_grid_at(g, j)};
            double grad[2], value = gk_testfn_value(f, x, grad);
            if (!isfinite(value) || !isfinite(grad[0]) || !isfinite(grad[1])) {
                gk_fail(err, "the function is too large for a double at %g, %g", x[0], x[1]);
                return gk_fail_about(err, "grid");
            }
            gk_put_number(fp, x[0], false, '\t');
            gk_put_number(fp, x[1], false, '\t');
            gk_put_number(fp, value, false, '\t');
            gk_put_number(fp, grad[0], false, '\t');
            gk_put_number(fp, grad[1], false, '\n');
        }
        putc('\n', fp);
    }
    return 0;
}
