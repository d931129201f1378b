/* Tables of runs for the power law. */
#include <math.h>
#include <stdlib.h>

#include "gk/ending.h"
#include "gk/mem.h"
#include "gk/powerlaw.h"

struct entry {
    double x, weight;
    struct gk_ending end;
};

struct entries {
    struct entry *e;
    size_t n, cap;
    int x, weight; /* columns */
    struct gk_ending_columns end;
    struct gk_ending_doubts doubts;
};

static int read_entry(struct entry *e, struct gk_rows *r, const struct gk_powerlaw_columns *c,
                      struct entries *all, struct gk_err *err)
{
    *e = (struct entry){.weight = 1};
    if (gk_rows_number(r, all->x, &e->x, err) ||
        (c->weight && gk_rows_number(r, all->weight, &e->weight, err)))
        return -1;
    if (!isfinite(e->x) || e->x <= 0)
        return gk_rows_fail(r, err, "column %s: %g: a power law wants x > 0", c->x, e->x);
    if (!isfinite(e->weight) || e->weight < 0)
        return gk_rows_fail(r, err, "column %s: %g: a weight is a number >= 0", c->weight,
                            e->weight);
    if (gk_ending_read(&e->end, r, &all->end, err))
        return -1;
    gk_ending_doubt(&all->doubts, &e->end, r);
    return 0;
}

static int fill(struct gk_powerlaw_runs *runs, struct entries *all, const struct gk_rows *r,
                const struct gk_powerlaw_columns *c, struct gk_err *err)
{
    bool flags = true;
    for (size_t i = 0; i < all->n; i++)
        flags = flags && all->e[i].end.may_be_flag;
    runs->x = gk_alloc(all->n, sizeof *runs->x, err);
    runs->y = gk_alloc(all->n, sizeof *runs->y, err);
    runs->censored = gk_alloc(all->n, sizeof *runs->censored, err);
    if (c->weight)
        runs->weight = gk_alloc(all->n, sizeof *runs->weight, err);
    if (!runs->x || !runs->y || !runs->censored || (c->weight && !runs->weight))
        return -1;
    for (size_t i = 0; i < all->n; i++) {
        if (gk_ending_settle(&all->e[i].end, flags, r, &all->end, &runs->y[i], &runs->censored[i],
                             err))
            return -1;
        runs->x[i] = all->e[i].x;
        if (runs->weight)
            runs->weight[i] = all->e[i].weight;
    }
    runs->n = all->n;
    return 0;
}

int gk_powerlaw_read(struct gk_powerlaw_runs *runs, struct gk_rows *r,
                     const struct gk_powerlaw_columns *c, struct gk_err *err)
{
    struct entries all = {.weight = -1, .end.censor = -1};
    int rc;
    *runs = (struct gk_powerlaw_runs){0};
    if ((all.x = gk_rows_need(r, c->x, err)) < 0 ||
        (all.end.when = gk_rows_need(r, c->y, err)) < 0 ||
        (c->weight && (all.weight = gk_rows_need(r, c->weight, err)) < 0) ||
        (c->censor && (all.end.censor = gk_rows_need(r, c->censor, err)) < 0) ||
        gk_ending_doubts_find(&all.doubts, r, err))
        return -1;
    while ((rc = gk_rows_next(r, err)) > 0)
        if (gk_grow(&all.e, &all.cap, all.n + 1, sizeof *all.e, err) ||
            read_entry(&all.e[all.n++], r, c, &all, err)) {
            rc = -1;
            break;
        }
    if (!rc)
        rc = fill(runs, &all, r, c, err);
    if (!rc)
        rc = gk_ending_remark(&runs->doubts, &all.doubts, r, &all.end, err);
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
    gk_notes_free(&runs->doubts);
    *runs = (struct gk_powerlaw_runs){0};
}
