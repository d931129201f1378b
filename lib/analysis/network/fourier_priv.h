/* The inside of gk/fourier.h, shared by its files. A function of the sum s = a + b alone is a table
 * over s: what is projected on frequencies is one. */
#ifndef FOURIER_PRIV_H
#define FOURIER_PRIV_H

#include <stdint.h>

#include "gk/cyclic.h"
#include "gk/dft.h"
#include "gk/fourier.h"

enum { FOURIER_BLOCK = 256 }; /* rows of a task */

struct fourier_row {
    uint32_t input, answer; /* i n + j, and the label's exponent */
};
struct fourier_rows {
    struct fourier_row *row; /* [n] those whose operands and label have exponents */
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
    unsigned made; /* the study's network that it is for */
    enum gk_dtype real;
    size_t V;
    void *z; /* (n^2, V) real: the logits of all tokens */

    double *sum;                   /* (s, c) logits added up over the inputs of sum s */
    double *re, *im;               /* (k, c), k = 0..n/2: their transform over s */
    double *mean;                  /* [c] over inputs */
    double *energy, *embed_energy; /* [n/2] */
    double *norms;                 /* [n] */
    double *terms;                 /* (s, c) the keys' terms */
    double *cosine, *sine;         /* [n] of 2 pi i/n */
    double *column;                /* [n] */
    double *part;                  /* a task's result */
    double *scratch;               /* (threads, n) */
};

/* The logits of the n outputs, by exponent, of an input; and the sum of its operands. */
void fourier_row_logits(const struct gk_fourier *f, size_t input, double *to);
size_t fourier_sum_of(const struct gk_fourier *f, size_t input);

/* n^2 times the square of u_k's, and v_k's, factor: 2, but 1 where there is no v_k. */
double fourier_bin_factor(const struct gk_fourier *f, size_t k);

#endif
