/* Least squares for the power law in scaled form, with some parameters pinned
 * (powerlaw_solve.h). */
#include "powerlaw_solve.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/scale.h"

enum { GRID = 41 }; /* exponents tried as starts */

static int check(const struct gk_powerlaw_data *a, size_t free_parameters, struct gk_err *err)
{
    size_t observed = 0, distinct = 0;
    double first_y = NAN, seen[GK_PL_PARS]; /* the first different x, as many as parameters */
    bool constant = true;
    for (size_t i = 0; i < a->n; i++) {
        double w = a->weight ? a->weight[i] : 1;
        if (!isfinite(a->x[i]) || a->x[i] <= 0)
            return gk_fail(err, "x = %g: a power law wants x > 0", a->x[i]);
        if (!isfinite(a->y[i]))
            return gk_fail(err, "y = %g is not finite", a->y[i]);
        if (!isfinite(w) || w < 0)
            return gk_fail(err, "weight %g: wants a number >= 0", w);
        if (w == 0 || (a->censored && a->censored[i]))
            continue;
        if (!observed++)
            first_y = a->y[i];
        constant = constant && a->y[i] == first_y;
        size_t j = 0;
        while (j < distinct && seen[j] != a->x[i])
            j++;
        if (j == distinct && distinct < free_parameters)
            seen[distinct++] = a->x[i];
    }
    if (observed < free_parameters)
        return gk_fail(err, "%zu runs with a value: too few for %zu parameters", observed,
                       free_parameters);
    if (distinct < free_parameters)
        return gk_fail(err, "only %zu different x%s: too few for %zu parameters", distinct,
                       observed < a->n ? " with a value" : "", free_parameters);
    if (constant)
        return gk_fail(err, "every y is %g: there is no law to fit", first_y);
    return 0;
}

/* Converts x, y and weights to u, z and root. */
static int scale_runs(struct pl_data *d, const struct gk_powerlaw_conf *conf, struct gk_err *err)
{
    double weights = 0;
    const int size = gk_exponent_of(d->y_scale);
    d->exponent = size < -300 || size > 300 ? size : 0;
    d->y_scale = ldexp(d->y_scale, -d->exponent);
    gk_scale(d->z, d->z, d->n, -d->exponent);
    gk_scale(d->root, d->root, d->n, -gk_exponent(d->root, d->n));
    d->mean_log_x /= (double)d->n;
    for (size_t i = 0; i < d->n; i++)
        weights += d->root[i];
    for (size_t i = 0; i < d->n; i++) {
        d->u[i] -= d->mean_log_x;
        d->z[i] /= d->y_scale;
        d->root[i] = sqrt(d->root[i] * (double)d->n / weights);
        d->u_max = fmax(d->u_max, fabs(d->u[i]));
    }
    d->bound_b = conf->bound_b;
    d->b_min = ldexp(conf->b_min, -d->exponent) / d->y_scale;
    const double b = conf->fix_b ? conf->b : conf->bound_b ? conf->b_min : 0;
    if (fabs(ldexp(b, -d->exponent) / d->y_scale) < 1e100)
        return 0;
    return gk_fail(err, "b = %g is too far from y, which goes up to %g", b,
                   ldexp(d->y_scale, d->exponent));
}

int pl_data_new(struct pl_data *d, const struct gk_powerlaw_data *a,
                const struct gk_powerlaw_conf *conf, size_t free_parameters, struct gk_err *err)
{
    *d = (struct pl_data){0};
    if (check(a, free_parameters, err))
        return -1;
    if (pl_data_room(d, a->n, err)) {
        pl_data_free(d);
        return -1;
    }
    for (size_t i = 0; i < a->n; i++) { /* runs of weight 0 are skipped */
        double w = a->weight ? a->weight[i] : 1;
        if (w == 0)
            continue;
        size_t k = d->n++;
        d->u[k] = log(a->x[i]);
        d->z[k] = a->y[i];
        d->root[k] = w;
        d->censored[k] = a->censored && a->censored[i];
        d->observed += !d->censored[k];
        d->mean_log_x += d->u[k];
        d->y_scale = fmax(d->y_scale, fabs(a->y[i]));
    }
    if (gk_nlfit_new(&d->lm, d->n, free_parameters, err)) {
        pl_data_free(d);
        return -1;
    }
    if (scale_runs(d, conf, err)) {
        pl_data_free(d);
        return -1;
    }
    if (pl_few_new(d, err)) {
        pl_data_free(d);
        return -1;
    }
    return 0;
}

void pl_boxcox(double gamma, double u, double *g, double *dg)
{
    double e = gamma * u;
    /* Near 0 the closed form of dg cancels. The first terms that these series leave out are, as a
     * part of the whole, e^4 / 120 of g and e^4 / 72 of dg. */
    if (fabs(e) < 1e-3) {
        *g = u * (1 - e / 2 * (1 - e / 3 * (1 - e / 4)));
        *dg = -u * u / 2 * (1 - e * 2 / 3 * (1 - e * 3 / 8 * (1 - e * 4 / 15)));
        return;
    }
    double f = expm1(-e);
    *g = -f / gamma;
    *dg = (f / gamma + u * (f + 1)) / gamma;
}

/* The law under a pin is off(gamma) + [m] + [c or s] g(gamma): which terms it has. */
struct form {
    struct pl_data *d;
    const struct pl_pin *pin;
    bool intercept, slope, bend;
    size_t p;
};

static struct form form_of(struct pl_data *d, const struct pl_pin *pin)
{
    struct form f = {.d = d, .pin = pin};
    f.intercept = !pin->b_held;
    f.slope = !pin->a_held;
    f.bend = !pin->gamma_held;
    f.p = (size_t)f.intercept + f.slope + f.bend;
    return f;
}

static double bounded_exp(double v)
{
    return exp(fmin(v, 150)); /* the squares of products of two stay finite */
}

static double bounded_expm1(double v)
{
    return expm1(fmin(v, 150));
}

/* c, if a is held. */
static double held_c(const struct pl_pin *pin, double gamma)
{
    return pin->sign * exp(fmax(fmin(pin->log_a - gamma * pin->shift, 150), -150));
}

/* off, doff/dgamma, g, dg/dgamma at run I. */
static void basis(const struct form *f, double gamma, double u, double out[4])
{
    const struct pl_pin *pin = f->pin;
    memset(out, 0, 4 * sizeof *out);
    if (pin->b_held)
        out[0] = pin->b;
    if (pin->a_held) {
        double c = held_c(pin, gamma), e = bounded_exp(-gamma * u);
        /* with b free, m = b + c is fitted: both may be large and cancel */
        double rise = pin->b_held ? e : bounded_expm1(-gamma * u);
        out[0] += c * rise;
        out[1] = -c * (pin->shift * rise + u * e);
    } else if (pin->b_held) {
        out[2] = bounded_exp(-gamma * u);
        out[3] = -u * out[2];
    } else {
        pl_boxcox(gamma, u, &out[2], &out[3]);
    }
}

/* The residual of run I if the law is VALUE there, and its derivative by VALUE. */
static double residual(const struct pl_data *d, size_t i, double value, double *slope)
{
    double r = d->root[i] * (value - d->z[i]);
    *slope = d->root[i];
    if (!d->censored[i])
        return r;
    double t = r / d->sigma, deviance = sqrt(-2 * gk_log_normal_cdf(t));
    if (deviance == 0) { /* far above: no cost */
        *slope = 0;
        return 0;
    }
    *slope *= -gk_normal_ratio(t) / deviance;
    return d->sigma * deviance;
}

static void residuals(void *ctx, const double *theta, double *r, double *jac)
{
    const struct form *f = ctx;
    const struct pl_data *d = f->d;
    double intercept = f->intercept ? theta[0] : 0;
    double slope = f->slope ? theta[f->intercept] : 0;
    double gamma = f->bend ? theta[f->p - 1] : f->pin->gamma;
    for (size_t i = 0; i < d->n; i++) {
        double b[4], by_value;
        basis(f, gamma, d->u[i], b);
        r[i] = residual(d, i, b[0] + intercept + slope * b[2], &by_value);
        if (!jac)
            continue;
        double *row = jac + i * f->p;
        if (f->intercept)
            *row++ = by_value;
        if (f->slope)
            *row++ = by_value * b[2];
        if (f->bend)
            *row = by_value * (b[1] + slope * b[3]);
    }
}

/* At gamma, the best intercept and slope for the uncensored runs: weighted linear regression. */
static void start_at(const struct form *f, double gamma, double *theta)
{
    const struct pl_data *d = f->d;
    double *g = d->e, *y = d->e + d->n;
    double w = 0, mean_g = 0, mean_y = 0, gg = 0, gy = 0;
    for (size_t i = 0; i < d->n; i++) {
        double b[4], wi = d->censored[i] ? 0 : d->root[i] * d->root[i];
        basis(f, gamma, d->u[i], b);
        g[i] = b[2];
        y[i] = d->z[i] - b[0];
        w += wi;
        mean_g += wi * g[i];
        mean_y += wi * y[i];
    }
    mean_g = f->intercept ? mean_g / w : 0;
    mean_y = f->intercept ? mean_y / w : 0;
    for (size_t i = 0; i < d->n; i++) {
        double wi = d->censored[i] ? 0 : d->root[i] * d->root[i];
        gg += wi * (g[i] - mean_g) * (g[i] - mean_g);
        gy += wi * (g[i] - mean_g) * (y[i] - mean_y);
    }
    double slope = f->slope && gg > 0 ? gy / gg : 0;
    if (f->intercept)
        *theta++ = mean_y - slope * mean_g;
    if (f->slope)
        *theta++ = slope;
    if (f->bend)
        *theta = gamma;
}

static double cost_at(struct form *f, const double *theta)
{
    double *r = f->d->e + 2 * f->d->n, sum = 0;
    residuals(f, theta, r, NULL);
    for (size_t i = 0; i < f->d->n; i++)
        sum += r[i] * r[i];
    return sum;
}

/* Refines the start at GAMMA; keeps the result if it is better than BEST. */
static void try_from(struct form *f, double gamma, double *best, double *cost)
{
    double theta[3];
    start_at(f, gamma, theta);
    double c = gk_nlfit_run(f->d->lm, f->p, residuals, f, theta);
    if (!isfinite(c) || c >= *cost)
        return;
    *cost = c;
    memcpy(best, theta, sizeof theta);
}

double pl_reach(const struct pl_data *d)
{
    return 40 / d->u_max;
}

/* A grid over gamma first: the cost has a valley on either side of 0, and with few runs more. */
static void try_grid(struct form *f, double *best, double *cost)
{
    double reach = pl_reach(f->d), at[GRID], theta[3];
    struct form few = *f;
    few.d = f->d->few;
    few.d->sigma = f->d->sigma;
    for (int k = 0; k < GRID; k++) {
        double s = 2.0 * k / (GRID - 1) - 1; /* denser near 0 */
        start_at(&few, reach * s * fabs(s), theta);
        at[k] = cost_at(&few, theta);
    }
    for (int tries = 0; tries < 3; tries++) { /* the three deepest valleys that are promising */
        double bar = isfinite(*cost) ? cost_at(&few, best) : *cost;
        int low = -1;
        for (int k = 0; k < GRID; k++)
            if (at[k] < bar && (low < 0 || at[k] < at[low]) && (k == 0 || at[k] <= at[k - 1]) &&
                (k == GRID - 1 || at[k] <= at[k + 1]))
                low = k;
        if (low < 0)
            return;
        double s = 2.0 * low / (GRID - 1) - 1;
        try_from(f, reach * s * fabs(s), best, cost);
        at[low] = INFINITY;
    }
}

static void solve_form(struct pl_data *d, const struct pl_pin *pin, const struct pl_law *near,
                       struct pl_law *law)
{
    struct form f = form_of(d, pin);
    double best[3] = {0}, cost = INFINITY;
    if (!f.bend) {
        try_from(&f, pin->gamma, best, &cost);
    } else {
        if (near)
            try_from(&f, near->gamma, best, &cost);
        if (near && pin->a_held) /* the same slope s = -c gamma at the new c */
            try_from(&f, -near->s / held_c(pin, 0), best, &cost);
        try_grid(&f, best, &cost);
    }
    double intercept = f.intercept ? best[0] : 0, slope = f.slope ? best[f.intercept] : 0;
    double gamma = f.bend ? best[f.p - 1] : pin->gamma;
    *law = (struct pl_law){.gamma = gamma, .cost = cost};
    if (f.intercept && f.slope) {
        law->m = intercept;
        law->s = slope;
        law->c = -slope / gamma;
        law->b = intercept + slope / gamma;
        return;
    }
    law->c = pin->a_held ? held_c(pin, gamma) : slope;
    law->b = pin->b_held ? pin->b : intercept - law->c;
    law->m = law->b + law->c;
    law->s = -law->c * gamma;
}

void pl_solve(struct pl_data *d, const struct pl_pin *pin, const struct pl_law *near,
              struct pl_law *law)
{
    solve_form(d, pin, near, law);
    if (!d->bound_b || pin->b_held || law->b >= d->b_min)
        return;
    /* One bound: if the free law violates it, the best law is on it. */
    struct pl_pin held = *pin;
    held.b_held = true;
    held.b = d->b_min;
    solve_form(d, &held, near, law);
    law->at_bound = true;
}

double pl_linearise(struct pl_data *d, const struct pl_law *law, bool b_held, double *jac,
                    double *squares)
{
    struct pl_pin pin = {.b_held = b_held, .b = law->b};
    struct form f = form_of(d, &pin);
    double spread = 0;
    *squares = 0;
    for (size_t i = 0; i < d->n; i++) {
        double b[4], root = d->root[i], *row = jac + i * f.p;
        basis(&f, law->gamma, d->u[i], b);
        double level = b_held ? 0 : law->m, slope = b_held ? law->c : law->s;
        double r = root * (b[0] + level + slope * b[2] - d->z[i]);
        if (d->censored[i]) {
            double t = r / d->sigma, ratio = gk_normal_ratio(t);
            spread += 1 - t * ratio;
            root *= sqrt(fmax(ratio * (ratio + t), 0));
        } else {
            *squares += r * r;
        }
        if (!b_held)
            *row++ = root;
        *row++ = root * b[2];
        *row = root * slope * b[3];
    }
    return spread;
}
