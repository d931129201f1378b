/* The points of a grid A:B:N. */
#include "gk/grid.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* X, or the short decimal (0, 1, 0.3) that differs from X only by rounding. */
static double meant(double x, double rounding)
{
    char text[40];
    if (fabs(x) <= rounding)
        return 0;
    snprintf(text, sizeof text, "%.12g", x);
    const double near = strtod(text, NULL);
    return fabs(near - x) <= rounding ? near : x;
}

double gk_grid_at(const struct gk_grid *g, int64_t i)
{
    if (g->n < 2 || i == 0)
        return g->a;
    if (i == g->n - 1)
        return g->b;
    /* Weights that mirror each other. */
    const double last = (double)(g->n - 1);
    const double x = g->a * ((double)(g->n - 1 - i) / last) + g->b * ((double)i / last);
    return meant(x, 2 * DBL_EPSILON * fmax(fabs(g->a), fabs(g->b)));
}
