/* Shared by the files of gk/pca.h: pca.c runs the stages, pca_vectors.c keeps the vectors that a
 * stage finds and a basis of the remainder. */
#ifndef GK_PCA_PRIV_H
#define GK_PCA_PRIV_H

#include "gk/pca.h"
#include "gram.h"

enum { PCA_TOGETHER = 64 }; /* vectors made orthogonal together to those before them */

struct work {
    struct gk_sweep sweep;
    const struct gk_pca_conf *conf;
    struct gk_pca *r;
    size_t rows;
    double *gram;  /* (rows, rows), then its eigenvectors */
    double *w;     /* [rows] eigenvalues */
    double *u;     /* (k, rows) the left singular vectors found so far */
    double *sigma; /* [k] singular values */
    size_t found, stages;
    double *rest; /* (nrest, rows) an orthonormal basis of the remainder; NULL: not kept */
    size_t nrest;
    double *rest_part; /* (SLOTS, nrest, chunk) a chunk's coordinates along it */
    double *along;     /* (TOGETHER, k) */
    double *part;      /* (SLOTS, k, chunk) a chunk's coordinates along u */
    double *square;    /* (SLOTS, rows) sums of squares of each row's remainder */
    double *norm;      /* [rows] squares of the norms of the rows of Z */
    double done;       /* columns of earlier sweeps */
};

/* Stores what a stage found after BEFORE others: of the N eigenvectors in gram, all but the first
 * LEFT. They are appended to u; the others become the rest, if a further stage or the results need
 * them. */
int pca_take_vectors(struct work *w, size_t n, size_t left, size_t before, bool further,
                     struct gk_err *err);

/* For a sweep: the first rows of Z = rest Z. */
void pca_compress(void *ctx, const struct gk_chunk *c);

#endif
