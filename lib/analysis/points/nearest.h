/* Shared by the two searches for nearest neighbours: nearest.c compares pairs of blocks, for few
 * neighbours; nearest_many.c compares a few points with all blocks in turn, for many. */
#ifndef GK_NEAREST_H
#define GK_NEAREST_H

#include <stddef.h>
#include <stdint.h>

#include "gk/dimension.h"

enum {
    BLOCK = 384, /* points per block; a block's products with another's take 576 KiB */
    GROUP = 32,  /* points measured together */
    SHARES = 16, /* of the points, each averaged separately */
    DEPTH = 1024 /* coordinates of a product that are summed together */
};

struct candidate {
    float low; /* a lower bound of the squared distance, up to centring and scaling */
    uint32_t point;
};

struct search {
    const double *x; /* (n, d) */
    size_t n, d, k;
    double *mean;           /* [d] */
    double *part;           /* (SHARES, d) of the mean */
    double largest[SHARES]; /* largest difference from the first point in each share, in absolute
                               value */
    double scale;           /* a power of two that scales the largest difference to near 1 */
    float *y;               /* (n, d) x centred and scaled */
    float *norm;            /* (n) |y|^2 */
    float bound, least;     /* E = bound (|a|^2 + |b|^2) + least */
    float *tile;            /* (threads, 2, BLOCK, BLOCK) */
    double *best;           /* (n, k) squared distances, scaled */
    const struct gk_tick *tick;
    /* for few neighbours */
    float *upper;                /* (n, k) the smallest of approximate + E, increasing */
    size_t room;                 /* candidates that a point may have */
    struct candidate *candidate; /* (n, room) */
    size_t *ncandidate;          /* (n); above room: too many, all points are candidates */
    size_t blocks, block, round; /* block: points in each block but the last */
};

static inline size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* nearest_pairs.c: tile (ni, BLOCK) = -2 y_i . y_j for the points from i0 on and the NJ points from
 * j0 on; the tile of the same size after it is scratch. */
void nearest_multiply(const struct search *s, size_t i0, size_t ni, size_t j0, size_t nj,
                      float *tile);

/* |x_i - x_j|^2, scaled. Stops, and returns only a lower bound, beyond LIMIT. */
double nearest_square(const struct search *s, size_t i, size_t j, double limit);

/* nearest_many.c: fills BEST for many neighbours. */
int nearest_many(struct search *s, struct gk_pool *pool, struct gk_err *err);

#endif
