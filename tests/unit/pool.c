/* The pool of threads: every task once, by a thread in range, complete when the round ends. */
#include <stdatomic.h>
#include <time.h>

#include "check.h"
#include "gk/pool.h"
#include "gk/subnormal.h"

enum { MOST = 1000 };

struct round {
    int times[MOST];
    long sum[MOST]; /* added to what an earlier round left there */
    atomic_int bad_thread;
    int threads;
};

static void count(void *ctx, size_t task, int thread)
{
    struct round *r = ctx;
    if (thread < 0 || thread >= r->threads)
        atomic_fetch_add(&r->bad_thread, 1);
    r->times[task]++;
    r->sum[task] += (long)task;
}

static void check_rounds(int threads)
{
    static struct round r;
    struct gk_pool *p;
    struct gk_err err = {0};
    const int rounds = 500;
    memset(&r, 0, sizeof r);
    r.threads = threads;
    CHECK(gk_pool_new(&p, threads, &err) == 0);
    CHECK_INT_EQ(gk_pool_threads(p), threads);
    for (int i = 0; i < rounds; i++) {
        gk_pool_run(p, (size_t)(i % MOST), count, &r);
        if (i % 100 == 0) /* long enough that all fall asleep */
            nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    for (int task = 0; task < MOST; task++) {
        const int due = task < rounds - 1 ? rounds - 1 - task : 0; /* rounds with more tasks */
        CHECK_INT_EQ(r.times[task], due);
        CHECK_INT_EQ(r.sum[task], (long)due * task);
    }
    CHECK_INT_EQ(r.bad_thread, 0);
    gk_pool_free(p);
}

/* Slow tasks: the caller, done with its own, sleeps until the last one is complete. */
static void slow(void *ctx, size_t task, int thread)
{
    (void)thread;
    nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
    ((int *)ctx)[task] = 1;
}

static void check_slow(void)
{
    struct gk_pool *p;
    struct gk_err err = {0};
    int done[5] = {0};
    CHECK(gk_pool_new(&p, 3, &err) == 0);
    gk_pool_run(p, 5, slow, done);
    for (int i = 0; i < 5; i++)
        CHECK_INT_EQ(done[i], 1);
    gk_pool_free(p);
}

static void square(void *ctx, size_t task, int thread)
{
    volatile float small = 1e-20F;
    (void)thread;
    ((float *)ctx)[task] = small * small;
}

/* All threads take the caller's mode, and its next one. */
static void check_mode(void)
{
    enum { TASKS = 400 };
    const gk_fpmode mode = gk_fpmode_get(), flushing = gk_fpmode_flushing(mode);
    struct gk_pool *p;
    struct gk_err err = {0};
    CHECK(gk_pool_new(&p, 3, &err) == 0);
    for (int round = 0; round < 50; round++) {
        float squares[TASKS];
        const int flush = round % 2;
        gk_fpmode_set(flush ? flushing : mode);
        gk_pool_run(p, TASKS, square, squares);
        gk_fpmode_set(mode);
        for (int i = 0; i < TASKS; i++)
            CHECK((squares[i] == 0) == (flush && flushing != mode));
    }
    CHECK(gk_fpmode_get() == mode);
    gk_pool_free(p);
}

static void check_without(void)
{
    static struct round r;
    r.threads = 1;
    gk_pool_run(NULL, 10, count, &r);
    for (int task = 0; task < MOST; task++)
        CHECK_INT_EQ(r.times[task], task < 10);
    CHECK_INT_EQ(gk_pool_threads(NULL), 1);
    gk_pool_free(NULL);
}

int main(void)
{
    check_without();
    check_rounds(1);
    check_rounds(2);
    check_rounds(5);
    check_slow();
    check_mode();
    return check_status();
}
