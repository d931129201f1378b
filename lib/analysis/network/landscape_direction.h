/* Between landscape_direction.c and landscape.c. */
#ifndef GK_LANDSCAPE_DIRECTION_H
#define GK_LANDSCAPE_DIRECTION_H

#include "gk/landscape.h"

/* At the first frame, with parameters THETA: prepares what is the same for all frames. */
int gk_toward_find(struct gk_toward *t, struct gk_study *s, const struct gk_landscape_conf *conf,
                   const double *theta, struct gk_err *err);
/* Does a direction change P? */
bool gk_toward_uses(const struct gk_landscape_conf *conf, const struct gk_param *p);
/* v = the parameters in F, which must be of the network under study. */
int gk_toward_point(const struct gk_frame *f, const struct gk_study *s, double *v,
                    struct gk_err *err);

#endif
