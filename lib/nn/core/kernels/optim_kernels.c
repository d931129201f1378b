/* The optimisers, element by element, as PyTorch 1.13 defines them. g is the clipped gradient; in
 * all but adamw and lion it includes the L2 decay, g = scale grad + decay theta. Elements are
 * independent, so results do not depend on blocks or threads. */
#include "optim_kernels.h"

#include <math.h>

#include "gk/optim.h"
#include "nn/core/real.h"

#if GK_REAL_IS_F64
#define root     sqrt
#define absolute fabs
#else
#define root     sqrtf
#define absolute fabsf
#endif

/* m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
 * theta = shrink theta - lr / bias1 * m / (sqrt(v) / sqrt(bias2) + eps)
 * adam: shrink = 1. adamw: no L2, shrink = 1 - lr decay (Loshchilov and Hutter 2019). */
static inline void adam_like(const struct gk_update *u, double l2_, double shrink_, size_t n,
                             real *restrict theta, const real *restrict grad, real *restrict m,
                             real *restrict v)
{
    const real scale = (real)u->scale, l2 = (real)l2_, shrink = (real)shrink_;
    const real b1 = (real)u->beta1, c1 = (real)(1 - u->beta1);
    const real b2 = (real)u->beta2, c2 = (real)(1 - u->beta2);
    const real step = (real)(u->lr / u->bias1), unbias = (real)(1 / sqrt(u->bias2));
    const real eps = (real)u->eps;
    for (size_t i = 0; i < n; i++) {
        const real g = scale * grad[i] + l2 * theta[i];
        m[i] = b1 * m[i] + c1 * g;
        v[i] = b2 * v[i] + c2 * g * g;
        theta[i] = shrink * theta[i] - step * m[i] / (root(v[i]) * unbias + eps);
    }
}

static void adamw(const struct gk_update *u, size_t n, void *theta, const void *grad, void *m,
                  void *v)
{
    adam_like(u, 0, 1 - u->lr * u->decay, n, theta, grad, m, v);
}

static void adam(const struct gk_update *u, size_t n, void *theta, const void *grad, void *m,
                 void *v)
{
    adam_like(u, u->decay, 1, n, theta, grad, m, v);
}

/* m = beta1 m + (1 - beta1) g;  r = max(beta2 r, |g| + eps);  theta -= lr / bias1 * m / r */
static void adamax(const struct gk_update *u, size_t n, void *theta_, const void *grad_, void *m_,
                   void *r_)
{
    real *restrict theta = theta_, *restrict m = m_, *restrict r = r_;
    const real *restrict grad = grad_;
    const real scale = (real)u->scale, l2 = (real)u->decay, eps = (real)u->eps;
    const real b1 = (real)u->beta1, c1 = (real)(1 - u->beta1), b2 = (real)u->beta2;
    const real step = (real)(u->lr / u->bias1);
    for (size_t i = 0; i < n; i++) {
        const real g = scale * grad[i] + l2 * theta[i];
        const real now = absolute(g) + eps, before = b2 * r[i];
        m[i] = b1 * m[i] + c1 * g;
        r[i] = now > before ? now : before;
        theta[i] -= step * m[i] / r[i];
    }
}

/* v = alpha v + (1 - alpha) g^2;  theta -= lr g / (sqrt(v) + eps) */
static void rmsprop(const struct gk_update *u, size_t n, void *theta_, const void *grad_, void *v_,
                    void *unused)
{
    (void)unused;
    real *restrict theta = theta_, *restrict v = v_;
    const real *restrict grad = grad_;
    const real scale = (real)u->scale, l2 = (real)u->decay, eps = (real)u->eps, lr = (real)u->lr;
    const real b = (real)u->beta2, c = (real)(1 - u->beta2);
    for (size_t i = 0; i < n; i++) {
        const real g = scale * grad[i] + l2 * theta[i];
        v[i] = b * v[i] + c * g * g;
        theta[i] -= lr * g / (root(v[i]) + eps);
    }
}

/* size *= 1.2 where g kept its sign, 0.5 where it changed, within [1e-6, 50]; where it changed, g
 * counts as 0 now and next time;  theta -= sign(g) size  (Riedmiller and Braun 1993, without
 * weight backtracking) */
static void rprop(const struct gk_update *u, size_t n, void *theta_, const void *grad_,
                  void *before_, void *size_)
{
    real *restrict theta = theta_, *restrict before = before_, *restrict size = size_;
    const real *restrict grad = grad_;
    const real scale = (real)u->scale, l2 = (real)u->decay;
    const real grow = (real)1.2, shrink = (real)0.5, least = (real)1e-6, most = 50;
    for (size_t i = 0; i < n; i++) {
        real g = scale * grad[i] + l2 * theta[i];
        const real agree = g * before[i];
        real s = size[i] * (agree > 0 ? grow : agree < 0 ? shrink : 1);
        s = s < least ? least : s > most ? most : s;
        g = agree < 0 ? 0 : g;
        theta[i] -= g > 0 ? s : g < 0 ? -s : 0;
        size[i] = s;
        before[i] = g;
    }
}

/* buf = momentum buf + g;  theta -= lr buf */
static void momentum(const struct gk_update *u, size_t n, void *theta_, const void *grad_,
                     void *buf_, void *unused)
{
    (void)unused;
    real *restrict theta = theta_, *restrict buf = buf_;
    const real *restrict grad = grad_;
    const real scale = (real)u->scale, l2 = (real)u->decay, lr = (real)u->lr;
    const real mu = (real)u->momentum;
    for (size_t i = 0; i < n; i++) {
        const real g = scale * grad[i] + l2 * theta[i];
        buf[i] = mu * buf[i] + g;
        theta[i] -= lr * buf[i];
    }
}

/* theta -= lr g */
static void sgd(const struct gk_update *u, size_t n, void *theta_, const void *grad_, void *unused,
                void *unused_too)
{
    (void)unused;
    (void)unused_too;
    real *restrict theta = theta_;
    const real *restrict grad = grad_;
    const real scale = (real)u->scale, l2 = (real)u->decay, lr = (real)u->lr;
    for (size_t i = 0; i < n; i++)
        theta[i] -= lr * (scale * grad[i] + l2 * theta[i]);
}

/* u = sign(beta1 m + (1 - beta1) g);  theta = (1 - lr decay) theta - lr u;
 * m = beta2 m + (1 - beta2) g  (Chen et al. 2023) */
static void lion(const struct gk_update *u, size_t n, void *theta_, const void *grad_, void *m_,
                 void *unused)
{
    (void)unused;
    real *restrict theta = theta_, *restrict m = m_;
    const real *restrict grad = grad_;
    const real scale = (real)u->scale, lr = (real)u->lr, shrink = (real)(1 - u->lr * u->decay);
    const real b1 = (real)u->beta1, c1 = (real)(1 - u->beta1);
    const real b2 = (real)u->beta2, c2 = (real)(1 - u->beta2);
    for (size_t i = 0; i < n; i++) {
        const real g = scale * grad[i], way = b1 * m[i] + c1 * g;
        theta[i] = shrink * theta[i] - (way > 0 ? lr : way < 0 ? -lr : 0);
        m[i] = b2 * m[i] + c2 * g;
    }
}

static void dots(size_t n, const void *theta_, const void *grad_, const void *prev_,
                 const void *init_, double sum[GK_DOTS])
{
    const real *theta = theta_, *grad = grad_, *prev = prev_, *init = init_;
    double gg = 0, tt = 0, tp = 0, pp = 0, ti = 0;
#pragma omp simd reduction(+ : gg, tt, tp, pp, ti)
    for (size_t i = 0; i < n; i++) {
        const double g = (double)grad[i], t = (double)theta[i], p = (double)prev[i];
        gg += g * g;
        tt += t * t;
        tp += t * p;
        pp += p * p;
        ti += t * (double)init[i];
    }
    sum[GK_DOT_GG] = gg;
    sum[GK_DOT_TT] = tt;
    sum[GK_DOT_TP] = tp;
    sum[GK_DOT_PP] = pp;
    sum[GK_DOT_TI] = ti;
}

const struct gk_optim_kernels X(gk_optim_kernels) = {
    .update = {[GK_ADAMW] = adamw,
               [GK_ADAM] = adam,
               [GK_ADAMAX] = adamax,
               [GK_RMSPROP] = rmsprop,
               [GK_RPROP] = rprop,
               [GK_MOMENTUM] = momentum,
               [GK_SGD] = sgd,
               [GK_LION] = lion,
               [GK_MUON] = adamw}, /* for the tensors that muon does not take */
    .dots = dots,
};
