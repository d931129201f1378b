#include "gk/grid.h"

double gk_grid_at(const struct gk_grid *g, int64_t i)
{
    if (g->n < 2)
        return g->a;
    /* Weights that mirror each other: both ends are exact, and so is 0 amid -c:c. */
    double last = (double)(g->n - 1);
    return g->a * ((double)(g->n - 1 - i) / last) + g->b * ((double)i / last);
}
