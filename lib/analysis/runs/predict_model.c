/* The model as a text table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/predict.h"

static const char *const columns[] = {"feature", "from",  "to",     "log",   "floor",
                                      "centre",  "scale", "weight", "least", "most"};
enum { COLUMNS = sizeof columns / sizeof *columns, NEEDED = COLUMNS - 2 };
static const char intercept_name[] = "(intercept)";

static void put_term(FILE *fp, const struct gk_term *t)
{
    const double v[] = {t->feature.from, t->feature.to, t->log,   t->floor, t->centre,
                        t->scale,        t->weight,     t->least, t->most};
    fputs(t->feature.name, fp);
    putc('\t', fp);
    for (int k = 0; k < COLUMNS - 1; k++)
        gk_put_exact(fp, v[k], false, k < COLUMNS - 2 ? '\t' : '\n');
}

int gk_model_write(FILE *fp, const struct gk_model *m, const struct gk_history *h,
                   struct gk_err *err)
{
    const struct gk_term first = {.feature = {(char *)intercept_name, -1, 0, NAN, NAN},
                                  .floor = -INFINITY,
                                  .scale = 1,
                                  .weight = m->intercept,
                                  .least = NAN,
                                  .most = NAN};
    for (size_t j = 0; j < m->d; j++)
        if (strpbrk(m->term[j].feature.name, "\t\n"))
            return gk_fail(err,
                           "the feature '%s' has a tab or a line end in its name, which a model "
                           "cannot hold: rename it",
                           gk_show(m->term[j].feature.name).s);
    if (gk_table_begin(fp, h, columns, COLUMNS, err))
        return -1;
    put_term(fp, &first);
    for (size_t j = 0; j < m->d; j++)
        put_term(fp, &m->term[j]);
    return 0;
}

static int read_term(struct gk_term *t, const struct gk_rows *r, const int at[COLUMNS],
                     struct gk_err *err)
{
    double v[COLUMNS];
    for (int k = 1; k < COLUMNS; k++) {
        v[k] = NAN;
        if (at[k] >= 0 && gk_rows_number(r, at[k], &v[k], err))
            return -1;
    }
    if ((v[3] != 0 && v[3] != 1) || isnan(v[4]) || !isfinite(v[5]) || !isfinite(v[6]) ||
        v[6] <= 0 || !isfinite(v[7]) || (v[3] == 1 && !(v[4] > 0)))
        return gk_rows_fail(r, err, "not a term of a model of gk-predict");
    char *name = gk_strdup(r->cell[at[0]], err);
    if (!name)
        return -1;
    *t = (struct gk_term){
        gk_feature_parse(name, v[1], v[2]), v[3] == 1, v[4], v[5], v[6], v[7], v[8], v[9]};
    return 0;
}

static int read_terms(struct gk_model *m, struct gk_rows *r, struct gk_err *err)
{
    int at[COLUMNS], rc;
    bool any = false;
    size_t cap = 0;
    for (int k = 0; k < COLUMNS; k++) /* models before 1.1 do not have their range */
        if (k < NEEDED ? (at[k] = gk_rows_need(r, columns[k], err)) < 0
                       : gk_rows_find(r, columns[k], &at[k], err) != 0)
            return -1;
    while ((rc = gk_rows_next(r, err)) > 0) {
        struct gk_term t;
        if (read_term(&t, r, at, err))
            return -1;
        if (!strcmp(t.feature.name, intercept_name)) {
            free(t.feature.name);
            if (any)
                return gk_rows_fail(r, err, "a second %s", intercept_name);
            any = true;
            m->intercept = t.weight;
            continue;
        }
        if (gk_grow(&m->term, &cap, m->d + 1, sizeof *m->term, err)) {
            free(t.feature.name);
            return -1;
        }
        m->term[m->d++] = t;
        for (size_t j = 0; j + 1 < m->d; j++)
            if (!strcmp(m->term[j].feature.name, t.feature.name))
                return gk_rows_fail(r, err, "a second %s", t.feature.name);
    }
    if (!rc && (!any || !m->d))
        return gk_fail(err, "%s: a model has a row %s and features", r->file, intercept_name);
    return rc;
}

int gk_model_read(struct gk_model *m, const char *path, struct gk_history *h, struct gk_err *err)
{
    struct gk_rows r;
    *m = (struct gk_model){0};
    if (gk_rows_open_input(&r, path, err))
        return -1;
    int rc = read_terms(m, &r, err);
    if (!rc)
        rc = gk_history_join(h, &r.history, err);
    gk_rows_close(&r);
    if (rc)
        gk_model_free(m);
    return rc;
}
