/* Progress measures: the network with only its key frequencies, and without them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fourier_priv.h"
#include "gk/mem.h"

static int rising(const void *x, const void *y)
{
    const size_t a = *(const size_t *)x, b = *(const size_t *)y;
    return (a > b) - (a < b);
}

/* The NKEYS frequencies of largest energy, increasing; ties go to the lower one. */
static void choose_keys(const struct gk_fourier *f, size_t *keys, size_t nkeys)
{
    for (size_t i = 0; i < nkeys; i++) {
        size_t best = 0;
        for (size_t k = 1; k <= f->group.n / 2; k++) {
            bool taken = false;
            for (size_t j = 0; j < i; j++)
                taken |= keys[j] == k;
            if (!taken && (best == 0 || f->energy[k - 1] > f->energy[best - 1]))
                best = k;
        }
        keys[i] = best;
    }
    qsort(keys, nkeys, sizeof *keys, rising);
}

/* The keys' terms C_k[c] u_k(s) + S_k[c] v_k(s), one task for each s. */
struct terms {
    struct gk_fourier *f;
    const size_t *keys;
    size_t nkeys;
};

static void terms_task(void *ctx, size_t s, int thread)
{
    const struct terms *t = ctx;
    const struct gk_fourier *f = t->f;
    const size_t n = f->group.n;
    double *to = f->terms + s * n;
    (void)thread;
    memset(to, 0, n * sizeof *to);
    for (size_t i = 0; i < t->nkeys; i++) {
        const size_t k = t->keys[i], at = k * s % n;
        const double scale = fourier_bin_factor(f, k) / ((double)n * (double)n);
        const double x = scale * f->cosine[at], y = scale * f->sine[at];
        const double *re = f->re + k * n, *im = f->im + k * n;
        for (size_t c = 0; c < n; c++)
            to[c] += x * re[c] - y * im[c];
    }
}

/* Like the networks' cross-entropy: nothing cancels if the answer has nearly all of the mass. */
static double crossentropy(const double *z, size_t n, size_t answer)
{
    size_t m = 0;
    double others = 0;
    for (size_t c = 1; c < n; c++)
        m = z[c] > z[m] ? c : m;
    for (size_t c = 0; c < n; c++)
        others += c == m ? 0 : exp(z[c] - z[m]);
    return log1p(others) + (z[m] - z[answer]);
}

/* The loss of a block of rows, restricted or excluded as in Nanda et al. 2023: the restricted loss
 * uses the keys' terms and the mean, the excluded one the logits without those terms. */
struct losses {
    struct gk_fourier *f;
    const struct fourier_rows *rows;
    bool excluded;
};

static void loss_task(void *ctx, size_t block, int thread)
{
    const struct losses *l = ctx;
    const struct gk_fourier *f = l->f;
    const size_t n = f->group.n, from = block * FOURIER_BLOCK;
    const size_t to = from + FOURIER_BLOCK < l->rows->n ? from + FOURIER_BLOCK : l->rows->n;
    double *z = f->scratch + (size_t)thread * n, sum = 0;
    for (size_t r = from; r < to; r++) {
        const struct fourier_row *row = &l->rows->row[r];
        const double *terms = f->terms + fourier_sum_of(f, row->input) * n;
        if (l->excluded)
            fourier_row_logits(f, row->input, z);
        for (size_t c = 0; c < n; c++)
            z[c] = l->excluded ? z[c] - terms[c] : f->mean[c] + terms[c];
        sum += crossentropy(z, n, row->answer);
    }
    f->part[block] = sum;
}

static double loss(struct gk_fourier *f, const struct fourier_rows *rows, bool excluded)
{
    struct losses l = {f, rows, excluded};
    double sum = 0;
    gk_pool_run(f->pool, rows->blocks, loss_task, &l);
    for (size_t i = 0; i < rows->blocks; i++)
        sum += f->part[i];
    return rows->n > 0 ? sum / (double)rows->n : NAN;
}

static int by_value(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* sum over i, j of |x_i - x_j| / (2 n sum x), as in Nanda et al. 2023. Sorts X (n): the i-th value
 * from 0 then counts 2 (2 i + 1 - n) times. */
static double gini(double *x, size_t n)
{
    double sum = 0, spread = 0;
    qsort(x, n, sizeof *x, by_value);
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
        spread += (2 * (double)i + 1 - (double)n) * x[i];
    }
    return spread / ((double)n * sum);
}

/* The participation ratio of Doshi et al. 2024 is sum F_k^2 / (sum F_k)^2, F_k the energies. */
static int measure_embedding(struct gk_fourier *f, struct gk_study *s, struct gk_measures *m,
                             struct gk_err *err)
{
    const double *energy, *norms;
    double total, squares = 0;
    m->embed_gini = m->embed_ipr = NAN;
    if (gk_fourier_embedding(f, s, &energy, &total, &norms, err))
        return -1;
    if (!energy)
        return 0;
    for (size_t k = 0; k < f->group.n / 2; k++)
        squares += energy[k] / total * (energy[k] / total);
    memcpy(f->column, norms, f->group.n * sizeof *norms);
    m->embed_gini = gini(f->column, f->group.n);
    m->embed_ipr = squares;
    return 0;
}

int gk_fourier_measure(struct gk_fourier *f, struct gk_study *s, size_t *keys, size_t nkeys,
                       bool largest, struct gk_measures *m, struct gk_err *err)
{
    const double *energy;
    double total, all = 0, part = 0;
    if (measure_embedding(f, s, m, err) || gk_fourier_logits(f, s, &energy, &total, err))
        return -1;
    if (largest)
        choose_keys(f, keys, nkeys);
    struct terms t = {f, keys, nkeys};
    gk_pool_run(f->pool, f->group.n, terms_task, &t);
    for (int i = 0; i < 2; i++) {
        m->restricted[i] = loss(f, &f->rows[i], false);
        m->excluded[i] = loss(f, &f->rows[i], true);
    }
    for (size_t k = 0; k < f->group.n / 2; k++)
        all += energy[k];
    for (size_t i = 0; i < nkeys; i++)
        part += energy[keys[i] - 1];
    m->sum_share = all / total;
    m->key_share = part / total;
    return 0;
}
