/* Estimators of the intrinsic dimension. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gk/dimension.h"
#include "gk/mem.h"

/* A point's row, and a hash that coinciding points share. */
struct mark {
    uint64_t hash;
    size_t row;
};

static int by_hash(const void *a, const void *b)
{
    const struct mark *p = a, *q = b;
    if (p->hash != q->hash)
        return p->hash < q->hash ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

/* Each coordinate goes through the finaliser of splitmix64; -0 counts as 0. */
static uint64_t mix(uint64_t h, double v)
{
    uint64_t bits;
    v += 0.0;
    memcpy(&bits, &v, sizeof bits);
    h = (h ^ bits) + 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    return h ^ (h >> 31);
}

/* Four chains, so that one multiplication need not wait for another. */
static uint64_t hash_point(const double *x, size_t d)
{
    uint64_t h[4] = {0, 1, 2, 3};
    size_t c = 0;
    for (; c + 4 <= d; c += 4)
        for (size_t i = 0; i < 4; i++)
            h[i] = mix(h[i], x[c + i]);
    for (; c < d; c++)
        h[0] = mix(h[0], x[c]);
    for (size_t i = 1; i < 4; i++)
        h[0] = (h[0] ^ h[i]) * 0x9e3779b97f4a7c15u;
    return h[0];
}

static bool same_point(const double *a, const double *b, size_t d)
{
    for (size_t c = 0; c < d; c++)
        if (a[c] != b[c])
            return false;
    return true;
}

struct marking {
    const double *x; /* (n, d) */
    size_t d;
    struct mark *mark; /* (n) */
};

static void mark_task(void *ctx, size_t i, int thread)
{
    const struct marking *m = ctx;
    (void)thread;
    m->mark[i] = (struct mark){hash_point(m->x + i * m->d, m->d), i};
}

static int check_finite(const double *x, size_t n, size_t d, struct gk_err *err)
{
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < d; c++)
            if (!isfinite(x[i * d + c]))
                return gk_fail(err, "point %zu: coordinate %zu is %g", i + 1, c + 1, x[i * d + c]);
    return 0;
}

/* Sets drop[i] if point i coincides with an earlier one. MARK (n) is sorted by hash, then row.
 * Among points that share a hash, the distinct ones (hardly ever more than one) move to the
 * front. */
static void find_repeats(const double *x, size_t d, struct mark *mark, size_t n, bool *drop)
{
    size_t first = 0, end = 0; /* the distinct ones so far: mark[first..end) */
    for (size_t i = 0; i < n; i++) {
        if (mark[i].hash != mark[first].hash)
            first = end = i;
        size_t j = first;
        while (j < end && !same_point(x + mark[i].row * d, x + mark[j].row * d, d))
            j++;
        drop[mark[i].row] = j < end;
        if (j == end)
            mark[end++] = mark[i];
    }
}

int gk_distinct(double *x, size_t *n, size_t d, struct gk_pool *pool, struct gk_err *err)
{
    if (*n < 3)
        return gk_fail(err, "at least 3 points are needed, here are %zu", *n);
    if (d == 0)
        return gk_fail(err, "the points have no coordinates");
    if (check_finite(x, *n, d, err) != 0)
        return -1;
    struct mark *mark = gk_alloc(*n, sizeof *mark, err);
    bool *drop = mark ? gk_alloc(*n, sizeof *drop, err) : NULL;
    if (!drop) {
        gk_free(mark);
        return -1;
    }
    struct marking marking = {x, d, mark};
    gk_pool_run(pool, *n, mark_task, &marking);
    qsort(mark, *n, sizeof *mark, by_hash);
    find_repeats(x, d, mark, *n, drop);
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (!drop[i] && kept++ < i)
            memmove(x + (kept - 1) * d, x + i * d, d * sizeof *x);
    gk_free(mark);
    gk_free(drop);
    if (kept < 3)
        return gk_fail(err, "only %zu of %zu points differ: at least 3 are needed", kept, *n);
    *n = kept;
    return 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* floor(n (1 - discard)), with the product computed in decimal: 10 points without a fraction of 0.9
 * are 1 point, although 10 * (1 - 0.9) is less than 1 in binary. */
static size_t points_fitted(size_t n, double discard)
{
    double m = floor((double)n * (1 - discard) * (1 + 1e-12));
    return m < (double)(n - 1) ? (size_t)m : n - 1;
}

/* F_i = i/n, the quantile of point i (from 0) of N, on the scale of the fit. */
static double fit_ordinate(size_t i, size_t n)
{
    return -log1p(-(double)(i + 1) / (double)n);
}

/* The variance of the slope N/M, N = sum x_i y_i, M = sum x_i^2 over the m smallest of n values x
 * (rising), by its influence function. A unit of mass moved to z shifts the quantile Q(u) by (u -
 * [z <= Q(u)]) dQ/du, and with it N by the integral of y(u) (u - [z <= Q(u)]) dQ, and M by that of
 * 2 Q(u) (u - [z <= Q(u)]) dQ. INFLUENCE (m) is scratch for suffix sums. */
static double slope_variance(const double *x, size_t m, size_t n, double slope, double sum_xx,
                             double *influence)
{
    double whole = 0, tail = 0, total = 0;
    for (size_t i = m; i-- > 0;) {
        double u = (double)(i + 1) / (double)n;
        double dq = i + 1 < m ? x[i + 1] - x[i] : 0;
        double w = (fit_ordinate(i, n) - 2 * slope * x[i]) * dq;
        whole += u * w;
        tail += w;
        influence[i] = tail;
    }
    for (size_t i = 0; i < m; i++)
        total += (whole - influence[i]) * (whole - influence[i]);
    total += (double)(n - m) * whole * whole; /* points above the fitted ones only shift u */
    return total / (sum_xx * sum_xx);
}

int gk_twonn(const double *dist, size_t n, size_t k, double discard, struct gk_dimension *dim,
             struct gk_err *err)
{
    size_t m = points_fitted(n, discard);
    if (m == 0)
        return gk_fail(err, "discarding %g of %zu points leaves none to fit", discard, n);
    double *x = gk_alloc(n, sizeof *x, err);
    double *influence = x ? gk_alloc(m, sizeof *influence, err) : NULL;
    if (!influence) {
        gk_free(x);
        return -1;
    }
    for (size_t i = 0; i < n; i++)
        x[i] = log(dist[i * k + 1] / dist[i * k]);
    qsort(x, n, sizeof *x, by_value);
    double xy = 0, xx = 0;
    for (size_t i = 0; i < m; i++) {
        xy += x[i] * fit_ordinate(i, n);
        xx += x[i] * x[i];
    }
    int rc = 0;
    if (xx > 0) {
        dim->id = xy / xx;
        dim->error = m > 1 ? sqrt(slope_variance(x, m, n, dim->id, xx, influence)) : NAN;
    } else {
        rc = gk_fail(err,
                     "both nearest neighbours are equally far from each of the %zu points fitted:"
                     " TwoNN has no answer",
                     m);
    }
    gk_free(x);
    gk_free(influence);
    return rc;
}

/* 1/m(x) for one point with distances t (k). */
static double inverse_local(const double *t, size_t k)
{
    double sum = 0;
    for (size_t j = 0; j + 1 < k; j++)
        sum += log(t[k - 1] / t[j]);
    return sum / (double)(k - 1);
}

int gk_dimension_mle(const double *dist, size_t n, size_t k, bool levina, struct gk_dimension *dim,
                     struct gk_err *err)
{
    double mean = 0, m2 = 0; /* Welford's running mean and sum of squares */
    size_t flat = 0;
    for (size_t i = 0; i < n; i++) {
        double v = inverse_local(dist + i * k, k);
        flat += v == 0;
        if (levina)
            v = 1 / v;
        double delta = v - mean;
        mean += delta / (double)(i + 1);
        m2 += delta * (v - mean);
    }
    if (flat == n || (levina && flat > 0))
        return gk_fail(err, "the %zu nearest neighbours of %zu points are all equally far: %s", k,
                       flat, flat == n ? "there is no answer" : "there m(x) is infinite");
    double spread = sqrt(m2 / (double)(n - 1) / (double)n);
    dim->id = levina ? mean : 1 / mean;
    dim->error = levina ? spread : spread / (mean * mean);
    return 0;
}

int gk_dimensions(double *x, size_t *n, size_t d, const struct gk_dimension_conf *conf,
                  struct gk_pool *pool, struct gk_dimension dim[GK_DIMENSION_METHODS],
                  struct gk_err *err)
{
    const bool many = conf->wanted[GK_MLE] || conf->wanted[GK_LEVINA];
    const size_t all = *n, k = many ? conf->k : 2;
    size_t size;
    if (gk_distinct(x, n, d, pool, err) != 0)
        return -1;
    if (k >= *n)
        return gk_fail(err, "%zu neighbours need %zu points, here are %zu%s", k, k + 1, *n,
                       *n < all ? " that differ" : "");
    if (!gk_mul(*n, k, &size))
        return gk_fail(err, "%zu neighbours of %zu points are too many", k, *n);
    double *dist = gk_alloc(size, sizeof *dist, err);
    int rc = dist ? gk_nearest(x, *n, d, k, pool, &conf->tick, dist, err) : -1;
    if (rc == 0 && conf->wanted[GK_TWONN])
        rc = gk_twonn(dist, *n, k, conf->discard, &dim[GK_TWONN], err);
    if (rc == 0 && conf->wanted[GK_MLE])
        rc = gk_dimension_mle(dist, *n, k, false, &dim[GK_MLE], err);
    if (rc == 0 && conf->wanted[GK_LEVINA])
        rc = gk_dimension_mle(dist, *n, k, true, &dim[GK_LEVINA], err);
    gk_free(dist);
    return rc;
}
