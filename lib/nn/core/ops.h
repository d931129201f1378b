/* The operations of the networks, each as forward, backward, and the directional derivative of both
 * (Pearlmutter 1994: "R{}"), which together give exact Hessian products. An argument that begins
 * with r is the derivative of its namesake along the direction; d stands for the gradient of the
 * loss. Rows are contiguous unless a leading dimension says otherwise. */
#ifndef GK_CORE_OPS_H
#define GK_CORE_OPS_H

#include <stddef.h>
#include <stdint.h>

#include "real.h"

#define multiply                GKN(multiply)
#define multiply_check          GKN(multiply_check)
#define sum_lanes               GKN(sum_lanes)
#define layernorm_forward       GKN(layernorm_forward)
#define layernorm_backward      GKN(layernorm_backward)
#define layernorm_r_forward     GKN(layernorm_r_forward)
#define layernorm_r_backward    GKN(layernorm_r_backward)
#define attention_forward       GKN(attention_forward)
#define attention_backward      GKN(attention_backward)
#define attention_r_forward     GKN(attention_r_forward)
#define attention_r_backward    GKN(attention_r_backward)
#define crossentropy_forward    GKN(crossentropy_forward)
#define crossentropy_backward   GKN(crossentropy_backward)
#define crossentropy_r_backward GKN(crossentropy_r_backward)
#define rectifier_forward       GKN(rectifier_forward)
#define rectifier_backward      GKN(rectifier_backward)

/* C (m, n) = op(A) op(B) + beta C (multiply.c). Fastest where only A is transposed and m, or k
 * where it is, is the number of examples. */
void multiply(bool ta, bool tb, size_t m, size_t n, size_t k, const real *a, size_t lda,
              const real *b, size_t ldb, real beta, real *c, size_t ldc);
/* Before the first product, and after any: -1 with a message if one was not made the way it should,
 * for want of memory. */
int multiply_check(struct gk_err *err);

/* ---- linear maps, y = x W': thin names for the three products and what they sum into ---- */

/* y (n, out) = beta y + x (n, in) w (out, in)' */
static inline void linear_forward(size_t n, size_t out, size_t in, const real *x, size_t ldx,
                                  const real *w, real beta, real *y, size_t ldy)
{
    if (n > 0)
        multiply(false, true, n, out, in, x, ldx, w, in, beta, y, ldy);
}

/* The same with the transposed weights t (in, ldt), of which the first OUT columns count. */
static inline void linear_forward_turned(size_t n, size_t out, size_t in, const real *x, size_t ldx,
                                         const real *t, size_t ldt, real beta, real *y, size_t ldy)
{
    if (n > 0)
        multiply(false, false, n, out, in, x, ldx, t, ldt, beta, y, ldy);
}

/* dx (n, in) = beta dx + dy (n, out) w (out, in) */
static inline void linear_backward_input(size_t n, size_t out, size_t in, const real *dy,
                                         size_t lddy, const real *w, real beta, real *dx,
                                         size_t lddx)
{
    if (n > 0)
        multiply(false, false, n, in, out, dy, lddy, w, in, beta, dx, lddx);
}

/* dw (out, in) = beta dw + dy (n, out)' x (n, in) */
static inline void linear_backward_weight(size_t n, size_t out, size_t in, const real *dy,
                                          size_t lddy, const real *x, size_t ldx, real beta,
                                          real *dw)
{
    multiply(true, false, out, in, n, dy, lddy, x, ldx, beta, dw, in);
}

/* The derivatives of the three: each is a product twice. */
static inline void linear_r_forward(size_t n, size_t out, size_t in, const real *x, const real *rx,
                                    size_t ldx, const real *w, const real *rw, real *ry, size_t ldy)
{
    linear_forward(n, out, in, rx, ldx, w, 0, ry, ldy);
    linear_forward(n, out, in, x, ldx, rw, 1, ry, ldy);
}

static inline void linear_r_forward_turned(size_t n, size_t out, size_t in, const real *x,
                                           const real *rx, size_t ldx, const real *t,
                                           const real *rt, size_t ldt, real *ry, size_t ldy)
{
    linear_forward_turned(n, out, in, rx, ldx, t, ldt, 0, ry, ldy);
    linear_forward_turned(n, out, in, x, ldx, rt, ldt, 1, ry, ldy);
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

enum { SUM_PIECE = 8192 }; /* of a vector, for a task */
void sum_lanes(size_t lanes, const real *const *part, size_t n, real *out);

/* ---- y = LN(x + res): xh = (h - mean h) rs, rs = 1/sqrt(var h + 1e-5), y = gain xh + bias ---- */

/* RES and Y may be the same rows. xh, y (n, d); rs (n). */
void layernorm_forward(size_t n, size_t d, const real *x, const real *res, const real *gain,
                       const real *bias, real *xh, real *rs, real *y);
/* dh (n, d), also the gradient of x and of res; dgain, dbias (d) are added to. */
void layernorm_backward(size_t n, size_t d, const real *dy, const real *gain, const real *xh,
                        const real *rs, real *dh, real *dgain, real *dbias);
/* rc (n) = mean(xh * rh), so that R{rs} = -rs^2 rc; RRES and RY may be the same rows. */
void layernorm_r_forward(size_t n, size_t d, const real *rx, const real *rres, const real *gain,
                         const real *rgain, const real *rbias, const real *xh, const real *rs,
                         real *rxh, real *rc, real *ry);
void layernorm_r_backward(size_t n, size_t d, const real *dy, const real *rdy, const real *gain,
                          const real *rgain, const real *xh, const real *rs, const real *rxh,
                          const real *rc, const real *dh, real *rdh, real *rdgain, real *rdbias);

/* ---- causal attention of rows that name their keys ---- */

/* Values come in two shapes. Usually a head has its own w = d / heads entries of v and writes its
 * own w entries of the output. In the first block the values of all keys are table rows, so that
 * the output matrix can be applied to them beforehand: a head's value is then d wide, Wo_h v_h, and
 * the heads' outputs add up. */
struct attention {
    size_t d, heads, T;
    const int32_t *nkeys; /* [rows] */
    const int32_t *ref;  /* [rows, T]: key j is row ref of SHARED, or row ~ref of OWN if negative */
    const int32_t *qrow; /* [rows] row of SHARED whose q is asked, or NULL: the same row of OWN */
    const real *shared, *own; /* (.., 3d) q, k and what follows */
    const real *rshared, *rown;
    const real *vshared, *vown; /* (.., ldv) values */
    const real *rvshared, *rvown;
    size_t ldv;
    size_t vwidth; /* of a head's value: w or d */
    size_t vstep;  /* from one head's value to the next */
    size_t ostep;  /* from one head's output to the next: w, or 0 where they add up */
};

/* Where gradients of q and k, and of values, are added: arrays shaped as the above. */
struct attention_sums {
    real *shared, *own, *vshared, *vown;
};

/* Rows row0 <= r < row1. Buffers p (probabilities; rows, heads, T) and a (rows, d) begin at row0.
 */
void attention_forward(const struct attention *at, size_t row0, size_t row1, real *p, real *a);
void attention_backward(const struct attention *at, size_t row0, size_t row1, const real *p,
                        const real *da, const struct attention_sums *sums);
void attention_r_forward(const struct attention *at, size_t row0, size_t row1, const real *p,
                         real *rp, real *ra);
void attention_r_backward(const struct attention *at, size_t row0, size_t row1, const real *p,
                          const real *rp, const real *da, const real *rda,
                          const struct attention_sums *sums);

/* ---- softmax cross-entropy, in a form that does not collapse (see loss.c) ---- */

/* Adds to *loss the sum over rows of -log softmax(z)[label]; LABEL's stride is k. right[i * k] says
 * whether the first largest logit is the label. z (n, V). */
double crossentropy_forward(size_t n, size_t V, const real *z, const int32_t *label, size_t k,
                            unsigned char *right);
/* z becomes p (if P is not NULL, kept there too) and dz = scale (p - onehot). */
void crossentropy_backward(size_t n, size_t V, real *z, const int32_t *label, size_t k, real scale,
                           real *p);
/* rz becomes R{dz} = scale p (rz - p . rz). */
void crossentropy_r_backward(size_t n, size_t V, const real *p, real scale, real *rz);

/* ---- max(x, slope x) in place; slope 0 is ReLU, 0.01 the mlp's leaky one ---- */

void rectifier_forward(size_t n, real slope, real *x);
/* dx times the slope at y (the rectified value has the sign of what went in); also R{dx}, R{y}. */
void rectifier_backward(size_t n, real slope, const real *y, real *dx);

#endif
