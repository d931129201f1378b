/* The inside of the transformer: weights, tapes and lanes. lib/nn/plan/plan.h describes the rows.
 *
 * A step has these phases, each a round of the pool with a barrier after it:
 *   table forward; stem forward, block by block; leaves; stem backward, block by block; table
 *   backward; the sum over lanes.
 * In the leaves' phase threads share the tiles. A tile goes forward and backward while it is in the
 * cache. A Hessian product has the same phases, with every operation's derivative. */
#ifndef GK_CORE_TRANSFORMER_H
#define GK_CORE_TRANSFORMER_H

#include "nn/core/compiled_net.h"
#include "kernels/kernels.h"
#include "nn/plan/share.h"

/* One block's parameters, direction or gradient. */
struct block {
    real *wqkv; /* (3d, d): q over k over v */
    real *wo;   /* (d, d) */
    real *gain1, *bias1;
    real *up;   /* (ff, d) */
    real *down; /* (d, ff) */
    real *gain2, *bias2;
    real *bqkv, *bo, *bup, *bdown; /* biases (3d), (d), (ff), (d); NULL: none */
};

/* Their transposes, for the forward pass. */
struct transposes {
    real *wqkv; /* (d, 3d) */
    real *wo;   /* (d, d) */
    real *up;   /* (d, ff) */
    real *down; /* (ff, d) */
};

struct weights {
    real *mem;
    real *embed, *unembed;         /* (V, d) */
    real *position;                /* (T, d) to add to the embedding, or NULL */
    real *gain, *bias;             /* (d) of the LayerNorm before the read-out, or NULL */
    real *bunembed;                /* (V) or NULL */
    struct block *block;           /* [L] */
    struct transposes *transposed; /* [L], and (d, V), of parameters or a direction */
    real *unembed_t;
    real keep; /* of a gradient: the factor of the sum so far, 0 for a lane's first tile */
};

/* The place of a tensor in the flat vector and in struct weights. The latter stores q, k and v
 * together and starts each tensor on a cache line. A matrix (count / in, in) also has its transpose
 * there. */
struct segment {
    size_t flat, inner, count;
    bool one_lane;         /* only the table phase adds to its gradient, in lane 0 */
    bool added;            /* a lane's gradient is only added to: tensors of rank 1 */
    size_t in;             /* 0: not transposed */
    size_t transposed, ld; /* offset of its transpose, and the length of a row there */
};

/* Saved values of one block for a group of rows. Arrays hold all rows, except that the last block's
 * hold only those from q0 on, other than x, h1 and qkv. Derivatives use the same names after r. */
struct fwd {
    real *x;        /* (rows, d) the block's input */
    real *h1;       /* (rows, d) the attention's input: x or its LayerNorm */
    real *qkv;      /* (rows, 3d); not in the first block, which reads the table */
    real *p;        /* (rows, heads, T) attention probabilities */
    real *a;        /* (rows, d) heads' outputs; not in the first block (struct attention) */
    real *xh1, *s1; /* (rows, d), (rows) LayerNorm's normalised rows and 1/deviation (r: rc) */
    real *y;        /* (rows, d) after the attention */
    real *h2;       /* (rows, d) the input of the feed-forward half: y or its LayerNorm */
    real *u;        /* (rows, ff) after the activation */
    real *f1, *f2;  /* (rows, ff) values kept by a curved activation (r: f1 is R{x}) */
    real *xh2, *s2;
};

/* Gradients. If LayerNorm does not follow a sum, dsum2 is dout and dsum1 is dy; if it does not
 * precede a half, dh and dl are absent. */
struct bwd {
    real *dout;  /* (rows, d) of the block's output */
    real *dsum2; /* of y + feed-forward */
    real *du;    /* (rows, ff) before the activation */
    real *dy, *dsum1;
    real *da;
    real *dqkv;      /* (rows, 3d) */
    real *dh1, *dl1; /* of h1, and its contribution to x */
    real *dh2, *dl2;
};

struct tape {
    real *mem;
    size_t rows, q0;
    struct fwd *f;    /* [L + 1]; f[L].x is the last block's output */
    struct bwd *b;    /* [L] */
    real *h, *xh, *s; /* (k, m, d) the read-out's input, if it is a LayerNorm */
    real *dh;         /* (k, m, d) */
    real *z;          /* (k, m, V) logits, then their gradient */
    real *prob;       /* (k, m, V) kept by the loss for products */
};

/* A tile has a copy of its lane, with a turn. Functions take it before they add to what a lane
 * holds, and pass it afterwards. */
struct lane {
    struct gk_turn *turn; /* NULL: no other task adds to the lane */
    struct weights g;
    real *dtab;   /* (ntab, 3d) gradient of the table's q and k */
    real *dtabvo; /* (ntab, heads d) gradient of its values after the output matrix */
    real *dtabx;  /* (ntab, d) gradient of its embeddings through the residual path */
    real **dstem; /* [L] (nstem, 3d) gradient of the stem's q, k, v */
};

struct table {
    real *x;          /* (ntab, d) */
    real *h, *xh, *s; /* (ntab, d), (ntab, d), (ntab) as in the blocks */
    real *qkv;        /* (ntab, 3d) */
    real *vo;         /* (ntab, heads d) Wo_h v_h of every head */
    real *dqkv, *dvo;
    real *dh, *dl;
    real *dx; /* (ntab, d) */
};

struct transformer {
    size_t d, H, ff, V, L, T, k;
    size_t nlane_max, nstem_max, ntab_max;
    const struct gk_plan *plan;
    struct gk_pool *pool;
    struct segment *seg;
    size_t nseg, inner;     /* reals in struct weights, without the transposes */
    size_t with_transposes; /* and with them */
    const struct norm *norm;
    const struct activation *act;
    const struct loss *loss;
    real *sinusoid; /* (T, d) or NULL */
    struct weights w, rw;
    struct lane lane[GK_MAX_LANES];
    struct table tab, rtab;
    struct tape stem, rstem;
    struct gk_share *share;
    struct tape *scratch;  /* [threads] of a tile */
    struct tape *rscratch; /* [threads] */
    struct tape *kept;     /* [ntile] of the linearised point, or NULL */
    double *tile_loss;     /* [ntile] */
    unsigned char *right;  /* [n, k] */
    const struct gk_net_request *q;
};

/* tape.c: memory. A tape for ROWS rows. Rows from Q0 on pass through the whole last block;
 * STEM tapes keep only q, k, v of the last block. EXAMPLES sets the room for logits. BACKWARD: 0:
 * none, 1: shared by all blocks, 2: kept for every block. */
int X(tape_new)(struct tape *tp, const struct transformer *tf, size_t rows, size_t q0, bool stem,
                size_t examples, int backward, struct gk_err *err);
void X(tape_free)(struct tape *tp);
/* weights.c: the places of the tensors. */
int X(weights_place)(struct transformer *tf, const struct gk_params *ps, struct gk_err *err);
int X(weights_new)(struct weights *w, const struct transformer *tf, bool transposed,
                   struct gk_err *err);
void X(weights_free)(struct weights *w);
void *X(transformer_make)(const struct gk_arch *a, const struct gk_params *ps,
                          const struct gk_plan *plan, struct gk_pool *pool, struct gk_err *err);
void X(transformer_free)(void *net);
/* Allocates what only curvature needs, when it is first requested. */
int X(transformer_linearise_room)(struct transformer *tf, struct gk_err *err);
int X(transformer_product_room)(struct transformer *tf, struct gk_err *err);

static inline void take_turn(const struct lane *lane)
{
    if (lane->turn)
        gk_turn_take(lane->turn);
}

static inline void pass_turn(const struct lane *lane)
{
    if (lane->turn)
        gk_turn_pass(lane->turn);
}

/* Is this run a Hessian product? */
static inline bool product(const struct transformer *tf)
{
    return tf->q->mode == GK_NET_PRODUCT;
}

/* prefix_table.c. Table and stem rows are split into a few chunks, at most one per lane: small
 * enough to share the work, large enough for BLAS. Their number depends only on the plan. */
size_t X(chunks)(const struct transformer *tf, size_t n);
void X(chunk)(const struct transformer *tf, size_t n, size_t task, size_t *from, size_t *to);
/* sum (n) += part (n) */
void X(add_rows)(real *sum, const real *part, size_t n);
/* Pool tasks, one chunk each: forward; sum the lanes' gradients and propagate them to the
 * embeddings. */
void X(table_task)(void *ctx, size_t task, int thread);
void X(table_rows_task)(void *ctx, size_t task, int thread);
/* Tasks 0, 1, 2: the first block's q, k, v; 3: the embedding; 4: the first block's output matrix.
 */
enum { TABLE_WEIGHTS = 5 };
void X(table_weights_task)(void *ctx, size_t task, int thread);

/* sum (.., d): adds row i of x (n, d) to row row[i]. */
void X(scatter_rows)(size_t n, size_t d, const real *x, const int32_t *row, real *sum);
/* The places of block L's q, k and values for the rows of G, and (RT not NULL) of their
 * derivatives. */
struct attention X(block_heads)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                                const struct tape *tp, const struct tape *rt);

/* The places of their gradients: B belongs to the group. */
struct attention_sums X(block_sums)(const struct transformer *tf, size_t l, const struct bwd *b,
                                    const struct lane *lane);

/* One of a block's two LayerNorms, from its row ROW on, with its derivatives (RT not NULL) and its
 * gradients (LANE not NULL). */
struct ln X(block_ln)(const struct transformer *tf, size_t l, int half, const struct tape *tp,
                      const struct tape *rt, size_t row, const struct lane *lane);

/* The products that compute q, k and v of rows FROM <= r < TO; the backward pass has the same ones.
 * Usually one product computes all three. In the last block one computes k and v, and another
 * computes q from row q0 on, if there are such rows. */
struct qkv_part {
    size_t row;           /* the first */
    size_t column, width; /* of the (3d) columns q, k and v */
};
struct qkv_parts {
    struct qkv_part part[2];
    int n;
    size_t q0; /* the first row from FROM on with a query; may be beyond TO */
    bool last; /* is this the last block? */
};
struct qkv_parts X(qkv_parts)(const struct transformer *tf, size_t l, const struct tape *tp,
                              size_t from, size_t to);
/* Adds the biases of queries and values, if BQKV is not NULL, and their gradient; queries from row
 * Q0 >= FROM on. A bias of the keys would add the same number to all scores of a row, which the
 * softmax cancels. */
void X(qkv_bias)(size_t d, const real *bqkv, real *qkv, size_t from, size_t q0, size_t to);
void X(qkv_bias_sum)(size_t d, real *dbqkv, const real *dqkv, size_t from, size_t q0, size_t to);

/* block.c: rows FROM <= r < TO of a group through block L. */
void X(block_qkv)(const struct transformer *tf, size_t l, const struct tape *tp, size_t from,
                  size_t to);
void X(block_forward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                      const struct tape *tp, size_t from, size_t to);
/* From b[l].dout to the gradients of q, k, v (in the first block: of the table's). */
void X(block_backward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                       const struct tape *tp, size_t from, size_t to, struct lane *lane);
/* The last block has a residual path only from row Q0 on. Adds its gradient DSUM1, from row Q0 on,
 * to SUM, from row FROM on. */
void X(add_last_residual)(const struct qkv_parts *q, size_t q0, size_t d, const real *dsum1,
                          size_t from, size_t to, real *sum);
/* From the gradients of q, k, v to b[l - 1].dout. l >= 1. */
void X(block_qkv_backward)(const struct transformer *tf, size_t l, const struct tape *tp,
                           size_t from, size_t to, struct lane *lane);

/* block_r.c: derivatives of the functions above along tf->rw; RT holds the derivatives of TP. */
void X(block_r_qkv)(const struct transformer *tf, size_t l, const struct tape *tp,
                    const struct tape *rt, size_t from, size_t to);
void X(block_r_forward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                        const struct tape *tp, const struct tape *rt, size_t from, size_t to);
void X(block_r_backward)(const struct transformer *tf, size_t l, const struct gk_rowgroup *g,
                         const struct tape *tp, const struct tape *rt, size_t from, size_t to,
                         struct lane *lane);
void X(block_r_qkv_backward)(const struct transformer *tf, size_t l, const struct tape *tp,
                             const struct tape *rt, size_t from, size_t to, struct lane *lane);

/* readout.c. Logits of M examples whose rows after the last block are f[L].x; returns the sum of
 * their losses. */
double X(readout)(const struct transformer *tf, const struct tape *tp, size_t m,
                  const int32_t *labels, unsigned char *right);
/* From the logits to b[L - 1].dout. */
void X(readout_backward)(const struct transformer *tf, const struct tape *tp, size_t m,
                         const int32_t *labels, struct lane *lane);
/* The derivatives of the logits and of readout_backward together. */
void X(readout_r)(const struct transformer *tf, const struct tape *tp, const struct tape *rt,
                  size_t m, const int32_t *labels, struct lane *lane);

#endif
