/* Points whose coordinates can be read repeatedly: a matrix, or a trajectory, which may be larger
 * than memory. Data in files are read in place. Data from a pipe, and an .npy in Fortran order, go
 * to a temporary file in TMPDIR (or /tmp), which disappears with the process. A text table is held
 * in memory. */
#ifndef GK_POINTS_H
#define GK_POINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/history.h"
#include "gk/table.h"

struct gk_points_conf {
    bool matrices;       /* only tensors of rank 2 of a trajectory */
    const char *tensor;  /* only those that match (gk_glob_matches); NULL: all parameters */
    const char *exclude; /* and none of these; NULL: no exclusion */
    const char *step;    /* a table's step column; NULL: gk_rows_use_steps */
    bool trajectory;     /* a single frame is an error, not a matrix */
};

/* Coordinates COLUMN .. COLUMN + count - 1 are the elements of tensor number TENSOR of a frame. */
struct gk_points_part {
    size_t tensor, column, count;
};

struct gk_points {
    size_t n, width;  /* width: coordinates of a point */
    double *step;     /* [n] from the frames' metadata or the table's column; otherwise 0, 1, ... */
    bool single;      /* the numbers came as F32 or narrower */
    const char *name; /* the first input's name, for messages */
    struct gk_table_notes notes;
    size_t buffers;         /* tensors of the first frame that are left out as no parameters */
    char *buffer;           /* one of them */
    struct gk_notes doubts; /* gk_frame_doubts */
    struct gk_history history;
    /* a trajectory: its first frame (maybe without data), and which of its tensors are coordinates,
     * in name order; nparts = 0: a matrix */
    struct gk_frame first;
    struct gk_points_part *part; /* [nparts] */
    size_t nparts;
    struct gk_points_store *store;
};

/* FILES are operands: a text table, a .npy, or frames (consecutive in several files). Two frames or
 * more are a trajectory, one point per frame, all with the same parameters; a single frame is the
 * matrix [points, coordinates] that it holds. The numbers are not checked here. */
int gk_points_open(struct gk_points *p, char *const *files, size_t nfiles,
                   const struct gk_points_conf *conf, struct gk_err *err);
void gk_points_free(struct gk_points *p);

/* x (count) = the coordinates from COLUMN on of point T. Several threads may read at once. */
int gk_points_read(const struct gk_points *p, size_t t, size_t column, size_t count, double *x,
                   struct gk_err *err);

/* Adds the tensors of a trajectory to its doubts that hold the same numbers at its first and its
 * last frame. */
int gk_points_note_twins(struct gk_points *p, struct gk_err *err);

/* An error about one coordinate of a point: "run.gks: frame 3: tensor 'x', element 7: MESSAGE".
 * Returns -1. */
int gk_points_fail(const struct gk_points *p, size_t t, size_t column, struct gk_err *err,
                   const char *message);

#endif
