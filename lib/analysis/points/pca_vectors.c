/* The singular vectors of gk/pca.h: those found, and a basis of the remainder. */
#include <math.h>
#include <string.h>

#include "gk/blas.h"
#include "gk/mem.h"
#include "pca_priv.h"

void pca_compress(void *ctx, const struct gk_chunk *c)
{
    const struct work *w = ctx;
    double *part = w->rest_part + c->slot * w->nrest * gk_sweep_chunk(&w->sweep);
    gk_dgemm(false, false, w->nrest, c->n, w->rows, 1, w->rest, w->rows, c->z, c->ld, 0, part,
             c->n);
    for (size_t i = 0; i < w->nrest; i++)
        memcpy(c->z + i * c->ld, part + i * c->n, c->n * sizeof *part);
}

/* Makes rows FROM <= k < TO of u orthogonal to those before (they are already, up to rounding), of
 * norm 1, and 0 where Z has a row of zeros, so that the centre projects exactly to 0. */
static void polish(struct work *w, size_t from, size_t to)
{
    const size_t n = w->rows;
    for (size_t k = from, first = from; k < to; k++) {
        double *v = w->u + k * n;
        if (k == from || k % PCA_TOGETHER == 0) {
            const size_t many =
                PCA_TOGETHER - k % PCA_TOGETHER < to - k ? PCA_TOGETHER - k % PCA_TOGETHER : to - k;
            first = k / PCA_TOGETHER * PCA_TOGETHER;
            gk_dgemm(false, true, many, first, n, 1, v, n, w->u, n, 0, w->along, first);
            gk_dgemm(false, false, many, n, first, -1, w->along, first, w->u, n, 1, v, n);
        }
        for (size_t q = first; q < k; q++) {
            const double *other = w->u + q * n;
            double along = gk_dot(v, other, n);
            for (size_t i = 0; i < n; i++)
                v[i] -= along * other[i];
        }
        for (size_t i = 0; i < n; i++)
            v[i] = w->norm[i] > 0 ? v[i] : 0;
        double norm = sqrt(gk_dot(v, v, n));
        for (size_t i = 0; i < n; i++)
            v[i] /= norm;
    }
}

/* The first LEFT of the vectors V become the rest. */
static int keep_rest(struct work *w, const double *v, size_t left, struct gk_err *err)
{
    if (!w->rest) {
        const size_t chunk = gk_sweep_chunk(&w->sweep);
        w->rest = gk_alloc(left, w->rows * sizeof *w->rest, err);
        w->rest_part = w->rest ? gk_alloc(left, GK_SWEEP_SLOTS * chunk * sizeof *v, err) : NULL;
        if (!w->rest_part)
            return -1;
    }
    memcpy(w->rest, v, left * w->rows * sizeof *v);
    w->nrest = left;
    return 0;
}

int pca_take_vectors(struct work *w, size_t n, size_t left, size_t before, bool further,
                     struct gk_err *err)
{
    const bool wanted = w->r->score != NULL;
    const bool compact = further && (w->rest || 4 * w->found > w->rows);
    double *product = NULL, *v = w->gram;
    int rc = 0;
    if (!further && !wanted)
        return 0;
    if (w->rest) {
        v = product = gk_alloc(n, w->rows * sizeof *v, err);
        if (!v)
            return -1;
        gk_dgemm(false, false, n, w->rows, n, 1, w->gram, n, w->rest, w->rows, 0, v, w->rows);
    }
    for (size_t k = before; k < w->found && (wanted || !compact); k++)
        memcpy(w->u + k * w->rows, v + (n - 1 - (k - before)) * w->rows, w->rows * sizeof *v);
    if (wanted || !compact)
        polish(w, before, w->found);
    if (compact)
        rc = keep_rest(w, v, left, err);
    gk_free(product);
    return rc;
}
