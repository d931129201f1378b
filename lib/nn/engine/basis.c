/* Operations on sets of vectors, in blocks: a block of all vectors stays in the second-level cache
 * while it is used. */
#include "gk/basis.h"

#include <math.h>
#include <string.h>

#include "nn/core/kernels/basis_kernels.h"
#include "dispatch.h"
#include "gk/blas.h"
#include "gk/mem.h"

enum { BLOCK = 1024 };

int gk_basis_init(struct gk_basis *b, size_t n, size_t cap, enum gk_dtype real,
                  struct gk_pool *pool, struct gk_err *err)
{
    size_t all, sums, scratch;
    *b = (struct gk_basis){.n = n,
                           .cap = cap,
                           .real = real,
                           .kernels = GK_COMPILATION(gk_basis_kernels, real),
                           .pool = pool,
                           .blocks = (n + BLOCK - 1) / BLOCK};
    if (!gk_mul(n, cap, &all) || !gk_mul(b->blocks, cap, &sums) ||
        !gk_mul((size_t)gk_pool_threads(pool) * 2 * BLOCK, cap, &scratch))
        return gk_fail(err, "a basis of %zu vectors of %zu numbers is too large", cap, n);
    b->v = gk_alloc(all, gk_dtype_size(real), err);
    b->part = gk_alloc(sums, sizeof *b->part, err);
    b->scratch = gk_alloc(scratch, sizeof *b->scratch, err);
    b->again = gk_alloc(cap, sizeof *b->again, err);
    if (b->v && b->part && b->again && b->scratch)
        return 0;
    gk_basis_free(b);
    return -1;
}

void gk_basis_free(struct gk_basis *b)
{
    gk_free(b->v);
    gk_free(b->part);
    gk_free(b->again);
    gk_free(b->scratch);
    *b = (struct gk_basis){0};
}

static void *at(const struct gk_basis *b, size_t j, size_t i)
{
    return (char *)b->v + (j * b->n + i) * gk_dtype_size(b->real);
}

void gk_basis_set(struct gk_basis *b, size_t j, double scale, const double *w)
{
    b->kernels->narrow(b->n, scale, w, at(b, j, 0));
}

void gk_basis_get(const struct gk_basis *b, size_t j, double *w)
{
    b->kernels->widen(b->n, at(b, j, 0), w);
}

/* The state that threads share in one round over the blocks. */
struct round {
    const struct gk_basis *b;
    size_t first, m, k;
    const double *h, *w;
    double *to;
};

static size_t length(const struct gk_basis *b, size_t block)
{
    const size_t left = b->n - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

static void dots_block(void *ctx, size_t block, int thread)
{
    const struct round *r = ctx;
    const struct gk_basis *b = r->b;
    (void)thread;
    b->kernels->dots(length(b, block), r->m, at(b, r->first, block * BLOCK), b->n,
                     r->w + block * BLOCK, b->part + block * b->cap);
}

void gk_basis_dots(const struct gk_basis *b, size_t first, size_t m, const double *w, double *h)
{
    struct round r = {.b = b, .first = first, .m = m, .w = w};
    gk_pool_run(b->pool, b->blocks, dots_block, &r);
    memset(h, 0, m * sizeof *h);
    for (size_t block = 0; block < b->blocks; block++)
        for (size_t i = 0; i < m; i++)
            h[i] += b->part[block * b->cap + i];
}

static void subtract_block(void *ctx, size_t block, int thread)
{
    const struct round *r = ctx;
    const struct gk_basis *b = r->b;
    (void)thread;
    b->kernels->subtract(length(b, block), r->m, at(b, r->first, block * BLOCK), b->n, r->h,
                         r->to + block * BLOCK);
}

void gk_basis_subtract(const struct gk_basis *b, size_t first, size_t m, const double *h, double *w)
{
    struct round r = {.b = b, .first = first, .m = m, .h = h, .to = w};
    gk_pool_run(b->pool, b->blocks, subtract_block, &r);
}

double gk_basis_orthogonalise(struct gk_basis *b, size_t m, double *w, double *h)
{
    double before = sqrt(gk_long_dot(b->n, w, w)), after = before;
    memset(h, 0, m * sizeof *h);
    for (int pass = 0; pass < 4; pass++) {
        gk_basis_dots(b, 0, m, w, b->again);
        gk_basis_subtract(b, 0, m, b->again, w);
        for (size_t i = 0; i < m; i++)
            h[i] += b->again[i];
        after = sqrt(gk_long_dot(b->n, w, w));
        if (after >= 0.7 * before)
            break;
        before = after;
    }
    return after;
}

static void rotate_block(void *ctx, size_t block, int thread)
{
    const struct round *r = ctx;
    const struct gk_basis *b = r->b;
    const size_t n = length(b, block), i = block * BLOCK;
    double *old = b->scratch + (size_t)thread * 2 * b->cap * BLOCK; /* (m, BLOCK) */
    double *new = old + b->cap *BLOCK;                              /* (k, BLOCK) */
    for (size_t j = 0; j < r->m; j++)
        b->kernels->widen(n, at(b, j, i), old + j * BLOCK);
    gk_dgemm(false, false, r->k, n, r->m, 1, r->h, r->m, old, BLOCK, 0, new, BLOCK);
    for (size_t j = 0; j < r->k; j++)
        b->kernels->narrow(n, 1, new + j *BLOCK, at(b, j, i));
}

void gk_basis_rotate(struct gk_basis *b, size_t k, size_t m, const double *s)
{
    struct round r = {.b = b, .m = m, .k = k, .h = s};
    gk_pool_run(b->pool, b->blocks, rotate_block, &r);
}

double gk_long_dot(size_t n, const double *x, const double *y)
{
    double sum = 0, part;
    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t some = n - i < BLOCK ? n - i : BLOCK;
        GK_COMPILATION(gk_basis_kernels, GK_F64)->dots(some, 1, x + i, n, y + i, &part);
        sum += part;
    }
    return sum;
}
