/* Intervals by the profile of the cost (powerlaw_profile.h). */
#include "powerlaw_profile.h"

#include <float.h>
#include <math.h>

double pl_exp_parts(double v, int *exponent)
{
    *exponent = fabs(v) < 600 ? 0 : (int)rint(v / M_LN2);
    return exp(v - *exponent * M_LN2);
}

double pl_shift_of(const struct pl_work *w, enum gk_powerlaw_par par)
{
    return w->d.mean_log_x + (par == GK_PL_A_OTHER ? log(w->conf->other) : 0);
}

/* The profile of PAR (a: of log |a|): the least cost of all laws in which it has a given value. */
struct profile {
    struct pl_work *w;
    enum gk_powerlaw_par par;
    double limit;       /* the interval is where the profile is at most this */
    struct pl_law near; /* the best law at the last point inside: the solver also starts there */
    double done, total; /* ends of intervals, of all parameters */
    int laws;           /* solved for the current end so far */
};

/* The least cost with the parameter at AT. */
static double cost_at(struct profile *f, double at)
{
    struct pl_work *w = f->w;
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
        pin.shift = pl_shift_of(w, f->par);
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

/* Two places with an end of the interval between them, and at each of them
 * sqrt(cost - least) - sqrt(limit - least). This is 0 at the end, and nearly linear between them.
 */
struct way {
    double in, out;      /* inside the interval, and outside */
    double below, above; /* the function at IN, < 0, and at OUT, > 0 */
};

static const double SHARP = 1e-9; /* of the distance from the estimate: how well an end is known */

static double excess(const struct profile *f, double cost)
{
    const double least = f->w->law.cost;
    return sqrt(fmax(cost - least, 0)) - sqrt(f->limit - least);
}

/* Moves IN or OUT of the way to AT, whichever it is, and says whether AT is inside. */
static bool learn(struct profile *f, struct way *w, double at)
{
    const double cost = cost_at(f, at);
    const bool is_inside = !(cost > f->limit);
    *(is_inside ? &w->in : &w->out) = at;
    *(is_inside ? &w->below : &w->above) = excess(f, cost);
    return is_inside;
}

/* Brings both places together by false position. The function at a place that stays twice counts
 * half (the Illinois rule); a way that three steps have not halved is halved. */
static void narrow(struct profile *f, double centre, struct way *w)
{
    enum { MOST = 100 };
    double before = INFINITY;
    int stayed = 0; /* > 0: so often the inner place, < 0: the outer one */
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

/* The end of the interval from CENTRE in the direction of STEP; END if the interval reaches that.
 * Halving finds it. With many runs a law takes long to solve, so false position comes close to the
 * end first; then halving solves no law at places that are known to be inside or outside. */
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
static double size_of_a(const struct pl_work *w, double sign, double v)
{
    int exponent;
    const double size = pl_exp_parts(v, &exponent);
    return sign * ldexp(size, exponent + w->d.exponent);
}

/* In log |a|: the interval stays on a's side of 0 and may reach it. */
static void interval_a(struct profile *f, struct gk_estimate *e, double step)
{
    static const double FAR = 690; /* exp of +-690, or of so much less or more, is 0 and inf */
    struct pl_work *w = f->w;
    double at = log(w->d.y_scale * fabs(w->law.c)) + w->law.gamma * pl_shift_of(w, f->par);
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

void pl_intervals(struct pl_work *w)
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
