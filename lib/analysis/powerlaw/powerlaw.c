/* The fit's estimates: standard errors, correlations, predictions. */
#include "gk/powerlaw.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "gk/scale.h"
#include "powerlaw_profile.h"

/* The best law, and sigma^2 by EM (one round suffices without censored runs): the expected sum of
 * squares over n - p. */
static void solve(struct pl_work *w)
{
    enum { ROUNDS = 500 };
    static const double WALL =
        1e-24; /* below this variance a censored run is a wall all the same */
    struct pl_data *d = &w->d;
    bool spare = d->observed > w->p, censored = d->observed < d->n;
    double variance = spare && censored ? 1e-4 : WALL, squares;
    for (int k = 0; k < ROUNDS; k++) {
        d->sigma = sqrt(variance);
        pl_solve(d, &w->pin, k ? &w->law : NULL, &w->law);
        w->b_held = w->pin.b_held || w->law.at_bound;
        double spread = pl_linearise(d, &w->law, w->b_held, d->jac, &squares);
        double before = variance;
        if (!spare)
            break;
        variance = (squares + variance * spread) / (double)(d->n - w->p);
        if (!censored)
            break;
        variance = fmax(variance, WALL);
        if (fabs(variance - before) <= 1e-9 * before)
            break;
    }
    w->variance = spare ? variance : NAN;
}

/* The parameters and their derivatives by what the scaled form leaves free, (m, s, gamma) or
 * (c, gamma). */
static void parameters(struct pl_work *w, double t[GK_PL_PARS][3])
{
    const struct pl_law *law = &w->law;
    const enum gk_powerlaw_par as[2] = {GK_PL_A, GK_PL_A_OTHER};
    struct gk_estimate *par = w->fit->par;
    double y = w->d.y_scale, bend = w->b_held ? 0 : 1 / law->gamma;
    size_t amount = w->b_held ? 0 : 1, gamma = amount + 1;
    memset(t, 0, GK_PL_PARS * sizeof *t);
    par[GK_PL_GAMMA].value = law->gamma;
    t[GK_PL_GAMMA][gamma] = 1;
    par[GK_PL_B].value = (w->pin.b_held ? w->pin.b : law->b) * y;
    if (!w->b_held) {
        t[GK_PL_B][0] = y;
        t[GK_PL_B][1] = y * bend;
        t[GK_PL_B][2] = -y * law->s * bend * bend;
    }
    for (int i = 0; i < 2; i++) {
        double shift = pl_shift_of(w, as[i]);
        int exponent, more;
        double a = y * law->c * pl_exp_parts(law->gamma * shift, &exponent);
        more = gk_exponent_of(fabs(a)); /* so that its square is a number, too */
        a = ldexp(a, -more);
        w->exponent[as[i]] = exponent + more;
        par[as[i]].value = a;
        t[as[i]][amount] = a / (w->b_held ? law->c : law->s);
        t[as[i]][gamma] = a * (shift - bend);
    }
}

static void errors(struct pl_work *w)
{
    struct gk_powerlaw *fit = w->fit;
    double t[GK_PL_PARS][3], cov[GK_PL_PARS][GK_PL_PARS] = {{0}}, squares;
    double *scaled = fit->scaled.cov;
    size_t p = w->b_held ? 2 : 3;
    parameters(w, t);
    pl_linearise(&w->d, &w->law, w->b_held, w->d.jac, &squares);
    gk_nlfit_covariance(w->d.lm, p, w->d.jac, scaled);
    for (size_t i = 0; i < p * p; i++)
        scaled[i] *= w->variance;
    for (size_t i = 0; i < GK_PL_PARS; i++)
        for (size_t j = 0; j < GK_PL_PARS; j++)
            for (size_t k = 0; k < p * p; k++)
                cov[i][j] += t[i][k / p] * scaled[k] * t[j][k % p];
    for (size_t i = 0; i < GK_PL_PARS; i++) {
        fit->par[i].stderror = sqrt(cov[i][i]);
        for (size_t j = 0; j < GK_PL_PARS; j++)
            fit->corr[i][j] = i == j ? 1 : cov[i][j] / sqrt(cov[i][i] * cov[j][j]);
    }
    if (w->b_held)
        fit->par[GK_PL_B].stderror = w->pin.b_held ? 0 : NAN;
}

static void keep_scaled(struct pl_work *w)
{
    struct gk_powerlaw *fit = w->fit;
    fit->scaled.mean_log_x = w->d.mean_log_x;
    fit->scaled.y_scale = w->d.y_scale;
    fit->scaled.exponent = w->d.exponent;
    fit->scaled.sigma = sqrt(w->variance) * w->d.y_scale;
    fit->scaled.gamma = w->law.gamma;
    fit->scaled.free = !w->b_held;
    fit->scaled.base = w->b_held ? w->law.b : w->law.m;
    fit->scaled.amount = w->b_held ? w->law.c : w->law.s;
}

/* Brings the estimates into the unit of y. pl_intervals has done so with the intervals of a; that
 * of gamma has no unit. */
static void unscale(struct pl_work *w)
{
    struct gk_powerlaw *fit = w->fit;
    for (int i = 0; i < GK_PL_PARS; i++) {
        const int exponent = w->exponent[i] + (i == GK_PL_GAMMA ? 0 : w->d.exponent);
        fit->par[i].value = ldexp(fit->par[i].value, exponent);
        fit->par[i].stderror = ldexp(fit->par[i].stderror, exponent);
    }
    struct gk_estimate *b = &fit->par[GK_PL_B];
    b->lower = ldexp(b->lower, w->d.exponent);
    b->upper = ldexp(b->upper, w->d.exponent);
    if (w->conf->fix_b) {
        b->value = w->conf->b;
        b->lower = b->upper = fit->df ? w->conf->b : NAN;
    }
    fit->sigma = ldexp(fit->scaled.sigma, w->d.exponent);
}

int gk_powerlaw_fit(struct gk_powerlaw *fit, const struct gk_powerlaw_data *data,
                    const struct gk_powerlaw_conf *conf, struct gk_err *err)
{
    struct pl_work w = {.fit = fit, .conf = conf, .p = conf->fix_b ? 2 : 3};
    *fit = (struct gk_powerlaw){0};
    if (pl_data_new(&w.d, data, conf, w.p, err))
        return -1;
    w.pin.b_held = conf->fix_b;
    w.pin.b = ldexp(conf->b, -w.d.exponent) / w.d.y_scale;
    solve(&w);
    fit->n = (int)w.d.n;
    fit->observed = (int)w.d.observed;
    fit->df = (int)(w.d.observed - w.p);
    fit->at_bound = w.law.at_bound;
    errors(&w);
    if (fit->df) {
        pl_intervals(&w);
    } else {
        fit->t = NAN;
        for (int i = 0; i < GK_PL_PARS; i++)
            fit->par[i].lower = fit->par[i].upper = NAN;
    }
    keep_scaled(&w);
    unscale(&w);
    pl_data_free(&w.d);
    return 0;
}

bool gk_powerlaw_vague(const struct gk_estimate *e)
{
    return (e->lower <= 0 && e->upper >= 0) || isinf(e->lower) || isinf(e->upper);
}

/* All over 2^EXPONENT. */
static struct gk_estimate band(double value, double variance, double t, int exponent)
{
    double se = sqrt(variance);
    return (struct gk_estimate){ldexp(value, exponent), ldexp(se, exponent),
                                ldexp(value - t * se, exponent), ldexp(value + t * se, exponent)};
}

void gk_powerlaw_predict(const struct gk_powerlaw *fit, double x, struct gk_estimate *law,
                         struct gk_estimate *run)
{
    double u = log(x) - fit->scaled.mean_log_x, y = fit->scaled.y_scale;
    double gamma = fit->scaled.gamma, amount = fit->scaled.amount, g, dg, variance = 0;
    size_t p = fit->scaled.free ? 3 : 2;
    if (fit->scaled.free) {
        pl_boxcox(gamma, u, &g, &dg);
    } else {
        g = exp(-gamma * u);
        dg = -u * g;
    }
    double by[3] = {y, y * g, y * amount * dg};
    const double *slope = fit->scaled.free ? by : by + 1;
    for (size_t k = 0; k < p * p; k++)
        variance += slope[k / p] * fit->scaled.cov[k] * slope[k % p];
    double value = y * (fit->scaled.base + amount * g);
    const double sigma = fit->scaled.sigma;
    *law = band(value, variance, fit->t, fit->scaled.exponent);
    *run = band(value, variance + sigma * sigma, fit->t, fit->scaled.exponent);
}
