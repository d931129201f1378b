/* Shared by the files of gk/points.h: points.c opens operands and reads coordinates,
 * points_locate.c finds where the coordinates of a trajectory or a matrix are stored. */
#ifndef GK_POINTS_PRIV_H
#define GK_POINTS_PRIV_H

#include "gk/matrix.h"
#include "gk/points.h"

/* Consecutive elements in a file. */
struct gk_piece {
    int64_t at; /* bytes */
    enum gk_dtype dtype;
};

struct gk_origin {
    int fd;           /* the operand's or the temporary file's; -1: in memory */
    const char *file; /* for messages */
    uint64_t number;
};

struct gk_points_store {
    struct gk_piece *piece;   /* (n, nparts); for a matrix [1]: all of it, row by row */
    struct gk_origin *origin; /* [n]; for a matrix [1] */
    size_t piece_cap, origin_cap, step_cap;
    double *v; /* (n, width) a matrix in memory, or NULL */
    int *fd;   /* [nfd] to close */
    size_t nfd, fd_cap;
    int spool; /* -1: not needed so far */
    int64_t spooled;
};

/* All frames of one input, one point each. Owns FP. */
int gk_points_take_frames(struct gk_points *p, const struct gk_points_conf *conf, FILE *fp,
                          const char *name, struct gk_err *err);
/* The first and only frame, as the matrix that it holds. */
int gk_points_take_only_frame(struct gk_points *p, const struct gk_points_conf *conf,
                              struct gk_err *err);
/* A .npy file. Owns FP. */
int gk_points_take_npy(struct gk_points *p, FILE *fp, const char *name, struct gk_err *err);
/* A matrix in memory. */
int gk_points_take_matrix(struct gk_points *p, struct gk_matrix *m, const char *name,
                          struct gk_err *err);

#endif
