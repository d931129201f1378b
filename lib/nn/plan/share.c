/* Threads that share tiles (share.h). A thread stays with a lane while the lane has tiles that
 * nobody has taken: its sums are in the cache. Then it goes where most tiles are left for each
 * thread. Tiles of a lane are taken in their order, so the first unfinished one never waits. */
#include "share.h"

#include <stdatomic.h>

#include "gk/mem.h"

struct gk_turn {
    _Alignas(64) atomic_size_t passed; /* additions that are complete */
    size_t before;                     /* those that were begun; its thread's own */
    struct gk_turn *previous;          /* the tile before it in its lane, or NULL */
    struct gk_pool *pool;
};

struct front {
    _Alignas(64) atomic_size_t next; /* the first tile that nobody has taken */
    atomic_size_t threads;           /* that work on the lane */
};

struct gk_share {
    const struct gk_plan *plan;
    struct gk_pool *pool;
    struct gk_turn *turn; /* [ntile] */
    struct front front[GK_MAX_LANES];
    gk_tile_task *fn;
    void *ctx;
};

int gk_share_new(struct gk_share **out, const struct gk_plan *p, struct gk_pool *pool,
                 struct gk_err *err)
{
    struct gk_share *s = *out = gk_alloc(1, sizeof *s, err);
    if (!s)
        return -1;
    s->plan = p;
    s->pool = pool;
    s->turn = gk_alloc(p->n / p->tile_most + GK_MAX_LANES, sizeof *s->turn, err);
    if (s->turn)
        return 0;
    gk_share_free(s);
    *out = NULL;
    return -1;
}

void gk_share_free(struct gk_share *s)
{
    if (!s)
        return;
    gk_free(s->turn);
    gk_free(s);
}

void gk_turn_take(struct gk_turn *t)
{
    t->before++;
    if (t->previous)
        gk_pool_await(t->pool, &t->previous->passed, t->before);
}

void gk_turn_pass(struct gk_turn *t)
{
    gk_pool_raise(t->pool, &t->passed, t->before);
}

static size_t tiles_left(struct gk_share *s, size_t lane)
{
    const size_t end = s->plan->lane[lane + 1], next = atomic_load(&s->front[lane].next);
    return next < end ? end - next : 0;
}

/* Joins the lane with the most tiles for each of its threads and this one. False: none is left. */
static bool join_lane(struct gk_share *s, size_t *lane)
{
    for (;;) {
        size_t most = 0, among = 1, now = 0;
        for (size_t l = 0; l < s->plan->nlane; l++) {
            const size_t left = tiles_left(s, l), threads = atomic_load(&s->front[l].threads);
            if (left * among <= most * (threads + 1))
                continue;
            most = left;
            among = threads + 1;
            now = threads;
            *lane = l;
        }
        if (most == 0)
            return false;
        if (atomic_compare_exchange_strong(&s->front[*lane].threads, &now, now + 1))
            return true;
    }
}

static void work(void *ctx, size_t task, int thread)
{
    struct gk_share *s = ctx;
    size_t lane;
    (void)task;
    while (join_lane(s, &lane)) {
        struct front *f = &s->front[lane];
        for (size_t tile; (tile = atomic_fetch_add(&f->next, 1)) < s->plan->lane[lane + 1];) {
            s->fn(s->ctx, lane, tile, &s->turn[tile], thread);
            gk_pool_raise(s->pool, &s->turn[tile].passed, SIZE_MAX);
        }
        atomic_fetch_sub(&f->threads, 1);
    }
}

void gk_share_run(struct gk_share *s, gk_tile_task *fn, void *ctx)
{
    const struct gk_plan *p = s->plan;
    const size_t threads = (size_t)gk_pool_threads(s->pool);
    for (size_t l = 0; l < p->nlane; l++) {
        atomic_store(&s->front[l].next, p->lane[l]);
        atomic_store(&s->front[l].threads, 0);
        for (size_t t = p->lane[l]; t < p->lane[l + 1]; t++) {
            struct gk_turn *turn = &s->turn[t];
            atomic_store(&turn->passed, 0);
            turn->before = 0;
            turn->previous = t > p->lane[l] ? turn - 1 : NULL;
            turn->pool = s->pool;
        }
    }
    s->fn = fn;
    s->ctx = ctx;
    gk_pool_run(s->pool, threads < p->ntile ? threads : p->ntile, work, s);
}
