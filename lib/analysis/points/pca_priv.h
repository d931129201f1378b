/* What the parts of gk/pca.h share: pca.c goes from stage to stage, pca_vectors.c keeps the vectors
 * that a stage finds and those that it leaves. */
#ifndef GK_PCA_PRIV_H
#define GK_PCA_PRIV_H

#include "gk/pca.h"
#include "gram.h"

enum { PCA_TOGETHER = 64 }; /* vectors made orthogonal at once to those before them */

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
    double *rest; /* (nrest, rows) an orthonormal basis of what those leave; NULL: not kept */
    size_t nrest;
    double *rest_part; /* (SLOTS, nrest, chunk) the coordinates of a chunk along it */
    double *along;     /* (TOGETHER, k) */
    double *part;      /* (SLOTS, k, chunk) the coordinates of a chunk along u */
    double *square;    /* (SLOTS, rows) sums of squares of what is left of each row */
    double *norm;      /* [rows] squares of the norms of the rows of Z */
    double done;       /* columns of earlier sweeps */
};

/* What a stage found after BEFORE others: of the N eigenvectors in gram all but the first LEFT.
 * They join u, and the others become the rest, if a further stage or the results ask for them. */
int pca_take_vectors(struct work *w, size_t n, size_t left, size_t before, bool further,
                     struct gk_err *err);

/* For a sweep: the first rows of Z = rest Z. */
void pca_compress(void *ctx, const struct gk_chunk *c);

#endif
