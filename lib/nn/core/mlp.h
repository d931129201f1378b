/* The inside of the multilayer perceptron, shared by its files. */
#ifndef GK_CORE_MLP_H
#define GK_CORE_MLP_H

#include "kernels/kernels.h"
#include "nn/core/compiled_net.h"
#include "nn/plan/share.h"

/* Every row's values, or their derivatives along the direction. */
struct rows {
    real **h;  /* [L + 1] (n, width of layer); h[0] is what the first layer reads, or NULL */
    real **dh; /* [L + 1] gradient of h, then, for l >= 1, of the activation's input */
    real **f1; /* [L + 1] (n, hidden) values kept by a curved activation (r: f1 is R{x}) */
    real **f2;
    real *z; /* (n, V) logits, then their gradient */
};

struct mlp;
/* The first layer's product y = W_0 x, where x is made of row i's two operands. */
struct inputs {
    size_t per_dim, per_token; /* the length of x is per_dim d + per_token V */
    bool gathers;              /* x is not stored: W_0 x is a sum of two columns (mlp_inputs.c) */
    void (*forward)(const struct mlp *m, size_t a, size_t b);
    /* From dh[1] to the gradients of W_0 and of the embedding in g. */
    void (*backward)(const struct mlp *m, size_t a, size_t b, real *g);
    void (*r_forward)(const struct mlp *m, size_t a, size_t b);
    void (*r_backward)(const struct mlp *m, size_t a, size_t b, real *g);
};
extern const struct inputs X(mlp_inputs)[3]; /* by enum gk_inputs */

struct mlp {
    size_t d, hidden, V, L, n, total;
    size_t second; /* the second operand's position in a row */
    const struct gk_plan *plan;
    struct gk_pool *pool;
    const struct inputs *inputs;
    const struct activation *act;
    const struct loss *loss;
    size_t embed, unembed, unbias, *weight, *bias; /* offsets in the flat vector */
    bool biased;
    struct rows v, r;
    real *columns, *rcolumns; /* (2V, hidden) W_0' and its direction, if x is gathered */
    real *prob;               /* (n, V) kept by the loss for products */
    real *lane[GK_MAX_LANES]; /* [total] gradients; that of a gathered W_0 is transposed */
    struct gk_share *share;
    double *tile_loss;
    unsigned char *right;
    const real *theta;
    real *theta_kept; /* of the last linearisation */
    const struct gk_net_request *q;
};

static inline size_t mlp_width(const struct mlp *m, size_t l)
{
    return l > 0 ? m->hidden : m->inputs->per_dim * m->d + m->inputs->per_token * m->V;
}

/* The columns of W_0 as rows, for gathering: of theta or (DIRECTION) of the direction. */
void X(mlp_load_columns)(struct mlp *m, bool direction);
/* Sums its gradient over lanes, and transposes it back. */
void X(mlp_store_columns)(struct mlp *m);

#endif
