/* What gk-hvp prints for each checkpoint: the ends of the Hessian's spectrum, its top, its trace,
 * its density, or its product with a vector. */
#ifndef GK_CURVATURE_H
#define GK_CURVATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gk/grid.h"
#include "gk/dataset.h"
#include "gk/err.h"
#include "gk/frame.h"
#include "gk/hessian.h"
#include "gk/study.h"

enum gk_curvature_view {
    GK_VIEW_ENDS,
    GK_VIEW_TOP,
    GK_VIEW_TRACE,
    GK_VIEW_DENSITY,
    GK_VIEW_VECTOR
};

struct gk_curvature_conf {
    enum gk_curvature_view view;
    struct gk_hessian_conf hessian;
    size_t top;          /* eigenvalues in GK_VIEW_TOP */
    double tol;          /* as in gk/lanczos.h; 0: 1e-3 in F32, 1e-6 in F64 */
    size_t max_products; /* limit for the eigenvalues of one checkpoint */
    size_t probes;       /* products for the trace; starts for the density */
    size_t depth;        /* density: Lanczos steps per start */
    double sigma;        /* density: width of a node, as a fraction of the spectrum's range */
    struct gk_grid grid; /* density: the points; n = 0: 1001 points over the spectrum's range */
    uint64_t seed;
    const char *vector;             /* GK_VIEW_VECTOR: the file that holds the vector */
    void (*note)(const char *text); /* receives what did not converge; may be NULL */
};

struct gk_curvature;
/* CONF and S must outlive it. */
int gk_curvature_new(struct gk_curvature **out, const struct gk_curvature_conf *conf,
                     struct gk_study *s, struct gk_err *err);
void gk_curvature_free(struct gk_curvature *c);

/* The names of the view's columns; GK_VIEW_VECTOR has none. */
const char *const *gk_curvature_columns(enum gk_curvature_view view, size_t *n);

/* Writes the rows of the study's current checkpoint, which came in F, to FP. Eigenvectors of one
 * checkpoint start the search in the next. 1, with a message, if there are no rows
 * (gk_hessian_at). */
int gk_curvature_rows(struct gk_curvature *c, const struct gk_frame *f, FILE *fp,
                      struct gk_err *err);
/* GK_VIEW_VECTOR: puts the product into the empty frame TO as "hv.NAME", in the study's precision.
 * 1 likewise. */
int gk_curvature_product(struct gk_curvature *c, const struct gk_frame *f, struct gk_frame *to,
                         struct gk_err *err);

/* The number of eigenvectors that the last gk_curvature_rows found. Below, number I of them as a
 * direction in the empty frame TO: metadata step, k (from 1) or end ("max", "min"), lambda,
 * residual. */
size_t gk_curvature_vectors(const struct gk_curvature *c);
int gk_curvature_vector(struct gk_curvature *c, size_t i, struct gk_frame *to, struct gk_err *err);

#endif
