/* Training: one network on one dataset by one optimiser, a step at a time (gk-train(1)).
 *
 * Update k = 0, 1, ... takes theta_k to theta_{k+1}; what is measured at step k speaks of theta_k.
 * With one seed and one dataset every step is a function of the configuration alone: the initial
 * parameters and the order of minibatches are drawn from (seed) and (seed, epoch), so that a
 * checkpoint needs theta, the optimiser's vectors and the step to continue as if never stopped. */
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
#include "gk/optim.h"
#include "gk/out.h"
#include "gk/pool.h"

struct gk_train_conf {
    struct gk_arch arch;
    struct gk_init init; /* scale 0: as the paper has them */
    struct gk_optim_conf optim;
    enum gk_dtype real; /* F32 or F64 */
    int64_t seed;
    int64_t batch; /* rows a minibatch; 0, or as many as there are or more: all of them */
};

struct gk_train_row {
    int64_t step;
    double lr;             /* of update `step` */
    struct gk_score train; /* with minibatches: of the coming one */
    struct gk_score val;   /* nan where it was not evaluated */
    double grad_norm;      /* before clipping */
    double param_norm;
    double cos_prev; /* cos(theta_{k-1}, theta_k); nan at the first step of a process */
    double cos_init; /* cos(theta_0, theta_k) */
};

struct gk_trainer;
/* At step 0 with parameters drawn from the seed. D and POOL must outlive it. */
int gk_trainer_new(struct gk_trainer **t, const struct gk_train_conf *conf,
                   const struct gk_dataset *d, struct gk_pool *pool, struct gk_err *err);
void gk_trainer_free(struct gk_trainer *t);

/* Goes on from a frame that gk_trainer_put filled with WHOLE: step, parameters, optimiser. A frame
 * of another architecture, dataset or optimiser, or without an optimiser's state, is an error. */
int gk_trainer_resume(struct gk_trainer *t, const struct gk_frame *f, struct gk_err *err);

int64_t gk_trainer_step(const struct gk_trainer *t);
const void *gk_trainer_theta(const struct gk_trainer *t); /* the parameters, conf.real */
/* Before the first step: from THETA in place of the parameters that the seed gives. */
void gk_trainer_start(struct gk_trainer *t, const double *theta);
const struct gk_params *gk_trainer_params(const struct gk_trainer *t);

/* The weights of a checkpoint as initial values: of the same network, in any precision. */
struct gk_warm {
    struct gk_frame frame;
    struct gk_checkpoint ckpt;
    double *theta;
    char text[32]; /* as gk_init_parse reads it */
};
/* Is INIT no word of gk_init_parse, but the name of a file ("-": standard input)? */
bool gk_warm_is_file(const char *init);
/* Is it such a word, and a file has the same name? */
bool gk_warm_hides_file(const char *init);
/* HEADS are those of a checkpoint that does not say how many; 0: the usual ones. */
int gk_warm_read(struct gk_warm *w, const char *init, int heads, struct gk_err *err);
void gk_warm_free(struct gk_warm *w); /* also of {0}, or where gk_warm_read failed */
/* Another network than A is an error. */
int gk_warm_check(const struct gk_warm *w, const struct gk_arch *a, struct gk_err *err);
/* After gk_trainer_new: theta_0 are W's weights, matrices times the scale of the initial values. */
void gk_trainer_warm(struct gk_trainer *t, struct gk_warm *w);

/* Gradient and row of theta_k. A loss or gradient that is not finite is an error that names the
 * step. */
int gk_trainer_measure(struct gk_trainer *t, bool eval, struct gk_train_row *row,
                       struct gk_err *err);
/* Update k, by the gradient just measured. */
void gk_trainer_update(struct gk_trainer *t);

/* Adds parameters and metadata to F; WHOLE: also the optimiser's state (optim.m.NAME, ...) and
 * what a continued run compares itself with. */
int gk_trainer_put(const struct gk_trainer *t, bool whole, struct gk_frame *f, struct gk_err *err);

/* The setting NAME ("weight-decay") in the metadata of FRAME, where it is called "weight_decay".
 * Plain functions of a struct gk_frame *, as gk_cli_inherit and gk_cli_each call them. */
const char *gk_train_get_setting(void *frame, const char *name);
int gk_train_put_setting(void *frame, const char *name, const char *value, struct gk_err *err);

enum { GK_EVERY_LOG = 0 };

/* What to write, when, and when to stop. */
struct gk_train_run {
    int64_t steps;      /* the last step */
    bool resumed;       /* the row and frame of the first step are already written */
    int64_t eval_every; /* validation at its multiples and at the last step */
    int64_t perfect;    /* stop after so many perfect evaluations in a row; 0: do not */
    const char *save;   /* checkpoint, or NULL */
    int64_t save_every; /* 0: only at the end */
    bool weights_only;
    const char *trajectory;             /* or NULL */
    bool trajectory_state;              /* its frames are whole checkpoints */
    int64_t every;                      /* its frames: multiples of this, or GK_EVERY_LOG */
    const struct gk_history *history;   /* for the table and the frames */
    const struct gk_frame *settings;    /* its metadata go into whole checkpoints; NULL: none */
    const volatile sig_atomic_t *stop;  /* set by a signal: ends after the step at hand */
    struct gk_out *table;               /* open; rows go here; left open */
    void (*tick)(void *ctx, double at); /* steps done, for a progress line; may be NULL */
    void *ctx;
};

/* Trains to the last step. A stop by signal (kind GK_ERR_SIGNAL) or by a reader that went away
 * (GK_ERR_CLOSED) is an error too, but one after which checkpoint and trajectory are complete up to
 * the step reached; after any other their files are as they were. ERR must be there. */
int gk_train(struct gk_trainer *t, const struct gk_train_run *run, struct gk_err *err);

/* Is STEP in a logarithmic trajectory? 0 and the roundings of 10^(j/20), j = 0, 1, ... */
bool gk_train_is_log_step(int64_t step);

#endif
