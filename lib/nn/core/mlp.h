/* The inside of the multilayer perceptron, shared by its files.
 *
 * Layers are counted from 0. Layer l, with weights weight[l], computes h[l + 1] from h[l]; the last
 * one, L, is the read-out, and h[L + 1] holds the logits. Layer 0 reads two rows of a table
 * (mlp_inputs.c). */
#ifndef GK_CORE_MLP_H
#define GK_CORE_MLP_H

#include "kernels/kernels.h"
#include "nn/core/compiled_net.h"
#include "nn/plan/share.h"

/* The values of some rows, or their derivatives along the direction. */
struct rows {
    real **h;  /* [L + 2] (rows, width); the logits become their gradient */
    real **dh; /* [L + 1] from 2: gradient of h, then of the activation's input */
    real **f1; /* [L + 1] (rows, hidden) values kept by a curved activation (r: f1 is R{x}) */
    real **f2;
};

/* What a thread needs for a tile. */
struct scratch {
    struct rows v, r;
    real *z;  /* (tile, V) the logits of examples, where two of them share a row */
    real *dx; /* (tile, hidden) gradient of layer 0's output */
};

struct mlp;
/* How row i's two operands are read: the length of layer 0's input x is per_dim d + per_token V. */
struct inputs {
    size_t per_dim, per_token;
    size_t tables; /* 1: both operands read the same rows of the table; 2: each has its own rows */
    void (*embed)(const struct mlp *m, const int32_t token[2], real *x); /* NULL: x is sparse */
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
    size_t embed, *weight, *bias;   /* offsets in the flat vector; [L + 1] */
    size_t *gweight, *gbias, inner; /* the same in the gradient of a lane, and its length */
    bool biased;

    /* The rows that are computed. A row is one example, or two with the same result. The arrays
     * stay as they are while the plan's selection does. */
    uint64_t selection;
    int32_t *slot;     /* [n, 2] the table's rows that it reads */
    size_t *example;   /* [n + 1] its first example */
    size_t *tile_row;  /* [tiles + 1] the tile's first row */
    int32_t *slot_of;  /* [2V] the table's row for an operand, or -1 */
    int32_t *token_of; /* [2V] and back */
    size_t slots[3];   /* the table's rows for operand i are slots[i] to slots[i + 1] */

    real **wt, **rwt;  /* [L + 1] transposed weights (in, out) of theta and of the direction */
    real *table;       /* (slots, hidden) what layer 0 reads */
    real *e, *re, *de; /* (slots, d) embeddings of the table's rows */
    real *sums, *kept; /* (slots, hidden) the table's gradient; that of the linearisation */

    struct rows v;            /* every row's values at the linearisation */
    real *prob;               /* (n, V) kept by the loss for products */
    real *lane[GK_MAX_LANES]; /* [inner] gradients: of the table, then of layers 1 to L */
    struct scratch *scratch;  /* [threads] */
    size_t threads;
    struct gk_share *share;
    struct piece *piece; /* [pieces] of a lane's gradient, and where their sums go */
    size_t pieces;
    double *tile_loss;
    unsigned char *right;
    const real *theta;
    real *theta_kept;
    const struct gk_net_request *q;
};

/* Rows ROW to ROW + N, whose values begin at row AT of V. */
struct tile {
    const struct mlp *m;
    struct scratch *own;
    struct gk_turn *turn;
    size_t row, n;
    const struct rows *v;
    size_t at;
    real *g;   /* of its lane */
    real keep; /* 0 for a lane's first tile, which sets its gradient, then 1 */
};

static inline size_t mlp_width(const struct mlp *m, size_t l)
{
    return l == 0     ? m->inputs->per_dim * m->d + m->inputs->per_token * m->V
           : l > m->L ? m->V
                      : m->hidden;
}

/* The biases of layer L at THETA, or their gradients at G; NULL: none. */
static inline real *mlp_bias(const struct mlp *m, const real *theta, size_t l)
{
    return m->biased ? (real *)theta + m->bias[l] : NULL;
}

/* ---- mlp_tile.c ---- */

double X(mlp_tile)(const struct tile *t); /* forward and, unless only a score is asked, backward */
void X(mlp_r_tile)(const struct tile *t);

/* ---- mlp_inputs.c ---- */

/* Finds the rows of the plan's examples, if the selection is a new one. */
void X(mlp_select)(struct mlp *m);
/* The table at theta or, for a product, its derivative. */
void X(mlp_load_table)(const struct mlp *m);
/* y (n, hidden): row i is the sum of the table's two rows that row ROW + i reads. scatter is the
 * way back: it adds dy (n, hidden) to these rows of the table's gradient g. */
void X(mlp_gather)(const struct mlp *m, size_t row, size_t n, real *y);
void X(mlp_scatter)(const struct mlp *m, size_t row, size_t n, const real *dy, real *g);
/* From the table's gradient to that of layer 0's weights (TASK 0), of the embedding and of layer
 * 0's biases (TASK 1). */
void X(mlp_finish)(const struct mlp *m, size_t task);

#endif
