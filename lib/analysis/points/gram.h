/* Passes over the centred points, some columns at a time. */
#ifndef GK_GRAM_H
#define GK_GRAM_H

#include "gk/err.h"
#include "gk/points.h"
#include "gk/pool.h"

enum gk_sweep_center { GK_SWEEP_LAST, GK_SWEEP_MEAN, GK_SWEEP_NONE, GK_SWEEP_FIRST };

/* A chunk: columns COLUMN .. COLUMN + n - 1 of Z, z (rows, n) with LD elements a row. Chunks with
 * different SLOT may be worked on at the same time, those of one slot come one after the other. */
struct gk_chunk {
    double *z;
    size_t ld, column, n;
    size_t slot;
    int thread;
};

struct gk_sweep {
    const struct gk_points *x;
    enum gk_sweep_center center;
    int exponent;    /* Z is over 2^EXPONENT */
    bool transposed; /* Z is (width, n) with a point a column, else (n, width) with a point a row */
    void (*each)(void *ctx,
                 const struct gk_chunk *c); /* sees (and may change) each chunk; or NULL */
    void *ctx;
    size_t kept;  /* rows of a chunk that EACH leaves, the first ones; 0: all */
    double *gram; /* (kept, kept) += Z Z' of what EACH leaves, upper triangle; or NULL */
    void (*tick)(void *ctx, double columns); /* columns done in this sweep; or NULL */
    void *tick_ctx;
};

/* For working space of EACH. */
enum { GK_SWEEP_SLOTS = 4 };
size_t gk_sweep_rows(const struct gk_sweep *s);
size_t gk_sweep_columns(const struct gk_sweep *s);
size_t gk_sweep_chunk(const struct gk_sweep *s); /* columns of a chunk at most */

/* One pass. The sums are made in an order that does not depend on the number of threads. */
int gk_sweep_run(const struct gk_sweep *s, struct gk_pool *pool, struct gk_err *err);

/* The sum of a_i b_i, in eight partial sums. */
double gk_dot(const double *a, const double *b, size_t n);

/* Sets the exponent that brings the largest of |Z| near 1, which takes a pass. A coordinate that is
 * not finite is an error that names it. */
int gk_sweep_scale(struct gk_sweep *s, struct gk_pool *pool, struct gk_err *err);

/* Whether sums of squares of Z, which is not scaled yet, may have overflowed or lost digits to
 * numbers too small: if SQUARES, the sum of all, is far from 1 on either side. */
bool gk_sweep_needs_scale(double squares);

#endif
