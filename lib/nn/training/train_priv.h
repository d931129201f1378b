/* The trainer's inside, shared by its files. */
#ifndef GK_TRAIN_PRIV_H
#define GK_TRAIN_PRIV_H

#include "gk/train.h"

struct gk_trainer {
    struct gk_train_conf conf;
    const struct gk_dataset *data;
    struct gk_pool *pool;
    struct gk_engine *train, *val;
    const struct gk_params *ps;
    struct gk_optim *optim;
    int64_t step, perfect;
    uint64_t digest; /* of the dataset's rows */
    /* [ps->total] of conf.real: theta_k, its gradient, theta_{k-1}, theta_0 */
    void *theta, *grad, *prev, *init;
    bool have_prev;
    double init_squared, grad_norm;
    size_t batch;    /* rows of a minibatch */
    uint32_t *order; /* [rows] of the current epoch; NULL: every step uses all rows */
    int64_t epoch;   /* the epoch of `order`; -1: none yet */
};

#endif
