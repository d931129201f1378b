/* Evenly spaced points, from options: A:B:N. */
#ifndef GK_GRID_H
#define GK_GRID_H

#include <stdint.h>

struct gk_grid { /* n points from a to b, both inclusive */
    double a, b;
    int64_t n;
};
double gk_grid_at(const struct gk_grid *g, int64_t i);

#endif
