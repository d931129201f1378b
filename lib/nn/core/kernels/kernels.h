/* The operations of the networks. Each has a forward and a backward pass, and the directional
 * derivatives of both (Pearlmutter 1994: "R{}"), which give exact Hessian products. An argument
 * that begins with r is the derivative of its namesake along the direction; d stands for the
 * gradient of the loss. Rows are contiguous unless a leading dimension says otherwise. */
#ifndef GK_CORE_KERNELS_H
#define GK_CORE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/arch.h"
#include "nn/core/real.h"

/* C (m, n) = op(A) op(B) + beta C (multiply.c). Fast shapes: the number of examples is m, or, if A
 * alone is transposed, k. */
void X(multiply)(bool ta, bool tb, size_t m, size_t n, size_t k, const real *a, size_t lda,
                 const real *b, size_t ldb, real beta, real *c, size_t ldc);

/* To be called before the first product, and again after products. Returns -1 with a message if
 * memory was short: then another kernel, which rounds differently, may have computed a product. */
int X(multiply_check)(struct gk_err *err);

/* ---- linear maps, y = x W': names for the three products and their accumulation ---- */

/* y (n, out) = beta y + x (n, in) w (out, in)' */
static inline void linear_forward(size_t n, size_t out, size_t in, const real *x, size_t ldx,
                                  const real *w, real beta, real *y, size_t ldy)
{
    if (n > 0)
        X(multiply)(false, true, n, out, in, x, ldx, w, in, beta, y, ldy);
}

/* The same with the transposed weights t (in, ldt), whose first OUT columns are used. */
static inline void linear_forward_wt(size_t n, size_t out, size_t in, const real *x, size_t ldx,
                                     const real *t, size_t ldt, real beta, real *y, size_t ldy)
{
    if (n > 0)
        X(multiply)(false, false, n, out, in, x, ldx, t, ldt, beta, y, ldy);
}

/* dx (n, in) = beta dx + dy (n, out) w (out, in) */
static inline void linear_backward_input(size_t n, size_t out, size_t in, const real *dy,
                                         size_t lddy, const real *w, real beta, real *dx,
                                         size_t lddx)
{
    if (n > 0)
        X(multiply)(false, false, n, in, out, dy, lddy, w, in, beta, dx, lddx);
}

/* dw (out, in) = beta dw + dy (n, out)' x (n, in) */
static inline void linear_backward_weight(size_t n, size_t out, size_t in, const real *dy,
                                          size_t lddy, const real *x, size_t ldx, real beta,
                                          real *dw)
{
    X(multiply)(true, false, out, in, n, dy, lddy, x, ldx, beta, dw, in);
}

/* The derivatives of the three: each takes two products. */
static inline void linear_r_forward(size_t n, size_t out, size_t in, const real *x, const real *rx,
                                    size_t ldx, const real *w, const real *rw, real *ry, size_t ldy)
{
    linear_forward(n, out, in, rx, ldx, w, 0, ry, ldy);
    linear_forward(n, out, in, x, ldx, rw, 1, ry, ldy);
}

static inline void linear_r_forward_wt(size_t n, size_t out, size_t in, const real *x,
                                       const real *rx, size_t ldx, const real *t, const real *rt,
                                       size_t ldt, real *ry, size_t ldy)
{
    linear_forward_wt(n, out, in, rx, ldx, t, ldt, 0, ry, ldy);
    linear_forward_wt(n, out, in, x, ldx, rt, ldt, 1, ry, ldy);
}

static inline void linear_r_backward_input(size_t n, size_t out, size_t in, const real *dy,
                                           const real *rdy, size_t lddy, const real *w,
                                           const real *rw, real beta, real *rdx, size_t lddx)
{
    linear_backward_input(n, out, in, rdy, lddy, w, beta, rdx, lddx);
    linear_backward_input(n, out, in, dy, lddy, rw, 1, rdx, lddx);
}

static inline void linear_r_backward_weight(size_t n, size_t out, size_t in, const real *dy,
                                            const real *rdy, size_t lddy, const real *x,
                                            const real *rx, size_t ldx, real beta, real *rdw)
{
    linear_backward_weight(n, out, in, rdy, lddy, x, ldx, beta, rdw);
    linear_backward_weight(n, out, in, dy, lddy, rx, ldx, 1, rdw);
}

/* ---- gradients of lanes: out (n) = their sum in double, in the order of the lanes ---- */

enum { SUM_PIECE = 8192 }; /* of a vector, in one task */
void X(sum_lanes)(size_t lanes, const real *const *part, size_t n, real *out);

/* to (in, ld) = x (out, in)' */
void X(transpose)(size_t out, size_t in, const real *x, real *to, size_t ld);

/* ---- y = LN(x + res): xh = (h - mean h) rs, rs = 1/sqrt(var h + 1e-5), y = gain xh + bias ---- */

/* RES and Y may be the same rows. RES may be NULL. xh, y (n, d); rs (n). */
void X(layernorm_forward)(size_t n, size_t d, const real *x, const real *res, const real *gain,
                          const real *bias, real *xh, real *rs, real *y);
/* dh (n, d) is also the gradient of x and of res; dgain, dbias (d) are added to. */
void X(layernorm_backward)(size_t n, size_t d, const real *dy, const real *gain, const real *xh,
                           const real *rs, real *dh, real *dgain, real *dbias);
/* rc (n) = mean(xh * rh), so that R{rs} = -rs^2 rc; RRES is like RES above. */
void X(layernorm_r_forward)(size_t n, size_t d, const real *rx, const real *rres, const real *gain,
                            const real *rgain, const real *rbias, const real *xh, const real *rs,
                            real *rxh, real *rc, real *ry);
void X(layernorm_r_backward)(size_t n, size_t d, const real *dy, const real *rdy, const real *gain,
                             const real *rgain, const real *xh, const real *rs, const real *rxh,
                             const real *rc, const real *dh, real *rdh, real *rdgain, real *rdbias);

/* ---- causal attention of rows that name their keys ---- */

/* Values come in two shapes. Usually a head reads its own w = d / heads entries of v and writes its
 * own w entries of the output. In the first block the values of all keys are table rows, so the
 * output matrix is applied to them in advance: a head's value is then Wo_h v_h, d wide, and the
 * heads' outputs add up. */
struct attention {
    size_t d, heads, T;
    const int32_t *nkeys; /* [rows] */
    const int32_t
        *ref; /* [rows, T]: key j is row ref of SHARED, or if ref is negative row ~ref of OWN */
    const int32_t *qrow; /* [rows] the row of SHARED that holds q, or NULL: the same row of OWN */
    const real *shared, *own; /* (.., 3d) q, k and the rest */
    const real *rshared, *rown;
    const real *vshared, *vown; /* (.., ldv) values */
    const real *rvshared, *rvown;
    size_t ldv;
    size_t vwidth; /* of a head's value: w or d */
    size_t vstep;  /* from one head's value to the next */
    size_t ostep;  /* from one head's output to the next: w, or 0 where they add up */
};

/* The gradients of q and k, and of values, are added here; arrays have the shapes above. */
struct attention_sums {
    real *shared, *own, *vshared, *vown;
};

/* Rows row0 <= r < row1. Buffers p (probabilities; rows, heads, T) and a (rows, d) begin at row0.
 */
void X(attention_forward)(const struct attention *at, size_t row0, size_t row1, real *p, real *a);
void X(attention_backward)(const struct attention *at, size_t row0, size_t row1, const real *p,
                           const real *da, const struct attention_sums *sums);
void X(attention_r_forward)(const struct attention *at, size_t row0, size_t row1, const real *p,
                            real *rp, real *ra);
void X(attention_r_backward)(const struct attention *at, size_t row0, size_t row1, const real *p,
                             const real *rp, const real *da, const real *rda,
                             const struct attention_sums *sums);

/* ---- losses of rows of logits z (n, V), whose labels are K apart ---- */

struct loss {
    /* Their sum. right[i k]: is the label the first of the largest logits? */
    double (*forward)(size_t n, size_t V, const real *z, const int32_t *label, size_t k,
                      unsigned char *right);
    /* z becomes dz = SCALE times its gradient; KEEP (n, V), unless NULL, receives what r_backward
     * needs. */
    void (*backward)(size_t n, size_t V, real *z, const int32_t *label, size_t k, real scale,
                     real *keep);
    /* Forward, then backward, with the same results; what both need is computed once. */
    double (*both)(size_t n, size_t V, real *z, const int32_t *label, size_t k,
                   unsigned char *right, real scale, real *keep);
    /* rz becomes R{dz}. */
    void (*r_backward)(size_t n, size_t V, const real *keep, const int32_t *label, size_t k,
                       real scale, real *rz);
};
extern const struct loss X(losses)[GK_LOSSES]; /* by enum gk_loss */

#define GK_DECLARE_LOSS(name)                                                                      \
    double X(name##_forward)(size_t n, size_t V, const real *z, const int32_t *label, size_t k,    \
                             unsigned char *right);                                                \
    void X(name##_backward)(size_t n, size_t V, real * z, const int32_t *label, size_t k,          \
                            real scale, real *keep);                                               \
    void X(name##_r_backward)(size_t n, size_t V, const real *keep, const int32_t *label,          \
                              size_t k, real scale, real *rz)
GK_DECLARE_LOSS(crossentropy); /* in a form without cancellation (loss.c) */
double X(crossentropy_both)(size_t n, size_t V, real *z, const int32_t *label, size_t k,
                            unsigned char *right, real scale, real *p);
GK_DECLARE_LOSS(squares);
GK_DECLARE_LOSS(stablemax);
GK_DECLARE_LOSS(rounded); /* the cross-entropy with the rounding of the usual form */
/* The first of the largest entries of z (V). */
size_t X(argmax)(const real *z, size_t V);

/* ---- activations ---- */

struct activation {
    bool curved; /* it keeps f1 = f' and f2 = f'' of its input; others do not use them */
    /* y (rows, n) becomes f(y + bias); BIAS may be NULL. F1, F2 (rows, n) are NULL if not wanted;
     * F2 requires F1. */
    void (*forward)(size_t rows, size_t n, const real *bias, real *y, real *f1, real *f2);
    /* dy (n) becomes dx; f2, unless NULL, is multiplied by dy for r_backward. */
    void (*backward)(size_t n, const real *y, const real *f1, real *f2, real *dy);
    /* ry (n) holds R{x}, which is copied to rx, and becomes R{y}. */
    void (*r_forward)(size_t n, const real *y, const real *f1, real *rx, real *ry);
    /* rdy (n) becomes R{dx}. */
    void (*r_backward)(size_t n, const real *y, const real *f1, const real *f2, const real *rx,
                       real *rdy);
};
extern const struct activation X(activations)[GK_ACTIVATION_KINDS]; /* by enum gk_activation */

/* ---- biases ---- */

/* y (n, width; rows LD apart) += bias, and db (width) += the sum of dy's rows. NULL: no bias. */
void X(bias_add)(size_t n, size_t width, const real *bias, real *y, size_t ld);
void X(bias_sum)(size_t n, size_t width, const real *dy, size_t ld, real *db);

/* ---- the place of LayerNorm in a block, and which of its parameters exist ---- */

/* One LayerNorm over some rows: its parameters, its saved values (above), and its gradients. */
struct ln {
    const real *gain, *bias, *rgain, *rbias;
    real *xh, *s, *rxh, *rc;
    real *dgain, *dbias;
};

/* A half of a block reads h = enter(x), and adds its result y to the stream: x' = join(x + y). At
 * most one of enter and join is LayerNorm, and otherwise they are the identity. If enter is, h and
 * x share a buffer; if join is, the gradients of x + y and of x' do. All have rows (n, d). */

/* Backward through enter. The gradient of x is DSUM (NULL: 0), the gradient of the residual path,
 * plus a part that comes through h. lead() returns the buffer that receives the gradient of h. The
 * half multiplies what the buffer holds by BETA, and adds the gradient. Then led() completes the
 * gradient of x. dl (n, d) is kept for r_led. */
struct entry {
    real beta;
    real *(*lead)(size_t n, size_t d, const real *dsum, real *dx, real *dh);
    void (*led)(size_t n, size_t d, const real *dsum, const real *dh, const struct ln *ln, real *dl,
                real *dx);
    void (*r_led)(size_t n, size_t d, const real *rdsum, const real *dh, const real *rdh,
                  const struct ln *ln, const real *dl, real *rdl, real *rdx);
};

struct norm {
    bool enters, joins; /* which is LayerNorm */
    bool carries;       /* the residual path of a block begins at h, not at x */
    void (*enter)(size_t n, size_t d, const real *x, const struct ln *ln, real *h);
    void (*r_enter)(size_t n, size_t d, const real *rx, const struct ln *ln, real *rh);
    /* y becomes x'. */
    void (*join)(size_t n, size_t d, const real *x, const struct ln *ln, real *y);
    void (*r_join)(size_t n, size_t d, const real *rx, const struct ln *ln, real *ry);
    void (*join_backward)(size_t n, size_t d, const real *dout, const struct ln *ln, real *dsum);
    void (*r_join_backward)(size_t n, size_t d, const real *dout, const real *rdout,
                            const struct ln *ln, const real *dsum, real *rdsum);
    struct entry first, rest; /* to the attention; to the feed-forward half and the read-out */
};
extern const struct norm X(norms)[4]; /* by enum gk_norm_place */

#endif
