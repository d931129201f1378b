/* Optimisers as PyTorch defines them, and interventions in their steps (gk-train(1)), on a flat
 * vector of F32 or F64. A step is a list of stages that is built with the optimiser. */
#ifndef GK_OPTIM_H
#define GK_OPTIM_H

#include <stdint.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/net.h"
#include "gk/pool.h"

enum gk_optimizer {
    GK_ADAMW,
    GK_ADAM,
    GK_ADAMAX,
    GK_RMSPROP,
    GK_RPROP,
    GK_MOMENTUM,
    GK_SGD,
    GK_LION,
    GK_MUON
};
enum { GK_OPTIM_KINDS = GK_MUON + 1 };
/* In the order of the enum; those that need no matrices, and all. */
#define GK_VECTOR_OPTIMIZERS "adamw|adam|adamax|rmsprop|rprop|momentum|sgd|lion"
#define GK_OPTIMIZERS        GK_VECTOR_OPTIMIZERS "|muon"

/* An addition to the gradient (Lee et al. 2024): gain times its average, exponential or over a
 * window. */
enum gk_grokfast_kind { GK_GROKFAST_NONE, GK_GROKFAST_EMA, GK_GROKFAST_MA };
struct gk_grokfast {
    enum gk_grokfast_kind kind;
    double keep;   /* ema: h <- keep h + (1 - keep) g */
    size_t window; /* ma: gradients in the queue */
    double gain;
};
/* TEXT is "none", "ema:A,L" or "ma:W,L"; a message is about "grokfast". */
int gk_grokfast_parse(struct gk_grokfast *g, const char *text, struct gk_err *err);
/* The name of this average's state (below). */
const char *gk_grokfast_state(enum gk_grokfast_kind kind);

struct gk_optim_conf {
    enum gk_optimizer kind;
    double lr;
    double weight_decay; /* adamw, lion, muon: theta *= 1 - lr weight_decay; the others: gradient
                            += weight_decay theta */
    double beta1, beta2; /* adamw, adam, adamax, lion, muon; beta2 is rmsprop's alpha */
    double eps;          /* of the same ones but lion */
    double momentum;     /* momentum, muon */
    double muon_lr;      /* muon: the rate for its matrices */
    int64_t warmup;      /* update k uses lr * min(1, k / warmup); 0: none; rprop ignores it */
    double clip;         /* scale the gradient by min(1, clip / |g|); 0: none */
    bool decay_matrices; /* decay only tensors of rank 2 */
    struct gk_grokfast grokfast;
    bool orthogonal;  /* project the gradient orthogonal to theta, tensor by tensor (Prieto 2025) */
    double clip_rows; /* after an update no row outside embedding and read-out is longer; 0: free */
    double hold_norm; /* after an update |theta| = hold_norm |theta_0|; 0: unconstrained */
};

/* The defaults of gk-train: lr 1e-3, decay 1 for adamw, lion and muon and 0 for the others, betas
 * 0.9 and 0.98 (rmsprop, lion: 0.99), eps 1e-8, momentum 0.9 (muon: 0.95), muon's rate 0.02,
 * warm-up 10, no clipping, decay for everything, no intervention. */
struct gk_optim_conf gk_optim_defaults(enum gk_optimizer kind);

/* The settings that updates of KIND use. */
struct gk_optim_uses {
    bool beta1, beta2, eps, momentum, muon_lr, warmup;
    bool signs; /* of the gradient, and nothing else of it */
};
struct gk_optim_uses gk_optim_uses(enum gk_optimizer kind);

struct gk_optim;
/* PS gives the tensors. NULL: one tensor of N parameters that all decay, and no matrix for muon. */
int gk_optim_new(struct gk_optim **o, const struct gk_optim_conf *conf, size_t n,
                 const struct gk_params *ps, enum gk_dtype real, struct gk_pool *pool,
                 struct gk_err *err);
void gk_optim_free(struct gk_optim *o);

double gk_optim_lr(const struct gk_optim_conf *conf, int64_t k); /* of update k */

/* From now on every update also stores theta_k in PREV [n] (NULL: it stops). */
void gk_optim_keep(struct gk_optim *o, void *prev);

/* theta_0 [n], whose norm hold_norm refers to. */
void gk_optim_start(struct gk_optim *o, const void *theta0);

/* Update K: theta_k -> theta_{k+1}. GRAD is unchanged; GRAD_NORM is its norm, for clipping. */
void gk_optim_step(struct gk_optim *o, int64_t k, void *theta, const void *grad, double grad_norm);

/* The state before update K, for saving and restoring: named vectors ("m", "v", ...), each with its
 * tensors. Offsets are into the vector. */
struct gk_optim_state {
    const char *name;
    void *vector;
    const struct gk_params *tensors;
    bool grokfast; /* not the optimiser's own state */
};
size_t gk_optim_states(const struct gk_optim *o);
struct gk_optim_state gk_optim_state(struct gk_optim *o, size_t i, int64_t k);

/* The first update whose gradient grokfast sees; 0 by default. */
int64_t gk_optim_grokfast_since(const struct gk_optim *o);
void gk_optim_set_grokfast_since(struct gk_optim *o, int64_t k);

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
/* |v| of V [n], whose square gk_vec_dots gave: in double precision that may be beyond a double
 * where the norm is not. */
double gk_vec_norm(enum gk_dtype real, size_t n, const void *v, double squared);

#endif
