/* Training: one network on one dataset by one optimiser, a step at a time (gk-train(1)).
 *
 * Update k = 0, 1, ... takes theta_k to theta_{k+1}; measurements at step k are of theta_k.
 * With one seed and one dataset every step is a function of the configuration alone: the initial
 * parameters and the order of minibatches are drawn from (seed) and (seed, epoch), so that a run
 * resumes exactly from theta, the optimiser's vectors and the step. */
#ifndef GK_TRAIN_H
#define GK_TRAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "gk/checkpoint.h"
#include "gk/dataset.h"
#include "gk/err.h"
#include "gk/frame.h"
#include "gk/history.h"
#include "gk/net.h"
#include "gk/notes.h"
#include "gk/optim.h"
#include "gk/out.h"
#include "gk/pool.h"

struct gk_train_conf {
    struct gk_arch arch;
    struct gk_init init; /* scale 0: as in the paper */
    struct gk_optim_conf optim;
    enum gk_dtype real; /* F32 or F64 */
    int64_t seed;
    int64_t batch; /* rows per minibatch; 0, or at least their number: all of them */
};

/* Notes a decay that rounding changes: in single precision a small one is lost. */
int gk_train_remark(const struct gk_train_conf *conf, struct gk_notes *notes, struct gk_err *err);

struct gk_train_row {
    int64_t step;
    double lr;             /* of update `step` */
    struct gk_score train; /* of the coming minibatch, if there are any */
    struct gk_score val;   /* nan if it was not evaluated */
    double grad_norm;      /* before clipping */
    double param_norm;
    double cos_prev; /* cos(theta_{k-1}, theta_k); nan at the first step of a process */
    double cos_init; /* cos(theta_0, theta_k) */
};

struct gk_trainer;
/* Starts at step 0 with parameters drawn from the seed. D and POOL must outlive it. */
int gk_trainer_new(struct gk_trainer **t, const struct gk_train_conf *conf,
                   const struct gk_dataset *d, struct gk_pool *pool, struct gk_err *err);
void gk_trainer_free(struct gk_trainer *t);

/* Resumes from a frame that gk_trainer_put filled with WHOLE: step, parameters, optimiser. A frame
 * of another architecture, dataset or optimiser, or without an optimiser's state, is an error. */
int gk_trainer_resume(struct gk_trainer *t, const struct gk_frame *f, struct gk_err *err);

int64_t gk_trainer_step(const struct gk_trainer *t);
const void *gk_trainer_theta(const struct gk_trainer *t); /* the parameters, conf.real */
/* Call before the first step: starts from THETA instead of the seed's parameters. */
void gk_trainer_start(struct gk_trainer *t, const double *theta);

/* A checkpoint's weights as initial values: of the same network, in any precision. */
struct gk_warm {
    struct gk_frame frame;
    struct gk_checkpoint ckpt;
    double *theta;
    char text[32]; /* as parsed by gk_init_parse */
};
/* Is INIT the name of a file ("-": standard input), not a word of gk_init_parse? */
bool gk_warm_is_file(const char *init);
/* Is it such a word, although a file has the same name? */
bool gk_warm_hides_file(const char *init);
/* HEADS is for a checkpoint that does not say how many; 0: the usual number. */
int gk_warm_read(struct gk_warm *w, const char *init, int heads, struct gk_err *err);
void gk_warm_free(struct gk_warm *w); /* {0} is allowed, also after gk_warm_read failed */
/* Call after gk_trainer_new: theta_0 becomes W's weights, rescaled as initial values are. */
void gk_trainer_warm(struct gk_trainer *t, struct gk_warm *w);

/* Gradient and row of theta_k. A loss or gradient that is not finite is an error that names the
 * step. */
int gk_trainer_measure(struct gk_trainer *t, bool eval, struct gk_train_row *row,
                       struct gk_err *err);
/* Update k, with the gradient just measured. */
void gk_trainer_update(struct gk_trainer *t);

/* Adds parameters and metadata to F. WHOLE: also the optimiser's state (optim.m.NAME, ...) and what
 * a resumed run checks. */
int gk_trainer_put(const struct gk_trainer *t, bool whole, struct gk_frame *f, struct gk_err *err);

/* The setting NAME ("weight-decay") in the metadata of FRAME, where it is spelled "weight_decay".
 * These have the types that gk_cli_inherit and gk_cli_each call; their first argument is a struct
 * gk_frame *. */
const char *gk_train_get_setting(void *frame, const char *name);
int gk_train_put_setting(void *frame, const char *name, const char *value, struct gk_err *err);

enum { GK_EVERY_LOG = 0 };

/* What to write, when, and when to stop. */
struct gk_train_run {
    int64_t steps;      /* the last step */
    bool resumed;       /* the row and frame of the first step already exist */
    int64_t eval_every; /* validation at its multiples and at the last step */
    int64_t perfect;    /* stop after this many consecutive perfect evaluations; 0: never */
    const char *save;   /* checkpoint, or NULL */
    int64_t save_every; /* 0: only at the end */
    bool weights_only;
    const char *trajectory;             /* or NULL */
    bool trajectory_state;              /* its frames are whole checkpoints */
    int64_t every;                      /* frames at multiples of this, or GK_EVERY_LOG */
    const struct gk_history *history;   /* for the table and the frames */
    const struct gk_frame *settings;    /* metadata of whole checkpoints; NULL: none */
    const volatile sig_atomic_t *stop;  /* set by a signal: ends after the current step */
    struct gk_out *table;               /* open; receives rows; stays open */
    void (*tick)(void *ctx, double at); /* receives steps done, for a progress line; may be NULL */
    void *ctx;
};

/* Trains to the last step. A stop by a signal (kind GK_ERR_SIGNAL) or by a lost reader
 * (GK_ERR_CLOSED) is also an error, but then checkpoint and trajectory are complete up to the last
 * step; after any other error their files are unchanged. ERR must not be NULL. */
int gk_train(struct gk_trainer *t, const struct gk_train_run *run, struct gk_err *err);

/* Does a logarithmic trajectory include STEP? Its steps are 0 and the rounded 10^(j/20), j = 0, 1,
 * ... */
bool gk_train_is_log_step(int64_t step);

#endif
