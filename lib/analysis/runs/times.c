/* Tables of runs for gk-times. */
#include "gk/times.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/ending.h"
#include "gk/mem.h"

/* A row before it is known how the censor column speaks. */
struct entry {
    struct gk_ending end;
    size_t group;
};

struct entries {
    struct entry *e;
    size_t n, cap;
    struct gk_ending_columns end;
    int *group; /* [columns->n] */
};

/* The cells of the row at hand that name its group, with commas between them; free() it. */
static char *group_of(const struct gk_rows *r, const int *col, size_t n, struct gk_err *err)
{
    char *name = gk_strdup(n ? "" : "all", err);
    for (size_t i = 0; name && i < n; i++) {
        const char *cell = r->cell[col[i]];
        char *longer = gk_format(err, "%s%s%s", name, i ? "," : "", *cell ? cell : "nan");
        free(name);
        name = longer;
    }
    return name;
}

/* Takes over NAME. */
static int find_group(struct gk_times *t, char *name, size_t *group, struct gk_err *err)
{
    if (!name)
        return -1;
    for (*group = 0; *group < t->data.groups; ++*group)
        if (!strcmp(t->group_name[*group], name)) {
            free(name);
            return 0;
        }
    if (gk_grow(&t->group_name, &t->name_cap, *group + 1, sizeof *t->group_name, err)) {
        free(name);
        return -1;
    }
    t->group_name[t->data.groups++] = name;
    return 0;
}

static int read_row(struct gk_times *t, struct entries *all, const struct gk_rows *r,
                    const struct gk_times_columns *c, struct gk_err *err)
{
    struct entry e;
    double when, end = NAN;
    if (gk_rows_number(r, all->end.when, &when, err) ||
        (all->end.censor >= 0 && gk_rows_number(r, all->end.censor, &end, err)))
        return -1;
    if (all->end.censor >= 0 && isnan(when) && isnan(end)) {
        t->left_out++;
        return 0;
    }
    if (gk_ending_read(&e.end, r, &all->end, err) ||
        find_group(t, group_of(r, all->group, c->n, err), &e.group, err) ||
        gk_grow(&all->e, &all->cap, all->n + 1, sizeof *all->e, err))
        return -1;
    all->e[all->n++] = e;
    return 0;
}

static int fill(struct gk_times *t, const struct entries *all, const struct gk_rows *r,
                struct gk_err *err)
{
    bool flags = true;
    if (!all->n)
        return gk_fail(err, "%s: no row has a %s or an end", r->file, r->name[all->end.when]);
    for (size_t i = 0; i < all->n; i++)
        flags = flags && gk_ending_may_be_flag(&all->e[i].end);
    t->time = gk_alloc(all->n, sizeof *t->time, err);
    t->censored = gk_alloc(all->n, sizeof *t->censored, err);
    t->group = gk_alloc(all->n, sizeof *t->group, err);
    if (!t->time || !t->censored || !t->group)
        return -1;
    for (size_t i = 0; i < all->n; i++) {
        const struct gk_ending *e = &all->e[i].end;
        if (gk_ending_settle(e, flags, r, &all->end, &t->time[i], &t->censored[i], err))
            return -1;
        if (t->time[i] < 0)
            return gk_fail(
                err, "%s: line %zu: column %s: %g: a step is 0 or above", r->file, e->line,
                r->name[t->censored[i] && !flags ? all->end.censor : all->end.when], t->time[i]);
        t->group[i] = all->e[i].group;
    }
    t->data.n = all->n;
    t->data.time = t->time;
    t->data.censored = t->censored;
    t->data.group = t->group;
    return 0;
}

static int find_columns(struct entries *all, const struct gk_rows *r,
                        const struct gk_times_columns *c, struct gk_err *err)
{
    all->end.censor = -1;
    if (!(all->group = gk_alloc(c->n, sizeof *all->group, err)) ||
        (all->end.when = gk_rows_need(r, c->time, err)) < 0 ||
        (c->censor && (all->end.censor = gk_rows_need(r, c->censor, err)) < 0))
        return -1;
    for (size_t i = 0; i < c->n; i++)
        if ((all->group[i] = gk_rows_need(r, c->group[i], err)) < 0)
            return -1;
    return 0;
}

int gk_times_read(struct gk_times *t, struct gk_rows *r, const struct gk_times_columns *c,
                  struct gk_err *err)
{
    struct entries all = {0};
    *t = (struct gk_times){0};
    int rc = find_columns(&all, r, c, err);
    while (!rc && (rc = gk_rows_next(r, err)) > 0)
        rc = read_row(t, &all, r, c, err);
    if (!rc)
        rc = fill(t, &all, r, err);
    free(all.e);
    gk_free(all.group);
    if (rc)
        gk_times_free(t);
    return rc;
}

void gk_times_free(struct gk_times *t)
{
    for (size_t g = 0; g < t->data.groups; g++)
        free(t->group_name[g]);
    free(t->group_name);
    gk_free(t->time);
    gk_free(t->censored);
    gk_free(t->group);
    *t = (struct gk_times){0};
}
