/* The inside of gk/fourier.h, shared by its files. A function that depends only on the sum s = a +
 * b is a table over s; so are projections on frequencies. */
#ifndef FOURIER_PRIV_H
#define FOURIER_PRIV_H

#include <stdint.h>

#include "gk/cyclic.h"
#include "gk/dft.h"
#include "gk/fourier.h"

enum { FOURIER_BLOCK = 256 }; /* rows per task */

struct fourier_row {
    uint32_t input, answer; /* i n + j, and the label's exponent */
};
struct fourier_rows {
    struct fourier_row *row; /* [n] the rows whose operands and label have exponents */
    size_t n, blocks;
};

struct gk_fourier {
    const struct gk_dataset *data;
    struct gk_pool *pool;
    struct gk_cyclic group;
    struct gk_dft *dft;
    struct fourier_rows rows[2]; /* by enum gk_split */
    struct gk_fourier_labels labels;

    struct gk_dataset all; /* every input, as rows */
    struct gk_engine *engine;
    unsigned made; /* the version of the study's network for which it was made */
    enum gk_dtype real;
    size_t V;
    void *z; /* (n^2, V) real: the logits of all tokens */

    double *sum;                   /* (s, c) logits, summed over the inputs of sum s */
    double *re, *im;               /* (k, c), k = 0..n/2: their transform over s */
    double *mean;                  /* [c] over inputs */
    double *energy, *embed_energy; /* [n/2] */
    double *norms;                 /* [n] */
    double *terms;                 /* (s, c) the key frequencies' terms */
    double *cosine, *sine;         /* [n] of 2 pi i/n */
    double *column;                /* [n] */
    double *part;                  /* one task's result each */
    double *scratch;               /* (threads, n) */
};

/* The logits of an input's n outputs, by exponent; below, the sum of its operands. */
void fourier_row_logits(const struct gk_fourier *f, size_t input, double *to);
size_t fourier_sum_of(const struct gk_fourier *f, size_t input);

/* n^2 times the square of the factor of u_k and v_k: 2, or 1 if there is no v_k. */
double fourier_bin_factor(const struct gk_fourier *f, size_t k);

#endif
