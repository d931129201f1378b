/* Nearest neighbours, exactly. This file finds a few per point; nearest_many.c finds many.
 *
 * The squared distances of all pairs are cheap in single precision, from |a|^2 + |b|^2 - 2 a.b
 * with one matrix multiplication per block. But their rounding error, bounded by E, swamps small
 * distances. So they only rule pairs out: with S_k the k-th smallest of (approximate + E) seen by a
 * point, no pair whose (approximate - E) is larger can be among its k nearest. The few remaining
 * candidates of each point are measured again by summing squared differences of the original
 * coordinates in double. A point with too many candidates (it lies in a clump much smaller than the
 * cloud) is measured against all others that way.
 *
 * E follows from |fl(a.b) - a.b| <= gamma_m |a||b| for sums of m terms in any order (Higham 2002,
 * section 3.1): products are summed DEPTH coordinates at a time, so m = DEPTH + the number of such
 * pieces. Rounding the centred coordinates, the norms and the sum of three adds less than
 * 12 (|a|^2 + |b|^2) units of 2^-24. If squares are too small for that, each adds less than the
 * least normal number.
 *
 * Every pair is examined once, for both of its points, one pair of blocks at a time. In one round
 * each block takes part in one pair (the circle method for tournaments), so that tasks of a round
 * write to different points. */
#include "nearest.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/scale.h"

/* The number of blocks is a multiple of EVENLY, so that threads end a round together. Up to FEW
 * neighbours a sorted list is fastest. Beyond what k needs, a point has room for at most ROOM
 * candidates, and for no more than its coordinates: a candidate is as large as one. */
enum { EVENLY = 4, FEW = 100, ROOM = 512 };

static int alloc_search(struct search *s, int threads, struct gk_err *err)
{
    s->y = gk_alloc(s->n * s->d, sizeof *s->y, err); /* X of that many doubles exists */
    s->norm = s->y ? gk_alloc(s->n, sizeof *s->norm, err) : NULL;
    s->tile = s->norm ? gk_alloc((size_t)threads, sizeof *s->tile * 2 * BLOCK * BLOCK, err) : NULL;
    s->mean = s->tile ? gk_alloc(s->d, sizeof *s->mean, err) : NULL;
    s->part = s->mean ? gk_alloc(SHARES * s->d, sizeof *s->part, err) : NULL;
    return s->part ? 0 : -1;
}

static void free_search(struct search *s)
{
    gk_free(s->y);
    gk_free(s->norm);
    gk_free(s->tile);
    gk_free(s->mean);
    gk_free(s->part);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The contribution of a share of the points to the mean of the differences from the first point,
 * and the largest of these in absolute value. Any centre will do: one beyond the largest number is
 * clamped. */
static void mean_task(void *ctx, size_t t, int thread)
{
    struct search *s = ctx;
    const double share = 1 / (double)s->n;
    double *part = s->part + t * s->d, largest = 0;
    (void)thread;
    for (size_t i = s->n * t / SHARES; i < s->n * (t + 1) / SHARES; i++)
        for (size_t c = 0; c < s->d; c++) {
            const double diff = s->x[i * s->d + c] - s->x[c];
            const double v = fmin(fmax(diff, -DBL_MAX), DBL_MAX);
            part[c] += v * share;
            largest = fabs(v) > largest ? fabs(v) : largest;
        }
    s->largest[t] = largest;
}

/* y_i = (x_i - mean) scaled. Large numbers are scaled before the subtraction, which might overflow,
 * small ones after it, as they may be a difference of large ones. Either way rounds once. */
static void centre_task(void *ctx, size_t t, int thread)
{
    struct search *s = ctx;
    const size_t end = smaller((t + 1) * GROUP, s->n);
    const double before = fmin(s->scale, 1), after = fmax(s->scale, 1);
    (void)thread;
    for (size_t i = t * GROUP; i < end; i++) {
        double norm = 0;
        float *y = s->y + i * s->d;
        for (size_t c = 0; c < s->d; c++) {
            y[c] = (float)((s->x[i * s->d + c] * before - s->mean[c] * before) * after);
            norm += (double)y[c] * (double)y[c];
        }
        s->norm[i] = (float)norm;
    }
}

static size_t groups(size_t n)
{
    return (n + GROUP - 1) / GROUP;
}

/* Computes the power of two, y and norm. */
static void centre(struct search *s, struct gk_pool *pool)
{
    double largest = 0;
    gk_pool_run(pool, SHARES, mean_task, s);
    for (size_t t = 0; t < SHARES; t++) {
        largest = s->largest[t] > largest ? s->largest[t] : largest;
        for (size_t c = 0; c < s->d; c++)
            s->mean[c] += s->part[t * s->d + c];
    }
    for (size_t c = 0; c < s->d; c++)
        s->mean[c] += s->x[c];
    s->scale = ldexp(1, -gk_exponent_of(largest));
    gk_pool_run(pool, groups(s->n), centre_task, s);
}

/* Adds one pair: LOW is the lower bound of its squared distance, HIGH the upper. */
static void offer(struct search *s, size_t i, size_t j, float low, float high)
{
    float *upper = s->upper + i * s->k;
    struct candidate *c = s->candidate + i * s->room;
    size_t at = s->k;
    for (; at > 0 && high < upper[at - 1]; at--)
        if (at < s->k)
            upper[at] = upper[at - 1];
    if (at < s->k)
        upper[at] = high;
    if (s->ncandidate[i] == s->room) {
        size_t kept = 0;
        for (size_t q = 0; q < s->room; q++)
            if (c[q].low <= upper[s->k - 1])
                c[kept++] = c[q];
        s->ncandidate[i] = kept;
    }
    if (s->ncandidate[i] < s->room) {
        c[s->ncandidate[i]++] = (struct candidate){low, (uint32_t)j};
    } else {
        s->ncandidate[i] = s->room + 1;
        upper[s->k - 1] = -INFINITY; /* no more candidates */
    }
}

/* Counts the pairs, out of N for a point with squared norm NORM, that may be wanted by it (limit
 * LIMIT) or by the others (LIMITS). Almost always there are none, so this count is the cost of all
 * pairs. */
static int count_wanted(const float *product, const float *norms, const float *limits, size_t n,
                        float norm, float slack, float least, float limit)
{
    int wanted = 0;
    for (size_t j = 0; j < n; j++) {
        float sum = norm + norms[j];
        float low = sum + product[j] - (slack * sum + least);
        wanted += (low <= limit) | (low <= limits[j]);
    }
    return wanted;
}

static void compare_blocks(struct search *s, size_t a, size_t b, float *tile)
{
    enum { RUN = 64 };
    float limits[BLOCK];
    size_t i0 = a * s->block, ni = smaller(s->block, s->n - i0);
    size_t j0 = b * s->block, nj = smaller(s->block, s->n - j0);
    nearest_multiply(s, i0, ni, j0, nj, tile);
    for (size_t j = 0; j < nj; j++)
        limits[j] = s->upper[(j0 + j + 1) * s->k - 1];
    for (size_t i = i0; i < i0 + ni; i++) {
        const float *product = tile + (i - i0) * BLOCK, *limit = &s->upper[(i + 1) * s->k - 1];
        for (size_t first = a == b ? i - i0 + 1 : 0, end; first < nj; first = end) {
            end = smaller(first + RUN, nj);
            if (!count_wanted(product + first, s->norm + j0 + first, limits + first, end - first,
                              s->norm[i], s->bound, s->least, *limit))
                continue;
            for (size_t j = first; j < end; j++) {
                float sum = s->norm[i] + s->norm[j0 + j], e = s->bound * sum + s->least;
                float low = sum + product[j] - e, high = sum + product[j] + e;
                if (low <= *limit)
                    offer(s, i, j0 + j, low, high);
                if (low <= limits[j]) {
                    offer(s, j0 + j, i, low, high);
                    limits[j] = s->upper[(j0 + j + 1) * s->k - 1];
                }
            }
        }
    }
}

/* Task t of round r of a tournament of an even number of blocks (with an odd number, one rests).
 * Round 0 pairs each block with itself. */
static void compare_task(void *ctx, size_t t, int thread)
{
    struct search *s = ctx;
    float *tile = s->tile + (size_t)thread * 2 * BLOCK * BLOCK;
    size_t even = s->blocks + s->blocks % 2, a = t, b = t;
    if (s->round > 0) {
        size_t r = s->round - 1, ring = even - 1;
        a = t == 0 ? even - 1 : (r + t) % ring;
        b = t == 0 ? r : (r + ring - t) % ring;
    }
    if (a < s->blocks && b < s->blocks)
        compare_blocks(s, a, b, tile);
}

/* Keeps the k smallest squared distances of point i, increasing. */
static void measure(struct search *s, size_t i, size_t j)
{
    double *best = s->best + i * s->k;
    double v = nearest_square(s, i, j, best[s->k - 1]);
    size_t at = s->k;
    for (; at > 0 && v < best[at - 1]; at--)
        if (at < s->k)
            best[at] = best[at - 1];
    if (at < s->k)
        best[at] = v;
}

static void measure_task(void *ctx, size_t t, int thread)
{
    struct search *s = ctx;
    size_t crowded[GROUP], ncrowded = 0, end = smaller((t + 1) * GROUP, s->n);
    (void)thread;
    for (size_t i = t * GROUP; i < end; i++) {
        const struct candidate *c = s->candidate + i * s->room;
        float limit = s->upper[(i + 1) * s->k - 1];
        if (s->ncandidate[i] > s->room)
            crowded[ncrowded++] = i;
        else
            for (size_t q = 0; q < s->ncandidate[i]; q++)
                if (c[q].low <= limit)
                    measure(s, i, c[q].point);
    }
    for (size_t j = 0; ncrowded > 0 && j < s->n;
         j++) /* points in the outer loop: each is fetched once */
        for (size_t q = 0; q < ncrowded; q++)
            if (crowded[q] != j)
                measure(s, crowded[q], j);
}

static int alloc_candidates(struct search *s, struct gk_err *err)
{
    s->room = larger(2 * s->k + 60, smaller(s->d, ROOM));
    s->upper = gk_alloc(s->n * s->k, sizeof *s->upper, err);
    s->candidate = s->upper ? gk_alloc(s->n, s->room * sizeof *s->candidate, err) : NULL;
    s->ncandidate = s->candidate ? gk_alloc(s->n, sizeof *s->ncandidate, err) : NULL;
    return s->ncandidate ? 0 : -1;
}

static void find_candidates(struct search *s, struct gk_pool *pool)
{
    s->blocks = (s->n + BLOCK - 1) / BLOCK;
    if (s->blocks > 2)
        s->blocks = (s->blocks + EVENLY - 1) / EVENLY * EVENLY;
    s->block = (s->n + s->blocks - 1) / s->blocks;
    s->blocks = (s->n + s->block - 1) / s->block; /* the last must not be empty */
    const size_t even = s->blocks + s->blocks % 2;
    for (size_t i = 0; i < s->n * s->k; i++)
        s->upper[i] = INFINITY;
    for (s->round = 0; s->round < even || s->round == 0; s->round++) {
        gk_tick(s->tick, (double)s->n * (double)s->round / fmax(1, (double)even), (double)s->n);
        gk_pool_run(pool, s->round == 0 ? s->blocks : even / 2, compare_task, s);
    }
}

static int nearest_few(struct search *s, struct gk_pool *pool, struct gk_err *err)
{
    const int rc = alloc_candidates(s, err);
    if (rc == 0) {
        find_candidates(s, pool);
        for (size_t i = 0; i < s->n * s->k; i++)
            s->best[i] = INFINITY;
        gk_pool_run(pool, groups(s->n), measure_task, s);
    }
    gk_free(s->upper);
    gk_free(s->candidate);
    gk_free(s->ncandidate);
    return rc;
}

int gk_nearest(const double *x, size_t n, size_t d, size_t k, struct gk_pool *pool,
               const struct gk_tick *tick, double *dist, struct gk_err *err)
{
    size_t most, pieces = (d + DEPTH - 1) / DEPTH;
    if (n > UINT32_MAX || !gk_mul(n, k, &most) || !gk_mul(n, d, &most))
        return gk_fail(err, "%zu points of %zu coordinates are too many", n, d);
    struct search s = {.x = x, .n = n, .d = d, .k = k, .best = dist, .tick = tick};
    s.bound = (float)(smaller(d, DEPTH) + pieces + 16) * (FLT_EPSILON / 2);
    s.least = 8 * (float)d * FLT_MIN;
    int rc = alloc_search(&s, gk_pool_threads(pool), err);
    if (rc == 0) {
        centre(&s, pool);
        rc = (k <= FEW ? nearest_few : nearest_many)(&s, pool, err);
    }
    for (size_t i = 0; i < n * k && rc == 0; i++)
        dist[i] = sqrt(dist[i]) / s.scale;
    for (size_t i = 0; i < n && rc == 0; i++)
        if (!(dist[i * k] > 0 && dist[i * k + k - 1] <= DBL_MAX))
            rc = gk_fail(err, "point %zu: its distance %g to the nearest is out of range", i + 1,
                         dist[i * k]);
    free_search(&s);
    return rc;
}
