/* Many nearest neighbours.
 *
 * A point passes through all blocks with a list of candidates. Each has bounds of its squared
 * distance: the approximate one minus and plus E (nearest.c). A point joins the list if its lower
 * bound is within the limit, the k-th smallest upper bound so far. When the list is full, a new
 * limit is computed, and candidates beyond it leave. If few leave, because distances differ by less
 * than E, all are measured and the k nearest stay. Either costs time proportional to the list's
 * length, and frees half of its room beyond k. So the cost per candidate is constant, whatever the
 * order of the points, and however many distances are equal. */
#include "nearest.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "gk/mem.h"

struct list {
    size_t n;
    float limit;
    float *low, *high; /* [room] */
    uint32_t *point;   /* [room] */
};

struct many {
    struct search *s;
    size_t room;
    struct list *list; /* (threads, GROUP) */
    float *bound;      /* (threads, GROUP, 2, room) */
    uint32_t *point;   /* (threads, GROUP, room) */
    double *value;     /* (threads, 3, room) */
    size_t first;      /* this round's group */
};

/* The K-th smallest of V [n], all nonnegative: their bits are in the order of their values, and are
 * determined from the top, some at a time. */
static float kth_smallest(const float *v, size_t n, size_t k)
{
    enum { DIGIT = 11 };
    static const int shifts[] = {21, 10, 0};
    uint32_t known = 0, mask = 0, bits;
    float found;
    for (size_t s = 0; s < sizeof shifts / sizeof *shifts; s++) {
        size_t count[1 << DIGIT] = {0}, digit = 0;
        const uint32_t last = ~mask >> shifts[s];
        for (size_t i = 0; i < n; i++) {
            memcpy(&bits, v + i, sizeof bits);
            if ((bits & mask) == known)
                count[bits >> shifts[s] & last]++;
        }
        while (k > count[digit])
            k -= count[digit++];
        known |= (uint32_t)digit << shifts[s];
        mask |= last << shifts[s];
    }
    memcpy(&found, &known, sizeof found);
    return found;
}

/* Sorts V [n], all nonnegative, by their bits, byte by byte. SPARE [n]. */
static void sort_rising(double *v, double *spare, size_t n)
{
    enum { BYTES = sizeof(double), SIZE = 256 };
    size_t count[BYTES][SIZE] = {{0}};
    double *from = v, *to = spare;
    uint64_t bits;
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, v + i, sizeof bits);
        for (size_t b = 0; b < BYTES; b++)
            count[b][bits >> 8 * b & 255]++;
    }
    for (size_t b = 0; b < BYTES; b++) {
        size_t at = 0, most = 0;
        for (size_t q = 0; q < SIZE; q++) {
            const size_t c = count[b][q];
            most = c > most ? c : most;
            count[b][q] = at;
            at += c;
        }
        if (most == n) /* all have this byte */
            continue;
        for (size_t i = 0; i < n; i++) {
            memcpy(&bits, from + i, sizeof bits);
            to[count[b][bits >> 8 * b & 255]++] = from[i];
        }
        double *other = from;
        from = to;
        to = other;
    }
    if (from != v)
        memcpy(v, from, n * sizeof *v);
}

static void measure_all(const struct search *s, size_t i, const struct list *l, double *v)
{
    for (size_t q = 0; q < l->n; q++)
        v[q] = nearest_square(s, i, l->point[q], INFINITY);
}

/* Keeps the k nearest in the list, with bounds as close as single precision allows. VALUE (3, room)
 * is scratch. */
static void settle(const struct many *m, size_t i, struct list *l, double *value)
{
    static const double slack = 4 * FLT_EPSILON;
    const size_t k = m->s->k;
    double *v = value, *sorted = value + m->room;
    size_t kept = 0, equal = 0;
    measure_all(m->s, i, l, v);
    memcpy(sorted, v, l->n * sizeof *v);
    sort_rising(sorted, sorted + m->room, l->n);
    const double last = sorted[k - 1];
    while (equal < k && sorted[k - 1 - equal] == last)
        equal++;
    for (size_t q = 0; q < l->n; q++) {
        if (v[q] > last || (v[q] == last && equal == 0))
            continue;
        equal -= v[q] == last;
        l->low[kept] = (float)(v[q] * (1 - slack) - (double)FLT_MIN);
        l->high[kept] = (float)(v[q] * (1 + slack) + (double)FLT_MIN);
        l->point[kept++] = l->point[q];
    }
    l->n = kept;
    l->limit = fminf(l->limit, (float)(last * (1 + slack) + (double)FLT_MIN));
}

/* Sets a new limit; candidates beyond it leave. */
static void tighten(const struct many *m, struct list *l)
{
    size_t kept = 0;
    if (l->n >= m->s->k)
        l->limit = fminf(l->limit, kth_smallest(l->high, l->n, m->s->k));
    for (size_t q = 0; q < l->n; q++) {
        const float low = l->low[q], high = l->high[q];
        l->low[kept] = low;
        l->high[kept] = high;
        l->point[kept] = l->point[q];
        kept += low <= l->limit;
    }
    l->n = kept;
}

/* Compares point I with the NJ points from j0 on. */
static void meet(const struct many *m, size_t i, size_t j0, size_t nj, const float *product,
                 struct list *l, double *value)
{
    const struct search *s = m->s;
    const float norm = s->norm[i], *norms = s->norm + j0;
    float low[BLOCK], high[BLOCK];
    uint32_t joins[BLOCK] = {0}, njoins = 0;
    for (size_t j = 0; j < nj; j++) {
        const float sum = norm + norms[j], e = s->bound * sum + s->least;
        const float least = sum + product[j] - e, most = sum + product[j] + e;
        low[j] = least;
        high[j] = most > 0 ? most : 0;
    }
    if (i >= j0 && i < j0 + nj)
        low[i - j0] = INFINITY;
    for (uint32_t j = 0; j < nj; j++) {
        joins[njoins] = j;
        njoins += low[j] <= l->limit;
    }
    if (l->n + njoins > m->room) {
        tighten(m, l);
        if (l->n > s->k + (m->room - s->k) / 2)
            settle(m, i, l, value);
    }
    for (size_t q = 0; q < njoins; q++, l->n++) {
        l->low[l->n] = low[joins[q]];
        l->high[l->n] = high[joins[q]];
        l->point[l->n] = (uint32_t)j0 + joins[q];
    }
}

static void group_task(void *ctx, size_t t, int thread)
{
    const struct many *m = ctx;
    const struct search *s = m->s;
    const size_t i0 = (m->first + t) * GROUP, ni = s->n - i0 < GROUP ? s->n - i0 : GROUP;
    struct list *list = m->list + (size_t)thread * GROUP;
    float *tile = s->tile + (size_t)thread * 2 * BLOCK * BLOCK;
    double *value = m->value + (size_t)thread * 3 * m->room;
    for (size_t i = 0; i < ni; i++) {
        list[i].n = 0;
        list[i].limit = FLT_MAX;
    }
    for (size_t j0 = 0; j0 < s->n; j0 += BLOCK) {
        const size_t nj = s->n - j0 < BLOCK ? s->n - j0 : BLOCK;
        nearest_multiply(s, i0, ni, j0, nj, tile);
        for (size_t i = 0; i < ni; i++)
            meet(m, i0 + i, j0, nj, tile + i * BLOCK, &list[i], value);
    }
    for (size_t i = 0; i < ni; i++) {
        tighten(m, &list[i]);
        measure_all(s, i0 + i, &list[i], value);
        sort_rising(value, value + m->room, list[i].n);
        memcpy(s->best + (i0 + i) * s->k, value, s->k * sizeof *value);
    }
}

static int alloc_lists(struct many *m, size_t threads, struct gk_err *err)
{
    const size_t room = m->room;
    m->list = gk_alloc(threads * GROUP, sizeof *m->list, err);
    m->bound = m->list ? gk_alloc(threads * GROUP, 2 * room * sizeof *m->bound, err) : NULL;
    m->point = m->bound ? gk_alloc(threads * GROUP, room * sizeof *m->point, err) : NULL;
    m->value = m->point ? gk_alloc(threads, 3 * room * sizeof *m->value, err) : NULL;
    for (size_t i = 0; m->value && i < threads * GROUP; i++) {
        m->list[i].low = m->bound + i * 2 * room;
        m->list[i].high = m->list[i].low + room;
        m->list[i].point = m->point + i * room;
    }
    return m->value ? 0 : -1;
}

int nearest_many(struct search *s, struct gk_pool *pool, struct gk_err *err)
{
    const size_t threads = (size_t)gk_pool_threads(pool), groups = (s->n + GROUP - 1) / GROUP;
    const size_t most = s->tick->fn ? 16 * threads : groups;
    struct many m = {.s = s, .room = 2 * s->k + (size_t)4 * BLOCK};
    const int rc = alloc_lists(&m, threads, err);
    for (; rc == 0 && m.first < groups; m.first += most) {
        gk_tick(s->tick, (double)(m.first * GROUP), (double)s->n);
        gk_pool_run(pool, groups - m.first < most ? groups - m.first : most, group_task, &m);
    }
    gk_free(m.list);
    gk_free(m.bound);
    gk_free(m.point);
    gk_free(m.value);
    return rc;
}
