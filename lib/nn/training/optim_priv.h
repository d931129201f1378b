/* The optimiser, shared by its files. */
#ifndef GK_OPTIM_PRIV_H
#define GK_OPTIM_PRIV_H

#include "gk/optim.h"
#include "nn/core/kernels/intervention_kernels.h"
#include "nn/core/kernels/optim_kernels.h"

enum { GK_OPTIM_BLOCK = 8192, GK_OPTIM_MOST_STATES = 3, GK_OPTIM_MOST_STAGES = 6 };

/* A task of the pool: elements that all decay or all do not. */
struct gk_block {
    size_t begin, end;
    bool decays;
};

/* A task of the pool: elements of one tensor. */
struct gk_piece {
    size_t tensor, begin, end;
};

/* One of the steps of a step: it reads grad and theta, and leaves changed ones. */
typedef void gk_stage(struct gk_optim *o);

struct gk_optim {
    struct gk_optim_conf conf;
    const struct gk_optim_kernels *kernels;
    const struct gk_intervention_kernels *changes;
    struct gk_pool *pool;
    enum gk_dtype real;
    size_t n, size;        /* elements, bytes an element */
    struct gk_params all;  /* the tensors of the vector; one, where there is no network */
    struct gk_params some; /* those whose update goes element by element: all but muon's */
    gk_stage *stage[GK_OPTIM_MOST_STAGES];
    size_t nstage;
    struct gk_optim_state state[GK_OPTIM_MOST_STATES];
    size_t nstate;
    char *keep; /* [n] or NULL */

    struct gk_block *block;
    size_t nblock;
    char *a, *b; /* [n] each, or NULL: the states of the update that goes element by element */

    /* Interventions (interventions.c); NULL and 0 where there are none. */
    void *changed; /* [n], the gradient as they leave it */
    struct gk_piece *piece;
    size_t npiece;
    char *average;          /* grokfast: [n] or, tensor by tensor, [window, count] */
    struct gk_params queue; /* its tensors, as many rows as there are gradients in it */
    int64_t since;          /* the first update that it sees */
    double held, longer;    /* |theta| after an update; what it takes to get there */

    /* Muon (muon.c). */
    size_t *matrix; /* the places in `all` of those that it takes, the largest first */
    size_t nmatrix;
    char *work; /* for each thread */
    size_t work_size;

    /* the update at hand */
    int64_t k;
    struct gk_update update, undecayed;
    char *theta;
    const char *grad;
};

void gk_optim_add_stage(struct gk_optim *o, gk_stage *stage);
/* Adds S with a vector of COUNT zeros, which it returns; NULL where there is no memory. */
void *gk_optim_add_state(struct gk_optim *o, struct gk_optim_state s, size_t count,
                         struct gk_err *err);
/* From here on the gradient of this update counts as so long. */
void gk_optim_clip(struct gk_optim *o, double grad_norm);
/* X of update k: less, during the warm-up. */
double gk_optim_warm(const struct gk_optim_conf *conf, double x, int64_t k);

/* The stages before and after the update, if CONF wants any. */
int gk_change_gradient(struct gk_optim *o, struct gk_err *err);
void gk_hold_norm(struct gk_optim *o);
void gk_interventions_free(struct gk_optim *o);

/* Does muon take this tensor? A matrix inside a block or a hidden layer. */
bool gk_muon_takes(const struct gk_optim_conf *conf, const struct gk_param *p);
/* The stage that updates these. */
int gk_muon_new(struct gk_optim *o, struct gk_err *err);
void gk_muon_free(struct gk_optim *o);

#endif
