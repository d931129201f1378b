/* The Hessian of a network's mean loss on a split as a symmetric operator, over all parameters or
 * over the tensors of rank 2 alone (P H P with P the restriction to them). */
#ifndef GK_HESSIAN_H
#define GK_HESSIAN_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"
#include "gk/lanczos.h"
#include "gk/net.h"
#include "gk/study.h"

struct gk_hessian {
    struct gk_operator op; /* op.n numbers: those of the chosen tensors, in theta's order */
    double *grad;          /* [op.n] of the loss */
    size_t products;       /* so far, at these parameters */

    struct gk_engine *engine; /* the study's */
    const struct gk_params *params;
    enum gk_dtype real;
    bool matrices;
    void *v, *hv; /* [params->total], real: what the engine takes and gives */
};

/* For the study's network at hand; until the study takes another. SPLIT must be wanted in it. */
int gk_hessian_init(struct gk_hessian *h, struct gk_study *s, enum gk_split split, bool matrices,
                    struct gk_err *err);
void gk_hessian_free(struct gk_hessian *h);

/* Linearises at the study's parameters, which must be of the network that H was made for. A
 * gradient that is not finite is an error. */
int gk_hessian_at(struct gk_hessian *h, struct gk_study *s, struct gk_err *err);

/* From a flat vector of all parameters to the operator's, and back with zeros elsewhere. */
void gk_hessian_take(const struct gk_hessian *h, const double *all, double *x);
void gk_hessian_spread(const struct gk_hessian *h, const double *x, double *all);

/* g'Hg / g'g with g the gradient; nan where it is 0. One product. */
int gk_hessian_rayleigh(struct gk_hessian *h, double *rayleigh, struct gk_err *err);

#endif
