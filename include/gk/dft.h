/* Spectra of a real signal x_0 .. x_{n-1}.
 *
 * X_k = sum_t x_t exp(-2 pi i k t / n), unscaled. Its energies E_k = |X_k|^2 / n sum to the sum of
 * the x_t^2 (Parseval). omega_k = 2 pi k / n in rad/sample is taken in [-pi, pi): bins from n/2 up
 * are the negative frequencies, as in numpy.fft.fftfreq. */
#ifndef GK_DFT_H
#define GK_DFT_H

#include <stddef.h>

#include "gk/err.h"

/* Plans and buffers for transforms of any lengths. Plans are chosen without timing, so the same
 * signal always gives the same bytes. */
struct gk_dft;

int gk_dft_new(struct gk_dft **d, struct gk_err *err);
void gk_dft_free(struct gk_dft *d); /* D may be NULL. */

/* The energies of x [n], any n >= 1: *E points to E_0 .. E_{n/2} in D's memory until its next use
 * (E_k = E_{n-k} gives the others). The mean of x is added to bin 0 directly, so that a constant
 * gives exact zeros elsewhere. Squares of x 2^EXPONENT that are too large for a double are an
 * error, and so are those whose moments (gk/hjorth.h) would be. */
int gk_dft_energies(struct gk_dft *d, const double *x, size_t n, int exponent, const double **e,
                    struct gk_err *err);

/* y [n] = x [n] without its bins of |k| / n < cutoff, in cycles per sample; a cutoff above 0
 * removes the mean. y may be x. */
int gk_dft_highpass(struct gk_dft *d, const double *x, size_t n, double cutoff, double *y,
                    struct gk_err *err);

/* X_0 .. X_{n/2} of x [n], X_k = re[k stride] + i im[k stride]. */
int gk_dft_bins(struct gk_dft *d, const double *x, size_t n, double *re, double *im, size_t stride,
                struct gk_err *err);

/* How many bins E_k stands for, k = 0 .. n/2: 2, itself and E_{n-k}; 1 if these are one bin. */
double gk_dft_sides(size_t k, size_t n);

/* The frequency of bin k = 0 .. n-1 in cycles per sample, in [-1/2, 1/2). */
double gk_dft_frequency(size_t k, size_t n);

#endif
