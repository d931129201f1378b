/* A pool of threads for work in many short rounds. */
#ifndef GK_POOL_H
#define GK_POOL_H

#include <stdatomic.h>
#include <stddef.h>

#include "gk/err.h"

struct gk_pool;
/* THREADS includes the caller. Tasks that call BLAS need gk_blas_pool. */
int gk_pool_new(struct gk_pool **out, int threads, struct gk_err *err);
void gk_pool_free(struct gk_pool *p);
int gk_pool_threads(const struct gk_pool *p);

/* Runs fn(ctx, task, thread) once for each task = 0..ntasks-1, on any free thread, and returns when
 * all are done. A task must write only its own results, so that they do not depend on the number of
 * threads. P may be NULL: the caller runs all tasks. Every thread takes the caller's mode of
 * floating-point arithmetic (gk/subnormal.h). */
typedef void gk_task(void *ctx, size_t task, int thread);
void gk_pool_run(struct gk_pool *p, size_t ntasks, gk_task *fn, void *ctx);

/* Inside tasks: waits until *COUNT is LEAST or more. Another task that has begun must raise it, by
 * gk_pool_raise. */
void gk_pool_await(struct gk_pool *p, const atomic_size_t *count, size_t least);
void gk_pool_raise(struct gk_pool *p, atomic_size_t *count, size_t to);

#endif
