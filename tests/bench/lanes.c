/* Predicts the time of a step on many cores from a run on one. The linker's --wrap leads the
 * library's calls of the pool, of shared tiles and of their turns through this file, which notes
 * when each task, each tile and each turn within a tile begins and ends. The schedule of T threads
 * is then computed as the pool and share.c make it: tasks go to whoever is free, all wait at the
 * end of a round, a thread chooses its lane, and a tile waits for the turns of the tile before it.
 *
 * It is assumed that a thread beside others is as fast as alone, so that neither the memory's rate
 * nor the clock suffers, that a round of the pool costs ROUND, and a turn that comes from another
 * core HOP. ROUNDS_OF=T in the environment also prints what each round takes with T threads and
 * with one. */
#include "lanes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nn/plan/share.h"

static const double ROUND = 15e-3, HOP = 0.3e-3; /* ms */

enum {
    REPEATS = 5,
    MOST_ROUNDS = 64,
    MOST_ITEMS = 1 << 16,
    MOST_THREADS = 64,
    LANES = GK_MAX_LANES
};

/* One of the step's times: a task, or a part of a tile. Parts alternate: the first is free, the
 * second a turn, and so on. */
struct item {
    double ms[REPEATS];
    size_t round;
    bool tile; /* a part of a tile ... */
    size_t lane, number;
};

static struct item item[MOST_ITEMS];
static struct {
    size_t first, end; /* items */
    bool shared;
} rounds[MOST_ROUNDS];
static size_t nitem, nround;
static double whole[REPEATS];
static int repeat = -1; /* -1: nothing is noted */
static bool sharing;
static double since;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other programs do not count */
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void note(double begin, double end, size_t lane, size_t tile)
{
    if (nitem == MOST_ITEMS) {
        fprintf(stderr, "engine: too many tasks\n");
        exit(1);
    }
    struct item *i = &item[nitem++];
    i->round = nround;
    i->lane = lane;
    i->number = tile;
    i->ms[repeat] = end - begin;
}

static void begin_round(bool shared)
{
    if (nround == MOST_ROUNDS) {
        fprintf(stderr, "engine: too many rounds\n");
        exit(1);
    }
    rounds[nround].first = nitem;
    rounds[nround].shared = shared;
}

static void end_round(void)
{
    rounds[nround++].end = nitem;
}

/* ---- the library's calls ---- */

void __real_gk_pool_run(struct gk_pool *p, size_t ntasks, gk_task *fn, void *ctx);
void __wrap_gk_pool_run(struct gk_pool *p, size_t ntasks, gk_task *fn, void *ctx);
void __wrap_gk_pool_run(struct gk_pool *p, size_t ntasks, gk_task *fn, void *ctx)
{
    if (repeat < 0 || sharing) {
        __real_gk_pool_run(p, ntasks, fn, ctx);
        return;
    }
    begin_round(false);
    for (size_t i = 0; i < ntasks; i++) {
        const double t = now();
        fn(ctx, i, 0);
        note(t, now(), 0, i);
    }
    end_round();
}

struct tiles {
    gk_tile_task *fn;
    void *ctx;
    size_t lane, tile;
};
static struct tiles tiles;

static void part(void)
{
    const double t = now();
    note(since, t, tiles.lane, tiles.tile);
    since = t;
}

static void noted_tile(void *ctx, size_t lane, size_t tile, struct gk_turn *turn, int thread)
{
    (void)ctx;
    tiles.lane = lane;
    tiles.tile = tile;
    since = now();
    tiles.fn(tiles.ctx, lane, tile, turn, thread);
    part();
}

void __real_gk_share_run(struct gk_share *s, gk_tile_task *fn, void *ctx);
void __wrap_gk_share_run(struct gk_share *s, gk_tile_task *fn, void *ctx);
void __wrap_gk_share_run(struct gk_share *s, gk_tile_task *fn, void *ctx)
{
    if (repeat < 0) {
        __real_gk_share_run(s, fn, ctx);
        return;
    }
    tiles = (struct tiles){.fn = fn, .ctx = ctx};
    begin_round(true);
    sharing = true;
    __real_gk_share_run(s, noted_tile, NULL);
    sharing = false;
    end_round();
}

void __real_gk_turn_take(struct gk_turn *t);
void __wrap_gk_turn_take(struct gk_turn *t);
void __wrap_gk_turn_take(struct gk_turn *t)
{
    if (repeat >= 0)
        part();
    __real_gk_turn_take(t);
}

void __real_gk_turn_pass(struct gk_turn *t);
void __wrap_gk_turn_pass(struct gk_turn *t);
void __wrap_gk_turn_pass(struct gk_turn *t)
{
    if (repeat >= 0)
        part();
    __real_gk_turn_pass(t);
}

/* ---- schedules ---- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *x)
{
    double sorted[REPEATS];
    memcpy(sorted, x, sizeof sorted);
    qsort(sorted, REPEATS, sizeof *sorted, by_value);
    return sorted[REPEATS / 2];
}

static int earliest(const double *at, int threads)
{
    int first = 0;
    for (int i = 1; i < threads; i++)
        if (at[i] < at[first])
            first = i;
    return first;
}

static double latest(const double *at, int threads)
{
    double t = 0;
    for (int i = 0; i < threads; i++)
        if (at[i] > t)
            t = at[i];
    return t;
}

static double tasks_time(size_t first, size_t end, int threads)
{
    double at[MOST_THREADS] = {0};
    for (size_t i = first; i < end; i++)
        at[earliest(at, threads)] += median(item[i].ms);
    return latest(at, threads) + (threads > 1 && end - first > 1 ? ROUND : 0);
}

/* The items of each lane's tiles, and who works there. */
struct front {
    size_t first, end; /* items */
    size_t next;       /* the first item of the next tile */
    size_t left;       /* tiles */
    int threads;
    double passed[1024]; /* when the turns of the tile before were passed */
    bool begun;
};

static size_t tile_end(const struct front *f, size_t i)
{
    const size_t tile = item[i].number;
    while (i < f->end && item[i].number == tile)
        i++;
    return i;
}

/* When the next tile of F, begun at T, is complete. */
static double run_tile(struct front *f, double t, int threads)
{
    const size_t end = tile_end(f, f->next);
    size_t turn = 0;
    for (size_t i = f->next; i < end; i++) {
        const bool is_turn = (i - f->next) % 2 == 1;
        if (is_turn && f->begun && t < f->passed[turn])
            t = f->passed[turn] + (threads > 1 ? HOP : 0);
        t += median(item[i].ms);
        if (is_turn)
            f->passed[turn++] = t;
    }
    f->begun = true;
    f->next = end;
    f->left--;
    return t;
}

static int choose(const struct front *f)
{
    int lane = -1;
    size_t most = 0, among = 1;
    for (int l = 0; l < LANES; l++)
        if (f[l].left * among > most * (size_t)(f[l].threads + 1)) {
            most = f[l].left;
            among = (size_t)f[l].threads + 1;
            lane = l;
        }
    return lane;
}

/* WHOLE: a lane is one task, as if tiles were not shared. */
static double tiles_time(size_t first, size_t end, int threads, bool whole_lanes)
{
    static struct front f[LANES];
    double at[MOST_THREADS] = {0};
    int lane[MOST_THREADS];
    memset(f, 0, sizeof f);
    memset(lane, -1, sizeof lane);
    for (size_t i = first; i < end; i++) {
        struct front *own = &f[item[i].lane];
        if (own->left == 0)
            own->first = own->next = i;
        own->left += own->left == 0 || item[i].number != item[i - 1].number;
        own->end = i + 1;
    }
    for (int going = threads; going > 0;) {
        const int k = earliest(at, threads);
        if (lane[k] >= 0 && f[lane[k]].left == 0) {
            f[lane[k]].threads--;
            lane[k] = -1;
        }
        if (lane[k] < 0 && (lane[k] = choose(f)) >= 0)
            f[lane[k]].threads++;
        if (lane[k] < 0) { /* done: out of the way, until the others are */
            at[k] = 1e9 + at[k];
            going--;
            continue;
        }
        do
            at[k] = run_tile(&f[lane[k]], at[k], threads);
        while (whole_lanes && f[lane[k]].left > 0);
    }
    return latest(at, threads) - 1e9 + (threads > 1 ? ROUND : 0);
}

static double step_time(int threads, bool whole_lanes)
{
    double t = 0, noted = 0;
    for (size_t i = 0; i < nitem; i++)
        noted += median(item[i].ms);
    const double rest = median(whole) - noted;
    for (size_t r = 0; r < nround; r++) {
        const double ms = rounds[r].shared
                              ? tiles_time(rounds[r].first, rounds[r].end, threads, whole_lanes)
                              : tasks_time(rounds[r].first, rounds[r].end, threads);
        if (getenv("ROUNDS_OF") && atoi(getenv("ROUNDS_OF")) == threads && !whole_lanes)
            fprintf(stderr, "round %zu: %zu items, %.3f ms of %.3f\n", r,
                    rounds[r].end - rounds[r].first, ms,
                    rounds[r].shared ? tiles_time(rounds[r].first, rounds[r].end, 1, false)
                                     : tasks_time(rounds[r].first, rounds[r].end, 1));
        t += ms;
    }
    return rest > 0 ? t + rest : t;
}

void lanes_predict(void (*step)(void *), void *ctx)
{
    step(ctx);
    for (repeat = 0; repeat < REPEATS; repeat++) {
        nitem = nround = 0;
        step(ctx);
        const int this = repeat;
        repeat = -1; /* taking the times takes time */
        const double t = now();
        step(ctx);
        repeat = this;
        whole[repeat] = now() - t;
    }
    repeat = -1;
    size_t ntile = 0;
    for (size_t i = 0; i < nitem; i++)
        ntile += rounds[item[i].round].shared &&
                 (i == rounds[item[i].round].first || item[i].number != item[i - 1].number);
    printf("%zu\n", ntile);
    for (int threads = 1; threads <= MOST_THREADS; threads *= 2)
        printf("%d\t%.4f\t%.4f\n", threads, step_time(threads, false), step_time(threads, true));
}
