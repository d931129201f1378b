/* The only file that calls GSL. */
#include "gk/nlfit.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_sf_erf.h>

#include "gk/blas.h"
#include "gk/mem.h"

enum { MAX_P = 8, MAX_STEPS = 200 };

struct gk_nlfit {
    size_t n, max_p;
    gsl_multifit_nlinear_workspace *lm[MAX_P + 1]; /* by number of parameters */
    gsl_matrix *cov[MAX_P + 1];
    gk_nlfit_fn *fn;
    void *ctx;
    double at[MAX_P]; /* where r and jac were computed */
    double *r;        /* [n] */
    double *jac;      /* [n, max_p] */
};

void gk_nlfit_free(struct gk_nlfit *w)
{
    if (!w)
        return;
    for (size_t p = 1; p <= w->max_p; p++) {
        if (w->lm[p])
            gsl_multifit_nlinear_free(w->lm[p]);
        if (w->cov[p])
            gsl_matrix_free(w->cov[p]);
    }
    gk_free(w->r);
    gk_free(w->jac);
    gk_free(w);
}

int gk_nlfit_new(struct gk_nlfit **out, size_t n, size_t max_p, struct gk_err *err)
{
    gsl_set_error_handler_off(); /* the default handler calls abort() */
    if (max_p < 1 || max_p > MAX_P || n < max_p)
        return gk_fail(err, "a fit of %zu parameters to %zu points", max_p, n);
    struct gk_nlfit *w = gk_blas_start(1, err) ? NULL : gk_alloc(1, sizeof *w, err);
    if (!w)
        return -1;
    w->n = n;
    w->max_p = max_p;
    w->r = gk_alloc(n, sizeof *w->r, err);
    w->jac = gk_alloc(n, max_p * sizeof *w->jac, err);
    if (!w->r || !w->jac) {
        gk_nlfit_free(w);
        return -1;
    }
    gsl_multifit_nlinear_parameters conf = gsl_multifit_nlinear_default_parameters();
    for (size_t p = 1; p <= max_p; p++) {
        w->lm[p] = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &conf, n, p);
        w->cov[p] = gsl_matrix_alloc(p, p);
        if (!w->lm[p] || !w->cov[p]) {
            gk_nlfit_free(w);
            return gk_fail(err, "no memory for a fit to %zu points", n);
        }
    }
    *out = w;
    return 0;
}

/* Residuals and derivatives at THETA, unless the last call was for the same. Both are computed
 * together: GSL moves to nearly every point that it asks about, and asks for derivatives there
 * next. */
static void compute(struct gk_nlfit *w, const gsl_vector *theta)
{
    const size_t bytes = theta->size * sizeof *w->at;
    if (memcmp(w->at, theta->data, bytes) == 0)
        return;
    w->fn(w->ctx, theta->data, w->r, w->jac);
    memcpy(w->at, theta->data, bytes);
}

static int residuals(const gsl_vector *theta, void *ctx, gsl_vector *f)
{
    struct gk_nlfit *w = ctx;
    compute(w, theta);
    const gsl_vector_const_view r = gsl_vector_const_view_array(w->r, w->n);
    return gsl_vector_memcpy(f, &r.vector);
}

static int jacobian(const gsl_vector *theta, void *ctx, gsl_matrix *df)
{
    struct gk_nlfit *w = ctx;
    compute(w, theta);
    const gsl_matrix_const_view jac = gsl_matrix_const_view_array(w->jac, w->n, df->size2);
    return gsl_matrix_memcpy(df, &jac.matrix);
}

double gk_nlfit_run(struct gk_nlfit *w, size_t p, gk_nlfit_fn *fn, void *ctx, double *theta)
{
    w->fn = fn;
    w->ctx = ctx;
    w->at[0] = NAN; /* no point yet */
    gsl_multifit_nlinear_workspace *lm = w->lm[p];
    gsl_multifit_nlinear_fdf fdf = {.f = residuals, .df = jacobian, .n = w->n, .p = p, .params = w};
    gsl_vector_view start = gsl_vector_view_array(theta, p);
    if (gsl_multifit_nlinear_init(&start.vector, &fdf, lm) == GSL_SUCCESS) {
        int info;
        /* The status is ignored: GSL ends with "no progress" when rounding hides all better points,
         * and then its position is the minimum. */
        gsl_multifit_nlinear_driver(MAX_STEPS, 1e-12, 1e-15, 0, NULL, NULL, &info, lm);
        const gsl_vector *at = gsl_multifit_nlinear_position(lm);
        for (size_t j = 0; j < p; j++)
            theta[j] = gsl_vector_get(at, j);
    }
    if (memcmp(w->at, theta, p * sizeof *theta) != 0) /* the last step was not taken */
        fn(ctx, theta, w->r, NULL);
    double sum = 0;
    for (size_t i = 0; i < w->n; i++)
        sum += w->r[i] * w->r[i];
    return sum;
}

void gk_nlfit_covariance(struct gk_nlfit *w, size_t p, const double *jac, double *cov)
{
    gsl_matrix_const_view j = gsl_matrix_const_view_array(jac, w->n, p);
    gsl_multifit_nlinear_covar(&j.matrix, 0, w->cov[p]);
    for (size_t i = 0; i < p; i++)
        for (size_t k = 0; k < p; k++)
            cov[i * p + k] = gsl_matrix_get(w->cov[p], i, k);
}

double gk_t_quantile(double probability, double df)
{
    return gsl_cdf_tdist_Pinv(probability, df);
}

double gk_chi_square_tail(double x, double df)
{
    gsl_set_error_handler_off(); /* a tail that underflows is 0 */
    return gsl_cdf_chisq_Q(x, df);
}

double gk_log_normal_cdf(double z)
{
    /* Both branches keep their relative accuracy: log1p near 1, log erfc in the lower tail. */
    return z > 0 ? log1p(-erfc(z * M_SQRT1_2) / 2) : gsl_sf_log_erfc(-z * M_SQRT1_2) - M_LN2;
}

double gk_normal_ratio(double z)
{
    return gsl_sf_hazard(-z);
}
