/* A pool of threads for work that comes in many short rounds. */
#ifndef GK_POOL_H
#define GK_POOL_H

#include <stddef.h>

#include "gk/err.h"

struct gk_pool;
/* THREADS includes the caller. Tasks that ask for products want gk_blas_pool. */
int gk_pool_new(struct gk_pool **out, int threads, struct gk_err *err);
void gk_pool_free(struct gk_pool *p);
int gk_pool_threads(const struct gk_pool *p);

/* Runs fn(ctx, task, thread) for task = 0..ntasks-1, each once, on whichever thread is free;
 * returns when all are done. For results that do not depend on the number of threads a task must
 * write only what belongs to that task. P may be NULL: the caller does all. */
typedef void gk_task(void *ctx, size_t task, int thread);
void gk_pool_run(struct gk_pool *p, size_t ntasks, gk_task *fn, void *ctx);

#endif
