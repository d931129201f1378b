/* Tables of runs for the power law. */
#include <math.h>
#include <stdlib.h>

#include "gk/mem.h"
#include "gk/powerlaw.h"

/* What a row says before it is known how the censor column speaks. */
struct entry {
    size_t line;
    double x, y, weight, censor;
};

struct entries {
    struct entry *e;
    size_t n, cap;
};

static int read_entry(struct entry *e, struct gk_rows *r, const struct gk_powerlaw_columns *c,
                      const int col[4], struct gk_err *err)
{
    *e = (struct entry){.line = r->line, .weight = 1};
    if (gk_rows_number(r, col[0], &e->x, err) || gk_rows_number(r, col[1], &e->y, err) ||
        (c->weight && gk_rows_number(r, col[2], &e->weight, err)) ||
        (c->censor && gk_rows_number(r, col[3], &e->censor, err)))
        return -1;
    if (!isfinite(e->x) || e->x <= 0)
        return gk_rows_fail(r, err, "column %s: %g: a power law wants x > 0", c->x, e->x);
    if (isnan(e->y) && !c->censor) {
        gk_rows_fail(r, err, "column %s: nan: how long did this run last?", c->y);
        return gk_fail_about(err, "censor");
    }
    if (isinf(e->y))
        return gk_rows_fail(r, err, "column %s: %g is not finite", c->y, e->y);
    if (!isfinite(e->weight) || e->weight < 0)
        return gk_rows_fail(r, err, "column %s: %g: a weight is a number >= 0", c->weight,
                            e->weight);
    if (c->censor && (isinf(e->censor) || (isnan(e->censor) && isnan(e->y))))
        return gk_rows_fail(r, err, "column %s: %g is not finite", c->censor, e->censor);
    return 0;
}

/* Row E of a table whose censor column holds flags, or the steps of each run. */
static int settle(struct entry *e, bool flags, bool *censored, const struct gk_rows *r,
                  const struct gk_powerlaw_columns *c, struct gk_err *err)
{
    *censored = false;
    if (!c->censor)
        return 0;
    if (flags) {
        *censored = e->censor == 1;
        if (isnan(e->y))
            return gk_fail(err,
                           "%s: line %zu: column %s: nan, and %s holds flags: when did it end?",
                           r->file, e->line, c->y, c->censor);
        return 0;
    }
    if (e->y > e->censor)
        return gk_fail(err, "%s: line %zu: column %s: %g is after the run's end, %s = %g", r->file,
                       e->line, c->y, e->y, c->censor, e->censor);
    *censored = isnan(e->y);
    if (*censored)
        e->y = e->censor;
    return 0;
}

static int fill(struct gk_powerlaw_runs *runs, struct entries *all, const struct gk_rows *r,
                const struct gk_powerlaw_columns *c, struct gk_err *err)
{
    bool flags = true;
    for (size_t i = 0; i < all->n; i++)
        flags = flags && (all->e[i].censor == 0 || all->e[i].censor == 1);
    runs->x = gk_alloc(all->n, sizeof *runs->x, err);
    runs->y = gk_alloc(all->n, sizeof *runs->y, err);
    runs->censored = gk_alloc(all->n, sizeof *runs->censored, err);
    if (c->weight)
        runs->weight = gk_alloc(all->n, sizeof *runs->weight, err);
    if (!runs->x || !runs->y || !runs->censored || (c->weight && !runs->weight))
        return -1;
    for (size_t i = 0; i < all->n; i++) {
        if (settle(&all->e[i], flags, &runs->censored[i], r, c, err))
            return -1;
        runs->x[i] = all->e[i].x;
        runs->y[i] = all->e[i].y;
        if (runs->weight)
            runs->weight[i] = all->e[i].weight;
    }
    runs->n = all->n;
    return 0;
}

int gk_powerlaw_read(struct gk_powerlaw_runs *runs, struct gk_rows *r,
                     const struct gk_powerlaw_columns *c, struct gk_err *err)
{
    const char *name[4] = {c->x, c->y, c->weight, c->censor};
    struct entries all = {0};
    int col[4], rc;
    *runs = (struct gk_powerlaw_runs){0};
    for (int i = 0; i < 4; i++)
        if (name[i] && (col[i] = gk_rows_need(r, name[i], err)) < 0)
            return -1;
    while ((rc = gk_rows_next(r, err)) > 0)
        if (gk_grow(&all.e, &all.cap, all.n + 1, sizeof *all.e, err) ||
            read_entry(&all.e[all.n++], r, c, col, err)) {
            rc = -1;
            break;
        }
    if (!rc)
        rc = fill(runs, &all, r, c, err);
    free(all.e);
    if (rc)
        gk_powerlaw_runs_free(runs);
    return rc;
}

void gk_powerlaw_runs_free(struct gk_powerlaw_runs *runs)
{
    gk_free(runs->x);
    gk_free(runs->y);
    gk_free(runs->weight);
    gk_free(runs->censored);
    *runs = (struct gk_powerlaw_runs){0};
}
