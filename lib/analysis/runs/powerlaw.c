/* The fit's results: estimates, standard errors, correlations, profile intervals, predictions. */
#include "gk/powerlaw.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "gk/scale.h"
#include "powerlaw_solve.h"

struct work {
    struct gk_powerlaw *fit;
    const struct gk_powerlaw_conf *conf;
    struct pl_data d;
    struct pl_pin pin;        /* what the user fixed */
    struct pl_law law;        /* the best law */
    size_t p;                 /* free parameters */
    bool b_held;              /* whether the user or the bound holds b */
    double variance;          /* sigma^2 in units of y_scale */
    int exponent[GK_PL_PARS]; /* the estimates are divided by 2^exponent until all are known */
};

/* The best law, and sigma^2 by EM (one round suffices without censored runs): the expected sum of
 * squares divided by n - p. */
static void solve(struct work *w)
{
    enum { ROUNDS = 500 };
    static const double WALL = 1e-24; /* below this variance a censored run acts as a wall */
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

/* exp(v) as a number and a power of two; the power is 0 if a double holds the result easily. */
static double exp_parts(double v, int *exponent)
{
    *exponent = fabs(v) < 600 ? 0 : (int)rint(v / M_LN2);
    return exp(v - *exponent * M_LN2);
}

/* log x = u + shift, for x in the unit of row a or a_other. */
static double shift_of(const struct work *w, enum gk_powerlaw_par par)
{
    return w->d.mean_log_x + (par == GK_PL_A_OTHER ? log(w->conf->other) : 0);
}

/* The parameters and their derivatives by the free parameters of the scaled form, (m, s, gamma) or
 * (c, gamma). */
static void parameters(struct work *w, double t[GK_PL_PARS][3])
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
        double shift = shift_of(w, as[i]);
        int exponent, more;
        double a = y * law->c * exp_parts(law->gamma * shift, &exponent);
        more = gk_exponent_of(fabs(a)); /* so that its square is finite, too */
        a = ldexp(a, -more);
        w->exponent[as[i]] = exponent + more;
        par[as[i]].value = a;
        t[as[i]][amount] = a / (w->b_held ? law->c : law->s);
        t[as[i]][gamma] = a * (shift - bend);
    }
}

static void errors(struct work *w)
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

/* A profile of the cost: that of the best law with PAR held (a: at the logarithm of its size). */
struct profile {
    struct work *w;
    enum gk_powerlaw_par par;
    double limit;       /* the interval is where the cost is at most this */
    struct pl_law near; /* the best law at the last point inside */
    double done, total; /* ends of intervals */
    int laws;           /* laws solved for this end so far */
};

/* The least cost with the parameter at AT. */
static double cost_at(struct profile *f, double at)
{
    struct work *w = f->w;
    struct pl_pin pin = w->pin;
    switch (f->par) {
    case GK_PL_GAMMA:
        pin.gamma_held = true;
        pin.gamma = at;
        break;
    case GK_PL_B:
        pin.b_held = true;
        pin.b = at / w->d.y_scale;
        break;
    default:
        pin.a_held = true;
        pin.log_a = at - log(w->d.y_scale);
        pin.sign = w->law.c < 0 ? -1 : 1;
        pin.shift = shift_of(w, f->par);
    }
    struct pl_law law;
    pl_solve(&w->d, &pin, &f->near, &law);
    if (!(law.cost > f->limit))
        f->near = law;
    gk_tick(&w->conf->tick, f->done + 1 - 1 / (1 + ++f->laws / 16.0), f->total);
    return law.cost;
}

static bool inside(struct profile *f, double at)
{
    return !(cost_at(f, at) > f->limit);
}

/* A bracket of an interval's end: points inside and outside. below and above are the square root of
 * the cost's rise there, minus that at the limit: nearly linear in between. */
struct way {
    double in, out;
    double below, above; /* < 0 < */
};

static const double SHARP =
    1e-9; /* relative to the distance from the estimate: the precision of an end */

static double excess(const struct profile *f, double cost)
{
    const double least = f->w->law.cost;
    return sqrt(fmax(cost - least, 0)) - sqrt(f->limit - least);
}

/* Whether AT is inside; it becomes that side of the bracket. */
static bool learn(struct profile *f, struct way *w, double at)
{
    const double cost = cost_at(f, at);
    const bool is_inside = !(cost > f->limit);
    *(is_inside ? &w->in : &w->out) = at;
    *(is_inside ? &w->below : &w->above) = excess(f, cost);
    return is_inside;
}

/* Narrows the bracket by false position. The weight of a side that stays twice is halved (the
 * Illinois rule); if three steps do not halve the bracket, it is bisected. */
static void narrow(struct profile *f, double centre, struct way *w)
{
    enum { MOST = 100 };
    double before = INFINITY;
    int stayed = 0; /* > 0: steps for which the inner side stayed, < 0: the outer one */
    for (int k = 1; k <= MOST && fabs(w->out - w->in) > SHARP / 4 * fabs(w->in - centre); k++) {
        const double way = w->out - w->in;
        double at = w->in - way * w->below / (w->above - w->below);
        if (!(fabs(at - w->in) > 0 && fabs(at - w->in) < fabs(way)))
            at = w->in + way / 2;
        if (k % 3 == 0) {
            if (fabs(way) > before / 2)
                at = w->in + way / 2;
            before = fabs(way);
        }
        if (learn(f, w, at))
            stayed = stayed < 0 ? stayed - 1 : -1;
        else
            stayed = stayed > 0 ? stayed + 1 : 1;
        if (stayed > 1)
            w->below /= 2;
        if (stayed < -1)
            w->above /= 2;
    }
}

/* Where the profile from CENTRE in the direction of STEP leaves the interval; END if it does not
 * before that. Bisection finds the end. With many runs, for which each law takes long, false
 * position first comes close to it, and bisection then solves only for points that are still
 * undecided. */
static double side(struct profile *f, double centre, double step, double end)
{
    enum { DOUBLINGS = 200, HALVINGS = 100 };
    struct way known = {.in = centre, .below = excess(f, f->w->law.cost)};
    bool left = false;
    f->near = f->w->law;
    for (int k = 0; k < DOUBLINGS && !left && known.in != end; k++) {
        const double at = known.in + step;
        left = !learn(f, &known, step > 0 ? fmin(at, end) : fmax(at, end));
        step *= 2;
    }
    double in = known.in, out = left ? known.out : in;
    if (left && f->w->d.few != &f->w->d)
        narrow(f, centre, &known);
    for (int k = 0; k < HALVINGS && fabs(out - in) > SHARP * fabs(in - centre); k++) {
        const double mid = in + (out - in) / 2, sign = step > 0 ? 1 : -1;
        if (sign * (mid - known.in) > 0 && sign * (mid - known.out) < 0)
            learn(f, &known, mid);
        if (sign * (mid - known.in) <= 0)
            in = mid;
        else
            out = mid;
    }
    f->done++;
    f->laws = 0;
    return in + (out - in) / 2;
}

/* At a bound of b, a law beyond gamma = 0, where b is unlimited, may fit as well: an interval that
 * ends before 0 continues there. */
static void interval_gamma(struct profile *f, struct gk_estimate *e, double step)
{
    static const double beyond = 1e-9;
    double reach = pl_reach(&f->w->d);
    e->lower = side(f, e->value, -step, -reach);
    e->upper = side(f, e->value, step, reach);
    if (f->w->law.at_bound && e->lower > 0 && inside(f, -beyond))
        e->lower = side(f, -beyond, -step, -reach);
    if (f->w->law.at_bound && e->upper < 0 && inside(f, beyond))
        e->upper = side(f, beyond, step, reach);
    if (e->lower <= -reach)
        e->lower = -INFINITY;
    if (e->upper >= reach)
        e->upper = INFINITY;
}

static void interval_b(struct profile *f, struct gk_estimate *e, double step)
{
    double far = 1e9 * f->w->d.y_scale; /* gamma is then 0 to nine digits */
    double floor = f->w->conf->bound_b ? ldexp(f->w->conf->b_min, -f->w->d.exponent) : -far;
    e->lower = side(f, e->value, -step, floor);
    e->upper = side(f, e->value, step, far);
    if (f->w->law.at_bound && inside(f, far))
        e->upper = far; /* as for gamma */
    if (e->lower <= -far)
        e->lower = -INFINITY;
    if (e->upper >= far)
        e->upper = INFINITY;
}

/* sign exp(V) as a, in the unit of y. */
static double size_of_a(const struct work *w, double sign, double v)
{
    int exponent;
    const double size = exp_parts(v, &exponent);
    return sign * ldexp(size, exponent + w->d.exponent);
}

/* In log |a|: the interval stays on a's side of 0 and may reach 0. */
static void interval_a(struct profile *f, struct gk_estimate *e, double step)
{
    static const double FAR = 690; /* exp of +-690, or of that much less or more, is 0 and inf */
    struct work *w = f->w;
    double at = log(w->d.y_scale * fabs(w->law.c)) + w->law.gamma * shift_of(w, f->par);
    double sign = e->value < 0 ? -1 : 1;
    if (!isfinite(at)) {
        e->lower = e->upper = e->value;
        return;
    }
    double middle = fabs(at) < 600 ? 0 : at, low = middle - FAR, high = middle + FAR;
    double near0 = side(f, at, -step, low), far0 = side(f, at, step, high);
    double small = near0 <= low ? 0 : size_of_a(w, sign, near0);
    double large = far0 >= high ? sign * INFINITY : size_of_a(w, sign, far0);
    e->lower = fmin(small, large);
    e->upper = fmax(small, large);
}

static void intervals(struct work *w)
{
    struct gk_powerlaw *fit = w->fit;
    double rounding =
        0; /* data are exact only to rounding: the cost that even an exact fit may have */
    for (size_t i = 0; i < w->d.n; i++)
        rounding += pow(4 * DBL_EPSILON * w->d.root[i] * w->d.z[i], 2);
    fit->t = gk_t_quantile(0.5 + w->conf->level / 2, fit->df);
    double done = 0, total = w->pin.b_held ? 2 * (GK_PL_PARS - 1) : 2 * GK_PL_PARS;
    for (int i = 0; i < GK_PL_PARS; i++) {
        struct gk_estimate *e = &fit->par[i];
        if (i == GK_PL_B && w->pin.b_held) {
            e->lower = e->upper = e->value;
            continue;
        }
        struct profile f = {.w = w, .par = (enum gk_powerlaw_par)i, .done = done, .total = total};
        done += 2;
        f.limit = w->law.cost + fit->t * fit->t * w->variance + rounding;
        double size = i == GK_PL_B ? w->d.y_scale : 1;
        double guess = e->stderror / (i == GK_PL_A || i == GK_PL_A_OTHER ? fabs(e->value) : 1);
        double step = fit->t * guess;
        if (!(step > 1e-12 * size && step < 1e3 * size))
            step = step < size ? 1e-12 * size : size;
        if (i == GK_PL_GAMMA)
            interval_gamma(&f, e, step);
        else if (i == GK_PL_B)
            interval_b(&f, e, step);
        else
            interval_a(&f, e, step);
    }
}

static void keep_scaled(struct work *w)
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

/* The estimates in the unit of y; the intervals of a have it already. */
static void unscale(struct work *w)
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
    struct work w = {.fit = fit, .conf = conf, .p = conf->fix_b ? 2 : 3};
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
        intervals(&w);
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

/* Divides everything by 2^EXPONENT. */
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
