/* Passes over the centred points.
 *
 * Z is processed in blocks of columns. While the products of one block are added to the Gram
 * matrix, one tile per task, the chunks of the next block are read and centred: both kinds of task
 * share a round. Centring needs only the current columns, since every block holds all points (or,
 * transposed, a centre that was computed before). So it comes before the products, and the Gram
 * matrix of points far from the origin loses nothing to cancellation. */
#include "gram.h"

#include <math.h>
#include <string.h>

#include "gk/blas.h"
#include "gk/mem.h"
#include "gk/scale.h"

enum {
    BLOCK_BYTES = 32 << 20,
    MOST_COLUMNS = 8192, /* columns of a block */
    TILE = 160, /* the largest number of rows and columns in a task's part of the Gram matrix */
    PAD = 8     /* rows of 2^k bytes would compete for the same lines of a cache */
};

struct work {
    const struct gk_sweep *s;
    size_t rows, kept, columns, block, chunk, ld;
    double *z[2];      /* (rows, ld) this block and the next */
    double *centre;    /* transposed: [2, rows] a point, and the mean of the differences from it */
    double *reference; /* (SLOTS, 2, larger of chunk and width if transposed) scratch */
    size_t reference_size;
    struct gk_err *err; /* (SLOTS) */
    bool failed[GK_SWEEP_SLOTS];
    size_t tile, tiles; /* of the Gram matrix: rows, number on or above the diagonal */
    size_t at;          /* the block that is multiplied */
    size_t loading;     /* the block that is read */
};

size_t gk_sweep_rows(const struct gk_sweep *s)
{
    return s->transposed ? s->x->width : s->x->n;
}

size_t gk_sweep_columns(const struct gk_sweep *s)
{
    return s->transposed ? s->x->n : s->x->width;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t gk_sweep_chunk(const struct gk_sweep *s)
{
    const size_t rows = gk_sweep_rows(s);
    size_t block = BLOCK_BYTES / sizeof(double) / (rows > 0 ? rows : 1);
    block = smaller(smaller(block, MOST_COLUMNS), gk_sweep_columns(s));
    return block > 0 ? (block + GK_SWEEP_SLOTS - 1) / GK_SWEEP_SLOTS : 1;
}

/* ---- reading and centring ---- */

/* z [n] = (z - REFERENCE) 2^-exponent, without overflow or underflow in between. */
static void subtract(const struct gk_sweep *s, double *z, const double *reference, size_t n)
{
    const double before = ldexp(1, s->exponent > 0 ? -s->exponent : 0);
    if (s->exponent > 0)
        for (size_t i = 0; i < n; i++)
            z[i] = z[i] * before - reference[i] * before;
    else
        for (size_t i = 0; i < n; i++)
            z[i] -= reference[i];
    if (s->exponent < 0)
        gk_scale(z, z, n, -s->exponent);
}

/* Points as rows: z_t = x_t - reference; for the mean, subtracts the mean of those. */
static int load_rows(struct work *w, const struct gk_chunk *c, struct gk_err *err)
{
    const struct gk_points *x = w->s->x;
    const bool mean = w->s->center == GK_SWEEP_MEAN;
    double *reference = w->reference + c->slot * 2 * w->reference_size;
    double *sum = reference + w->reference_size;
    memset(reference, 0, c->n * sizeof *reference);
    memset(sum, 0, c->n * sizeof *sum);
    if (w->s->center != GK_SWEEP_NONE &&
        gk_points_read(x, w->s->center == GK_SWEEP_LAST ? x->n - 1 : 0, c->column, c->n, reference,
                       err) != 0)
        return -1;
    for (size_t t = 0; t < x->n; t++) {
        double *z = c->z + t * c->ld;
        if (gk_points_read(x, t, c->column, c->n, z, err) != 0)
            return -1;
        subtract(w->s, z, reference, c->n);
        for (size_t i = 0; mean && i < c->n; i++)
            sum[i] += z[i];
    }
    for (size_t i = 0; i < c->n; i++)
        sum[i] /= (double)x->n;
    for (size_t t = 0; mean && t < x->n; t++)
        for (size_t i = 0; i < c->n; i++)
            c->z[t * c->ld + i] -= sum[i];
    return 0;
}

/* Points as columns. */
static int load_columns(struct work *w, const struct gk_chunk *c, struct gk_err *err)
{
    double *point = w->reference + c->slot * 2 * w->reference_size;
    for (size_t i = 0; i < c->n; i++) {
        if (gk_points_read(w->s->x, c->column + i, 0, w->rows, point, err) != 0)
            return -1;
        subtract(w->s, point, w->centre, w->rows);
        for (size_t r = 0; r < w->rows; r++)
            c->z[r * c->ld + i] = point[r] - w->centre[w->rows + r];
    }
    return 0;
}

/* The centre of points as columns, in two parts: a single number would be rounded. */
static int find_centre(struct work *w, struct gk_err *err)
{
    const struct gk_points *x = w->s->x;
    double *point = w->reference, *reference = w->centre, *mean = w->centre + w->rows;
    const size_t at = w->s->center == GK_SWEEP_LAST ? x->n - 1 : 0;
    if (w->s->center == GK_SWEEP_NONE)
        return 0;
    if (gk_points_read(x, at, 0, w->rows, reference, err) != 0)
        return -1;
    for (size_t t = 0; t < x->n && w->s->center == GK_SWEEP_MEAN; t++) {
        if (gk_points_read(x, t, 0, w->rows, point, err) != 0)
            return -1;
        subtract(w->s, point, reference, w->rows);
        for (size_t r = 0; r < w->rows; r++)
            mean[r] += point[r] / (double)x->n;
    }
    return 0;
}

/* Slot SLOT of the block that is read; the last chunks of a block may be empty. */
static void load(struct work *w, size_t slot)
{
    size_t first = w->loading * w->block, n = smaller(w->block, w->columns - first);
    size_t from = smaller(slot * w->chunk, n), to = smaller(from + w->chunk, n);
    struct gk_chunk c = {w->z[w->loading % 2] + from, w->ld, first + from, to - from, slot};
    if (c.n == 0)
        return;
    if ((w->s->transposed ? load_columns : load_rows)(w, &c, &w->err[slot]) != 0)
        w->failed[slot] = true;
    else if (w->s->each)
        w->s->each(w->s->ctx, &c);
}

/* ---- products ---- */

/* The t-th tile on or above the diagonal, counted by columns of tiles. */
static void multiply(struct work *w, size_t t)
{
    size_t across = 0;
    while (t > across)
        t -= ++across;
    const size_t i = t * w->tile, j = across * w->tile;
    const size_t ni = smaller(w->tile, w->kept - i), nj = smaller(w->tile, w->kept - j);
    const size_t n = smaller(w->block, w->columns - w->at * w->block);
    const double *z = w->z[w->at % 2];
    double *g = w->s->gram + i * w->kept + j;
    if (i == j)
        gk_dsyrk(ni, n, 1, z + i * w->ld, w->ld, 1, g, w->kept);
    else
        gk_dgemm(false, true, ni, nj, n, 1, z + i * w->ld, w->ld, z + j * w->ld, w->ld, 1, g,
                 w->kept);
}

static void task(void *ctx, size_t t, int thread)
{
    struct work *w = ctx;
    (void)thread;
    if (t < GK_SWEEP_SLOTS)
        load(w, t);
    else
        multiply(w, t - GK_SWEEP_SLOTS);
}

static void load_task(void *ctx, size_t t, int thread)
{
    (void)thread;
    load(ctx, t);
}

static void multiply_task(void *ctx, size_t t, int thread)
{
    (void)thread;
    multiply(ctx, t);
}

static int check_loaded(struct work *w, struct gk_err *err)
{
    for (size_t i = 0; i < GK_SWEEP_SLOTS; i++)
        if (w->failed[i]) {
            *err = w->err[i];
            return -1;
        }
    return 0;
}

static int run(struct work *w, struct gk_pool *pool, struct gk_err *err)
{
    const size_t blocks = w->block > 0 ? (w->columns + w->block - 1) / w->block : 0;
    if (w->s->transposed && find_centre(w, err) != 0)
        return -1;
    gk_pool_run(pool, GK_SWEEP_SLOTS, load_task, w);
    for (w->at = 0; w->at < blocks; w->at++) {
        if (check_loaded(w, err) != 0)
            return -1;
        if (w->s->tick)
            w->s->tick(w->s->tick_ctx, (double)(w->at * w->block));
        w->loading = w->at + 1;
        if (w->loading < blocks)
            gk_pool_run(pool, GK_SWEEP_SLOTS + w->tiles, task, w);
        else
            gk_pool_run(pool, w->tiles, multiply_task, w);
    }
    return 0;
}

int gk_sweep_run(const struct gk_sweep *s, struct gk_pool *pool, struct gk_err *err)
{
    struct work w = {.s = s, .rows = gk_sweep_rows(s), .columns = gk_sweep_columns(s)};
    w.kept = s->kept > 0 ? s->kept : w.rows;
    const size_t tiles =
        w.kept > TILE ? (w.kept + TILE - 1) / TILE : 1; /* across, as even as possible */
    size_t space;
    w.chunk = gk_sweep_chunk(s);
    w.block = smaller(w.chunk * GK_SWEEP_SLOTS, w.columns);
    w.ld = w.block + PAD;
    w.tile = (w.kept + tiles - 1) / tiles;
    w.tiles = s->gram ? tiles * (tiles + 1) / 2 : 0;
    w.reference_size = s->transposed && w.rows > w.chunk ? w.rows : w.chunk;
    if (!gk_mul(w.rows, w.ld, &space))
        return gk_fail(err, "%zu points are too many", w.rows);
    w.z[0] = gk_alloc(space, sizeof *w.z[0], err);
    w.z[1] = w.z[0] ? gk_alloc(s->gram ? space : 0, sizeof *w.z[1], err) : NULL;
    w.centre = w.z[1] ? gk_alloc(w.rows, 2 * sizeof *w.centre, err) : NULL;
    w.reference =
        w.centre ? gk_alloc(w.reference_size * 2 * GK_SWEEP_SLOTS, sizeof *w.reference, err) : NULL;
    w.err = w.reference ? gk_alloc(GK_SWEEP_SLOTS, sizeof *w.err, err) : NULL;
    double *second = w.z[1];
    if (!s->gram)
        w.z[1] = w.z[0]; /* nothing is multiplied while the next block is read */
    int rc = w.err ? run(&w, pool, err) : -1;
    gk_free(w.z[0]);
    gk_free(second);
    gk_free(w.centre);
    gk_free(w.reference);
    gk_free(w.err);
    return rc;
}

/* ---- numbers ---- */

double gk_dot(const double *a, const double *b, size_t n)
{
    enum { LANES = 8 };
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] += a[i + l] * b[i + l];
    for (; i < n; i++)
        lane[0] += a[i] * b[i];
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
           ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/* The error for a coordinate that is not finite, or 0. */
static int check_finite(const struct gk_points *x, struct gk_err *err)
{
    enum { N = 256 };
    double v[N];
    for (size_t t = 0; t < x->n; t++)
        for (size_t c = 0; c < x->width; c += N) {
            size_t n = x->width - c < N ? x->width - c : N;
            if (gk_points_read(x, t, c, n, v, err) != 0)
                return -1;
            for (size_t i = 0; i < n; i++)
                if (!isfinite(v[i]))
                    return gk_points_fail(x, t, c + i, err,
                                          isnan(v[i]) ? "the value is nan"
                                                      : "the value is infinite");
        }
    return 0;
}

struct largest {
    size_t rows;
    double v[GK_SWEEP_SLOTS];
};

static void find_largest(void *ctx, const struct gk_chunk *c)
{
    struct largest *l = ctx;
    for (size_t r = 0; r < l->rows; r++)
        for (size_t i = 0; i < c->n; i++)
            l->v[c->slot] = fmax(l->v[c->slot], fabs(c->z[r * c->ld + i]));
}

int gk_sweep_scale(struct gk_sweep *s, struct gk_pool *pool, struct gk_err *err)
{
    struct largest l = {.rows = gk_sweep_rows(s)};
    /* The first point as the mean: if that overflows, no finite number is lost. */
    const struct gk_sweep look = {.x = s->x,
                                  .center = s->center == GK_SWEEP_MEAN ? GK_SWEEP_FIRST : s->center,
                                  .transposed = s->transposed,
                                  .each = find_largest,
                                  .ctx = &l};
    if (check_finite(s->x, err) != 0 || gk_sweep_run(&look, pool, err) != 0)
        return -1;
    s->exponent = gk_exponent(l.v, GK_SWEEP_SLOTS);
    return 0;
}

bool gk_sweep_needs_scale(double squares)
{
    return !(squares > 1e-200 && squares < 1e200);
}
