/* Recognises logs, and reads their points. A wide table has a column for each series; a long one
 * has a column of names and one of values. If a column says train or val, the names of series begin
 * with that. A column may also say the run of each row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "curve_priv.h"
#include "events.h"
#include "gk/input.h"
#include "gk/mem.h"
#include "gk/names.h"
#include "gk/table.h"

struct gk_log {
    const char *name;
    FILE *fp; /* of events; tables keep their own */
    struct gk_events events;
    struct gk_rows rows;                    /* rows.priv NULL: no table */
    int step, key, value, split, run, wall; /* columns, or -1; without a step, rows are counted */
    bool maybe_split;     /* the column split counts only where it has the name of a split */
    size_t row, stepless; /* rows so far, and those without a step */
    struct gk_notes *notes;
    size_t next; /* the next column; ncol: the row is done */
    bool *twice; /* [ncol]: another column has the same name */
    double at;   /* the current row's step */
    char *text;  /* scratch, for a name */
    size_t cap;
};

/* ---- columns with a role ---- */

/* The first column that has one of NAMES, in the order of NAMES, ignoring case. */
static int find_column(const struct gk_rows *r, const char *const *names)
{
    for (; *names; names++)
        for (size_t i = 0; i < r->ncol; i++)
            if (!strcasecmp(r->name[i], *names))
                return (int)i;
    return -1;
}

/* Rows of one step are merged later, together with those of other files. */
static int find_step(struct gk_log *log, const char *step, struct gk_err *err)
{
    struct gk_rows *r = &log->rows;
    if (gk_rows_use_steps(r, step, err))
        return -1;
    log->step = r->step;
    r->step = -1;
    return r->notes.counted ? gk_notes_add(log->notes, NULL, err, GK_NOTE_COUNTED, log->name) : 0;
}

/* A column of names and a column of values make it long. */
static void find_form(struct gk_log *log)
{
    static const char *const keys[] = {"metric", "metric_name", "key",    "tag",
                                       "name",   "variable",    "series", NULL};
    static const char *const values[] = {"value", "metric_value", NULL};
    static const char *const splits[] = {"split", "phase", "mode", "stage", "subset", NULL};
    static const char *const maybe_splits[] = {"set", "dataset", "data", "type", NULL};
    static const char *const runs[] = {
        "run",      "run_id",   "run_uuid", "run_name",   "run_dir",
        "dir_name", "exp",      "exp_name", "experiment", "experiment_name",
        "trial",    "trial_id", "fold",     "seed",       NULL};
    static const char *const walls[] = {"wall time", NULL};
    const struct gk_rows *r = &log->rows;
    log->key = find_column(r, keys);
    log->value = find_column(r, values);
    log->wall = find_column(r, walls);
    if (log->key < 0 || log->value < 0)
        log->key = -1;
    log->split = find_column(r, splits);
    log->run = find_column(r, runs);
    if (log->split < 0) {
        log->split = find_column(r, maybe_splits);
        log->maybe_split = true;
    }
}

static int find_twins(struct gk_log *log, struct gk_err *err)
{
    const struct gk_rows *r = &log->rows;
    struct gk_names names = {0};
    size_t number, *first = calloc(r->ncol, sizeof *first);
    int rc = 0;
    log->twice = calloc(r->ncol, sizeof *log->twice);
    if (!first || !log->twice) {
        free(first);
        return gk_fail(err, "%s: no memory for %zu columns", log->name, r->ncol);
    }
    for (size_t i = 0; rc == 0 && i < r->ncol; i++) {
        const size_t before = names.n;
        rc = gk_names_add(&names, r->name[i], &number, err);
        if (rc == 0 && names.n > before)
            first[number] = i;
        else if (rc == 0)
            log->twice[i] = log->twice[first[number]] = true;
    }
    free(first);
    gk_names_free(&names);
    return rc;
}

static int open_table(struct gk_log *log, FILE *fp, const char *step, struct gk_err *err)
{
    if (gk_rows_open(&log->rows, fp, log->name, false, err))
        return -1;
    if (log->rows.unequal) /* a single row without a step, which is no curve */
        return gk_fail(err, "%s: %s: the arrays of a table have one length", log->name,
                       log->rows.unequal);
    if (find_step(log, step, err) || find_twins(log, err))
        return -1;
    find_form(log);
    log->next = log->rows.ncol;
    return 0;
}

int gk_log_open(struct gk_log **out, FILE *fp, const char *name, const char *step,
                struct gk_notes *notes, struct gk_err *err)
{
    enum gk_input_kind kind;
    struct gk_log *log = *out = calloc(1, sizeof *log);
    if (!log) {
        fclose(fp);
        return gk_fail(err, "%s: no memory", name);
    }
    int rc = gk_input_look(fp, name, &kind, err);
    if (rc) {
        fclose(fp);
        free(log);
        *out = NULL;
        return -1;
    }
    log->name = name;
    log->notes = notes;
    if (kind == GK_INPUT_EVENTS) {
        log->fp = fp;
        gk_events_begin(&log->events, fp, name, notes);
        if (step)
            return gk_notes_add(notes, "step", err, "%s: event files have steps of their own",
                                name);
        return 0;
    }
    rc = open_table(log, fp, step, err);
    if (rc == 0)
        return 0;
    gk_log_close(log);
    *out = NULL;
    return -1;
}

bool gk_log_again(struct gk_log *log)
{
    if (!log->rows.priv || !gk_rows_again(&log->rows))
        return false;
    log->notes = NULL;
    log->row = log->stepless = 0;
    log->next = log->rows.ncol;
    return true;
}

void gk_log_close(struct gk_log *log)
{
    if (!log)
        return;
    if (log->fp)
        fclose(log->fp);
    gk_events_end(&log->events);
    gk_rows_close(&log->rows);
    free(log->text);
    free(log->twice);
    free(log);
}

const struct gk_history *gk_log_history(const struct gk_log *log)
{
    return log->rows.priv ? &log->rows.history : NULL;
}

/* ---- rows ---- */

/* "BEFORE/AFTER" */
static int join(struct gk_log *log, const char *before, const char *after, struct gk_err *err)
{
    const size_t n = strlen(before), m = strlen(after);
    if (gk_grow(&log->text, &log->cap, n + m + 2, 1, err))
        return gk_fail_at(err, "%s", log->name);
    memcpy(log->text, before, n);
    log->text[n] = '/';
    memcpy(log->text + n + 1, after, m + 1);
    return 0;
}

/* TensorBoard's page exports one series per file, in a column "Value"; the file's name holds its
 * tag: run-RUN-tag-train_loss.csv. */
static int name_of_export(struct gk_log *log, struct gk_err *err)
{
    const char *base = strrchr(log->name, '/'), *tag;
    base = base ? base + 1 : log->name;
    for (const char *p = base; (p = strstr(p, "tag-"));)
        base = p += 4;
    tag = base;
    const char *dot = strrchr(tag, '.');
    const size_t n = dot && dot > tag ? (size_t)(dot - tag) : strlen(tag);
    if (gk_grow(&log->text, &log->cap, n + 1, 1, err))
        return gk_fail_at(err, "%s", log->name);
    memcpy(log->text, tag, n);
    log->text[n] = '\0';
    return 0;
}

/* The name of the series to which column COL of the current row belongs. */
static int name_series(struct gk_log *log, int col, const char **series, struct gk_err *err)
{
    const struct gk_rows *r = &log->rows;
    const char *name = r->name[col];
    double number;
    if (log->key >= 0)
        name = r->cell[log->key];
    else if (col == log->value && log->wall >= 0 && r->ncol == 3) {
        if (name_of_export(log, err))
            return -1;
        name = log->text;
    }
    *series = name;
    const char *split = log->split < 0 || col == log->split ? "" : r->cell[log->split];
    if (!*split || gk_rows_number(r, log->split, &number, NULL) == 0 ||
        (log->maybe_split && !gk_curve_is_split(split)))
        return 0;
    if (join(log, split, name, err))
        return -1;
    *series = log->text;
    return 0;
}

/* Is column COL a series? */
static bool is_series(const struct gk_log *log, int col)
{
    if (log->key >= 0)
        return col == log->value;
    return col != log->step && (col != log->split || log->maybe_split) && *log->rows.name[col] &&
           !(col == log->wall && log->rows.ncol == 3);
}

/* The next row with a step: a final summary may have none. */
static int next_row(struct gk_log *log, struct gk_err *err)
{
    struct gk_rows *r = &log->rows;
    int rc;
    while ((rc = gk_rows_next(r, err)) == 1) {
        log->next = 0;
        log->at = (double)log->row++;
        if (log->step >= 0 && gk_rows_number(r, log->step, &log->at, err))
            return -1;
        if (isnan(log->at)) {
            log->stepless++;
            continue;
        }
        return isfinite(log->at) ? 1 : gk_rows_fail(r, err, "the step is %g", log->at);
    }
    if (rc == 0 && log->stepless > 0)
        rc = gk_notes_add(log->notes, NULL, err, "%s: %zu row%s without a step: left out",
                          log->name, log->stepless, log->stepless == 1 ? "" : "s");
    if (rc == 0 && r->notes.unended)
        rc = gk_notes_add(log->notes, NULL, err, GK_NOTE_UNENDED, log->name, r->notes.unended);
    return rc;
}

int gk_log_next(struct gk_log *log, struct gk_point *point, struct gk_err *err)
{
    const struct gk_rows *r = &log->rows;
    if (!r->priv)
        return gk_events_next(&log->events, point, err);
    for (;;) {
        if (log->next == r->ncol) {
            const int rc = next_row(log, err);
            if (rc != 1)
                return rc;
        }
        const int col = (int)log->next++;
        if (!is_series(log, col) || !*r->cell[col])
            continue;
        *point = (struct gk_point){.step = log->at, .twice = log->twice[col]};
        if (log->run >= 0 && col != log->run && *r->cell[log->run])
            point->run = r->cell[log->run];
        if (gk_rows_number(r, col, &point->value, NULL))
            point->kind = GK_POINT_OTHER;
        else if (isnan(point->value)) /* a value that was not computed */
            continue;
        return name_series(log, col, &point->series, err) ? -1 : 1;
    }
}

int gk_log_no_number(const struct gk_log *log, const struct gk_point *point, struct gk_err *err)
{
    double v;
    if (!log->rows.priv)
        return gk_events_no_number(&log->events, point, err);
    return gk_rows_number(&log->rows, (int)log->next - 1, &v, err);
}
