/* Values and gradients of the test functions. */
#include "gk/testfn.h"

#include <math.h>
#include <string.h>

#include "gk/scale.h"

double gk_testfn_default_a(enum gk_testfn_kind kind)
{
    return kind == GK_RASTRIGIN ? 10 : 100;
}

int gk_testfn_check(const struct gk_testfn *f, struct gk_err *err)
{
    if (f->kind == GK_ROSENBROCK && f->n % 2)
        gk_fail_usage(err, "rosenbrock takes pairs: an even n, not %zu", f->n);
    else if (f->kind == GK_ROSENBROCK_CHAIN && f->n < 2)
        gk_fail_usage(err, "rosenbrock-chain takes at least 2");
    else
        return 0;
    return gk_fail_about(err, "dimension");
}

/* (1 - x)^2 + a (y - x^2)^2, adding its gradient to g = (d/dx, d/dy). */
static double rosenbrock(double a, double x, double y, double *g)
{
    double d = 1 - x, e = y - x * x;
    g[0] += -2 * d - 4 * a * x * e;
    g[1] += 2 * a * e;
    return d * d + a * e * e;
}

double gk_testfn_value(const struct gk_testfn *f, const double *x, double *grad)
{
    double sum = 0, none[2] = {0};
    if (grad)
        memset(grad, 0, f->n * sizeof *grad);
    for (size_t i = 0; i < f->n; i++) {
        if (f->kind == GK_RASTRIGIN) {
            double angle = 2 * M_PI * x[i];
            /* a - a cos without cancellation near the minimum */
            sum += x[i] * x[i] + 2 * f->a * pow(sin(angle / 2), 2);
            if (grad)
                grad[i] = 2 * x[i] + 2 * M_PI * f->a * sin(angle);
        } else if (i + 1 < f->n && (f->kind == GK_ROSENBROCK_CHAIN || i % 2 == 0)) {
            sum += rosenbrock(f->a, x[i], x[i + 1], grad ? grad + i : none);
        }
    }
    if (!f->log)
        return sum;
    for (size_t i = 0; grad && i < f->n; i++)
        grad[i] /= 1 + sum;
    return log1p(sum);
}

double gk_testfn_error(const struct gk_testfn *f, const double *x)
{
    double most = 0, sum = 0, at = f->kind == GK_RASTRIGIN ? 0 : 1;
    for (size_t i = 0; i < f->n; i++)
        most = fmax(most, fabs(x[i] - at));
    const int e = gk_exponent_of(most);
    for (size_t i = 0; i < f->n; i++) {
        const double away = ldexp(x[i] - at, -e);
        sum += away * away;
    }
    return ldexp(sqrt(sum), e);
}
