/* One line of progress on a terminal's standard error. */
#include "options.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_bool shown; /* a progress line is on display */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void gk_progress_clear(void)
{
    if (shown)
        fputs("\r\033[K", stderr);
    shown = false;
}

void gk_progress_start(struct gk_progress *p, const struct gk_tool *tool, const char *what,
                       double total)
{
    const struct gk_common *c = tool->common;
    bool results_here = (!c->output || !strcmp(c->output, "-")) && isatty(STDOUT_FILENO);
    *p = (struct gk_progress){.what = what, .total = total, .start = now()};
    p->last = p->start;
    /* Rows that scroll by on the same terminal are progress enough. */
    p->on = !c->quiet && !results_here && isatty(STDERR_FILENO);
}

static void duration(double s, char *buf, size_t size)
{
    long t = (long)(s + 0.5);
    if (t >= 3600)
        snprintf(buf, size, "%ld:%02ld:%02ld", t / 3600, t / 60 % 60, t % 60);
    else
        snprintf(buf, size, "%ld:%02ld", t / 60, t % 60);
}

void gk_progress_tick(struct gk_progress *p, double done)
{
    if (!p->on)
        return;
    double t = now();
    if (t - p->last < 0.1)
        return;
    p->last = t;
    double rate = done / (t - p->start);
    char left[32] = "?";
    if (rate > 0 && p->total >= done && (p->total - done) / rate < 1e8)
        duration((p->total - done) / rate, left, sizeof left);
    if (p->total > 0)
        fprintf(stderr, "\r\033[K%s %.0f of %.0f, %.3g/s, %s left", p->what, done, p->total, rate,
                left);
    else
        fprintf(stderr, "\r\033[K%s %.0f, %.3g/s", p->what, done, rate);
    fflush(stderr);
    shown = true;
}

void gk_progress_end(struct gk_progress *p)
{
    if (p->on)
        gk_progress_clear();
    p->on = false;
}
