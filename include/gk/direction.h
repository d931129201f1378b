/* Directions in the space of a network's parameters, as files hold them. */
#ifndef GK_DIRECTION_H
#define GK_DIRECTION_H

#include <stddef.h>

#include "gk/checkpoint.h"
#include "gk/err.h"
#include "gk/frame.h"

/* The vector in F under the names of C's parameters, or under these names after a common prefix,
 * as "hv.embed.weight"; "optim.*" beside them is ignored. v [total]. A tensor that is missing, of
 * another shape, of no parameter or not finite is an error that names it; so are a vector that is
 * all zero and metadata that tell of another network than C. */
int gk_direction_read(const struct gk_frame *f, const struct gk_checkpoint *c, double *v,
                      struct gk_err *err);
/* Puts v [total] into F as REAL under PREFIX + the names of C's parameters, with
 * gk.kind=direction, what network C is and, if it has one, its step. */
int gk_direction_put(struct gk_frame *f, const struct gk_checkpoint *c, const char *prefix,
                     enum gk_dtype real, const double *v, struct gk_err *err);

#endif
