/* The frequencies that a network has learned for an operation that is addition in a cyclic group
 * (gk/cyclic.h), and its performance with only these and without them: the progress measures of
 * Nanda et al. 2023 (arXiv:2301.05217) and Doshi et al. 2024 (arXiv:2310.13061).
 *
 * Operands are given by their exponents a and b (-b if the operation subtracts it), outputs by
 * theirs, c: z[a,b,c] are the n outputs' logits over all n^2 inputs. With w_k = 2 pi k/n these
 * functions of the inputs, for k = 1..n/2, are orthonormal:
 *
 *     u_k = sqrt(2)/n cos(w_k (a + b))    (k = n/2: cos(pi (a + b))/n)
 *     v_k = sqrt(2)/n sin(w_k (a + b))    (k = n/2: 0)
 *
 * Their coefficients in the logits, and the energy e_k of a frequency, are
 *
 *     C_k[c] = sum_ab z[a,b,c] u_k
 *     S_k[c] = sum_ab z[a,b,c] v_k
 *     e_k    = |C_k|^2 + |S_k|^2
 *
 * gk-fourier(1) has the same definitions. */
#ifndef GK_FOURIER_H
#define GK_FOURIER_H

#include <stddef.h>

#include "gk/dataset.h"
#include "gk/err.h"
#include "gk/pool.h"
#include "gk/study.h"

struct gk_fourier;

/* For the operation of D. D and POOL must outlive it. */
int gk_fourier_new(struct gk_fourier **out, const struct gk_dataset *d, struct gk_pool *pool,
                   struct gk_err *err);
void gk_fourier_free(struct gk_fourier *f);

/* The number of rows in both splits whose operands and label are in the group, and of those whose
 * label is not the operation's answer: noise, or another operation than the metadata say. */
struct gk_fourier_labels {
    size_t rows, others;
};
struct gk_fourier_labels gk_fourier_labels(const struct gk_fourier *f);

/* n/2: frequencies are 1..n/2. */
size_t gk_fourier_frequencies(const struct gk_fourier *f);

/* The logits of the study's current network over all inputs: ENERGY [n/2] of each frequency, from k
 * = 1, and TOTAL, the energy of the logits without their mean over inputs. */
int gk_fourier_logits(struct gk_fourier *f, struct gk_study *s, const double **energy,
                      double *total, struct gk_err *err);

/* The same for the rows of the embedding that belong to elements: TOTAL is the sum of ENERGY. NORMS
 * [n] are the norms of its components along the constant, the first cosine, the first sine, ...,
 * all orthonormal. Without an embedding, ENERGY and NORMS are NULL, and TOTAL is nan. */
int gk_fourier_embedding(struct gk_fourier *f, struct gk_study *s, const double **energy,
                         double *total, const double **norms, struct gk_err *err);

/* Losses (by enum gk_split) and the Gini coefficient are those of Nanda et al., the participation
 * ratio is that of Doshi et al. */
struct gk_measures {
    double restricted[2]; /* the cross-entropy of the mean and the keys' parts alone */
    double excluded[2];   /* and of the logits without the keys' parts; nan without rows */
    double sum_share,
        key_share; /* the energy of all frequencies, and of the keys, as a fraction of the total */
    double embed_gini; /* of the norms of the embedding's components */
    double embed_ipr;  /* of the energies of its frequencies */
};
/* KEYS [NKEYS], increasing, are given, or (LARGEST) set to those of largest energy. */
int gk_fourier_measure(struct gk_fourier *f, struct gk_study *s, size_t *keys, size_t nkeys,
                       bool largest, struct gk_measures *m, struct gk_err *err);

#endif
