/* Directions in the space of a network's parameters, stored in files. */
#ifndef GK_DIRECTION_H
#define GK_DIRECTION_H

#include <stddef.h>

#include "gk/checkpoint.h"
#include "gk/err.h"
#include "gk/frame.h"

/* The vector in F: tensors with the names of C's parameters, or with these after a common prefix,
 * such as "hv.embed.weight"; tensors "optim.*" beside them are ignored. v [total]. An error names a
 * tensor that is missing, has another shape, is no parameter or is not finite. A vector that is all
 * zero and metadata of a network other than C are also errors. So is a direction in coordinates
 * that an optimiser scales (gk_direction_set_scaled), unless SCALED. */
int gk_direction_read(const struct gk_frame *f, const struct gk_checkpoint *c, bool scaled,
                      double *v, struct gk_err *err);
/* Marks the direction F as one in these coordinates: P^1/2 times the parameters (gk/hessian.h). */
int gk_direction_set_scaled(struct gk_frame *f, struct gk_err *err);
/* Puts v [total] into F as REAL under PREFIX + the names of C's parameters, with gk.kind=direction,
 * the network of C and, if C has one, its step. */
int gk_direction_put(struct gk_frame *f, const struct gk_checkpoint *c, const char *prefix,
                     enum gk_dtype real, const double *v, struct gk_err *err);

#endif
