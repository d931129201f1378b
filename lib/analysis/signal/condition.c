/* Detrends and tapers a signal. All of it is linear, so the signal is scaled first: neither
 * differences nor sums overflow, and nothing underflows. */
#include "gk/signal.h"

#include <math.h>
#include <string.h>

#include "gk/number.h"
#include "gk/scale.h"

static int parse(struct gk_conditioning *c, const char *detrend, struct gk_err *err)
{
    static const char *const names[] = {"none", "mean", "linear"};
    static const char highpass[] = "highpass=";
    for (int i = 0; i < 3; i++)
        if (!strcmp(detrend, names[i])) {
            c->detrend = (enum gk_detrend)i;
            return 0;
        }
    if (strncmp(detrend, highpass, sizeof highpass - 1) != 0)
        return gk_fail_usage(err, "'%s' is none of: none mean linear highpass=F", detrend);
    const char *text = detrend + sizeof highpass - 1;
    c->detrend = GK_DETREND_HIGHPASS;
    if (gk_number_real(text, strlen(text), &c->cutoff) != GK_NUMBER_FINITE || !(c->cutoff > 0))
        return gk_fail_usage(err, "'%s' is no frequency above 0, in cycles per step", text);
    return 0;
}

int gk_conditioning_parse(struct gk_conditioning *c, const char *detrend, struct gk_err *err)
{
    return parse(c, detrend, err) ? gk_fail_about(err, "detrend") : 0;
}

/* Relative to the first value, so that equal values give exact zeros. */
static void remove_mean(const double *x, size_t n, double *y)
{
    double first = x[0], mean = 0;
    for (size_t t = 0; t < n; t++)
        mean += (x[t] - first) / (double)n;
    for (size_t t = 0; t < n; t++)
        y[t] = x[t] - first - mean;
}

/* On the centred times u = t - (n-1)/2 the mean and the slope are independent:
 * slope = sum u x / sum u^2, and sum u^2 = n (n^2 - 1) / 12. */
static void remove_line(const double *x, size_t n, double *y)
{
    double count = (double)n, middle = (count - 1) / 2, slope = 0;
    remove_mean(x, n, y);
    if (n < 2)
        return;
    for (size_t t = 0; t < n; t++)
        slope += ((double)t - middle) * y[t];
    slope /= count * (count * count - 1) / 12;
    for (size_t t = 0; t < n; t++)
        y[t] -= slope * ((double)t - middle);
}

/* w_t = a - b cos(2 pi t/n) + c cos(4 pi t/n). */
static double taper(int kind, size_t t, size_t n)
{
    static const struct {
        double a, b, c;
    } w[] = {[GK_TAPER_NONE] = {1, 0, 0},
             [GK_TAPER_HANN] = {0.5, 0.5, 0},
             [GK_TAPER_HAMMING] = {0.54, 0.46, 0},
             [GK_TAPER_BLACKMAN] = {0.42, 0.5, 0.08}};
    double phase = 2 * M_PI * (double)t / (double)n;
    return n == 1 ? 1 : w[kind].a - w[kind].b * cos(phase) + w[kind].c * cos(2 * phase);
}

int gk_condition(const struct gk_conditioning *c, struct gk_dft *d, const double *x, size_t n,
                 double spacing, double *y, int *exponent, struct gk_err *err)
{
    *exponent = gk_exponent(x, n);
    gk_scale(y, x, n, -*exponent);
    switch (c->detrend) {
    case GK_DETREND_NONE:
        break;
    case GK_DETREND_MEAN:
        remove_mean(y, n, y);
        break;
    case GK_DETREND_LINEAR:
        remove_line(y, n, y);
        break;
    case GK_DETREND_HIGHPASS:
        if (n > 1 && c->cutoff * spacing > 0.5 * (1 + 1e-12)) {
            gk_fail(err,
                    "nothing is left above %g cycles per step: a sample every %g steps holds up to "
                    "%g",
                    c->cutoff, spacing, 0.5 / spacing);
            return gk_fail_about(err, "detrend");
        }
        if (gk_dft_highpass(d, y, n, c->cutoff * spacing, y, err))
            return -1;
        break;
    }
    if (c->taper != GK_TAPER_NONE)
        for (size_t t = 0; t < n; t++)
            y[t] *= taper(c->taper, t, n);
    return 0;
}
