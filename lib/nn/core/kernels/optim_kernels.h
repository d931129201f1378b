/* The optimisers' inner loops: one table for each precision and instruction set. */
#ifndef GK_OPTIM_KERNELS_H
#define GK_OPTIM_KERNELS_H

#include <stddef.h>

#include "gk/optim.h"
#include "nn/core/compilations.h"

/* The constants of one update. */
struct gk_update {
    double scale;        /* a factor of the gradient: the clipping */
    double decay;        /* weight decay; 0: none */
    double lr;           /* of this update, warm-up included */
    double beta1, beta2; /* beta2: alpha of rmsprop */
    double eps;
    double momentum;
    double bias1, bias2; /* 1 - beta^(k+1): the bias correction of the averages */
};

/* Updates n elements of theta [n] and the states a [n], b [n] of their optimiser (gk-train(1); each
 * kernel has its formulas above it). GRAD [n] is unchanged. */
typedef void gk_optim_kernel(const struct gk_update *u, size_t n, void *theta, const void *grad,
                             void *a, void *b);

/* sum = grad.grad, theta.theta, theta.prev, prev.prev, theta.init over n elements, in double. */
enum { GK_DOT_GG, GK_DOT_TT, GK_DOT_TP, GK_DOT_PP, GK_DOT_TI, GK_DOTS };
typedef void gk_dots_kernel(size_t n, const void *theta, const void *grad, const void *prev,
                            const void *init, double sum[GK_DOTS]);

struct gk_optim_kernels {
    gk_optim_kernel *update[GK_OPTIM_KINDS]; /* by enum gk_optimizer */
    gk_dots_kernel *dots;
};

GK_DECLARE_COMPILATIONS(struct gk_optim_kernels, gk_optim_kernels);

#endif
