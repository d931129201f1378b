/* What lib/nn/engine/engine.c asks of a compiled network: one table of functions per precision and
 * instruction set. Plain types only, so that the header serves both sides. */
#ifndef GK_CORE_COMPILED_NET_H
#define GK_CORE_COMPILED_NET_H

#include "compilations.h"
#include "gk/net.h"
#include "nn/engine/plan.h"

enum gk_net_mode {
    GK_NET_SCORE,     /* loss and accuracy, and logits or activations if asked */
    GK_NET_GRADIENT,  /* those and the gradient */
    GK_NET_LINEARISE, /* those, keeping everything a product needs */
    GK_NET_PRODUCT    /* the Hessian at the linearised theta times v */
};

struct gk_net_request {
    enum gk_net_mode mode;
    const void *theta;      /* all but PRODUCT */
    const void *v;          /* PRODUCT */
    void *out;              /* the gradient or product; NULL: not asked */
    struct gk_score *score; /* not for PRODUCT */
    void *logits;           /* [n, k, V] or NULL */
    void *act;              /* activations or NULL; needs a GK_PLAN_FULL plan */
    int layer;              /* of act */
};

struct gk_net_ops {
    void *(*make)(const struct gk_arch *a, const struct gk_params *ps, const struct gk_plan *plan,
                  struct gk_pool *pool, struct gk_err *err);
    void (*free)(void *net);
    int (*run)(void *net, const struct gk_net_request *q, struct gk_err *err);
    /* Asked before the first run, and after each: -1 where a product could not be made as it should
     * be. */
    int (*products)(struct gk_err *err);
    size_t tile; /* the examples of a tile that it is fastest with at the default size */
};

GK_DECLARE_COMPILATIONS(struct gk_net_ops, transformer);
GK_DECLARE_COMPILATIONS(struct gk_net_ops, mlp);

#endif
