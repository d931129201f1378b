/* The loss around a checkpoint: directions in the space of its parameters, and the network's scores
 * along them (Notsawo et al. 2023, figures 3, 4, 8-10; Li et al. 2018 for the filter norm). */
#ifndef GK_LANDSCAPE_H
#define GK_LANDSCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/grid.h"
#include "gk/out.h"
#include "gk/study.h"

enum gk_toward_kind {
    GK_TOWARD_FILE,   /* another checkpoint's parameters, or a direction from a file */
    GK_TOWARD_NEXT,   /* the next frame */
    GK_TOWARD_FIRST,  /* the first frame */
    GK_TOWARD_FRAME,  /* the frame of a step */
    GK_TOWARD_RANDOM, /* N(0, 1) in every parameter, the same at every frame */
    GK_TOWARD_PCA     /* the k-th principal axis of theta_t - theta_T over the input's frames */
};

/* One direction: its target, and what is known about it. */
struct gk_toward {
    enum gk_toward_kind kind;
    const char *text; /* as given, for messages */
    int64_t number;   /* the step, seed or k */
    double *v;        /* the target point or the direction; NULL until the first frame */
    bool point;       /* v is a point: the direction is v - theta */
    /* what a history has, after the first gk_landscape_aim: TEXT, or for a file its content, as
     * "weights:DIGEST" or "direction:DIGEST" */
    char recorded[40];
};

/* "next", "first", "random:SEED", "pca:K" (K >= 1), "frame:STEP"; anything else is a file. Errors
 * name OPTION. */
int gk_toward_parse(struct gk_toward *t, const char *option, const char *text, struct gk_err *err);
/* Must the input be read twice, so that it cannot be a pipe? */
bool gk_toward_rereads(const struct gk_toward *t);
void gk_toward_free(struct gk_toward *t);

/* How a direction is scaled. unit: its norm is 1. filter: each row of a matrix takes the norm of
 * that row of the parameters theta, each element of a rank-1 tensor becomes its sign times |theta|;
 * zeros stay zero. */
enum gk_norm { GK_NORM_NONE, GK_NORM_UNIT, GK_NORM_FILTER };
#define GK_NORMS "none|unit|filter" /* in the order of the enum */

struct gk_landscape_conf {
    struct gk_toward toward[2];
    int directions; /* 1 or 2 */
    enum gk_norm norm;
    bool matrices;          /* directions change only tensors of rank 2 */
    const char *tensor;     /* and only those that match (gk/glob.h); NULL: all */
    const char *exclude;    /* and none that match; or NULL */
    struct gk_grid grid[2]; /* alpha, beta */
    char *const *files;     /* the input, for directions that read it again */
    size_t nfiles;
    /* receives the number of points computed or skipped; may be NULL */
    void (*tick)(void *ctx, double points);
    void *tick_ctx;
};

struct gk_landscape;
/* CONF must outlive it. */
int gk_landscape_new(struct gk_landscape **out, struct gk_landscape_conf *conf, struct gk_study *s,
                     struct gk_err *err);
void gk_landscape_free(struct gk_landscape *l);

/* Around the study's checkpoint, which is frame F; NEXT is the frame after it, or NULL. 1, or 0
 * if there is no direction (no next frame, no distance to the target, or zero rows alone that
 * filter leaves), with the reason in ERR, or -1. */
int gk_landscape_aim(struct gk_landscape *l, const struct gk_frame *f, const struct gk_frame *next,
                     struct gk_err *err);
/* The number of points per frame. */
double gk_landscape_points(const struct gk_landscape_conf *conf);
/* The rows step, alpha, [beta,] train_loss, train_acc, val_loss, val_acc over the grid. */
int gk_landscape_rows(struct gk_landscape *l, struct gk_out *out, struct gk_err *err);

#endif
