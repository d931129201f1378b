/* Checkpoints under study: the frames of an input, one at a time, as vectors of parameters with
 * engines for a dataset's splits. Engines are kept between frames while the architecture and the
 * precision stay the same. */
#ifndef GK_STUDY_H
#define GK_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gk/checkpoint.h"
#include "gk/dataset.h"
#include "gk/err.h"
#include "gk/frame.h"
#include "gk/history.h"
#include "gk/net.h"
#include "gk/notes.h"
#include "gk/pool.h"

enum gk_precision { GK_AS_SAVED, GK_AS_F32, GK_AS_F64 };
#define GK_PRECISIONS "saved|f32|f64" /* in the order of the enum */

enum { GK_LOSS_AS_SAVED = -1 };

struct gk_study {
    struct gk_dataset data;
    const char *data_name;
    struct gk_notes notes; /* on the dataset and the frames so far */
    size_t said;           /* of these, by gk_note_all */
    bool other_data;       /* a note on it exists */
    struct gk_pool *pool;  /* NULL until the first frame, unless all threads are wanted */
    int threads;
    enum gk_precision precision;
    int loss;       /* enum gk_loss, or GK_LOSS_AS_SAVED, the default */
    bool wanted[2]; /* by enum gk_split: the splits to make engines for */

    /* of the current frame: */
    struct gk_checkpoint ckpt; /* ckpt.params.total numbers in theta */
    enum gk_dtype real;        /* of theta and of the engines */
    void *theta;
    struct gk_engine *engine[2]; /* NULL if it is not wanted */
    unsigned made;               /* increases whenever the engines are new */
};

/* Reads the dataset in the file DATA ("-": standard input). With ALL it starts THREADS threads;
 * otherwise the first frame starts as many of them as make its network faster. The checkpoints will
 * come from the N operands FILES; it is a usage error if both are standard input, or if DATA is
 * NULL. The caller sets precision, loss and wanted before the first frame. */
int gk_study_open(struct gk_study *s, const char *data, char *const *files, int n, int threads,
                  bool all, struct gk_err *err);
/* Loads the checkpoint in F: parameters into theta, and engines that fit. If one split alone is
 * wanted, it must have rows. Errors name the frame. Notes say what was assumed of the first, and
 * which one was trained on another dataset. */
int gk_study_take(struct gk_study *s, const struct gk_frame *f, struct gk_err *err);
void gk_study_close(struct gk_study *s);

/* The history of a result about F: the histories of F and of the dataset. */
int gk_study_history(const struct gk_study *s, const struct gk_frame *f, struct gk_history *h,
                     struct gk_err *err);

/* Loss and accuracy on both splits at THETA; nan on a split that is unwanted or empty. */
int gk_study_score(struct gk_study *s, const void *theta, struct gk_score score[2],
                   struct gk_err *err);
/* The columns of tables of scores: first the step (nan if the checkpoint has none), then the
 * table's own columns, then train_loss train_acc val_loss val_acc, which end the row. */
void gk_study_put_step(const struct gk_study *s, FILE *fp);
void gk_study_put_score(const struct gk_study *s, const struct gk_score score[2], FILE *fp);

#endif
