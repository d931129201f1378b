/* Text tables: the meaning of cells and columns. */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "gk/number.h"
#include "gk/table.h"
#include "table_priv.h"

int gk_rows_fail(const struct gk_rows *r, struct gk_err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gk_vfail(err, fmt, ap);
    va_end(ap);
    return gk_fail_at(err, "%s: line %zu", r->file, r->line);
}

/* ---- numbers ---- */

/* "97.5%", "97.5 %": hundredths. */
static bool parse_percent(const char *s, double *v)
{
    size_t len = strlen(s);
    if (len < 2 || s[len - 1] != '%')
        return false;
    for (len--; len > 0 && s[len - 1] == ' ';)
        len--;
    char number[64];
    if (len >= sizeof number)
        return false;
    snprintf(number, sizeof number, "%.*s", (int)len, s);
    if (gk_number_real(number, len, v) != GK_NUMBER_FINITE)
        return false;
    *v /= 100;
    return true;
}

bool gk_parse_cell(const char *s, double *v)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"", NAN},     {"na", NAN}, {"n/a", NAN}, {"none", NAN},
                 {"null", NAN}, {"true", 1}, {"false", 0}};
    const bool is_word = !*s || isalpha((unsigned char)*s); /* most cells are numbers */
    for (size_t i = 0; is_word && i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(s, words[i].word)) {
            *v = words[i].value;
            return true;
        }
    const enum gk_number kind = gk_number_real(s, strlen(s), v);
    if (kind == GK_NUMBER_NONE)
        return parse_percent(s, v);
    return kind != GK_NUMBER_LARGE;
}

/* Is the row the header again? */
static bool is_header(const struct gk_rows *r)
{
    for (size_t i = 0; i < r->ncol; i++)
        if (!r->name || strcmp(r->cell[i], r->name[i]) != 0)
            return false;
    return r->ncol > 1;
}

int gk_rows_number(const struct gk_rows *r, int col, double *v, struct gk_err *err)
{
    const char *cell = r->cell[col];
    if (gk_parse_cell(cell, v))
        return 0;
    if (is_header(r))
        return gk_rows_fail(r, err, "the header stands here again: are these two tables in one?");
    char name[GK_SHOWN + 16];
    if (r->name)
        snprintf(name, sizeof name, "%.*s", GK_SHOWN, r->name[col]);
    else
        snprintf(name, sizeof name, "%d", col + 1);
    if (r->unequal && !strcmp(cell, "[...]"))
        return gk_rows_fail(r, err,
                            "column %s is an array, but %s: the arrays of a table have one length",
                            name, r->unequal);
    return gk_rows_fail(r, err, "column %s: '%.*s' is not a number, or out of range", name,
                        GK_SHOWN, cell);
}

int gk_rows_step(const struct gk_rows *r, size_t n, double *last, struct gk_err *err)
{
    double step = (double)n;
    if (r->step >= 0 && gk_rows_number(r, r->step, &step, err))
        return -1;
    if (!isfinite(step))
        return gk_rows_fail(r, err, "the step is %g", step);
    if (!(step > *last))
        return gk_rows_fail(r, err,
                            "step %.12g does not rise above step %.12g (gk-curve merges the rows "
                            "of a resumed run)",
                            step, *last);
    *last = step;
    return 0;
}

/* ---- columns ---- */

/* Looks for NAME by COMPARE. *COL is -1 if there is none; two are an error. */
static int find(const struct gk_rows *r, const char *name,
                int (*compare)(const char *a, const char *b), int *col, struct gk_err *err)
{
    *col = -1;
    for (size_t i = 0; r->name && i < r->ncol; i++) {
        if (compare(r->name[i], name) != 0)
            continue;
        if (*col >= 0)
            return gk_fail(err, "%s: two columns are called '%.*s'", r->file, GK_SHOWN, name);
        *col = (int)i;
    }
    return 0;
}

int gk_rows_find(const struct gk_rows *r, const char *name, int *col, struct gk_err *err)
{
    return find(r, name, strcmp, col, err);
}

/* What to do without the column NAME: one of a curve may have another name in a log. */
static const char *way_out(const struct gk_rows *r, const char *name)
{
    static const char *const of_curve[] = {"train_loss", "train_acc", "val_loss", "val_acc"};
    static const char by[] = "gk-curve ";
    bool is_of_curve = false;
    for (size_t i = 0; i < sizeof of_curve / sizeof *of_curve; i++)
        is_of_curve = is_of_curve || strcmp(name, of_curve[i]) == 0;
    if (!is_of_curve)
        return "";
    for (size_t i = 0; i < r->history.n; i++)
        if (strncmp(r->history.line[i], by, sizeof by - 1) == 0)
            return "; gk-curve found none in the log, and can be told which it is";
    return "; gk-curve finds columns of other names";
}

int gk_rows_need(const struct gk_rows *r, const char *name, struct gk_err *err)
{
    int col;
    if (gk_rows_find(r, name, &col, err))
        return -1;
    if (col >= 0)
        return col;
    if (!r->name)
        return gk_fail(err, "%s: no column '%.*s': the table has no header", r->file, GK_SHOWN,
                       name);
    char list[512];
    size_t n = 0;
    for (size_t i = 0; i < r->ncol && n < sizeof list; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%.*s", i ? ", " : "", GK_SHOWN,
                              r->name[i]);
    if (n >= sizeof list)
        snprintf(list + sizeof list - 5, sizeof " ...", " ...");
    return gk_fail(err, "%s: no column '%.*s'; there are: %s%s", r->file, GK_SHOWN, name, list,
                   way_out(r, name));
}

/* ---- steps ---- */

/* The names of a step column; the first that exists is used. */
static const char *const step_names[] = {"step",      "_step", "global_step", "trainer/global_step",
                                         "iteration", "iter",  "epoch"};
enum { STEP_NAMES = sizeof step_names / sizeof *step_names };

bool gk_is_step_name(const char *name)
{
    for (size_t i = 0; i < STEP_NAMES; i++)
        if (!strcasecmp(name, step_names[i]))
            return true;
    return false;
}

int gk_rows_use_steps(struct gk_rows *r, const char *name, struct gk_err *err)
{
    r->step = -1;
    if (name)
        return (r->step = gk_rows_need(r, name, err)) < 0 ? -1 : 0;
    for (size_t i = 0; i < STEP_NAMES && r->step < 0; i++)
        if (find(r, step_names[i], strcasecmp, &r->step, NULL))
            return gk_fail(err,
                           "%s: two columns are called '%s', in any case of letters: say which "
                           "holds the steps",
                           r->file, step_names[i]);
    r->notes.counted = r->name && r->step < 0;
    return 0;
}
