/* The inner loops of interventions in a training step (gk-train(1)): one table for each precision
 * and instruction set. */
#ifndef GK_INTERVENTION_KERNELS_H
#define GK_INTERVENTION_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/core/compilations.h"

/* out [n] = g [n] + gain h [n], after h <- keep h + (1 - keep) g; FIRST: h <- g. */
typedef void gk_ema_kernel(double keep, double gain, bool first, size_t n, const void *g, void *h,
                           void *out);
/* out [n] = g [n] + gain mean over WINDOW rows of the queue, STRIDE elements apart. */
typedef void gk_ma_kernel(double gain, size_t window, size_t stride, size_t n, const void *g,
                          const void *queue, void *out);
/* out [n]: g [n] without its component along w [n], scaled back to the length of g. OUT may be
 * G. */
typedef void gk_orthogonal_kernel(size_t n, const void *w, const void *g, void *out);
/* x [n] *= s */
typedef void gk_scale_kernel(double s, size_t n, void *x);

/* x (rows, cols): a row with a norm above MOST is scaled to it, the others stay as they are. */
typedef void gk_clip_rows_kernel(double most, size_t rows, size_t cols, void *x);

/* One update of a matrix w (rows, cols) by muon. */
struct gk_muon_update {
    size_t rows, cols;
    double scale;    /* a factor of the gradient: the clipping */
    double momentum; /* m <- momentum m + (1 - momentum) g */
    double lr;       /* of this update and this shape */
    double shrink;   /* w <- shrink w - lr u: the decay */
};
/* W, GRAD, M (rows, cols); WORK holds gk_muon_work(rows, cols) reals. */
typedef void gk_muon_kernel(const struct gk_muon_update *u, void *w, const void *grad, void *m,
                            void *work);

static inline size_t gk_muon_work(size_t rows, size_t cols)
{
    const size_t r = rows < cols ? rows : cols;
    return 2 * rows * cols + 2 * r * r;
}

struct gk_intervention_kernels {
    gk_ema_kernel *ema;
    gk_ma_kernel *ma;
    gk_orthogonal_kernel *orthogonal;
    gk_scale_kernel *scale;
    gk_clip_rows_kernel *clip_rows;
    gk_muon_kernel *muon;
};

GK_DECLARE_COMPILATIONS(struct gk_intervention_kernels, gk_intervention_kernels);

#endif
