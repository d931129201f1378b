/* Which frequencies a network has learned of an operation that is the addition of a cyclic group
 * (gk/cyclic.h), and how well it does with them alone and without them: the progress measures of
 * Nanda et al. 2023 and Doshi et al. 2024.
 *
 * Operands count by their exponents a and b (-b where the operation takes it off), outputs by
 * theirs, c: z[a,b,c] are the n outputs' logits over all n^2 inputs. With w_k = 2 pi k/n, k
 * = 1..n/2, the orthonormal functions of the inputs u_k = sqrt(2)/n cos(w_k (a + b)),   v_k =
 * sqrt(2)/n sin(w_k (a + b)) (k = n/2: u = cos(pi (a + b))/n, v = 0) have in the logits the parts
 *   C_k[c] = sum z u_k,   S_k[c] = sum z v_k,   of the energy e_k = |C_k|^2 + |S_k|^2. */
#ifndef GK_FOURIER_H
#define GK_FOURIER_H

#include <stddef.h>

#include "gk/dataset.h"
#include "gk/err.h"
#include "gk/pool.h"
#include "gk/study.h"

struct gk_fourier;

/* For the operation of D, which must outlive it, as POOL must. */
int gk_fourier_new(struct gk_fourier **out, const struct gk_dataset *d, struct gk_pool *pool,
                   struct gk_err *err);
void gk_fourier_free(struct gk_fourier *f);

/* n/2: frequencies are 1..n/2. */
size_t gk_fourier_frequencies(const struct gk_fourier *f);

/* The logits of the study's network at hand, over all inputs: ENERGY [n/2] of each frequency, from
 * k = 1, and TOTAL, the energy of the logits less their mean over inputs. */
int gk_fourier_logits(struct gk_fourier *f, struct gk_study *s, const double **energy,
                      double *total, struct gk_err *err);

/* The rows of the embedding that are the elements, likewise: TOTAL is the sum of ENERGY. NORMS [n]
 * are those of its components along the constant, the first cosine, the first sine, ..., all
 * orthonormal. A network without an embedding has them all NULL and nan. */
int gk_fourier_embedding(struct gk_fourier *f, struct gk_study *s, const double **energy,
                         double *total, const double **norms, struct gk_err *err);

struct gk_measures {
    double
        restricted[2];  /* by enum gk_split: cross-entropy of the mean and the keys' parts alone */
    double excluded[2]; /* and of the logits without the keys' parts; nan without rows */
    double sum_share, key_share; /* the energy of all frequencies, of the keys, over the total */
    double embed_gini, embed_ipr;
};
/* KEYS [NKEYS], rising, are given, or (LARGEST) set to those of largest energy. */
int gk_fourier_measure(struct gk_fourier *f, struct gk_study *s, size_t *keys, size_t nkeys,
                       bool largest, struct gk_measures *m, struct gk_err *err);

#endif
