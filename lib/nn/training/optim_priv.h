/* The optimiser's inside, shared by its files. */
#ifndef GK_OPTIM_PRIV_H
#define GK_OPTIM_PRIV_H

#include "gk/optim.h"
#include "nn/core/kernels/intervention_kernels.h"
#include "nn/core/kernels/optim_kernels.h"

enum { GK_OPTIM_BLOCK = 8192, GK_OPTIM_MOST_STATES = 3, GK_OPTIM_MOST_STAGES = 7 };

/* A task of the pool: elements that all decay or all do not. */
struct gk_block {
    size_t begin, end;
    bool decays;
};

/* A task of the pool: elements of one tensor. */
struct gk_piece {
    size_t tensor, begin, end;
};

/* One stage of a step: it reads grad and theta, and changes them. */
typedef void gk_stage(struct gk_optim *o);

struct gk_optim {
    struct gk_optim_conf conf;
    const struct gk_optim_kernels *kernels;
    const struct gk_intervention_kernels *changes;
    struct gk_pool *pool;
    enum gk_dtype real;
    size_t n, size;        /* elements, bytes an element */
    struct gk_params all;  /* the tensors of the vector; one, without a network */
    struct gk_params some; /* those that are updated element by element: all but muon's */
    gk_stage *stage[GK_OPTIM_MOST_STAGES];
    size_t nstage;
    struct gk_optim_state state[GK_OPTIM_MOST_STATES];
    size_t nstate;
    char *keep; /* [n] or NULL */

    struct gk_block *block;
    size_t nblock;
    char *a, *b; /* [n] each, or NULL: the states of the update by elements */

    /* Interventions (interventions.c); NULL and 0: none. */
    void *changed; /* [n], the gradient after them */
    struct gk_piece *piece;
    size_t npiece;
    char *average;          /* grokfast: [n] or, tensor by tensor, [window, count] */
    struct gk_params queue; /* its tensors, with as many rows as gradients */
    int64_t since;          /* the first update that it sees */
    double held, longer;    /* |theta| to hold after an update; the factor that restores it */

    /* Muon (muon.c). */
    size_t *matrix; /* the indices in `all` of muon's tensors, the largest first */
    size_t nmatrix;
    char *work; /* for each thread */
    size_t work_size;

    /* the current update */
    int64_t k;
    double warm; /* a factor of rates: below 1 during the warm-up */
    struct gk_update update, undecayed;
    char *theta;
    const char *grad;
};

void gk_optim_add_stage(struct gk_optim *o, gk_stage *stage);
/* Adds S with a vector of COUNT zeros, and returns the vector; NULL: no memory. */
void *gk_optim_add_state(struct gk_optim *o, struct gk_optim_state s, size_t count,
                         struct gk_err *err);
/* Clips this update as if its gradient had norm GRAD_NORM. */
void gk_optim_clip(struct gk_optim *o, double grad_norm);

/* The stages before and after the update that CONF requests. */
int gk_change_gradient(struct gk_optim *o, struct gk_err *err);
void gk_clip_rows(struct gk_optim *o);
void gk_hold_norm(struct gk_optim *o);
void gk_interventions_free(struct gk_optim *o);

/* Does muon take this tensor? It takes matrices inside blocks or hidden layers. */
bool gk_muon_takes(const struct gk_optim_conf *conf, const struct gk_param *p);
/* The stage that updates muon's tensors. */
int gk_muon_new(struct gk_optim *o, struct gk_err *err);
void gk_muon_free(struct gk_optim *o);

#endif
