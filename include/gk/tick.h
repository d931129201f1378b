/* A callback for the progress of long work. */
#ifndef GK_TICK_H
#define GK_TICK_H

struct gk_tick {
    void (*fn)(void *ctx, double done, double total); /* or NULL: no callback */
    void *ctx;
};

static inline void gk_tick(const struct gk_tick *t, double done, double total)
{
    if (t->fn)
        t->fn(t->ctx, done, total);
}

#endif
