/* The Hessian of a network's mean loss on a split, or its Gauss-Newton matrix, as a symmetric
 * operator: over all parameters or over tensors of rank 2 only, optionally scaled by the
 * optimiser's state (P^-1/2 H P^-1/2). */
#ifndef GK_HESSIAN_H
#define GK_HESSIAN_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"
#include "gk/lanczos.h"
#include "gk/net.h"
#include "gk/study.h"

struct gk_hessian_conf {
    enum gk_split split;
    bool matrices;      /* only tensors of rank 2 */
    bool gauss_newton;  /* instead of the Hessian */
    bool precondition;  /* scaled by the state of adam or adamw */
    void (*tick)(void); /* called after each product; may be NULL */
};

struct gk_hessian {
    struct gk_operator
        op;          /* op.n is the number of elements in the selected tensors, in theta's order */
    double *grad;    /* [op.n] of the loss; scaled as the operator is */
    size_t products; /* so far, at these parameters */

    struct gk_engine *engine; /* borrowed from the study */
    const struct gk_params *params;
    enum gk_dtype real;
    struct gk_hessian_conf conf;
    double *scale, *scaled; /* [op.n] P^-1/2, and scratch for it times a vector; or NULL */
    double *all;            /* [params->total] the same before tensors are selected */
    void *v, *hv;           /* [params->total], real: the engine's input and output */
};

/* For the study's current network; valid until the study takes another. The study must have an
 * engine for the split. */
int gk_hessian_init(struct gk_hessian *h, struct gk_study *s, const struct gk_hessian_conf *conf,
                    struct gk_err *err);
void gk_hessian_free(struct gk_hessian *h);

/* Linearises at the study's parameters, which came in F and must be of H's network. A gradient that
 * is not finite is an error, as is a frame without the state that is required. Returns 1, with a
 * message, if the optimiser has made no update yet, so that it scales nothing. */
int gk_hessian_at(struct gk_hessian *h, struct gk_study *s, const struct gk_frame *f,
                  struct gk_err *err);

/* From a flat vector of all parameters to the operator's, and back with zeros elsewhere. */
void gk_hessian_take(const struct gk_hessian *h, const double *all, double *x);
void gk_hessian_spread(const struct gk_hessian *h, const double *x, double *all);

/* g'Hg / g'g with g the gradient; nan if g is 0. Takes one product. */
int gk_hessian_rayleigh(struct gk_hessian *h, double *rayleigh, struct gk_err *err);

#endif
