/* How many examples share a lane and a tile (plan.h). */
#include <math.h>

#include "plan.h"

/* Up to LANE examples share one lane. Lanes get multiples of UNIT examples, for which products are
 * fast. */
enum { LANE = 320, UNIT = 8 };

/* Tiles of a wide network grow while there are WIDE_TILES of them. */
enum { WIDE_TILES = 32 };

size_t gk_plan_tile(const struct gk_arch *a, size_t rows, size_t least)
{
    const double usual = 4.0 * 128 * 128 + 2.0 * 128 * 512; /* weights of a block */
    const double weights = a->model == GK_MLP ? 0 : (4.0 * a->dim + 2.0 * a->ff) * a->dim;
    const double most = fmax((double)least, fmin((double)rows / WIDE_TILES, LANE));
    return (size_t)fmin((double)least * fmax(weights / usual, 1), most) / UNIT * UNIT;
}

size_t gk_plan_tile_cap(size_t n, size_t tile)
{
    return n < tile + UNIT ? n : tile + UNIT;
}

/* The first item of share I, if FROM <= .. < TO is split into OF equal shares. */
static size_t share(size_t from, size_t to, size_t i, size_t of)
{
    return i == of ? to : from + (to - from) * i / of / UNIT * UNIT;
}

size_t gk_plan_lanes(size_t n)
{
    const size_t lanes = (n + LANE - 1) / LANE;
    return lanes < GK_MAX_LANES ? lanes : GK_MAX_LANES;
}

/* Lane L of NLANE has the examples *A <= .. < *B. Returns its tiles. */
static size_t lane_tiles(size_t n, size_t l, size_t nlane, size_t tile, size_t *a, size_t *b)
{
    *a = share(0, n, l, nlane);
    *b = share(0, n, l + 1, nlane);
    return (*b - *a + tile - 1) / tile;
}

size_t gk_plan_tiles(size_t n, size_t tile)
{
    const size_t nlane = gk_plan_lanes(n);
    size_t sum = 0, a, b;
    for (size_t l = 0; l < nlane; l++)
        sum += lane_tiles(n, l, nlane, tile, &a, &b);
    return sum;
}

void gk_plan_cut(struct gk_plan *p)
{
    p->nlane = gk_plan_lanes(p->n);
    p->ntile = 0;
    for (size_t l = 0; l < p->nlane; l++) {
        size_t a, b;
        const size_t parts = lane_tiles(p->n, l, p->nlane, p->tile_most, &a, &b);
        p->lane[l] = p->ntile;
        for (size_t i = 0; i < parts; i++)
            p->tile[p->ntile++] = share(a, b, i, parts);
    }
    p->lane[p->nlane] = p->ntile;
    p->tile[p->ntile] = p->n;
}
