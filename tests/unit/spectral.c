/* Transforms against the defining sum, conditioning against its definition, Hjorth against closed
 * forms. */
#include <stdlib.h>

#include "check.h"
#include "gk/hjorth.h"
#include "gk/scale.h"
#include "gk/signal.h"

enum { MOST = 401 };
static struct gk_dft *dft;
static double x[MOST], y[MOST];

static void fill(size_t n)
{
    srand((unsigned)n);
    for (size_t t = 0; t < n; t++)
        x[t] = 4 * exp(-(double)t / 50) + (double)rand() / RAND_MAX;
}

/* |sum_t x_t exp(-2 pi i k t / n)|^2 / n, in long double. */
static double naive_energy(size_t k, size_t n)
{
    long double re = 0, im = 0;
    for (size_t t = 0; t < n; t++) {
        long double a = 2 * M_PIl * (long double)(k * t % n) / (long double)n;
        re += x[t] * cosl(a);
        im -= x[t] * sinl(a);
    }
    return (double)((re * re + im * im) / n);
}

static void energies_are_the_definition(size_t n)
{
    struct gk_err err;
    const double *e;
    double squares = 0, sum = 0;
    fill(n);
    CHECK(gk_dft_energies(dft, x, n, 0, &e, &err) == 0);
    for (size_t t = 0; t < n; t++)
        squares += x[t] * x[t];
    for (size_t k = 0; k < n; k++) {
        size_t bin = k <= n / 2 ? k : n - k;
        sum += e[bin];
        CHECK_NEAR(e[bin], naive_energy(k, n), 1e-14 * squares);
    }
    CHECK_CLOSE(sum, squares, 1e-13); /* Parseval */
}

static void frequencies(void)
{
    CHECK(gk_dft_frequency(0, 1) == 0);
    CHECK(gk_dft_frequency(1, 2) == -0.5);
    CHECK(gk_dft_frequency(2, 5) == 0.4 && gk_dft_frequency(3, 5) == -0.4);
    CHECK(gk_dft_frequency(3, 6) == -0.5 && gk_dft_frequency(5, 6) == -1.0 / 6);
}

/* What is left has no energy below the cutoff and all of it above; a bin at the cutoff stays. */
static void highpass_zeroes_the_slow_bins(size_t n, double cutoff)
{
    struct gk_err err;
    const double *e;
    double before[MOST];
    fill(n);
    CHECK(gk_dft_energies(dft, x, n, 0, &e, &err) == 0);
    memcpy(before, e, (n / 2 + 1) * sizeof *e);
    CHECK(gk_dft_highpass(dft, x, n, cutoff, y, &err) == 0);
    CHECK(gk_dft_energies(dft, y, n, 0, &e, &err) == 0);
    for (size_t k = 0; k <= n / 2; k++)
        CHECK_NEAR(e[k], (double)k / (double)n < cutoff ? 0 : before[k], 1e-12);
}

/* After removing the line, no line is left: neither mean nor slope. */
static void detrending(size_t n)
{
    struct gk_err err;
    struct gk_conditioning c = {.detrend = GK_DETREND_LINEAR};
    int exponent;
    double mean = 0, slope = 0;
    fill(n);
    CHECK(gk_condition(&c, dft, x, n, 1, y, &exponent, &err) == 0);
    for (size_t t = 0; t < n; t++) {
        mean += y[t];
        slope += y[t] * (double)t;
    }
    CHECK_NEAR(mean, 0, 1e-12 * (double)n);
    CHECK_NEAR(slope, 0, 1e-12 * (double)(n * n));
    for (size_t t = 0; t < n; t++)
        x[t] = 3 - 0.5 * (double)t;
    CHECK(gk_condition(&c, dft, x, n, 1, x, &exponent, &err) == 0); /* in place */
    for (size_t t = 0; t < n; t++)
        CHECK_NEAR(x[t], 0, 1e-13 * (double)n);
}

static void constants_leave_exact_zeros(size_t n)
{
    struct gk_err err;
    struct gk_hjorth h;
    int exponent;
    for (size_t t = 0; t < n; t++)
        x[t] = 0.1;
    CHECK(gk_hjorth(dft, x, n, 0, gk_magnitude(x, n), &h, &err) == 0);
    CHECK(h.activity == 0 && h.mobility == 0 && h.complexity == 0);
    CHECK(h.m2 == 0 && h.m4 == 0 && h.spectral_mobility == 0 && h.spectral_complexity == 0);
    CHECK_CLOSE(h.m0, 0.01 * (double)n, 1e-14);
    for (int kind = GK_DETREND_MEAN; kind <= GK_DETREND_HIGHPASS; kind++) {
        struct gk_conditioning c = {.detrend = (enum gk_detrend)kind, .cutoff = 0.01};
        CHECK(gk_condition(&c, dft, x, n, 1, y, &exponent, &err) == 0);
        for (size_t t = 0; t < n; t++)
            CHECK(y[t] == 0);
    }
}

/* A whole number of periods of a sine of angle w per sample. Its differences are sines of amplitude
 * 2 sin(w/2), but n - 1 of them are no whole number of periods: so only the spectral forms are
 * exact, sqrt(m2/m0) = sqrt(m4/m2) = w. */
static void sines(void)
{
    struct gk_err err;
    struct gk_hjorth h;
    double w = 2 * M_PI / 100;
    for (size_t t = 0; t < 400; t++)
        x[t] = sin(w * (double)t);
    CHECK(gk_hjorth(dft, x, 400, 0, gk_magnitude(x, 400), &h, &err) == 0);
    CHECK_CLOSE(h.activity, 0.5, 1e-14);
    CHECK_NEAR(h.mobility, 0.0627425059, 5e-11);
    CHECK_NEAR(h.complexity, 1.0050260132, 5e-11);
    CHECK_CLOSE(h.m0, 200, 1e-14);
    CHECK_CLOSE(h.m2, 200 * w * w, 1e-12);
    CHECK_CLOSE(h.m4, 200 * w * w * w * w, 1e-12);
    CHECK_CLOSE(h.spectral_mobility, w, 1e-12);
    CHECK_CLOSE(h.spectral_complexity, w, 1e-12);
}

/* A spike: x' is +1, -1, and x'' 1, -2, 1, at n-1 and n-2 places; its spectrum is flat. */
static void impulse(void)
{
    struct gk_err err;
    struct gk_hjorth h;
    size_t n = 9;
    memset(x, 0, sizeof x);
    x[4] = 1;
    CHECK(gk_hjorth(dft, x, n, 0, gk_magnitude(x, n), &h, &err) == 0);
    double v0 = 1.0 / 9 - 1.0 / 81, v1 = 2.0 / 8, v2 = 6.0 / 7;
    CHECK_CLOSE(h.activity, v0, 1e-14);
    CHECK_CLOSE(h.mobility, sqrt(v1 / v0), 1e-14);
    CHECK_CLOSE(h.complexity, sqrt(v2 / v1) / sqrt(v1 / v0), 1e-14);
    /* sum over k = -4..4 of (2 pi k / 9)^j / 9 */
    double u = 2 * M_PI / 9;
    CHECK_CLOSE(h.m0, 1, 1e-14);
    CHECK_CLOSE(h.m2, 60 * u * u / 9, 1e-13);
    CHECK_CLOSE(h.m4, 708 * u * u * u * u / 9, 1e-13);
}

static void short_signals(void)
{
    struct gk_err err;
    struct gk_hjorth h;
    x[0] = 3, x[1] = 5;
    CHECK(gk_hjorth(dft, x, 1, 0, gk_magnitude(x, 1), &h, &err) == 0);
    CHECK(h.n == 1 && h.activity == 0 && h.mobility == 0 && h.complexity == 0 && h.m0 == 9);
    CHECK(gk_hjorth(dft, x, 2, 0, gk_magnitude(x, 2), &h, &err) == 0);
    CHECK(h.activity == 1 && h.mobility == 0 && h.complexity == 0);
    CHECK_CLOSE(h.m0, 34, 1e-15);
    CHECK_CLOSE(h.m2, 2 * M_PI * M_PI, 1e-15); /* |3-5|^2 / 2 at omega = -pi */
}

/* What measures a signal without units is the same for any size of it, to the last bit. */
static void scaled_signals(void)
{
    static const enum gk_detrend detrend[] = {GK_DETREND_NONE, GK_DETREND_MEAN, GK_DETREND_LINEAR,
                                              GK_DETREND_HIGHPASS};
    enum { N = 97 };
    struct gk_err err;
    struct gk_hjorth h, at;
    double z[N];
    int exponent;
    fill(N);
    for (size_t i = 0; i < sizeof detrend / sizeof *detrend; i++) {
        const struct gk_conditioning c = {.detrend = detrend[i], .cutoff = 0.1, .taper = (int)i};
        CHECK(gk_condition(&c, dft, x, N, 1, y, &exponent, &err) == 0);
        CHECK(gk_hjorth(dft, y, N, exponent, gk_magnitude(x, N), &h, &err) == 0);
        CHECK(h.mobility > 0 && h.complexity > 0 && h.spectral_complexity > 0);
        for (int k = -1000; k <= 500; k += 20) { /* above that the squares are too large */
            gk_scale(z, x, N, k);
            CHECK(gk_condition(&c, dft, z, N, 1, y, &exponent, &err) == 0);
            CHECK(gk_hjorth(dft, y, N, exponent, gk_magnitude(z, N), &at, &err) == 0);
            CHECK(at.mobility == h.mobility && at.complexity == h.complexity);
            CHECK(at.spectral_mobility == h.spectral_mobility);
            CHECK(at.spectral_complexity == h.spectral_complexity);
            CHECK(at.activity == ldexp(h.activity, 2 * k) && at.m0 == ldexp(h.m0, 2 * k));
            CHECK(at.m2 == ldexp(h.m2, 2 * k) && at.m4 == ldexp(h.m4, 2 * k));
        }
    }
}

/* Signs that alternate put all energy near omega = pi, where both sides of the spectrum count and
 * m4 is nearly pi^4 m0: a moment is a number, or an error. */
static void moments_near_the_largest_double(void)
{
    enum { N = 101 };
    int refused = 0, taken = 0;
    for (double size = 1e152; size < 4e152; size *= 1.1) {
        struct gk_err err;
        struct gk_hjorth h;
        for (size_t t = 0; t < N; t++)
            x[t] = t % 2 ? size : -size;
        if (gk_hjorth(dft, x, N, 0, gk_magnitude(x, N), &h, &err) == 0) {
            CHECK(isfinite(h.m0) && isfinite(h.m2) && isfinite(h.m4) && isfinite(h.activity));
            taken++;
        } else {
            CHECK_STR_HAS(err.msg, "too large");
            refused++;
        }
    }
    CHECK(refused > 0 && taken > 0);
}

static void refusals(void)
{
    struct gk_err err;
    struct gk_hjorth h;
    const double *e;
    x[0] = 1e200, x[1] = -1e200;
    CHECK(gk_hjorth(dft, x, 2, 0, gk_magnitude(x, 2), &h, &err) == -1);
    CHECK_STR_HAS(err.msg, "too large");
    moments_near_the_largest_double();
    CHECK(gk_dft_energies(dft, x, 0, 0, &e, &err) == -1);
    CHECK_STR_HAS(err.msg, "0 samples");
    CHECK(gk_dft_energies(dft, x, (size_t)1 << 40, 0, &e, &err) == -1);
    CHECK_STR_HAS(err.msg, "cannot be transformed");
    /* and the workspace still works */
    x[0] = x[1] = 1;
    CHECK(gk_hjorth(dft, x, 2, 0, gk_magnitude(x, 2), &h, &err) == 0 && h.m0 == 2);
}

int main(void)
{
    static const size_t lengths[] = {1, 2, 3, 4, 5, 8, 13, 97, 100, 113, 128, 243, 400, 401};
    struct gk_err err;
    CHECK(gk_dft_new(&dft, &err) == 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        energies_are_the_definition(lengths[i]);
        highpass_zeroes_the_slow_bins(lengths[i], 0.1);
        detrending(lengths[i]);
        constants_leave_exact_zeros(lengths[i]);
    }
    highpass_zeroes_the_slow_bins(400, 0.01);
    frequencies();
    sines();
    impulse();
    short_signals();
    scaled_signals();
    refusals();
    gk_dft_free(dft);
    gk_dft_free(NULL);
    return check_status();
}
