/* The fit's estimates: standard errors, correlations, profile intervals, predictions. */
#include "gk/powerlaw.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "powerlaw_solve.h"

struct work {
    struct gk_powerlaw *fit;
    const struct gk_powerlaw_conf *conf;
    struct pl_data d;
    struct pl_pin pin; /* what the user holds */
    struct pl_law law; /* the best */
    size_t p;          /* free parameters */
    bool b_held;       /* by the user or by the bound */
    double variance;   /* sigma^2 in units of y_scale */
};

/* The best law, and sigma^2 by EM (one round suffices without censored runs): the expected sum of
 * squares over n - p. */
static void solve(struct work *w)
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

/* log x = u + shift in the unit of row a or a_other. */
static double shift_of(const struct work *w, enum gk_powerlaw_par par)
{
    return w->d.mean_log_x + (par == GK_PL_A_OTHER ? log(w->conf->other) : 0);
}

/* The parameters and their derivatives by what the scaled form leaves free, (m, s, gamma) or
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
    par[GK_PL_B].value = w->pin.b_held ? w->conf->b : law->b * y;
    if (!w->b_held) {
        t[GK_PL_B][0] = y;
        t[GK_PL_B][1] = y * bend;
        t[GK_PL_B][2] = -y * law->s * bend * bend;
    }
    for (int i = 0; i < 2; i++) {
        double shift = shift_of(w, as[i]), a = y * law->c * exp(law->gamma * shift);
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

/* A profile of the cost: of the best law with PAR held somewhere (a: at the logarithm of its
 * size). */
struct profile {
    struct work *w;
    enum gk_powerlaw_par par;
    double limit;       /* the interval is where the cost is at most that */
    struct pl_law near; /* the best at the last point inside */
    double done, total; /* ends of intervals */
    int laws;           /* solved for this one so far */
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

/* Of a way out of the interval, places inside and outside it, and how far the root of the rise of
 * the cost is from that at the limit there: nearly linear in between. */
struct way {
    double in, out;
    double below, above; /* < 0 < */
};

static const double SHARP = 1e-9; /* of the distance from the estimate: how well an end is known */

static double excess(const struct profile *f, double cost)
{
    const double least = f->w->law.cost;
    return sqrt(fmax(cost - least, 0)) - sqrt(f->limit - least);
}

/* Whether AT is inside, and then one end of the way is there. */
static bool learn(struct profile *f, struct way *w, double at)
{
    const double cost = cost_at(f, at);
    const bool is_inside = !(cost > f->limit);
    *(is_inside ? &w->in : &w->out) = at;
    *(is_inside ? &w->below : &w->above) = excess(f, cost);
    return is_inside;
}

/* Brings both ends together by false position. An end that stays twice counts half (the Illinois
 * rule), and where that does not halve the way in three steps it is halved. */
static void narrow(struct profile *f, double centre, struct way *w)
{
    enum { MOST = 100 };
    double before = INFINITY;
    int stayed = 0; /* > 0: so often the inner end, < 0: the outer one */
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
 * before that. Halving finds the place; of many runs, where each law takes long, false position
 * comes close to it first, and halving asks only about what is not known by then. */
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

/* The law at a bound of b may have a rival beyond gamma = 0, where b has no end: an interval that
 * ends before 0 goes on there. */
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
    double floor = f->w->conf->bound_b ? f->w->conf->b_min : -far;
    e->lower = side(f, e->value, -step, floor);
    e->upper = side(f, e->value, step, far);
    if (f->w->law.at_bound && inside(f, far))
        e->upper = far; /* as for gamma */
    if (e->lower <= -far)
        e->lower = -INFINITY;
    if (e->upper >= far)
        e->upper = INFINITY;
}

/* In log |a|: the interval stays on a's side of 0 and may reach it. */
static void interval_a(struct profile *f, struct gk_estimate *e, double step)
{
    static const double FAR = 690; /* exp of +-690 stands for inf and 0 */
    struct work *w = f->w;
    double at = log(w->d.y_scale * fabs(w->law.c)) + w->law.gamma * shift_of(w, f->par);
    double sign = e->value < 0 ? -1 : 1;
    if (!(fabs(at) < FAR)) {
        e->lower = e->upper = e->value;
        return;
    }
    double near0 = side(f, at, -step, -FAR), far0 = side(f, at, step, FAR);
    double small = sign * (near0 <= -FAR ? 0 : exp(near0));
    double large = sign * (far0 >= FAR ? INFINITY : exp(far0));
    e->lower = fmin(small, large);
    e->upper = fmax(small, large);
}

static void intervals(struct work *w)
{
    struct gk_powerlaw *fit = w->fit;
    double rounding = 0; /* data are known to rounding at best: what an exact fit may leave */
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
    fit->scaled.gamma = w->law.gamma;
    fit->scaled.free = !w->b_held;
    fit->scaled.base = w->b_held ? w->law.b : w->law.m;
    fit->scaled.amount = w->b_held ? w->law.c : w->law.s;
}

int gk_powerlaw_fit(struct gk_powerlaw *fit, const struct gk_powerlaw_data *data,
                    const struct gk_powerlaw_conf *conf, struct gk_err *err)
{
    struct work w = {.fit = fit, .conf = conf, .p = conf->fix_b ? 2 : 3};
    *fit = (struct gk_powerlaw){0};
    if (pl_data_new(&w.d, data, conf, w.p, err))
        return -1;
    w.pin.b_held = conf->fix_b;
    w.pin.b = conf->b / w.d.y_scale;
    solve(&w);
    fit->n = (int)w.d.n;
    fit->observed = (int)w.d.observed;
    fit->df = (int)(w.d.observed - w.p);
    fit->at_bound = w.law.at_bound;
    fit->sigma = sqrt(w.variance) * w.d.y_scale;
    errors(&w);
    if (fit->df) {
        intervals(&w);
    } else {
        fit->t = NAN;
        for (int i = 0; i < GK_PL_PARS; i++)
            fit->par[i].lower = fit->par[i].upper = NAN;
    }
    keep_scaled(&w);
    pl_data_free(&w.d);
    return 0;
}

bool gk_powerlaw_vague(const struct gk_estimate *e)
{
    return (e->lower <= 0 && e->upper >= 0) || isinf(e->lower) || isinf(e->upper);
}

static struct gk_estimate band(double value, double variance, double t)
{
    double se = sqrt(variance);
    return (struct gk_estimate){value, se, value - t * se, value + t * se};
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
    *law = band(value, variance, fit->t);
    *run = band(value, variance + fit->sigma * fit->sigma, fit->t);
}
