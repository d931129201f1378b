/* The interface of a compiled network to lib/nn/engine/engine.c: one table of functions per
 * precision and instruction set. It uses plain types only, so that the header serves both sides. */
#ifndef GK_CORE_COMPILED_NET_H
#define GK_CORE_COMPILED_NET_H

#include "compilations.h"
#include "gk/net.h"
#include "nn/plan/plan.h"

enum gk_net_mode {
    GK_NET_SCORE,     /* loss and accuracy; logits or activations on request */
    GK_NET_GRADIENT,  /* the same and the gradient */
    GK_NET_LINEARISE, /* the same, keeping everything that a product needs */
    GK_NET_PRODUCT    /* the Hessian at the linearised theta times v */
};

struct gk_net_request {
    enum gk_net_mode mode;
    const void *theta;      /* for all but PRODUCT */
    const void *v;          /* for PRODUCT */
    void *out;              /* the gradient or product; NULL: not wanted */
    struct gk_score *score; /* not for PRODUCT */
    void *logits;           /* [n, k, V] or NULL */
    void *act;              /* activations or NULL; needs a GK_PLAN_FULL plan */
    int layer;              /* of act */
    bool gauss_newton; /* LINEARISE: drop the loss's gradient. The product is then J' L J v: every
                          other term contains that gradient times a curvature */
};

struct gk_net_ops {
    void *(*make)(const struct gk_arch *a, const struct gk_params *ps, const struct gk_plan *plan,
                  struct gk_pool *pool, struct gk_err *err);
    void (*free)(void *net);
    int (*run)(void *net, const struct gk_net_request *q, struct gk_err *err);
    /* Called before the first run, and after each: -1 if a product could not be computed by the
     * right kernel. */
    int (*products)(struct gk_err *err);
    size_t tile; /* the examples per tile that are fastest at the default size */
};

GK_DECLARE_COMPILATIONS(struct gk_net_ops, transformer);
GK_DECLARE_COMPILATIONS(struct gk_net_ops, mlp);

#endif
