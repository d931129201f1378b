/* A pool of threads.
 *
 * A round is one counter, `left`: whoever takes it from k to k - 1 does one task and then adds to
 * `done`. The caller works too, so nobody waits for a thread that found nothing to do, and a
 * worker that comes late finds the counter at 0. What a taken task reads (fn, ctx, ntasks,
 * mode) cannot change before that task is done.
 *
 * Rounds follow each other within microseconds while a network trains: waiting therefore spins
 * for a moment, and sleeps after that. A sleeper announces itself in `asleep` before it looks a
 * last time; the other side changes what it waits for before it looks at `asleep`. One of the two
 * sees the other. */
#include "gk/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/subnormal.h"

enum { SPINS = 2000 }; /* of a pause each: some tens of microseconds */

/* The stack of a thread. By default the C library takes the limit of the first thread's stack,
 * which may be small. LIBXSMM takes 128 KiB in one step, which would jump over the guard page. */
enum { STACK = 2 << 20 };

struct worker {
    struct gk_pool *pool;
    pthread_t id;
    int number; /* 1.. */
};

struct gk_pool {
    int threads;
    struct worker *worker; /* [threads - 1] */
    int started;
    gk_task *fn;
    void *ctx;
    size_t ntasks;
    gk_fpmode mode;                  /* the caller's */
    _Alignas(64) atomic_size_t left; /* tasks that nobody has taken */
    _Alignas(64) atomic_size_t done; /* tasks that are complete */
    _Alignas(64) atomic_int asleep;  /* threads that wait for `changed` */
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static bool work_waits(struct gk_pool *p, const void *unused)
{
    (void)unused;
    return atomic_load(&p->left) > 0 || atomic_load(&p->stop);
}

static bool all_done(struct gk_pool *p, const void *unused)
{
    (void)unused;
    return atomic_load(&p->done) == p->ntasks;
}

static void wait_until(struct gk_pool *p, bool (*ready)(struct gk_pool *, const void *),
                       const void *what)
{
    for (int i = 0; i < SPINS; i++) {
        if (ready(p, what))
            return;
        pause_briefly();
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->asleep, 1);
    while (!ready(p, what))
        pthread_cond_wait(&p->changed, &p->lock);
    atomic_fetch_sub(&p->asleep, 1);
    pthread_mutex_unlock(&p->lock);
}

static void wake_sleepers(struct gk_pool *p)
{
    if (atomic_load(&p->asleep) == 0)
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static void take_tasks(struct gk_pool *p, int thread)
{
    size_t left = atomic_load(&p->left);
    gk_fpmode mode = gk_fpmode_get();
    while (left > 0) {
        if (!atomic_compare_exchange_weak(&p->left, &left, left - 1))
            continue;
        const size_t ntasks = p->ntasks;
        if (p->mode != mode)
            gk_fpmode_set(mode = p->mode);
        p->fn(p->ctx, ntasks - left, thread);
        if (atomic_fetch_add(&p->done, 1) + 1 == ntasks)
            wake_sleepers(p);
        left = atomic_load(&p->left);
    }
}

static void *work(void *arg)
{
    const struct worker *w = arg;
    for (;;) {
        wait_until(w->pool, work_waits, NULL);
        if (atomic_load(&w->pool->stop))
            return NULL;
        take_tasks(w->pool, w->number);
    }
}

void gk_pool_run(struct gk_pool *p, size_t ntasks, gk_task *fn, void *ctx)
{
    if (!p || p->threads == 1 || ntasks < 2) {
        for (size_t i = 0; i < ntasks; i++)
            fn(ctx, i, 0);
        return;
    }
    p->fn = fn;
    p->ctx = ctx;
    p->ntasks = ntasks;
    p->mode = gk_fpmode_get();
    atomic_store(&p->done, 0);
    atomic_store(&p->left, ntasks);
    wake_sleepers(p);
    take_tasks(p, 0);
    wait_until(p, all_done, NULL);
}

struct level {
    const atomic_size_t *count;
    size_t least;
};

static bool reached(struct gk_pool *p, const void *what)
{
    const struct level *l = what;
    (void)p;
    return atomic_load(l->count) >= l->least;
}

void gk_pool_await(struct gk_pool *p, const atomic_size_t *count, size_t least)
{
    const struct level l = {count, least};
    if (p && !reached(p, &l))
        wait_until(p, reached, &l);
}

void gk_pool_raise(struct gk_pool *p, atomic_size_t *count, size_t to)
{
    atomic_store(count, to);
    if (p)
        wake_sleepers(p);
}

/* Puts workers on other processors than their caller's, and leaves them free to go: without this
 * Linux at times lets a worker begin on its caller's processor and stay there, beside an idle one.
 */
static void spread(const struct gk_pool *p)
{
    cpu_set_t all, one;
    if (sched_getaffinity(0, sizeof all, &all) || CPU_COUNT(&all) < p->threads)
        return;
    for (int cpu = sched_getcpu(), i = 0; i < p->threads - 1;) {
        cpu = (cpu + 1) % CPU_SETSIZE;
        if (!CPU_ISSET(cpu, &all))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        pthread_setaffinity_np(p->worker[i].id, sizeof one, &one);
        pthread_setaffinity_np(p->worker[i].id, sizeof all, &all);
        i++;
    }
}

/* Only the calling thread receives signals: they must interrupt its reads and writes. */
static int start_workers(struct gk_pool *p, struct gk_err *err)
{
    sigset_t all, was;
    pthread_attr_t attr;
    int rc = pthread_attr_init(&attr);
    if (!rc)
        rc = pthread_attr_setstacksize(&attr, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &was);
    for (int i = 0; i < p->threads - 1 && !rc; i++) {
        p->worker[i] = (struct worker){.pool = p, .number = i + 1};
        rc = pthread_create(&p->worker[i].id, &attr, work, &p->worker[i]);
        p->started += !rc;
    }
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    pthread_attr_destroy(&attr);
    if (rc)
        return gk_fail(err, "cannot start thread %d of %d: %s", p->started + 2, p->threads,
                       strerror(rc));
    return 0;
}

int gk_pool_new(struct gk_pool **out, int threads, struct gk_err *err)
{
    *out = NULL;
    struct gk_pool *p = gk_alloc(1, sizeof *p, err);
    if (!p)
        return -1;
    p->threads = threads;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->worker = gk_alloc((size_t)(threads - 1), sizeof *p->worker, err);
    if (!p->worker || start_workers(p, err)) {
        gk_pool_free(p);
        return -1;
    }
    spread(p);
    *out = p;
    return 0;
}

void gk_pool_free(struct gk_pool *p)
{
    if (!p)
        return;
    atomic_store(&p->stop, true);
    wake_sleepers(p);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->worker[i].id, NULL);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    gk_free(p->worker);
    gk_free(p);
}

int gk_pool_threads(const struct gk_pool *p)
{
    return p ? p->threads : 1;
}
