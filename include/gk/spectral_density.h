/* Sums over the whole spectrum of a symmetric operator, by random probes: its trace, and the
 * density of its eigenvalues. */
#ifndef GK_SPECTRAL_DENSITY_H
#define GK_SPECTRAL_DENSITY_H

#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"
#include "gk/lanczos.h"
#include "gk/pool.h"

struct gk_trace {
    double trace, error; /* error: its standard error */
};

/* Hutch++ (Meyer, Musco, Musco and Woodruff 2021) with PRODUCTS >= 6: a third of them find a space
 * Q that holds much of A, a third give tr(Q'AQ) exactly, and the others estimate the trace on the
 * complement of Q from random signs, whose spread gives the error. If n <= PRODUCTS / 3,
 * approximately, Q is the whole space and the trace is exact. */
int gk_trace(const struct gk_operator *op, size_t products, uint64_t seed, struct gk_pool *pool,
             struct gk_trace *t, struct gk_err *err);

/* The spectral measure as some probes see it: the nodes and weights of each. */
struct gk_density {
    size_t probes, depth;
    double *node, *weight; /* (probes, depth) */
    size_t *k;             /* [probes] their number */
    double low, high;      /* the outermost nodes */
};

/* Stochastic Lanczos quadrature (Ubaru, Chen and Saad 2017): PROBES random signs, DEPTH Lanczos
 * steps each. */
int gk_density(struct gk_density *d, const struct gk_operator *op, size_t probes, size_t depth,
               enum gk_dtype store, uint64_t seed, struct gk_pool *pool, struct gk_err *err);
void gk_density_free(struct gk_density *d);

/* The density at LAMBDA, with every node widened to a Gaussian of standard deviation SIGMA: the
 * mean over the probes, and its standard error (nan with one probe). It integrates to 1. */
void gk_density_at(const struct gk_density *d, double lambda, double sigma, double *density,
                   double *error);

#endif
