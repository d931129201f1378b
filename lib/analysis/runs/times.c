/* Tables of runs for gk-times. */
#include "gk/times.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/ending.h"
#include "gk/mem.h"
#include "gk/number.h"

/* A row, kept until the meaning of the censor column is known. */
struct entry {
    struct gk_ending end;
    size_t group;
};

struct entries {
    struct entry *e;
    size_t n, cap;
    struct gk_ending_columns end;
    struct gk_ending_doubts doubts;
    int *group; /* [columns->n] */
};

/* If a name has several cells, a cell with a comma or quote is quoted as in CSV. */
static void put_cell(FILE *fp, const char *cell, bool alone)
{
    const bool quotes = !alone && strpbrk(cell, ",\"");
    if (quotes)
        putc('"', fp);
    for (const char *c = *cell ? cell : "nan"; *c; c++) {
        if (quotes && *c == '"')
            putc('"', fp);
        putc(*c, fp);
    }
    if (quotes)
        putc('"', fp);
}

enum writing { AS_TEXT, AS_NUMBERS /* all rows, in one form */ };

/* The current row's cells that name its group, separated by commas; free() it. */
static char *group_of(const struct gk_rows *r, const int *col, size_t n, enum writing as,
                      struct gk_err *err)
{
    char *name = NULL;
    size_t len;
    double v;
    FILE *fp = open_memstream(&name, &len);
    for (size_t i = 0; fp && i < n; i++) {
        const char *cell = r->cell[col[i]];
        if (i)
            putc(',', fp);
        if (as == AS_NUMBERS && gk_number_real(cell, strlen(cell), &v) == GK_NUMBER_FINITE)
            fprintf(fp, "%.17g", v);
        else
            put_cell(fp, cell, n == 1);
    }
    if (fp && !n)
        fputs("all", fp);
    if (!fp || fclose(fp)) {
        gk_fail(err, "no memory for the name of a group");
        free(name);
        return NULL;
    }
    return name;
}

static size_t find_name(char *const *names, size_t n, const char *name)
{
    size_t i = 0;
    while (i < n && strcmp(names[i], name) != 0)
        i++;
    return i;
}

/* Owns both. */
static int add_group(struct gk_times *t, char *name, char *numbers, struct gk_err *err)
{
    const size_t at = t->data.groups;
    if (!numbers || gk_grow(&t->group_name, &t->name_cap, at + 1, sizeof *t->group_name, err) ||
        gk_grow(&t->numbers, &t->numbers_cap, at + 1, sizeof *t->numbers, err)) {
        free(name);
        free(numbers);
        return -1;
    }
    const size_t like = find_name(t->numbers, at, numbers);
    if (like < at && !t->alike[0]) {
        t->alike[0] = t->group_name[like];
        t->alike[1] = name;
    }
    t->group_name[at] = name;
    t->numbers[at] = numbers;
    t->data.groups++;
    return 0;
}

static int find_group(struct gk_times *t, size_t *group, const struct gk_rows *r, const int *col,
                      size_t n, struct gk_err *err)
{
    char *name = group_of(r, col, n, AS_TEXT, err);
    if (!name)
        return -1;
    *group = find_name(t->group_name, t->data.groups, name);
    if (*group == t->data.groups)
        return add_group(t, name, group_of(r, col, n, AS_NUMBERS, err), err);
    free(name);
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
        find_group(t, &e.group, r, all->group, c->n, err) ||
        gk_grow(&all->e, &all->cap, all->n + 1, sizeof *all->e, err))
        return -1;
    gk_ending_doubt(&all->doubts, &e.end, r);
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
        flags = flags && all->e[i].end.may_be_flag;
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
        (c->censor && (all->end.censor = gk_rows_need(r, c->censor, err)) < 0) ||
        gk_ending_doubts_find(&all->doubts, r, err))
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
    if (!rc)
        rc = gk_ending_remark(&t->doubts, &all.doubts, r, &all.end, err);
    free(all.e);
    gk_free(all.group);
    if (rc)
        gk_times_free(t);
    return rc;
}

void gk_times_free(struct gk_times *t)
{
    for (size_t g = 0; g < t->data.groups; g++) {
        free(t->group_name[g]);
        free(t->numbers[g]);
    }
    free(t->group_name);
    free(t->numbers);
    gk_notes_free(&t->doubts);
    gk_free(t->time);
    gk_free(t->censored);
    gk_free(t->group);
    *t = (struct gk_times){0};
}
