/* Reads the points of the chosen series again, and merges them by step. If a series has two points
 * at one step, the later one counts: a restarted run replaces what it wrote before, as on
 * TensorBoard's page. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "curve_priv.h"
#include "gk/mem.h"
#include "gk/table.h"

struct dot {
    double step, value;
};

struct line { /* a column */
    struct dot *dot;
    size_t n, cap;
    size_t next;   /* to be written */
    bool unsorted; /* a step is not above the one before it */
    size_t backs;  /* how many are below it */
    double back;   /* the first of these */
    bool wide;     /* a value came in double precision */
    size_t replaced;
    double where; /* the first such step */
};

/* ---- reading ---- */

static int add_dot(struct line *l, const struct gk_point *p, struct gk_err *err)
{
    if (gk_grow(&l->dot, &l->cap, l->n + 1, sizeof *l->dot, err))
        return -1;
    l->unsorted |= l->n > 0 && !(p->step > l->dot[l->n - 1].step);
    if (l->n > 0 && p->step < l->dot[l->n - 1].step && l->backs++ == 0)
        l->back = p->step;
    l->wide |= !p->single;
    l->dot[l->n++] = (struct dot){p->step, p->value};
    return 0;
}

/* The run of IN was restarted: its points from that step on are void. */
static int drop_dots(struct gk_curve *c, const struct gk_curve_input *in, struct line *line,
                     double step, struct gk_err *err)
{
    size_t dropped = 0;
    for (size_t i = 0; i < c->ncolumn; i++) {
        struct line *l = &line[i];
        if (c->series[c->column[i].series].folder != in->folder)
            continue;
        size_t n = 0;
        for (size_t k = 0; k < l->n; k++)
            if (l->dot[k].step < step)
                l->dot[n++] = l->dot[k];
        dropped += l->n - n;
        l->n = n;
    }
    if (dropped == 0)
        return 0;
    return gk_notes_add(&c->notes, NULL, err,
                        "%s: the run began again at step %.12g: %zu earlier point%s from there on "
                        "left out",
                        in->name, step, dropped, dropped == 1 ? "" : "s");
}

static int take_point(struct gk_curve *c, const struct gk_curve_input *in, struct line *line,
                      const struct gk_log *log, const struct gk_point *p, struct gk_err *err)
{
    ptrdiff_t series;
    if (p->kind == GK_POINT_RESTART)
        return drop_dots(c, in, line, p->step, err);
    if (gk_curve_series(c, in, p, false, &series, err))
        return -1;
    if (series < 0) /* a series that appeared after the first pass */
        return 0;
    for (size_t i = 0; i < c->ncolumn; i++) { /* one series may be several columns */
        if (c->column[i].series != (size_t)series)
            continue;
        if (p->kind == GK_POINT_OTHER)
            return gk_log_no_number(log, p, err);
        if (add_dot(&line[i], p, err))
            return -1;
    }
    return 0;
}

static int read_points(struct gk_curve *c, struct line *line, struct gk_err *err)
{
    for (size_t i = 0; i < c->ninput; i++) {
        struct gk_log *log;
        struct gk_point p;
        int rc;
        if (gk_curve_log(c, &c->input[i], &log, NULL, err))
            return -1;
        while ((rc = gk_log_next(log, &p, err)) == 1)
            if (take_point(c, &c->input[i], line, log, &p, err)) {
                rc = -1;
                break;
            }
        gk_log_close(log);
        if (rc)
            return -1;
    }
    return 0;
}

/* ---- in order ---- */

/* Merges the first HALF of N dots with the rest; both parts are sorted. */
static void merge(struct dot *d, size_t half, size_t n, struct dot *tmp)
{
    memcpy(tmp, d, half * sizeof *d);
    for (size_t i = 0, k = half, at = 0; i < half; at++)
        d[at] = k < n && d[k].step < tmp[i].step ? d[k++] : tmp[i++];
}

/* Sorts by step; the sort is stable. TMP has room for N dots. */
static void sort_dots(struct dot *d, size_t n, struct dot *tmp)
{
    for (size_t half = 1; half < n; half *= 2)
        for (size_t at = 0; at + half < n; at += 2 * half)
            merge(d + at, half, n - at < 2 * half ? n - at : 2 * half, tmp);
}

/* Sorts, and keeps the last point of each step. */
static int put_in_order(struct line *l, struct gk_err *err)
{
    size_t n = 0;
    if (!l->unsorted)
        return 0;
    struct dot *tmp = calloc(l->n + 1, sizeof *tmp);
    if (!tmp)
        return gk_fail(err, "no memory to sort %zu points", l->n);
    sort_dots(l->dot, l->n, tmp);
    free(tmp);
    for (size_t i = 0; i < l->n; i++) {
        if (n > 0 && l->dot[n - 1].step == l->dot[i].step) {
            if (l->replaced++ == 0)
                l->where = l->dot[i].step;
            n--;
        }
        l->dot[n++] = l->dot[i];
    }
    l->n = n;
    return 0;
}

/* Converts percent to fractions. An accuracy outside [0, 1] is an error; one that was not computed
 * (nan) stays so. */
static int check_values(const struct gk_curve *c, const struct gk_curve_column *k, struct line *l,
                        struct gk_err *err)
{
    const size_t len = strlen(k->name);
    const bool accuracy = len >= 4 && !strcmp(k->name + len - 4, "_acc");
    const double most = k->percent ? 100 : 1;
    for (size_t i = 0; (accuracy || k->percent) && i < l->n; i++) {
        double *v = &l->dot[i].value;
        if (accuracy && (*v < 0 || *v > most * (1 + 1e-6))) {
            gk_fail(err, "'%.60s' is %.9g at step %.12g: %s is from 0 to %g%s",
                    c->series[k->series].name, *v, l->dot[i].step, k->name, most,
                    k->percent ? " in percent" : ", or it is in percent");
            return gk_fail_about(err, "percent");
        }
        if (accuracy && *v > most) /* an average in single precision */
            *v = most;
        *v /= most;
    }
    return 0;
}

/* Fractions that are taken for percent are all small. */
static int note_percent(struct gk_curve *c, const struct gk_curve_column *k, const struct line *l,
                        struct gk_err *err)
{
    for (size_t i = 0; i < l->n; i++)
        if (fabs(l->dot[i].value) > 0.01)
            return 0;
    if (!k->percent || l->n == 0)
        return 0;
    return gk_notes_add(&c->notes, "percent", err, "no %s is above 1 in percent: is it a fraction?",
                        k->name);
}

/* Steps that go back are those of a resumed run, or of two runs. If all of them fall, the log has
 * its last step first. */
static int note_order(struct gk_curve *c, const struct gk_curve_column *k, const struct line *l,
                      struct gk_err *err)
{
    const char *name = c->series[k->series].name;
    if (l->replaced > 0)
        return gk_notes_add(&c->notes, NULL, err,
                            "'%.60s': %zu point%s of a step that came again (first %.12g): the "
                            "later one stands",
                            name, l->replaced, l->replaced == 1 ? "" : "s", l->where);
    if (l->backs == 0 || l->backs + 1 == l->n)
        return 0;
    return gk_notes_add(&c->notes, NULL, err,
                        "'%.60s': its steps go back (first to %.12g): all its points count as "
                        "those of one run",
                        name, l->back);
}

/* Columns whose steps end apart may count in different units, such as epochs beside steps. */
static int note_ends(struct gk_curve *c, const struct line *line, struct gk_err *err)
{
    size_t least = c->ncolumn, most = c->ncolumn;
    for (size_t i = 0; i < c->ncolumn; i++) {
        if (line[i].n < 2)
            continue;
        const double end = line[i].dot[line[i].n - 1].step;
        if (least == c->ncolumn || end < line[least].dot[line[least].n - 1].step)
            least = i;
        if (most == c->ncolumn || end > line[most].dot[line[most].n - 1].step)
            most = i;
    }
    if (least == c->ncolumn)
        return 0;
    const double first = line[least].dot[line[least].n - 1].step;
    const double last = line[most].dot[line[most].n - 1].step;
    if (2 * first >= last)
        return 0;
    return gk_notes_add(&c->notes, NULL, err,
                        "%s ends at step %.12g and %s at step %.12g: if one counts epochs and the "
                        "other steps, the rows do not belong together",
                        c->column[least].name, first, c->column[most].name, last);
}

static int order_lines(struct gk_curve *c, struct line *line, struct gk_err *err)
{
    for (size_t i = 0; i < c->ncolumn; i++)
        if (put_in_order(&line[i], err) || check_values(c, &c->column[i], &line[i], err) ||
            note_percent(c, &c->column[i], &line[i], err) ||
            note_order(c, &c->column[i], &line[i], err))
            return -1;
    return note_ends(c, line, err);
}

/* ---- writing ---- */

static int write_rows(const struct gk_curve *c, struct line *line, FILE *fp)
{
    for (;;) {
        double step = INFINITY;
        for (size_t i = 0; i < c->ncolumn; i++)
            if (line[i].next < line[i].n)
                step = fmin(step, line[i].dot[line[i].next].step);
        if (isinf(step) || ferror(fp))
            return 0;
        gk_put_number(fp, step, false, '\t');
        for (size_t i = 0; i < c->ncolumn; i++) {
            struct line *l = &line[i];
            const bool has = l->next < l->n && l->dot[l->next].step == step;
            const double value = has ? l->dot[l->next].value : NAN;
            l->next += has;
            gk_put_number(fp, value, !l->wide, i + 1 < c->ncolumn ? '\t' : '\n');
        }
    }
}

static int write_table(struct gk_curve *c, struct line *line, FILE *fp, const struct gk_history *h,
                       struct gk_err *err)
{
    const char **names = calloc(c->ncolumn + 1, sizeof *names);
    if (!names)
        return gk_fail(err, "no memory for %zu columns", c->ncolumn);
    names[0] = "step";
    for (size_t i = 0; i < c->ncolumn; i++)
        names[i + 1] = c->column[i].name;
    int rc = gk_table_begin(fp, h, names, c->ncolumn + 1, err);
    free(names);
    return rc ? -1 : write_rows(c, line, fp);
}

int gk_curve_write(struct gk_curve *c, FILE *fp, const struct gk_history *h, struct gk_err *err)
{
    struct line *line = calloc(c->ncolumn + 1, sizeof *line);
    if (!line)
        return gk_fail(err, "no memory for %zu columns", c->ncolumn);
    const int rc =
        read_points(c, line, err) || order_lines(c, line, err) || write_table(c, line, fp, h, err)
            ? -1
            : 0;
    for (size_t i = 0; i < c->ncolumn; i++)
        free(line[i].dot);
    free(line);
    return rc;
}
