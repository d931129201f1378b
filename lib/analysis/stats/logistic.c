/* Regression with a ridge: logistic by Newton's method, linear by the normal equations. */
#include "gk/logistic.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "gk/mem.h"

double gk_sigmoid(double t)
{
    return t >= 0 ? 1 / (1 + exp(-t)) : exp(t) / (1 + exp(t));
}

double gk_logistic_score(size_t d, const double *beta, const double *x)
{
    double t = beta[0];
    for (size_t j = 0; j < d; j++)
        t += beta[j + 1] * x[j];
    return t;
}

struct problem {
    size_t n, d;
    const double *x, *y;
    double ridge;
};

static double objective(const struct problem *p, const double *beta)
{
    double sum = 0;
    for (size_t j = 1; j <= p->d; j++)
        sum += p->ridge / 2 * beta[j] * beta[j];
    for (size_t i = 0; i < p->n; i++) {
        double t = gk_logistic_score(p->d, beta, p->x + i * p->d);
        sum += fmax(t, 0) + log1p(exp(-fabs(t))) - p->y[i] * t;
    }
    return sum;
}

/* Gradient g [m] and Hessian h [m, m], lower triangle, m = d + 1. */
static void derivatives(const struct problem *p, const double *beta, double *g, double *h)
{
    size_t m = p->d + 1;
    memset(g, 0, m * sizeof *g);
    memset(h, 0, m * m * sizeof *h);
    for (size_t j = 1; j < m; j++) {
        g[j] = p->ridge * beta[j];
        h[j * m + j] = p->ridge;
    }
    for (size_t i = 0; i < p->n; i++) {
        const double *x = p->x + i * p->d;
        double q = gk_sigmoid(gk_logistic_score(p->d, beta, x)), w = q * (1 - q);
        for (size_t j = 0; j < m; j++) {
            double xj = j ? x[j - 1] : 1;
            g[j] += (q - p->y[i]) * xj;
            for (size_t k = 0; k <= j; k++)
                h[j * m + k] += w * xj * (k ? x[k - 1] : 1);
        }
    }
}

/* b := A^-1 b by Cholesky's factors, which overwrite A's lower triangle; false if A is not positive
 * definite. */
static bool solve(size_t m, double *a, double *b)
{
    for (size_t j = 0; j < m; j++) {
        for (size_t k = 0; k < j; k++)
            for (size_t i = j; i < m; i++)
                a[i * m + j] -= a[i * m + k] * a[j * m + k];
        if (!(a[j * m + j] > 0))
            return false;
        double root = sqrt(a[j * m + j]);
        for (size_t i = j; i < m; i++)
            a[i * m + j] /= root;
    }
    for (size_t i = 0; i < m; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= a[i * m + k] * b[k];
        b[i] /= a[i * m + i];
    }
    for (size_t i = m; i-- > 0;) {
        for (size_t k = i + 1; k < m; k++)
            b[i] -= a[k * m + i] * b[k];
        b[i] /= a[i * m + i];
    }
    return true;
}

/* One Newton step, halved until the objective falls; 1 if it was the last, -1 if the Hessian is not
 * positive definite. */
static int newton(const struct problem *p, double *beta, double *value, double *work)
{
    size_t m = p->d + 1;
    double *g = work, *next = work + m, *h = work + 2 * m, decrement = 0;
    derivatives(p, beta, g, h);
    memcpy(next, g, m * sizeof *g);
    if (!solve(m, h, g))
        return -1;
    for (size_t j = 0; j < m; j++)
        decrement += g[j] * next[j];
    if (decrement < 1e-10 * (1 + *value)) { /* one more step doubles the digits; the objective is
                                               too flat here to show it */
        for (size_t j = 0; j < m; j++)
            beta[j] -= g[j];
        return 1;
    }
    enum { HALVINGS = 34 }; /* to 1e-10 */
    double step = 1;
    for (int half = 0; half < HALVINGS; half++) {
        for (size_t j = 0; j < m; j++)
            next[j] = beta[j] - step * g[j];
        double v = objective(p, next);
        if (v < *value) {
            memcpy(beta, next, m * sizeof *beta);
            *value = v;
            return 0;
        }
        step /= 2;
    }
    return 1; /* no better point is visible above rounding */
}

int gk_logistic_fit(size_t n, size_t d, const double *x, const double *y, double ridge,
                    double *beta, struct gk_err *err)
{
    enum { ROUNDS = 200 };
    const struct problem p = {n, d, x, y, ridge};
    size_t m = d + 1;
    double *work = gk_alloc(m, (m + 2) * sizeof *work, err);
    if (!work)
        return -1;
    memset(beta, 0, m * sizeof *beta);
    double value = objective(&p, beta);
    int rc = 0;
    for (int k = 0; k < ROUNDS && !rc; k++)
        rc = newton(&p, beta, &value, work);
    gk_free(work);
    return rc < 0 ? gk_fail(err, "the logistic model's curvature vanishes") : 0;
}

int gk_ridge_fit(size_t n, size_t d, const double *x, const double *y, double ridge, double *beta,
                 struct gk_err *err)
{
    const size_t m = d + 1;
    double *h = gk_alloc(m, m * sizeof *h, err);
    if (!h)
        return -1;
    memset(h, 0, m * m * sizeof *h);
    memset(beta, 0, m * sizeof *beta);
    for (size_t j = 1; j < m; j++)
        h[j * m + j] = ridge;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++) {
            const double xj = j ? x[i * d + j - 1] : 1;
            beta[j] += xj * y[i];
            for (size_t k = 0; k <= j; k++)
                h[j * m + k] += xj * (k ? x[i * d + k - 1] : 1);
        }
    const bool solved = solve(m, h, beta);
    gk_free(h);
    return solved ? 0 : gk_fail(err, "the linear model's curvature vanishes");
}
