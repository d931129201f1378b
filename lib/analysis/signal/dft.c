/* Discrete Fourier transforms, by FFTW. */
#include "gk/dft.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>

#include <fftw3.h>

#include "gk/mem.h"

struct gk_dft {
    size_t n, cap;      /* the planned length, and the allocated one */
    double *x;          /* [cap] */
    fftw_complex *bin;  /* [cap/2 + 1] */
    double *e;          /* [cap/2 + 1] */
    fftw_plan fwd, inv; /* x -> bin; bin -> x, unscaled, planned on first use */
};

int gk_dft_new(struct gk_dft **d, struct gk_err *err)
{
    *d = gk_alloc(1, sizeof **d, err);
    return *d ? 0 : -1;
}

static void forget_plans(struct gk_dft *d)
{
    fftw_destroy_plan(d->fwd);
    fftw_destroy_plan(d->inv);
    d->fwd = d->inv = NULL;
    d->n = 0;
}

static void free_buffers(struct gk_dft *d)
{
    gk_free(d->x);
    gk_free(d->bin);
    gk_free(d->e);
    d->x = d->e = NULL;
    d->bin = NULL;
    d->cap = 0;
}

void gk_dft_free(struct gk_dft *d)
{
    if (!d)
        return;
    forget_plans(d);
    free_buffers(d);
    gk_free(d);
}

static int make_room(struct gk_dft *d, size_t n, struct gk_err *err)
{
    if (n <= d->cap)
        return 0;
    free_buffers(d);
    size_t cap = n + n / 2;
    if (!(d->x = gk_alloc(cap, sizeof *d->x, err)) ||
        !(d->bin = gk_alloc(cap / 2 + 1, sizeof *d->bin, err)) ||
        !(d->e = gk_alloc(cap / 2 + 1, sizeof *d->e, err))) {
        free_buffers(d);
        return -1;
    }
    d->cap = cap;
    return 0;
}

/* Not measured: a plan chosen by timing would round differently from run to run. Planning takes
 * longer than a transform does. */
static int plan(struct gk_dft *d, size_t n, bool inverse, struct gk_err *err)
{
    if (n < 1 || n > INT_MAX / 2)
        return gk_fail(err, "a signal of %zu samples cannot be transformed (1 to %d can)", n,
                       INT_MAX / 2);
    if (n != d->n) {
        forget_plans(d);
        if (make_room(d, n, err))
            return -1;
        d->n = n;
    }
    if (!d->fwd)
        d->fwd = fftw_plan_dft_r2c_1d((int)n, d->x, d->bin, FFTW_ESTIMATE);
    if (inverse && !d->inv)
        d->inv = fftw_plan_dft_c2r_1d((int)n, d->bin, d->x, FFTW_ESTIMATE);
    if (!d->fwd || (inverse && !d->inv))
        return gk_fail(err, "no memory to transform %zu samples", n);
    return 0;
}

/* Transforms x without its mean, which it returns. Computed relative to x_0, the mean of a constant
 * is exact. */
static double forward(struct gk_dft *d, const double *x)
{
    double mean = 0;
    for (size_t t = 0; t < d->n; t++)
        mean += (x[t] - x[0]) / (double)d->n;
    mean += x[0];
    for (size_t t = 0; t < d->n; t++)
        d->x[t] = x[t] - mean;
    fftw_execute(d->fwd);
    return mean;
}

int gk_dft_energies(struct gk_dft *d, const double *x, size_t n, int exponent, const double **e,
                    struct gk_err *err)
{
    if (plan(d, n, false, err))
        return -1;
    double sum = 0, mean = forward(d, x);
    d->bin[0][0] += (double)n * mean;
    for (size_t k = 0; k <= n / 2; k++) {
        d->e[k] = (d->bin[k][0] * d->bin[k][0] + d->bin[k][1] * d->bin[k][1]) / (double)n;
        sum += gk_dft_sides(k, n) * d->e[k];
    }
    /* The fourth moment is up to pi^4 < 100 times the sum of squares; the other moments and the
     * variances of differences are smaller. */
    if (!isfinite(ldexp(100 * sum, 2 * exponent)))
        return gk_fail(err, "the squares of this signal are too large for a double");
    *e = d->e;
    return 0;
}

int gk_dft_highpass(struct gk_dft *d, const double *x, size_t n, double cutoff, double *y,
                    struct gk_err *err)
{
    if (plan(d, n, true, err))
        return -1;
    double mean = forward(d, x);
    d->bin[0][0] += (double)n * mean;
    /* the cutoff is a product with the spacing: a bin at the cutoff stays despite rounding */
    for (size_t k = 0; k <= n / 2 && (double)k / (double)n < cutoff * (1 - 1e-12); k++)
        d->bin[k][0] = d->bin[k][1] = 0;
    fftw_execute(d->inv);
    for (size_t t = 0; t < n; t++)
        y[t] = d->x[t] / (double)n;
    return 0;
}

int gk_dft_bins(struct gk_dft *d, const double *x, size_t n, double *re, double *im, size_t stride,
                struct gk_err *err)
{
    if (plan(d, n, false, err))
        return -1;
    const double mean = forward(d, x);
    d->bin[0][0] += (double)n * mean;
    for (size_t k = 0; k <= n / 2; k++) {
        re[k * stride] = d->bin[k][0];
        im[k * stride] = d->bin[k][1];
    }
    return 0;
}

double gk_dft_sides(size_t k, size_t n)
{
    return k == 0 || 2 * k == n ? 1 : 2;
}

double gk_dft_frequency(size_t k, size_t n)
{
    return 2 * k < n ? (double)k / (double)n : -((double)(n - k) / (double)n);
}
