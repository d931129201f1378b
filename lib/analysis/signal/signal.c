/* Reads one signal, a sample at a time, from a table, a .npy array or a tensor. */
#include "gk/signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/input.h"
#include "gk/matrix.h"
#include "gk/mem.h"
#include "gk/table.h"

/* The value of a column at a step. */
struct other {
    int column;
    double at, v; /* nan until that step has been read */
};

struct gk_signal_priv {
    double from, to; /* the window */
    size_t cap;      /* of the samples */
    const char *file;
    size_t row;          /* rows read so far */
    double at, last;     /* the steps of the last row, and of the last sample */
    struct gk_rows rows; /* a table */
    int value;           /* and its column */
    struct other *other;
    size_t others, other_cap;
    struct gk_matrix m; /* or, if rows.priv is NULL, an array */
    char doubt[256];    /* of the window */
};

static int open_table(struct gk_signal *s, FILE *fp, const char *column, const char *step,
                      struct gk_err *err)
{
    struct gk_signal_priv *p = s->priv;
    struct gk_rows *r = &p->rows;
    if (gk_rows_open(r, fp, p->file, true, err))
        return -1;
    if (gk_rows_use_steps(r, step, err))
        return -1;
    if (!r->name && !column && r->ncol == 1)
        p->value = 0;
    else
        p->value = gk_rows_need(r, s->column = column ? column : "train_loss", err);
    return p->value < 0 ? -1 : 0;
}

static int open_array(struct gk_signal *s, FILE *fp, enum gk_input_kind kind, const char *tensor,
                      const char *step, struct gk_err *err)
{
    struct gk_signal_priv *p = s->priv;
    struct gk_matrix *m = &p->m;
    const struct gk_matrix_names names = {.tensor = tensor, .step = step};
    if (kind == GK_INPUT_NPY && tensor) {
        fclose(fp);
        gk_fail_usage(err, "%s: a .npy array has no columns", p->file);
        return gk_fail_about(err, "column");
    }
    s->column = tensor;
    if (gk_matrix_read_from(m, fp, p->file, kind, &names, err))
        return -1;
    if (m->rows != 1 && m->cols != 1)
        return gk_fail(err, "%s: [%zu, %zu] is a matrix: a signal is one column", p->file, m->rows,
                       m->cols);
    return 0;
}

static int share_history(struct gk_signal *s, struct gk_err *err)
{
    const struct gk_history *h = s->priv->rows.priv ? &s->priv->rows.history : &s->priv->m.history;
    return gk_history_join(&s->history, h, err);
}

int gk_signal_open(struct gk_signal *s, const char *path, const char *column, const char *step,
                   double from, double to, struct gk_err *err)
{
    FILE *fp;
    enum gk_input_kind kind;
    *s = (struct gk_signal){.spacing = 1};
    struct gk_signal_priv *p = s->priv = calloc(1, sizeof *s->priv);
    if (!p)
        return gk_fail(err, "no memory for a signal");
    p->at = -INFINITY;
    p->from = from;
    p->to = to;
    if (gk_input_open(&fp, &p->file, path, err))
        goto failed;
    if (gk_input_kind(fp, p->file, &kind, err)) {
        fclose(fp);
        goto failed;
    }
    if (kind == GK_INPUT_TABLE ? open_table(s, fp, column, step, err)
                               : open_array(s, fp, kind, column, step, err))
        goto failed;
    if (share_history(s, err))
        goto failed;
    return 0;
failed:
    gk_signal_close(s);
    return -1;
}

/* Prefixes the message in ERR with the place. */
static int fail_here(const struct gk_signal *s, struct gk_err *err)
{
    const struct gk_signal_priv *p = s->priv;
    if (p->rows.priv)
        return gk_fail_at(err, "%s: line %zu", p->file, p->rows.line);
    return gk_fail_at(err, "%s: element %zu", p->file, p->row - 1);
}

/* Stores the other columns wanted at the current row's step; fails if a step was skipped. */
static int take_others(struct gk_signal *s, struct gk_err *err)
{
    struct gk_signal_priv *p = s->priv;
    for (size_t i = 0; i < p->others; i++) {
        struct other *o = &p->other[i];
        const char *name = p->rows.name[o->column];
        if (!isnan(o->v) || p->at < o->at)
            continue;
        if (p->at > o->at)
            return gk_rows_fail(&p->rows, err, "step %.12g, and none at %.12g, where %s is wanted",
                                p->at, o->at, name);
        if (gk_rows_number(&p->rows, o->column, &o->v, err))
            return -1;
        if (!isfinite(o->v))
            return gk_rows_fail(&p->rows, err, "column %s: %g at step %.12g, where it is wanted",
                                name, o->v, o->at);
    }
    return 0;
}

/* Reads the next row and its step: 1, 0, -1. */
static int next_row(struct gk_signal *s, struct gk_err *err)
{
    struct gk_signal_priv *p = s->priv;
    if (!p->rows.priv) {
        if (p->row == p->m.rows * p->m.cols)
            return 0;
        p->at = (double)p->row++;
        return 1;
    }
    int rc = gk_rows_next(&p->rows, err);
    if (rc == 1 && (gk_rows_step(&p->rows, p->row++, &p->at, err) || take_others(s, err)))
        return -1;
    return rc;
}

/* Steps such as 0.1, 0.2, 0.3 have the rounding errors of their decimal form. */
static bool is_even(double gap, double spacing, double step)
{
    return fabs(gap - spacing) <= 1e-6 * spacing + 1e-15 * fabs(step);
}

/* Makes the current row a sample (1), or skips it if it has no value (0). */
static int append(struct gk_signal *s, struct gk_err *err)
{
    struct gk_signal_priv *p = s->priv;
    const double before = p->last, gap = p->at - before;
    double v;
    if (!p->rows.priv)
        v = p->m.v[p->row - 1];
    else if (gk_rows_number(&p->rows, p->value, &v, err))
        return -1;
    if (isnan(v) && p->rows.priv) {
        p->rows.notes.left_out++;
        return 0;
    }
    if (!isfinite(v)) {
        if (p->rows.priv)
            gk_fail(err, "column %s: the value is %g", p->rows.name[p->value], v);
        else
            gk_fail(err, "the value is %g", v);
        return fail_here(s, err);
    }
    if (s->n == 0)
        s->first = p->at;
    if (s->n > 1 && !s->any_steps && !is_even(gap, s->spacing, p->at)) {
        const double due = before + s->spacing;
        gk_fail(err,
                "step %.12g, where %.12g is due: a spectrum needs evenly spaced steps (the window "
                ":%.12g or %.12g: is without the gap)",
                p->at, due, fmin(due, p->at), p->at);
        return fail_here(s, err);
    }
    if (gk_grow(&s->v, &p->cap, s->n + 1, sizeof *s->v, err))
        return gk_fail_at(err, "%s", p->file);
    s->v[s->n++] = v;
    p->last = p->at;
    if (s->n == 2 || (s->n > 2 && !s->any_steps))
        s->spacing = (p->at - s->first) / (double)(s->n - 1);
    return 1;
}

int gk_signal_next(struct gk_signal *s, struct gk_err *err)
{
    struct gk_signal_priv *p = s->priv;
    for (;;) {
        int rc = next_row(s, err);
        if (rc != 1)
            return rc;
        if (p->at >= p->to)
            return 0;
        if (p->at >= p->from && (rc = append(s, err)) != 0)
            return rc;
    }
}

int gk_signal_also(struct gk_signal *s, const char *name, double at, size_t *number,
                   struct gk_err *err)
{
    struct gk_signal_priv *p = s->priv;
    struct other new = {.at = at, .v = NAN};
    if (!p->rows.priv || !p->rows.name)
        return 0;
    if (gk_rows_find(&p->rows, name, &new.column, err))
        return -1;
    if (new.column < 0)
        return 0;
    if (gk_grow(&p->other, &p->other_cap, p->others + 1, sizeof *p->other, err))
        return -1;
    *number = p->others++;
    p->other[*number] = new;
    return 1;
}

bool gk_signal_has(const struct gk_signal *s, const char *name)
{
    const struct gk_rows *r = &s->priv->rows;
    for (size_t i = 0; r->priv && r->name && i < r->ncol; i++)
        if (strcmp(r->name[i], name) == 0)
            return true;
    return false;
}

double gk_signal_other(const struct gk_signal *s, size_t number)
{
    return s->priv->other[number].v;
}

double gk_signal_step(const struct gk_signal *s)
{
    return s->priv->last;
}

int gk_signal_read(struct gk_signal *s, struct gk_err *err)
{
    int rc;
    while ((rc = gk_signal_next(s, err)) == 1)
        ;
    if (rc == 0 && s->n == 0)
        rc = gk_signal_empty(s, err);
    return rc;
}

int gk_signal_empty(const struct gk_signal *s, struct gk_err *err)
{
    const struct gk_signal_priv *p = s->priv;
    const char *column = s->column ? s->column : "1";
    if (p->rows.notes.left_out > 0 && !isfinite(p->from) && !isfinite(p->to))
        return gk_fail(err, "%s: no row has a value in column %s", p->file, column);
    if (p->rows.notes.left_out > 0)
        return gk_fail(err,
                       "%s: no row with a step in the window %.12g:%.12g has a value in column %s",
                       p->file, p->from, p->to, column);
    return gk_fail(
        err, "%s: no row with a step in the window %.12g:%.12g; the last one read is at %.12g",
        p->file, p->from, p->to, p->at);
}

const char *gk_signal_doubt(struct gk_signal *s)
{
    struct gk_signal_priv *p = s->priv;
    const bool late = isfinite(p->from) && s->first - s->spacing > p->from;
    const bool early = isfinite(p->to) && p->at + s->spacing < p->to;
    const bool few = s->n < 3 && (isfinite(p->from) || isfinite(p->to));
    if (!late && !early && !few)
        return NULL;
    char from[32] = "", to[32] = "";
    if (isfinite(p->from))
        snprintf(from, sizeof from, "%.12g", p->from);
    if (isfinite(p->to))
        snprintf(to, sizeof to, "%.12g", p->to);
    if (late || early)
        snprintf(p->doubt, sizeof p->doubt,
                 "%.100s: of the window %s:%s it has steps %.12g to %.12g only", p->file, from, to,
                 s->first, p->last);
    else
        snprintf(p->doubt, sizeof p->doubt, "%.100s: the window %s:%s has %zu row%s", p->file, from,
                 to, s->n, s->n == 1 ? "" : "s");
    return p->doubt;
}

const struct gk_table_notes *gk_signal_notes(const struct gk_signal *s)
{
    s->priv->rows.notes.column = s->column;
    return &s->priv->rows.notes;
}

const char *gk_signal_file(const struct gk_signal *s)
{
    return s->priv->file;
}

void gk_signal_close(struct gk_signal *s)
{
    if (s->priv) {
        if (s->priv->rows.priv)
            gk_rows_close(&s->priv->rows);
        gk_matrix_free(&s->priv->m);
        free(s->priv->other);
    }
    free(s->priv);
    free(s->v);
    gk_history_free(&s->history);
    *s = (struct gk_signal){0};
}
