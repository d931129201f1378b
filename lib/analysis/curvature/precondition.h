/* The effect of an adaptive optimiser on the Hessian H: it moves as gradient descent would with the
 * Hessian P^-1/2 H P^-1/2, where P = diag(sqrt(v / (1 - beta2^t)) + eps) and v is its state after t
 * updates (Cohen et al. 2022). */
#ifndef PRECONDITION_H
#define PRECONDITION_H

#include <stdbool.h>

#include "gk/checkpoint.h"
#include "gk/err.h"
#include "gk/frame.h"

/* The diagonal [all parameters] of P^-1/2 for checkpoint C in frame F. Returns 0; 1 with a message
 * if there has been no update yet; -1 if F has no state of adam or adamw. */
int precondition_read(const struct gk_frame *f, const struct gk_checkpoint *c, double *scale,
                      struct gk_err *err);

/* The largest curvature at which an optimiser with F's learning rate is stable: gradient descent
 * 2/lr, adam and adamw, preconditioned, (2 + 2 beta1) / ((1 - beta1) lr). nan if F has no lr. */
int precondition_threshold(const struct gk_frame *f, bool preconditioned, double *threshold,
                           struct gk_err *err);

#endif
