/* Directions in the space of a network's parameters, as files hold them. */
#ifndef GK_DIRECTION_H
#define GK_DIRECTION_H

#include <stddef.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/net.h"

/* The vector in F under the parameters' names, or under these names behind a common prefix, as
 * "hv.embed.weight"; "optim.*" beside them is ignored. v [ps->total]. A tensor that is missing, of
 * another shape, of no parameter or not finite is an error that names it; so is a vector that is
 * all zero. */
int gk_direction_read(const struct gk_frame *f, const struct gk_params *ps, double *v,
                      struct gk_err *err);

/* Puts v [ps->total] into F as REAL under PREFIX + the parameters' names, with
 * gk.kind=direction and, unless it is negative, the step. */
int gk_direction_put(struct gk_frame *f, const struct gk_params *ps, const char *prefix,
                     enum gk_dtype real, const double *v, int64_t step, struct gk_err *err);

#endif
