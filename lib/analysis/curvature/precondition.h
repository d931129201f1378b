/* What an adaptive optimiser makes of the Hessian H: it moves as gradient descent does where the
 * Hessian is P^-1/2 H P^-1/2, with P = diag(sqrt(v / (1 - beta2^t)) + eps) from its state v after t
 * updates (Cohen et al. 2022). */
#ifndef PRECONDITION_H
#define PRECONDITION_H

#include <stdbool.h>

#include "gk/checkpoint.h"
#include "gk/err.h"
#include "gk/frame.h"

/* P^-1/2's diagonal [all parameters], of checkpoint C in frame F. 0; or 1 with a message where
 * there has been no update yet; or -1 where F has no state of adam or adamw. */
int precondition_read(const struct gk_frame *f, const struct gk_checkpoint *c, double *scale,
                      struct gk_err *err);

/* The largest curvature that gradient descent with the rate of F is stable at, 2/lr, or adam and
 * adamw, preconditioned: (2 + 2 beta1) / ((1 - beta1) lr). nan where F does not say lr. */
int precondition_threshold(const struct gk_frame *f, bool preconditioned, double *threshold,
                           struct gk_err *err);

#endif
