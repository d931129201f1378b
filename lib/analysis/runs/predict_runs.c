/* Names of features and tables of runs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/number.h"
#include "gk/predict.h"

/* As in gk-hjorth; if one name is a prefix of another, it comes after that one. */
static const struct {
    const char *name;
    bool sum;
} measures[] = {{"activity", false},
                {"mobility", false},
                {"complexity", false},
                {"m0", true},
                {"m2", true},
                {"m4", true},
                {"spectral_mobility", false},
                {"spectral_complexity", false}};
enum { MEASURES = sizeof measures / sizeof *measures };

bool gk_feature_is_sum(int measure)
{
    return measures[measure].sum;
}

double gk_feature_of(const struct gk_hjorth *h, int measure)
{
    const double v[MEASURES] = {
        h->activity, h->mobility, h->complexity,        h->m0,
        h->m2,       h->m4,       h->spectral_mobility, h->spectral_complexity};
    return v[measure];
}

/* "_B" or "_A_B", only digits and points. */
static bool parse_window(const char *text, double *from, double *to)
{
    double v[2];
    int n = 0;
    while (*text) {
        if (*text++ != '_' || n == 2)
            return false;
        const size_t len = strspn(text, "0123456789.");
        if (gk_number_real(text, len, &v[n++]) != GK_NUMBER_FINITE)
            return false;
        text += len;
    }
    if (n) {
        *from = n == 2 ? v[0] : 0;
        *to = v[n - 1];
    }
    return *from < *to || !n;
}

/* "COLUMN_STEP". */
static void parse_step(struct gk_feature *f)
{
    const char *end = strrchr(f->name, '_');
    double at;
    if (!end || end == f->name || strspn(end + 1, "0123456789.") != strlen(end + 1) ||
        gk_number_real(end + 1, strlen(end + 1), &at) != GK_NUMBER_FINITE)
        return;
    f->column = (size_t)(end - f->name);
    f->from = f->to = at;
}

struct gk_feature gk_feature_parse(char *name, double from, double to)
{
    struct gk_feature f = {.name = name, .measure = -1};
    bool alike = false;
    for (int k = 0; k < MEASURES; k++) {
        size_t len = strlen(measures[k].name);
        if (strncmp(name, measures[k].name, len) != 0)
            continue;
        f.from = from;
        f.to = to;
        alike = alike || name[len] == '_';
        if (!parse_window(name + len, &f.from, &f.to))
            continue;
        f.measure = k;
        return f;
    }
    f.from = f.to = NAN;
    if (!alike) /* "m0_1_2_3" is a mistake, not a column */
        parse_step(&f);
    return f;
}

bool gk_feature_is_bare(const struct gk_feature *f)
{
    return f->measure >= 0 && isnan(gk_feature_parse(f->name, NAN, NAN).from);
}

/* ---- runs ---- */

void gk_runs_free(struct gk_runs *r)
{
    for (size_t j = 0; r->feature && j < r->d + (r->against ? r->against->d : 0); j++)
        free(r->feature[j].name);
    for (size_t g = 0; g < r->groups; g++)
        free(r->group_name[g]);
    gk_free(r->feature);
    free(r->x);
    free(r->outcome);
    free(r->val);
    free(r->m0);
    free(r->m0_name);
    free(r->steps);
    free(r->time);
    free(r->key);
    gk_free(r->lacks);
    gk_notes_free(&r->doubts);
    if (r->against)
        free(r->against->x);
    gk_free(r->against);
    free(r->group);
    free(r->group_name);
    *r = (struct gk_runs){0};
}

/* Column numbers in a row. */
struct place {
    int *feature; /* [d] */
    int outcome, val, m0, group, steps, time, reason;
    bool time_asked_for;
    bool m0_unasked; /* no feature, either */
};

static int add_feature(struct gk_runs *r, const struct gk_rows *rows, const char *name,
                       const struct gk_runs_columns *c, int *at, struct gk_err *err)
{
    if ((at[r->d] = gk_rows_need(rows, name, err)) < 0)
        return -1;
    char *copy = gk_strdup(name, err);
    if (!copy)
        return -1;
    r->feature[r->d++] = gk_feature_parse(copy, c->from, c->to);
    return 0;
}

static int find_features(struct gk_runs *r, const struct gk_rows *rows,
                         const struct gk_runs_columns *c, int *at, struct gk_err *err)
{
    for (size_t j = 0; j < (c->features ? c->n : rows->ncol); j++) {
        const char *name = c->features ? c->features[j] : rows->name[j];
        if (!c->features && gk_feature_parse(rows->name[j], NAN, NAN).measure < 0)
            continue;
        if (add_feature(r, rows, name, c, at, err))
            return -1;
    }
    if (r->d)
        return 0;
    gk_fail(err, "%s: no column is a measure of gk-hjorth, such as m0 or m0_400", rows->file);
    return gk_fail_about(err, "features");
}

static int find_m0(struct gk_runs *r, const struct gk_rows *rows, const struct gk_runs_columns *c,
                   struct place *p, struct gk_err *err)
{
    int *const at = &p->m0;
    const int m0 = gk_feature_parse((char[]){"m0"}, NAN, NAN).measure;
    *at = -1;
    if (c->m0 && (*at = gk_rows_need(rows, c->m0, err)) < 0)
        return -1;
    for (size_t j = 0; j < r->d && *at < 0; j++)
        if (r->feature[j].measure == m0)
            *at = gk_rows_need(rows, r->feature[j].name, NULL);
    p->m0_unasked = *at < 0;
    for (size_t k = 0; k < rows->ncol && *at < 0; k++)
        if (gk_feature_parse(rows->name[k], NAN, NAN).measure == m0)
            *at = (int)k;
    if (*at < 0)
        return 0;
    r->m0_name = gk_strdup(rows->name[*at], err);
    return r->m0_name ? 0 : -1;
}

static int find(struct gk_runs *r, const struct gk_rows *rows, const struct gk_runs_columns *c,
                struct place *p, struct gk_err *err)
{
    p->val = p->group = p->m0 = p->outcome = p->steps = p->time = -1;
    if (find_features(r, rows, c, p->feature, err) || (!c->alone && find_m0(r, rows, c, p, err)) ||
        (c->steps && (p->steps = gk_rows_need(rows, c->steps, err)) < 0) ||
        (c->time && (p->time = gk_rows_need(rows, c->time, err)) < 0) ||
        (c->outcome && (p->outcome = gk_rows_need(rows, c->outcome, err)) < 0) ||
        (c->val && (p->val = gk_rows_need(rows, c->val, err)) < 0) ||
        (c->group && (p->group = gk_rows_need(rows, c->group, err)) < 0))
        return -1;
    for (size_t j = 0; j < c->n_against;
         j++) /* last: they stand behind the features until the end */
        if (add_feature(r, rows, c->against[j], c, p->feature, err))
            return -1;
    p->time_asked_for = c->time;
    r->delay = c->time && strcmp(c->time, "delay") == 0;
    for (size_t j = 0; j < r->d && !c->alone && !r->late; j++)
        if (p->feature[j] == p->outcome || p->feature[j] == p->val ||
            gk_feature_is_late(r->feature[j].name))
            r->late = r->feature[j].name;
    return (!c->val && gk_rows_find(rows, "final_val_acc", &p->val, err)) ||
                   (!c->time && gk_rows_find(rows, "t4", &p->time, err)) ||
                   gk_rows_find(rows, "reason", &p->reason, err)
               ? -1
               : 0;
}

static int finite_cell(const struct gk_rows *rows, int at, bool may_be_nan, double *v,
                       struct gk_err *err)
{
    if (gk_rows_number(rows, at, v, err))
        return -1;
    if (!isfinite(*v) && !(may_be_nan && isnan(*v)))
        return gk_rows_fail(rows, err, "column %s: %g is not finite%s", rows->name[at], *v,
                            isnan(*v) ? " (skip-nan leaves such runs out)" : "");
    return 0;
}

static int find_group(struct gk_runs *r, const char *name, size_t *group, struct gk_err *err)
{
    for (*group = 0; *group < r->groups; (*group)++)
        if (!strcmp(r->group_name[*group], name))
            return 0;
    if (gk_grow(&r->group_name, &r->group_name_cap, r->groups + 1, sizeof *r->group_name, err) ||
        !(r->group_name[r->groups] = gk_strdup(name, err)))
        return -1;
    r->groups++;
    return 0;
}

/* The column of feature J or, after them, of another number that is used; or -1. */
static int used_column(const struct gk_runs *r, const struct place *p, size_t j)
{
    return j < r->d ? p->feature[j] : (const int[]){p->outcome, p->val, p->m0, p->steps}[j - r->d];
}

static bool is_before(const struct gk_runs *r, const struct place *p, size_t from, size_t j)
{
    size_t k = from;
    while (k < j && used_column(r, p, k) != used_column(r, p, j))
        k++;
    return k < j;
}

/* Whether a number that is used is nan: 1 yes, 0 no. Features from the one numbered FROM on. */
static int lacks_number(struct gk_runs *r, const struct gk_rows *rows, const struct place *p,
                        size_t from, struct gk_err *err)
{
    double v;
    size_t n = 0;
    bool m0 = false;
    for (size_t j = from; j < r->d + 4; j++) {
        const int at = used_column(r, p, j);
        if (at >= 0 && gk_rows_number(rows, at, &v, err))
            return -1;
        if (at < 0 || !isnan(v) || is_before(r, p, from, j))
            continue;
        r->lacks[at]++;
        n++;
        m0 = m0 || (at == p->m0 && p->m0_unasked);
    }
    r->skipped_m0 += m0 && n == 1;
    return n > 0;
}

static int take_time(const struct gk_rows *rows, const struct place *p, double *v,
                     struct gk_err *err)
{
    if (!finite_cell(rows, p->time, true, v, p->time_asked_for ? err : &(struct gk_err){0}))
        return 0;
    *v = NAN;
    return p->time_asked_for ? -1 : 0;
}

static int m0_cell(const struct gk_rows *rows, const struct place *p, double *v, struct gk_err *err)
{
    if (finite_cell(rows, p->m0, p->m0_unasked, v, err))
        return -1;
    return isnan(*v) ? gk_rows_fail(rows, err,
                                    "column %s, to compare the model with: nan is not finite (m0 "
                                    "names another, skip-nan leaves such runs out)",
                                    rows->name[p->m0])
                     : 0;
}

static int read_run(struct gk_runs *r, const struct gk_rows *rows, const struct place *p,
                    bool alone, struct gk_err *err)
{
    size_t i = r->n;
    double y = 0;
    if (gk_grow(&r->x, &r->x_cap, (i + 1) * r->d, sizeof *r->x, err) ||
        gk_grow(&r->outcome, &r->outcome_cap, i + 1, sizeof *r->outcome, err) ||
        (p->val >= 0 && gk_grow(&r->val, &r->val_cap, i + 1, sizeof *r->val, err)) ||
        (p->m0 >= 0 && gk_grow(&r->m0, &r->m0_cap, i + 1, sizeof *r->m0, err)) ||
        (p->steps >= 0 && gk_grow(&r->steps, &r->steps_cap, i + 1, sizeof *r->steps, err)) ||
        (p->time >= 0 && gk_grow(&r->time, &r->time_cap, i + 1, sizeof *r->time, err)) ||
        (p->group >= 0 && gk_grow(&r->group, &r->group_cap, i + 1, sizeof *r->group, err)))
        return -1;
    for (size_t j = 0; j < r->d; j++)
        if (finite_cell(rows, p->feature[j], alone, &r->x[i * r->d + j], err))
            return -1;
    if ((p->outcome >= 0 && gk_rows_number(rows, p->outcome, &y, err)) ||
        (p->val >= 0 && finite_cell(rows, p->val, false, &r->val[i], err)) ||
        (p->m0 >= 0 && m0_cell(rows, p, &r->m0[i], err)) ||
        (p->steps >= 0 && finite_cell(rows, p->steps, false, &r->steps[i], err)) ||
        (p->time >= 0 && take_time(rows, p, &r->time[i], err)) ||
        (p->group >= 0 && find_group(r, rows->cell[p->group], &r->group[i], err)))
        return -1;
    if (y != 0 && y != 1)
        return gk_rows_fail(rows, err, "column %s: %g is neither 0 nor 1", rows->name[p->outcome],
                            y);
    r->outcome[i] = y == 1;
    r->given_up +=
        p->outcome >= 0 && p->reason >= 0 && strncmp(rows->cell[p->reason], "given up", 8) == 0;
    r->n++;
    return gk_runs_take_key(r, rows, err);
}

/* The last N columns of x become those of r->against. */
static int split_against(struct gk_runs *r, size_t n, struct gk_err *err)
{
    const size_t d = r->d - n;
    if (!n)
        return 0;
    struct gk_runs *a = gk_alloc(1, sizeof *a, err);
    double *x = a ? malloc(r->n * n * sizeof *x) : NULL;
    if (!x) {
        gk_free(a);
        return gk_fail(err, "no memory for %zu runs", r->n);
    }
    for (size_t i = 0; i < r->n; i++) {
        memcpy(x + i * n, r->x + i * r->d + d, n * sizeof *x);
        memmove(r->x + i * d, r->x + i * r->d, d * sizeof *x);
    }
    *a = *r;
    a->feature = r->feature + d;
    a->x = x;
    a->d = n;
    r->d = d;
    r->against = a;
    return 0;
}

int gk_runs_read(struct gk_runs *r, struct gk_rows *rows, const struct gk_runs_columns *c,
                 struct gk_err *err)
{
    size_t most = (c->features ? c->n : rows->ncol) + c->n_against;
    struct place p = {0};
    *r = (struct gk_runs){0};
    p.feature = gk_alloc(most, sizeof *p.feature, err);
    r->feature = gk_alloc(most, sizeof *r->feature, err);
    r->lacks = gk_alloc(rows->ncol, sizeof *r->lacks, err);
    int rc = p.feature && r->feature && r->lacks ? find(r, rows, c, &p, err) : -1;
    if (!rc)
        while ((rc = gk_rows_next(rows, err)) > 0) {
            int lacks = 0;
            if (c->skip_nan || c->alone)
                lacks = lacks_number(r, rows, &p, c->alone ? r->d : 0, err);
            if (lacks > 0)
                r->skipped++;
            else if (lacks < 0 || read_run(r, rows, &p, c->alone, err)) {
                rc = -1;
                break;
            }
        }
    gk_free(p.feature);
    if (!rc)
        rc = split_against(r, c->n_against, err);
    if (rc)
        gk_runs_free(r);
    return rc;
}
