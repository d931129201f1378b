/* The places of LayerNorm as sets of operations (kernels.h). The identity does nothing: its input
 * and output share a buffer. */
#include <string.h>

#include "kernels.h"

/* ---- a half reads the stream unchanged ---- */

static void enter_plain(size_t n, size_t d, const real *x, const struct ln *ln, real *h)
{
    (void)n, (void)d, (void)x, (void)ln, (void)h;
}

static real *lead_plain(size_t n, size_t d, const real *dsum, real *dx, real *dh)
{
    (void)dh;
    if (dsum && dsum != dx)
        memcpy(dx, dsum, n * d * sizeof *dx);
    return dx;
}

static void led_plain(size_t n, size_t d, const real *dsum, const real *dh, const struct ln *ln,
                      real *dl, real *dx)
{
    (void)n, (void)d, (void)dsum, (void)dh, (void)ln, (void)dl, (void)dx;
}

static void r_led_plain(size_t n, size_t d, const real *rdsum, const real *dh, const real *rdh,
                        const struct ln *ln, const real *dl, real *rdl, real *rdx)
{
    (void)n, (void)d, (void)rdsum, (void)dh, (void)rdh, (void)ln, (void)dl, (void)rdl, (void)rdx;
}

/* ---- a half reads the stream through LayerNorm ---- */

static void enter_normed(size_t n, size_t d, const real *x, const struct ln *ln, real *h)
{
    X(layernorm_forward)(n, d, x, NULL, ln->gain, ln->bias, ln->xh, ln->s, h);
}

static void r_enter_normed(size_t n, size_t d, const real *rx, const struct ln *ln, real *rh)
{
    X(layernorm_r_forward)
    (n, d, rx, NULL, ln->gain, ln->rgain, ln->rbias, ln->xh, ln->s, ln->rxh, ln->rc, rh);
}

static real *lead_normed(size_t n, size_t d, const real *dsum, real *dx, real *dh)
{
    (void)n, (void)d, (void)dsum, (void)dx;
    return dh;
}

/* dx = dsum + dl */
static void add(size_t n, const real *dsum, const real *dl, real *dx)
{
    if (!dsum && dx != dl)
        memcpy(dx, dl, n * sizeof *dx);
    if (!dsum)
        return;
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        dx[i] = dsum[i] + dl[i];
}

static void led_normed(size_t n, size_t d, const real *dsum, const real *dh, const struct ln *ln,
                       real *dl, real *dx)
{
    X(layernorm_backward)(n, d, dh, ln->gain, ln->xh, ln->s, dl, ln->dgain, ln->dbias);
    add(n * d, dsum, dl, dx);
}

static void r_led_normed(size_t n, size_t d, const real *rdsum, const real *dh, const real *rdh,
                         const struct ln *ln, const real *dl, real *rdl, real *rdx)
{
    X(layernorm_r_backward)
    (n, d, dh, rdh, ln->gain, ln->rgain, ln->xh, ln->s, ln->rxh, ln->rc, dl, rdl, ln->dgain,
     ln->dbias);
    add(n * d, rdsum, rdl, rdx);
}

/* ---- the residual path goes through the same LayerNorm ---- */

static real *lead_carried(size_t n, size_t d, const real *dsum, real *dx, real *dh)
{
    (void)dx;
    if (dsum)
        memcpy(dh, dsum, n * d * sizeof *dh);
    return dh;
}

static void led_carried(size_t n, size_t d, const real *dsum, const real *dh, const struct ln *ln,
                        real *dl, real *dx)
{
    (void)dsum; /* in dh already */
    led_normed(n, d, NULL, dh, ln, dl, dx);
}

static void r_led_carried(size_t n, size_t d, const real *rdsum, const real *dh, const real *rdh,
                          const struct ln *ln, const real *dl, real *rdl, real *rdx)
{
    (void)rdsum;
    r_led_normed(n, d, NULL, dh, rdh, ln, dl, rdl, rdx);
}

/* ---- a half's result is added unchanged ---- */

static void join_plain(size_t n, size_t d, const real *x, const struct ln *ln, real *y)
{
    (void)ln;
#pragma omp simd
    for (size_t i = 0; i < n * d; i++)
        y[i] += x[i];
}

static void join_plain_backward(size_t n, size_t d, const real *dout, const struct ln *ln,
                                real *dsum)
{
    (void)n, (void)d, (void)dout, (void)ln, (void)dsum;
}

static void r_join_plain_backward(size_t n, size_t d, const real *dout, const real *rdout,
                                  const struct ln *ln, const real *dsum, real *rdsum)
{
    (void)n, (void)d, (void)dout, (void)rdout, (void)ln, (void)dsum, (void)rdsum;
}

/* ---- the sum with a half's result goes through LayerNorm ---- */

static void join_normed(size_t n, size_t d, const real *x, const struct ln *ln, real *y)
{
    X(layernorm_forward)(n, d, x, y, ln->gain, ln->bias, ln->xh, ln->s, y);
}

static void r_join_normed(size_t n, size_t d, const real *rx, const struct ln *ln, real *ry)
{
    X(layernorm_r_forward)
    (n, d, rx, ry, ln->gain, ln->rgain, ln->rbias, ln->xh, ln->s, ln->rxh, ln->rc, ry);
}

static void join_normed_backward(size_t n, size_t d, const real *dout, const struct ln *ln,
                                 real *dsum)
{
    X(layernorm_backward)(n, d, dout, ln->gain, ln->xh, ln->s, dsum, ln->dgain, ln->dbias);
}

static void r_join_normed_backward(size_t n, size_t d, const real *dout, const real *rdout,
                                   const struct ln *ln, const real *dsum, real *rdsum)
{
    X(layernorm_r_backward)
    (n, d, dout, rdout, ln->gain, ln->rgain, ln->xh, ln->s, ln->rxh, ln->rc, dsum, rdsum, ln->dgain,
     ln->dbias);
}

#define PLAIN                                                                                      \
    {                                                                                              \
        1, lead_plain, led_plain, r_led_plain                                                      \
    }
#define NORMED                                                                                     \
    {                                                                                              \
        0, lead_normed, led_normed, r_led_normed                                                   \
    }
#define CARRIED                                                                                    \
    {                                                                                              \
        1, lead_carried, led_carried, r_led_carried                                                \
    }
#define ENTER_PLAIN .enter = enter_plain, .r_enter = enter_plain, .first = PLAIN, .rest = PLAIN
#define ENTER_NORMED                                                                               \
    .enters = true, .enter = enter_normed, .r_enter = r_enter_normed, .rest = NORMED
#define JOIN_PLAIN                                                                                 \
    .join = join_plain, .r_join = join_plain, .join_backward = join_plain_backward,                \
    .r_join_backward = r_join_plain_backward
#define JOIN_NORMED                                                                                \
    .joins = true, .join = join_normed, .r_join = r_join_normed,                                   \
    .join_backward = join_normed_backward, .r_join_backward = r_join_normed_backward
const struct norm X(norms)[4] = {
    [GK_NORM_POST] = {ENTER_PLAIN, JOIN_NORMED},
    [GK_NORM_PRE] = {ENTER_NORMED, JOIN_PLAIN, .first = NORMED},
    [GK_NORM_LESS] = {ENTER_PLAIN, JOIN_PLAIN},
    [GK_NORM_BLOCK] = {ENTER_NORMED, JOIN_PLAIN, .first = CARRIED, .carries = true},
};
