/* Passes over the centred points, some columns at a time. */
#ifndef GK_GRAM_H
#define GK_GRAM_H

#include "gk/err.h"
#include "gk/points.h"
#include "gk/pool.h"

enum gk_sweep_center { GK_SWEEP_LAST, GK_SWEEP_MEAN, GK_SWEEP_NONE, GK_SWEEP_FIRST };

/* A chunk: columns COLUMN .. COLUMN + n - 1 of Z, z (rows, n) with LD elements per row. Chunks with
 * different SLOT may be processed at the same time; those of one slot follow each other. */
struct gk_chunk {
    double *z;
    size_t ld, column, n;
    size_t slot;
};

struct gk_sweep {
    const struct gk_points *x;
    enum gk_sweep_center center;
    int exponent; /* Z is over 2^EXPONENT */
    bool
        transposed; /* Z is (width, n), a point per column; otherwise (n, width), a point per row */
    void (*each)(void *ctx,
                 const struct gk_chunk *c); /* reads, and may change, each chunk; or NULL */
    void *ctx;
    size_t kept;  /* the number of leading rows of a chunk that EACH keeps; 0: all */
    double *gram; /* (kept, kept) += Z Z' of what EACH keeps, upper triangle; or NULL */
    void (*tick)(void *ctx, double columns); /* columns done in this sweep; or NULL */
    void *tick_ctx;
};

/* For the scratch space of EACH. */
enum { GK_SWEEP_SLOTS = 4 };
size_t gk_sweep_rows(const struct gk_sweep *s);
size_t gk_sweep_columns(const struct gk_sweep *s);
size_t gk_sweep_chunk(const struct gk_sweep *s); /* the largest number of columns in a chunk */

/* One pass. The order of sums does not depend on the number of threads. */
int gk_sweep_run(const struct gk_sweep *s, struct gk_pool *pool, struct gk_err *err);

/* The sum of a_i b_i, in eight partial sums. */
double gk_dot(const double *a, const double *b, size_t n);

/* Takes a pass to find the exponent that scales the largest of |Z| to near 1. A coordinate that is
 * not finite is an error that names it. */
int gk_sweep_scale(struct gk_sweep *s, struct gk_pool *pool, struct gk_err *err);

/* Whether sums of squares of Z, not scaled yet, may have overflowed or underflowed: that is,
 * whether SQUARES, the sum of all, is far from 1. */
bool gk_sweep_needs_scale(double squares);

#endif
