/* The networks as vectors of parameters, and what can be computed from them on a set of rows:
 * scores, gradients, Hessian products, activations.
 *
 * theta is one flat vector in the tensors' name order (strcmp), each tensor row-major [out, in], of
 * the engine's `real`, float or double. All results are the same bytes for any number of threads.
 */
#ifndef GK_NET_H
#define GK_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/arch.h"
#include "gk/dataset.h"
#include "gk/err.h"
#include "gk/frame.h"
#include "gk/pool.h"

/* The role of a tensor, which decides its initial values. */
enum gk_param_kind {
    GK_MATRIX,
    GK_EMBED,   /* of tokens, or of positions */
    GK_UNEMBED, /* the read-out */
    GK_BIAS,
    GK_GAIN, /* LayerNorm's weight and bias */
    GK_SHIFT
};

struct gk_param {
    char name[48];
    enum gk_param_kind kind;
    unsigned rank; /* 1 or 2 */
    size_t shape[2];
    size_t offset, count; /* offset in the flat vector */
};

struct gk_params {
    struct gk_param *p; /* [n], sorted by name */
    size_t n, total;
};

/* Checks the architecture (gk_arch_check) and lists its tensors. */
int gk_params_init(struct gk_params *ps, const struct gk_arch *a, struct gk_err *err);
void gk_params_free(struct gk_params *ps);
const struct gk_param *gk_params_find(const struct gk_params *ps, const char *name);

/* A has no tensor NAME. Returns the entry of the description that makes it absent, or NULL if no
 * network of A's model has it. */
const struct gk_arch_item *gk_params_missing(const struct gk_arch *a, const char *name);

/* The initial parameters, drawn in double in name order from SEED; IN NULL: as in the paper. */
void gk_params_draw(const struct gk_params *ps, const struct gk_arch *a, const struct gk_init *in,
                    uint64_t seed, double *theta);

/* Applies scale and rows of IN: to every matrix, and to every row of a matrix and every vector. A
 * row of zeros stays 0. */
void gk_params_rescale(const struct gk_params *ps, const struct gk_init *in, double *theta);

/* Can this architecture read this dataset? An error says what does not fit. */
int gk_arch_fits(const struct gk_arch *a, const struct gk_dataset *d, struct gk_err *err);

struct gk_score {
    double loss; /* mean over rows and scored positions (of the cross-entropy, in nats) */
    double acc;  /* fraction of rows with all scored positions right */
};

/* The threads, of at most MOST, that make a training step on BATCH rows of D (0: all) fastest, by a
 * model of its cost: of a small network, one. Results do not depend on it. */
int gk_engine_threads(const struct gk_arch *a, const struct gk_dataset *d, int64_t batch, int most);

struct gk_engine;
/* An engine computes on one split of D (which must outlive it) in F32 or F64. */
int gk_engine_new(struct gk_engine **out, const struct gk_arch *a, const struct gk_dataset *d,
                  enum gk_split split, enum gk_dtype real, struct gk_pool *pool,
                  struct gk_err *err);
void gk_engine_free(struct gk_engine *e);
const struct gk_params *gk_engine_params(const struct gk_engine *e);
size_t gk_engine_rows(const struct gk_engine *e);

/* SUBSET of N row numbers, or NULL for all rows. An empty split scores nan. */
int gk_engine_score(struct gk_engine *e, const void *theta, struct gk_score *s, struct gk_err *err);
int gk_engine_grad(struct gk_engine *e, const void *theta, const uint32_t *subset, size_t n,
                   void *grad, struct gk_score *s, struct gk_err *err);

/* logits [n, k, V] at the scored positions, real. */
int gk_engine_logits(struct gk_engine *e, const void *theta, void *logits, struct gk_err *err);

/* Activations after the embedding (layer 0) and after block or layer 1..layers, [n, T, dim] for the
 * transformer (mlp: [n, ff], and [n, dim] or [n, 2 dim] for the first layer's input; one-hot inputs
 * have no activations), real. */
int gk_engine_activations(struct gk_engine *e, const void *theta, int layer, void *act,
                          struct gk_err *err);
size_t gk_engine_activation_width(const struct gk_engine *e, int layer);
int gk_engine_activation_positions(const struct gk_engine *e); /* T, or 1 for the mlp */

/* The exact Hessian of the mean loss (Pearlmutter 1994): linearise at theta once (this keeps the
 * activations; GRAD, S may be NULL), then compute any number of products hv = H v. */
int gk_engine_linearise(struct gk_engine *e, const void *theta, void *grad, struct gk_score *s,
                        struct gk_err *err);
/* Until the next linearisation, products use the Gauss-Newton matrix J' L J of the same loss
 * instead: J is the Jacobian of the logits at THETA, L the Hessian of the loss with respect to them
 * (Schraudolph 2002). */
int gk_engine_linearise_logits(struct gk_engine *e, const void *theta, struct gk_err *err);
int gk_engine_hvp(struct gk_engine *e, const void *v, void *hv, struct gk_err *err);

#endif
