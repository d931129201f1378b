/* One step of an optimiser on a small transformer's tensors, for the tests of what it does to them.
 */
#ifndef STEP_H
#define STEP_H

#include <stdlib.h>

#include "check.h"
#include "gk/mem.h"
#include "gk/optim.h"
#include "gk/rng.h"

static struct gk_params ps;
static struct gk_pool *three;

/* N numbers drawn around 0, as REAL. */
static inline void *draw(enum gk_dtype real, size_t n, uint64_t seed)
{
    struct gk_rng r;
    double *wide = gk_alloc(n, sizeof *wide, NULL);
    void *v = gk_alloc(n, gk_dtype_size(real), NULL);
    gk_rng_seed(&r, seed, 1);
    for (size_t i = 0; i < n; i++)
        wide[i] = gk_rng_normal(&r);
    gk_reals_narrow(real, n, wide, v);
    gk_free(wide);
    return v;
}

static inline double *widened(enum gk_dtype real, size_t n, const void *v)
{
    double *wide = gk_alloc(n, sizeof *wide, NULL);
    gk_reals_widen(real, n, v, wide);
    return wide;
}

static inline double product(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static inline double norm(const double *a, size_t n)
{
    return sqrt(product(a, a, n));
}

static inline struct gk_optim *make(const struct gk_optim_conf *c, enum gk_dtype real)
{
    struct gk_err err = {0};
    struct gk_optim *o;
    if (gk_optim_new(&o, c, ps.total, &ps, real, three, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
    return o;
}

/* Plain descent by the gradient itself: what a step takes from theta is what became of it. */
static inline struct gk_optim_conf descent(void)
{
    struct gk_optim_conf c = gk_optim_defaults(GK_SGD);
    c.lr = 1;
    c.warmup = 0;
    return c;
}

/* What one step K makes of the gradient G at THETA [ps.total]; to be freed. */
static inline double *changed(struct gk_optim *o, int64_t k, const double *theta, const double *g)
{
    double *to = gk_alloc(ps.total, sizeof *to, NULL);
    memcpy(to, theta, ps.total * sizeof *to);
    gk_optim_step(o, k, to, g, norm(g, ps.total));
    for (size_t i = 0; i < ps.total; i++)
        to[i] = theta[i] - to[i];
    return to;
}

static inline void check_is(const double *got, double factor, const double *want, double tol)
{
    double worst = 0;
    for (size_t i = 0; i < ps.total; i++)
        worst = fmax(worst, fabs(got[i] - factor * want[i]));
    CHECK_NEAR(worst, 0, tol);
}

static inline void set_up(void)
{
    const struct gk_arch a = {GK_TRANSFORMER, .layers = 1, .dim = 16, .heads = 2, .ff = 600, 9};
    struct gk_err err = {0};
    CHECK(gk_params_init(&ps, &a, &err) == 0);
    CHECK(gk_pool_new(&three, 3, &err) == 0);
}

static inline int tear_down(void)
{
    gk_pool_free(three);
    gk_params_free(&ps);
    return check_status();
}

#endif
