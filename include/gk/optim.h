/* Optimisers as PyTorch defines them (gk-train(1)), on a flat vector of F32 or F64. */
#ifndef GK_OPTIM_H
#define GK_OPTIM_H

#include <stdint.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/net.h"
#include "gk/pool.h"

enum gk_optimizer { GK_ADAMW, GK_ADAM, GK_ADAMAX, GK_RMSPROP, GK_RPROP, GK_MOMENTUM, GK_SGD };
/* In the order of the enum. */
#define GK_OPTIMIZERS "adamw|adam|adamax|rmsprop|rprop|momentum|sgd"

struct gk_optim_conf {
    enum gk_optimizer kind;
    double lr;
    double weight_decay; /* adamw: theta *= 1 - lr weight_decay; the others: gradient +=
                            weight_decay theta */
    double beta1, beta2; /* adamw, adam, adamax; beta2 is rmsprop's alpha */
    double eps;          /* these four */
    double momentum;     /* momentum */
    int64_t warmup;      /* update k uses lr * min(1, k / warmup); 0: none; rprop ignores it */
    double clip;         /* scale the gradient by min(1, clip / |g|); 0: none */
    bool decay_matrices; /* decay only tensors of rank 2 */
};

/* What gk-train starts from: lr 1e-3, decay 1 for adamw and 0 for the others, betas 0.9 and 0.98
 * (rmsprop: 0.99), eps 1e-8, momentum 0.9, warm-up 10, no clipping, everything decays. */
struct gk_optim_conf gk_optim_defaults(enum gk_optimizer kind);

struct gk_optim;
/* PS gives the ranks for decay_matrices and may be NULL: N parameters that all decay. */
int gk_optim_new(struct gk_optim **o, const struct gk_optim_conf *conf, size_t n,
                 const struct gk_params *ps, enum gk_dtype real, struct gk_pool *pool,
                 struct gk_err *err);
void gk_optim_free(struct gk_optim *o);

double gk_optim_lr(const struct gk_optim_conf *conf, int64_t k); /* of update k */

/* From now on every update also leaves theta_k in PREV [n] (NULL: no more). */
void gk_optim_keep(struct gk_optim *o, void *prev);

/* Update K: theta_k -> theta_{k+1}. GRAD is not changed; GRAD_NORM is its norm, for clipping. */
void gk_optim_step(struct gk_optim *o, int64_t k, void *theta, const void *grad, double grad_norm);

/* The state as named vectors of N reals ("m", "v", "prev", ...), to save and restore. */
size_t gk_optim_states(const struct gk_optim *o);
const char *gk_optim_state_name(const struct gk_optim *o, size_t i);
void *gk_optim_state(struct gk_optim *o, size_t i);

/* Sums in double over fixed blocks: the same bytes for any number of threads. */
struct gk_dots {
    double gg;     /* |grad|^2 */
    double tt;     /* |theta|^2 */
    double tp, pp; /* theta . prev, |prev|^2 */
    double ti;     /* theta . init */
};
/* PREV, INIT, GRAD may be NULL: their sums are nan. */
void gk_vec_dots(struct gk_pool *pool, enum gk_dtype real, size_t n, const void *theta,
                 const void *grad, const void *prev, const void *init, struct gk_dots *out);

#endif
