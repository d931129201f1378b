/* Logits and embeddings in the frequencies of a cyclic group. All sums are in double, and their
 * order does not depend on the number of threads. */
#include "gk/fourier.h"

#include <math.h>
#include <stdlib.h>

#include "fourier_priv.h"
#include "gk/mem.h"

static int take_rows(struct gk_fourier *f, struct gk_err *err)
{
    for (int i = 0; i < 2; i++) {
        const struct gk_rowset *s = &f->data->split[i];
        struct fourier_rows *r = &f->rows[i];
        r->row = gk_alloc(s->n, sizeof *r->row, err);
        if (!r->row)
            return -1;
        for (size_t j = 0; j < s->n; j++) {
            size_t answer;
            const int64_t input = gk_cyclic_row(&f->group, f->data, s, j, &answer);
            if (input < 0)
                continue;
            r->row[r->n++] = (struct fourier_row){(uint32_t)input, (uint32_t)answer};
            f->labels.others += answer != fourier_sum_of(f, (size_t)input);
        }
        f->labels.rows += r->n;
        r->blocks = (r->n + FOURIER_BLOCK - 1) / FOURIER_BLOCK;
    }
    return 0;
}

static int make_room(struct gk_fourier *f, struct gk_err *err)
{
    const size_t n = f->group.n, bins = n / 2 + 1;
    size_t parts = n;
    for (int i = 0; i < 2; i++)
        parts = f->rows[i].blocks > parts ? f->rows[i].blocks : parts;
    f->sum = gk_alloc(n * n, sizeof *f->sum, err);
    f->terms = gk_alloc(n * n, sizeof *f->terms, err);
    f->re = gk_alloc(n * bins, sizeof *f->re, err);
    f->im = gk_alloc(n * bins, sizeof *f->im, err);
    f->mean = gk_alloc(n, sizeof *f->mean, err);
    f->energy = gk_alloc(bins, sizeof *f->energy, err);
    f->embed_energy = gk_alloc(bins, sizeof *f->embed_energy, err);
    f->norms = gk_alloc(n, sizeof *f->norms, err);
    f->part = gk_alloc(parts, sizeof *f->part, err);
    f->column = gk_alloc(n, sizeof *f->column, err);
    f->cosine = gk_alloc(n, sizeof *f->cosine, err);
    f->sine = gk_alloc(n, sizeof *f->sine, err);
    f->scratch = gk_alloc((size_t)gk_pool_threads(f->pool) * n, sizeof *f->scratch, err);
    if (!f->sum || !f->terms || !f->re || !f->im || !f->mean || !f->energy || !f->embed_energy ||
        !f->norms || !f->part || !f->column || !f->cosine || !f->sine || !f->scratch)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const double x = 2 * acos(-1) * (double)i / (double)n;
        f->cosine[i] = cos(x);
        f->sine[i] = sin(x);
    }
    return 0;
}

int gk_fourier_new(struct gk_fourier **out, const struct gk_dataset *d, struct gk_pool *pool,
                   struct gk_err *err)
{
    struct gk_fourier *f = gk_alloc(1, sizeof *f, err);
    if (!f)
        return -1;
    f->data = d;
    f->pool = pool;
    if (gk_cyclic_init(&f->group, d, err) || take_rows(f, err) || make_room(f, err) ||
        gk_dft_new(&f->dft, err) || gk_cyclic_inputs(&f->group, d, &f->all, err)) {
        gk_fourier_free(f);
        return -1;
    }
    *out = f;
    return 0;
}

void gk_fourier_free(struct gk_fourier *f)
{
    if (!f)
        return;
    double *const all[] = {f->sum,    f->terms,        f->re,    f->im,     f->mean,
                           f->energy, f->embed_energy, f->norms, f->column, f->cosine,
                           f->sine,   f->scratch,      f->part};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        gk_free(all[i]);
    for (int i = 0; i < 2; i++)
        gk_free(f->rows[i].row);
    gk_engine_free(f->engine);
    gk_free(f->z);
    gk_dft_free(f->dft);
    gk_dataset_free(&f->all);
    gk_cyclic_free(&f->group);
    gk_free(f);
}

struct gk_fourier_labels gk_fourier_labels(const struct gk_fourier *f)
{
    return f->labels;
}

size_t gk_fourier_frequencies(const struct gk_fourier *f)
{
    return f->group.n / 2;
}

/* An engine over all inputs for the study's network, kept while the network stays the same. */
static int prepare(struct gk_fourier *f, struct gk_study *s, struct gk_err *err)
{
    const size_t n = f->group.n;
    size_t count;
    if (f->engine && f->made == s->made)
        return 0;
    gk_engine_free(f->engine);
    gk_free(f->z);
    f->engine = NULL;
    f->V = (size_t)s->ckpt.arch.vocab;
    f->real = s->real;
    f->z = gk_mul(n * n, f->V, &count) ? gk_alloc(count, gk_dtype_size(f->real), err) : NULL;
    if (!f->z)
        return gk_fail(err, "no memory for the logits of %zu inputs", n * n);
    if (gk_engine_new(&f->engine, &s->ckpt.arch, &f->all, GK_TRAIN, f->real, f->pool, err)) {
        f->engine = NULL;
        return -1;
    }
    f->made = s->made;
    return 0;
}

void fourier_row_logits(const struct gk_fourier *f, size_t input, double *to)
{
    const int32_t *token = f->group.token;
    const size_t at = input * f->V;
    if (f->real == GK_F64) {
        const double *z = (const double *)f->z + at;
        for (size_t c = 0; c < f->group.n; c++)
            to[c] = z[token[c]];
    } else {
        const float *z = (const float *)f->z + at;
        for (size_t c = 0; c < f->group.n; c++)
            to[c] = (double)z[token[c]];
    }
}

size_t fourier_sum_of(const struct gk_fourier *f, size_t input)
{
    const size_t n = f->group.n, i = input / n, j = input % n;
    return (f->group.minus ? i + n - j : i + j) % n;
}

/* The input whose first operand is I and whose operands' sum is S. */
static size_t input_of(const struct gk_fourier *f, size_t i, size_t s)
{
    const size_t n = f->group.n;
    return i * n + (f->group.minus ? i + n - s : s + n - i) % n;
}

/* Adds the logits of the n inputs of sum S. */
static void fold_task(void *ctx, size_t s, int thread)
{
    const struct gk_fourier *f = ctx;
    const size_t n = f->group.n;
    double *sum = f->sum + s * n, *z = f->scratch + (size_t)thread * n;
    for (size_t c = 0; c < n; c++)
        sum[c] = 0;
    for (size_t i = 0; i < n; i++) {
        fourier_row_logits(f, input_of(f, i, s), z);
        for (size_t c = 0; c < n; c++)
            sum[c] += z[c];
    }
}

/* Adds the squares of the same logits without their mean over all inputs. */
static void spread_task(void *ctx, size_t s, int thread)
{
    const struct gk_fourier *f = ctx;
    const size_t n = f->group.n;
    double *z = f->scratch + (size_t)thread * n, squares = 0;
    for (size_t i = 0; i < n; i++) {
        fourier_row_logits(f, input_of(f, i, s), z);
        for (size_t c = 0; c < n; c++)
            squares += (z[c] - f->mean[c]) * (z[c] - f->mean[c]);
    }
    f->part[s] = squares;
}

double fourier_bin_factor(const struct gk_fourier *f, size_t k)
{
    return 2 * k == f->group.n || k == 0 ? 1 : 2;
}

/* Transforms every output over sums, and computes mean and energies. As u_k and v_k depend only on
 * the sum, re = n/sqrt(2) C_k[c] and im = -n/sqrt(2) S_k[c] (k = n/2: re = n C_k[c]). */
static int transform(struct gk_fourier *f, struct gk_err *err)
{
    const size_t n = f->group.n;
    const double inputs = (double)n * (double)n;
    for (size_t c = 0; c < n; c++) {
        for (size_t s = 0; s < n; s++)
            f->column[s] = f->sum[s * n + c];
        if (gk_dft_bins(f->dft, f->column, n, f->re + c, f->im + c, n, err))
            return -1;
        f->mean[c] = f->re[c] / inputs;
    }
    for (size_t k = 1; k <= n / 2; k++) {
        const double *re = f->re + k * n, *im = f->im + k * n;
        double e = 0;
        for (size_t c = 0; c < n; c++)
            e += re[c] * re[c] + im[c] * im[c];
        f->energy[k - 1] = fourier_bin_factor(f, k) * e / inputs;
    }
    return 0;
}

int gk_fourier_logits(struct gk_fourier *f, struct gk_study *s, const double **energy,
                      double *total, struct gk_err *err)
{
    const size_t n = f->group.n;
    if (prepare(f, s, err) || gk_engine_logits(f->engine, s->theta, f->z, err))
        return -1;
    gk_pool_run(f->pool, n, fold_task, f);
    if (transform(f, err))
        return -1;
    gk_pool_run(f->pool, n, spread_task, f);
    *energy = f->energy;
    *total = 0;
    for (size_t i = 0; i < n; i++)
        *total += f->part[i];
    return isfinite(*total) ? 0 : gk_fail(err, "the logits or their squares are not finite");
}

/* Adds a column of the embedding to the squares of the norms of its components along
 * 1/sqrt(n), sqrt(2/n) cos(w_k i), sqrt(2/n) sin(w_k i) (k = n/2: cos(pi i)/sqrt(n)). */
static int add_column(struct gk_fourier *f, struct gk_err *err)
{
    const size_t n = f->group.n;
    if (gk_dft_bins(f->dft, f->column, n, f->re, f->im, 1, err))
        return -1;
    for (size_t k = 0; k <= n / 2; k++) {
        const double scale = fourier_bin_factor(f, k) / (double)n;
        f->norms[k ? 2 * k - 1 : 0] += scale * f->re[k] * f->re[k];
        if (k > 0 && 2 * k < n)
            f->norms[2 * k] += scale * f->im[k] * f->im[k];
    }
    return 0;
}

int gk_fourier_embedding(struct gk_fourier *f, struct gk_study *s, const double **energy,
                         double *total, const double **norms, struct gk_err *err)
{
    const size_t n = f->group.n;
    const struct gk_param *p = gk_params_find(&s->ckpt.params, "embed.weight");
    *energy = *norms = NULL;
    *total = NAN;
    if (!p)
        return 0;
    if (p->shape[0] < (size_t)f->group.first + f->group.p)
        return gk_fail(err, "the network has an embedding of %zu tokens, too few for %zu elements",
                       p->shape[0], f->group.p);
    for (size_t i = 0; i < n; i++)
        f->norms[i] = 0;
    for (size_t j = 0; j < p->shape[1]; j++) {
        for (size_t i = 0; i < n; i++) {
            const size_t at = p->offset + (size_t)f->group.token[i] * p->shape[1] + j;
            f->column[i] =
                s->real == GK_F64 ? ((double *)s->theta)[at] : (double)((float *)s->theta)[at];
        }
        if (add_column(f, err))
            return -1;
    }
    *total = 0;
    for (size_t k = 1; k <= n / 2; k++) {
        f->embed_energy[k - 1] = f->norms[2 * k - 1] + (2 * k < n ? f->norms[2 * k] : 0);
        *total += f->embed_energy[k - 1];
    }
    for (size_t i = 0; i < n; i++)
        f->norms[i] = sqrt(f->norms[i]);
    *energy = f->embed_energy;
    *norms = f->norms;
    return 0;
}
