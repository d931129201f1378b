/* What the two ways to nearest neighbours share: nearest.c compares pairs of blocks, for few
 * neighbours; nearest_many.c goes with some points through all blocks, for many. */
#ifndef GK_NEAREST_H
#define GK_NEAREST_H

#include <stddef.h>
#include <stdint.h>

#include "gk/dimension.h"

enum {
    BLOCK = 384, /* points at most; a block's products with another's take 576 KiB */
    GROUP = 32,  /* points measured together */
    SHARES = 16  /* of the points, averaged each by itself */
};

struct candidate {
    float low; /* the squared distance is at least that, but for centring and scaling */
    uint32_t point;
};

struct search {
    const double *x; /* (n, d) */
    size_t n, d, k;
    double *mean;           /* [d] scaled */
    double *part;           /* (SHARES, d) of the mean */
    double largest[SHARES]; /* coordinate of each share of the points, in absolute value */
    double scale;           /* a power of two that brings the largest coordinate near 1 */
    float *y;               /* (n, d) x centred and scaled */
    float *norm;            /* (n) |y|^2 */
    float bound, least;     /* E = bound (|a|^2 + |b|^2) + least */
    float *tile;            /* (threads, 2, BLOCK, BLOCK) */
    double *best;           /* (n, k) squared distances, scaled */
    const struct gk_tick *tick;
    /* for few neighbours */
    float *upper;                /* (n, k) the smallest approximate + E, rising */
    size_t room;                 /* candidates a point may have */
    struct candidate *candidate; /* (n, room) */
    size_t *ncandidate;          /* (n); above room: too many, all points are candidates */
    size_t blocks, block, round; /* block: points in each but the last */
};

/* tile (ni, BLOCK) = -2 y_i . y_j for the points i0.. and the NJ points j0..; the tile of the same
 * size after it is working space. */
void nearest_multiply(const struct search *s, size_t i0, size_t ni, size_t j0, size_t nj,
                      float *tile);

/* |x_i - x_j|^2, scaled; given up (and then only a lower bound) once it is beyond LIMIT. */
double nearest_square(const struct search *s, size_t i, size_t j, double limit);

/* BEST, by many neighbours' way. */
int nearest_many(struct search *s, struct gk_pool *pool, struct gk_err *err);

#endif
