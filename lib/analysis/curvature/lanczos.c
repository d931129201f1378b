/* Thick-restart Lanczos. The basis V = v_0..v_{m-1} is orthonormal, T = V'AV, and A V = V T + beta
 * v_m e_{m-1}': so an eigenpair (value, y) of T gives the approximate pair (value, V y) of A, whose
 * residual beta |y_{m-1}| needs no further product. */
#include "gk/lanczos.h"

#include <math.h>
#include <string.h>

#include "gk/basis.h"
#include "gk/blas.h"
#include "gk/mem.h"
#include "gk/rng.h"

struct gk_lanczos {
    struct gk_lanczos_conf conf;
    size_t n, cap;         /* m <= cap <= n; the basis also holds v_m */
    struct gk_basis basis; /* after a run: the eigenvectors, low then high */
    bool found;            /* a run has finished */
    bool again;            /* this is a second search, for pairs that the first one missed */
    bool complete;         /* no upper pair was missed */
    size_t m;              /* vectors whose product is known */
    size_t coupled;        /* T[i][m] is 0 for i < coupled */
    double beta;           /* the norm of A v_{m-1} without its part in V */
    double scale;          /* the largest |A v_j| */
    double *t;             /* (cap + 1, cap + 1), symmetric */
    double *s,
        *theta;    /* (cap, cap), [cap]: T's eigenvectors in rows, and eigenvalues, increasing */
    double *h;     /* [cap + 1] */
    double *x, *w; /* [n] */
    struct gk_rng rng;
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The number of vectors to hold before a restart: at least three times the number wanted, more if
 * memory allows. */
static size_t choose_cap(size_t n, const struct gk_lanczos_conf *c)
{
    const size_t bytes = (size_t)256 << 20, most = 400;
    const size_t fits = smaller(bytes / (n * gk_dtype_size(c->store)), most);
    return smaller(n, larger(c->basis > 0 ? c->basis : fits, 3 * (c->high + c->low) + 18));
}

int gk_lanczos_new(struct gk_lanczos **out, size_t n, const struct gk_lanczos_conf *conf,
                   struct gk_pool *pool, struct gk_err *err)
{
    if (n < 1 || conf->high > n || conf->low > n || conf->high + conf->low > n + 1)
        return gk_fail(err, "%zu and %zu eigenvalues of a matrix of %zu rows", conf->high,
                       conf->low, n);
    struct gk_lanczos *l = gk_alloc(1, sizeof *l, err);
    if (!l)
        return -1;
    l->conf = *conf;
    l->n = n;
    l->cap = choose_cap(n, conf);
    const size_t k = l->cap + 1;
    l->t = gk_alloc(k * k, sizeof *l->t, err);
    l->s = gk_alloc(k * k, sizeof *l->s, err);
    l->theta = gk_alloc(k, sizeof *l->theta, err);
    l->h = gk_alloc(k, sizeof *l->h, err);
    l->x = gk_alloc(n, sizeof *l->x, err);
    l->w = gk_alloc(n, sizeof *l->w, err);
    if (l->t && l->s && l->theta && l->h && l->x && l->w &&
        !gk_basis_init(&l->basis, n, k, conf->store, pool, err)) {
        *out = l;
        return 0;
    }
    gk_lanczos_free(l);
    return -1;
}

void gk_lanczos_free(struct gk_lanczos *l)
{
    if (!l)
        return;
    gk_basis_free(&l->basis);
    gk_free(l->t);
    gk_free(l->s);
    gk_free(l->theta);
    gk_free(l->h);
    gk_free(l->x);
    gk_free(l->w);
    gk_free(l);
}

/* T's element (i, j). */
static double *t_at(struct gk_lanczos *l, size_t i, size_t j)
{
    return l->t + i * (l->cap + 1) + j;
}

static double norm(const struct gk_lanczos *l, const double *w)
{
    return sqrt(gk_long_dot(l->n, w, w));
}

static int apply(struct gk_lanczos *l, const struct gk_operator *op, struct gk_err *err)
{
    if (op->apply(op->ctx, l->x, l->w, err))
        return -1;
    const double size = norm(l, l->w);
    if (!isfinite(size))
        return gk_fail(err, "a product with the matrix is not finite");
    l->scale = fmax(l->scale, size);
    return 0;
}

static void random_vector(struct gk_lanczos *l, double *x)
{
    for (size_t i = 0; i < l->n; i++)
        x[i] = gk_rng_normal(&l->rng);
}

/* If the space of v_0..v_{m-1} is invariant, sets v_m to any direction outside it. */
static void escape(struct gk_lanczos *l)
{
    random_vector(l, l->w);
    const double size = gk_basis_orthogonalise(&l->basis, l->m, l->w, l->h);
    gk_basis_set(&l->basis, l->m, 1 / size, l->w);
}

/* One product: T's row m, and v_{m+1}. */
static int expand(struct gk_lanczos *l, const struct gk_operator *op, struct gk_err *err)
{
    const size_t j = l->m;
    double alpha;
    gk_basis_get(&l->basis, j, l->x);
    if (apply(l, op, err))
        return -1;
    gk_basis_subtract(&l->basis, l->coupled, j - l->coupled, t_at(l, j, l->coupled), l->w);
    gk_basis_dots(&l->basis, j, 1, l->w, &alpha);
    gk_basis_subtract(&l->basis, j, 1, &alpha, l->w);
    l->beta = gk_basis_orthogonalise(&l->basis, j + 1, l->w, l->h);
    *t_at(l, j, j) = alpha + l->h[j];
    l->coupled = j;
    l->m = j + 1;
    for (size_t i = 0; i < j && l->m <= l->cap; i++)
        *t_at(l, i, l->m) = *t_at(l, l->m, i) = 0;
    if (l->m == l->n)
        l->beta = 0;
    if (l->beta <= 1e-14 * l->scale)
        l->beta = 0;
    if (l->beta > 0)
        gk_basis_set(&l->basis, l->m, 1 / l->beta, l->w);
    else if (l->m < l->n)
        escape(l);
    *t_at(l, j, l->m) = *t_at(l, l->m, j) = l->beta;
    return 0;
}

static int diagonalise(struct gk_lanczos *l, struct gk_err *err)
{
    for (size_t i = 0; i < l->m; i++)
        memcpy(l->s + i * l->m, t_at(l, i, 0), l->m * sizeof *l->s);
    return gk_eigh(l->m, l->s, l->theta, true, err);
}

/* The residual of T's pair I, in increasing order. */
static double estimate(const struct gk_lanczos *l, size_t i)
{
    return l->beta * fabs(l->s[i * l->m + l->m - 1]);
}

static double bound(const struct gk_lanczos *l, double value, double top)
{
    return l->conf.tol * fmax(fabs(value), 1e-3 * fabs(top));
}

/* How far the wanted pairs are from convergence: the largest ratio of residual to bound, at most 1
 * if all converged. Part of the bound is reserved for rounding in the products. A start close to
 * one eigenvector finds that vector before the search can see a larger eigenvalue, so there is a
 * minimal number of steps. A second search must also know the next value well enough to tell it
 * from the last wanted one. */
static double shortfall(const struct gk_lanczos *l)
{
    const size_t m = l->m, enough = 20;
    const double spare = 0.85;
    double worst = 0;
    if (m == l->n)
        return 0;
    if (m < enough + l->conf.high + l->conf.low)
        return INFINITY;
    for (size_t i = 0; i < m; i++) {
        const double most = spare * bound(l, l->theta[i], l->theta[m - 1]);
        if ((i < l->conf.low || i >= m - l->conf.high) && estimate(l, i) > 0)
            worst = fmax(worst, estimate(l, i) / most);
    }
    const size_t next = m - l->conf.high - 1;
    if (l->again && estimate(l, next) > 0) {
        const double gap = 0.3 * (l->theta[next + 1] - l->theta[next]);
        const double most = spare * bound(l, l->theta[next], l->theta[m - 1]);
        worst = fmax(worst, estimate(l, next) / fmax(gap, most));
    }
    return worst;
}

/* Keeps the LOW lowest and HIGH highest of T's pairs; overwrites s. */
static void keep(struct gk_lanczos *l, size_t low, size_t high)
{
    const size_t m = l->m;
    memmove(l->s + low * m, l->s + (m - high) * m, high * m * sizeof *l->s);
    memmove(l->theta + low, l->theta + m - high, high * sizeof *l->theta);
    gk_basis_rotate(&l->basis, low + high, m, l->s);
}

/* The basis is full: keeps a part of it at both ends, with v_m coupled to all of it. */
static void restart(struct gk_lanczos *l)
{
    const size_t m = l->m, spare = (m - l->conf.high - l->conf.low) / 2;
    size_t low = 0, high = 0;
    if (l->conf.low > 0)
        low = l->conf.low + (l->conf.high > 0 ? 2 * spare / 3 : spare);
    if (l->conf.high > 0)
        high = l->conf.high + (l->conf.low > 0 ? spare / 3 : spare);
    const size_t k = low + high;
    keep(l, low, high);
    gk_basis_get(&l->basis, m, l->x);
    gk_basis_set(&l->basis, k, 1, l->x);
    memset(l->t, 0, (l->cap + 1) * (l->cap + 1) * sizeof *l->t);
    for (size_t i = 0; i < k; i++) {
        *t_at(l, i, i) = l->theta[i];
        *t_at(l, i, k) = *t_at(l, k, i) = l->beta * l->s[i * m + m - 1];
    }
    l->m = k;
    l->coupled = 0;
}

/* v_0: START, plus the eigenvectors of an earlier run, plus a random part. Without the last,
 * symmetry could keep the search orthogonal to some eigenvectors for ever. */
static int begin(struct gk_lanczos *l, const double *start, struct gk_err *err)
{
    const double size = start ? norm(l, start) : 0, random = 0.1;
    if (!isfinite(size))
        return gk_fail(err, "the starting vector is not finite");
    gk_rng_seed(&l->rng, l->conf.seed, GK_RNG_PROBE);
    random_vector(l, l->w);
    const double drawn = norm(l, l->w);
    for (size_t i = 0; i < l->n; i++)
        l->w[i] = random / drawn * l->w[i] + (start && size > 0 ? start[i] / size : 0);
    if (l->found) {
        const size_t k = l->conf.high + l->conf.low;
        for (size_t i = 0; i < k; i++)
            l->h[i] = -1;
        gk_basis_subtract(&l->basis, 0, k, l->h, l->w);
    }
    gk_basis_set(&l->basis, 0, 1 / norm(l, l->w), l->w);
    l->found = false;
    l->m = l->coupled = 0;
    l->scale = 0;
    return 0;
}

/* Solving T costs m^3, so a large one is not solved after every product unless convergence is
 * near. */
static size_t wait_for(const struct gk_lanczos *l, double lack)
{
    const size_t most = l->m / 32;
    return (size_t)fmin((double)most, log2(lack));
}

static int iterate(struct gk_lanczos *l, const struct gk_operator *op, size_t *products,
                   struct gk_err *err)
{
    const size_t k = l->conf.high + l->conf.low;
    size_t due = 0;
    for (;;) {
        if (expand(l, op, err))
            return -1;
        const bool last = ++*products + k >= l->conf.max_products && l->m >= k;
        if (!last && l->m < l->cap && l->m < due)
            continue;
        if (diagonalise(l, err))
            return -1;
        const double lack = shortfall(l);
        if (last || lack <= 1)
            return 0;
        if (l->m == l->cap)
            restart(l);
        due = l->m + 1 + wait_for(l, lack);
    }
}

/* A Krylov space holds one vector of a repeated eigenvalue, and for a while only one of several
 * close ones, so the converged pairs may miss some. The pairs found are kept, and a random vector
 * orthogonal to them starts a second space. */
static void start_again(struct gk_lanczos *l)
{
    const size_t k = l->conf.low + l->conf.high;
    keep(l, l->conf.low, l->conf.high);
    memset(l->t, 0, (l->cap + 1) * (l->cap + 1) * sizeof *l->t);
    for (size_t i = 0; i < k; i++)
        *t_at(l, i, i) = l->theta[i];
    l->m = l->coupled = k;
    escape(l);
}

/* Searches until a search adds nothing to the upper pairs, or until no products are left. */
static int complete(struct gk_lanczos *l, const struct gk_operator *op, size_t *products,
                    struct gk_err *err)
{
    const size_t high = l->conf.high, k = high + l->conf.low;
    l->complete = high < 2 || l->m == l->n;
    if (l->complete)
        return 0;
    double *before = gk_alloc(high, sizeof *before, err);
    int rc = before ? 0 : -1;
    l->again = true;
    while (rc == 0 && !l->complete && *products + k < l->conf.max_products) {
        memcpy(before, l->theta + l->m - high, high * sizeof *before);
        start_again(l);
        rc = iterate(l, op, products, err);
        l->complete = rc == 0 && (l->m == l->n || shortfall(l) <= 1);
        for (size_t i = 0; i < high && l->complete && l->m < l->n; i++) {
            const double *now = l->theta + l->m - high;
            l->complete = now[i] <= before[i] + bound(l, before[i], now[high - 1]);
        }
    }
    l->again = false;
    gk_free(before);
    return rc;
}

/* The value and residual of the vector in x, by a product. */
static int measure(struct gk_lanczos *l, const struct gk_operator *op, struct gk_eigenpair *pair,
                   struct gk_err *err)
{
    if (apply(l, op, err))
        return -1;
    const double xx = gk_long_dot(l->n, l->x, l->x);
    pair->value = gk_long_dot(l->n, l->x, l->w) / xx;
    for (size_t i = 0; i < l->n; i++)
        l->w[i] -= pair->value * l->x[i];
    pair->residual = norm(l, l->w) / sqrt(xx);
    return 0;
}

int gk_lanczos_run(struct gk_lanczos *l, const struct gk_operator *op, const double *start,
                   struct gk_eigenpair *high, struct gk_eigenpair *low, size_t *products,
                   struct gk_err *err)
{
    *products = 0;
    if (begin(l, start, err) || iterate(l, op, products, err) || complete(l, op, products, err))
        return -1;
    const double top = l->theta[l->m - 1];
    keep(l, l->conf.low, l->conf.high);
    l->found = true;
    for (size_t i = 0; i < l->conf.low + l->conf.high; i++) {
        const bool upper = i >= l->conf.low;
        struct gk_eigenpair *pair = upper ? &high[i - l->conf.low] : &low[i];
        gk_lanczos_vector(l, upper, upper ? i - l->conf.low : i, l->x);
        if (measure(l, op, pair, err))
            return -1;
        ++*products;
        pair->converged = pair->residual <= bound(l, pair->value, top) && (!upper || l->complete);
    }
    return 0;
}

void gk_lanczos_vector(const struct gk_lanczos *l, bool upper, size_t i, double *x)
{
    gk_basis_get(&l->basis, upper ? l->conf.low + l->conf.high - 1 - i : i, x);
}

int gk_lanczos_quadrature(struct gk_lanczos *l, const struct gk_operator *op, const double *start,
                          size_t m, double *nodes, double *weights, size_t *k, struct gk_err *err)
{
    const double size = norm(l, start);
    l->found = false;
    l->m = l->coupled = 0;
    l->scale = 0;
    gk_rng_seed(&l->rng, l->conf.seed, GK_RNG_PROBE); /* expand may draw random numbers */
    gk_basis_set(&l->basis, 0, 1 / size, start);
    do {
        if (expand(l, op, err))
            return -1;
    } while (l->m < m && l->m < l->cap && l->beta > 0);
    if (diagonalise(l, err))
        return -1;
    *k = l->m;
    for (size_t i = 0; i < l->m; i++) {
        const double first = l->s[i * l->m];
        nodes[i] = l->theta[i];
        weights[i] = first * first;
    }
    return 0;
}
