/* Threads that share the tiles of a plan.
 *
 * A lane's sums are made in the order of its tiles (plan.h), and yet several threads may work on
 * one lane. Most of a tile's work concerns its own rows and needs no order. Before a tile adds to
 * the lane's sums it takes its turn: its k-th addition follows the k-th of the tile before it. So
 * results have the same bytes for any number of threads, and the work has as many shares as there
 * are tiles. */
#ifndef GK_SHARE_H
#define GK_SHARE_H

#include "gk/pool.h"
#include "plan.h"

struct gk_turn;
/* Every tile of a lane must take and pass the same turns, in the same order. It must add to any one
 * sum in one turn only: after a tile has passed its first turn, the next tile may take its own
 * before the tile takes its second. */
void gk_turn_take(struct gk_turn *t);
void gk_turn_pass(struct gk_turn *t);

typedef void gk_tile_task(void *ctx, size_t lane, size_t tile, struct gk_turn *turn, int thread);

struct gk_share;
/* For P as it is or any subset of its rows. POOL may be NULL. */
int gk_share_new(struct gk_share **out, const struct gk_plan *p, struct gk_pool *pool,
                 struct gk_err *err);
void gk_share_free(struct gk_share *s);
/* Runs fn(ctx, lane, tile, turn, thread) once for each tile of the plan. Allocates nothing. */
void gk_share_run(struct gk_share *s, gk_tile_task *fn, void *ctx);

#endif
