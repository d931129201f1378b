/* Decides which series becomes which column: by --map, and for gk's own columns by unambiguous
 * names.
 */
#include "curve_priv.h"

#include <stdlib.h>
#include <string.h>

#include "gk/list.h"
#include "gk/mem.h"

/* ---- columns ---- */

static ptrdiff_t find_column(const struct gk_curve *c, const char *name)
{
    for (size_t i = 0; i < c->ncolumn; i++)
        if (!strcmp(c->column[i].name, name))
            return (ptrdiff_t)i;
    return -1;
}

static int add_column(struct gk_curve *c, const char *name, size_t series, struct gk_err *err)
{
    if (gk_grow(&c->column, &c->column_cap, c->ncolumn + 1, sizeof *c->column, err))
        return -1;
    char *copy = gk_strdup(name, err);
    if (!copy)
        return -1;
    c->column[c->ncolumn++] = (struct gk_curve_column){.name = copy, .series = series};
    return 0;
}

static bool is_number(const struct gk_curve_series *s, int column)
{
    (void)column;
    return s->points > 0;
}

static bool is_left(const struct gk_curve_series *s, int column)
{
    (void)column;
    return s->column < 0;
}

static bool may_be(const struct gk_curve_series *s, int column)
{
    int rank;
    return s->points > 0 && s->column < 0 && gk_curve_own_column(s->name, &rank) == column;
}

/* The index of the series called NAME, which must hold numbers; or -1 and an error. */
static ptrdiff_t need_series(const struct gk_curve *c, const char *name, struct gk_err *err)
{
    char list[600];
    for (size_t i = 0; i < c->keys.n; i++) {
        if (strcmp(c->series[i].name, name) != 0)
            continue;
        if (c->series[i].points > 0)
            return (ptrdiff_t)i;
        return gk_fail(err, "'%.60s' holds no numbers", name);
    }
    gk_curve_names(c, is_number, 0, list, sizeof list);
    return gk_fail(err, "no series '%.60s'; there are: %s", name, list);
}

/* Parses "COLUMN=SERIES" in place. */
static int take_pair(struct gk_curve *c, char *pair, struct gk_err *err)
{
    char *series = strchr(pair, '=');
    if (!series || series == pair || !series[1])
        return gk_fail_usage(err, "'%.60s' is not of the form COLUMN=SERIES", pair);
    *series++ = '\0';
    if (!strcmp(pair, "step"))
        return gk_fail_usage(err, "the column step is chosen apart from the others");
    if (find_column(c, pair) >= 0)
        return gk_fail_usage(err, "'%.60s' is given twice", pair);
    const ptrdiff_t number = need_series(c, series, err);
    return number < 0 ? -1 : add_column(c, pair, (size_t)number, err);
}

/* The pairs of the map. A backslash keeps the byte after it. */
static int take_map(struct gk_curve *c, const char *map, struct gk_err *err)
{
    char *pair = gk_strdup(map, err);
    int rc = pair ? 0 : -1;
    for (const char *p = map; rc == 0 && map[0];) {
        char *to = pair;
        for (; *p && *p != ','; p++) {
            if (*p == '\\' && p[1])
                p++;
            *to++ = *p;
        }
        *to = '\0';
        rc = take_pair(c, pair, err);
        if (rc)
            gk_fail_about(err, "map");
        if (!*p++)
            break;
    }
    free(pair);
    return rc;
}

/* How far series I is from gk's column COLUMN; 0: it does not fit. The test split is farther than
 * the validation split, and a single point, such as a final summary, is farther still. */
static int distance(const struct gk_curve *c, size_t i, int column)
{
    const struct gk_curve_series *s = &c->series[i];
    int rank = 0;
    if (!may_be(s, column))
        return 0;
    (void)gk_curve_own_column(s->name, &rank);
    return 1 + rank + (s->points == 1 ? 10 : 0);
}

/* The only series that fits gk's column number COLUMN; -1: none, or several. */
static ptrdiff_t guess(const struct gk_curve *c, int column)
{
    ptrdiff_t best = -1;
    int least = 0;
    for (size_t i = 0; i < c->keys.n; i++) {
        const int d = distance(c, i, column);
        if (d > 0 && (least == 0 || d < least)) {
            best = (ptrdiff_t)i;
            least = d;
        } else if (d > 0 && d == least) {
            best = -1;
        }
    }
    return best;
}

/* ---- messages ---- */

/* Adds WHAT to the list *TEXT. */
static int append(char **text, const char *separator, char *what, struct gk_err *err)
{
    char *longer =
        what ? gk_format(err, "%s%s%s", *text ? *text : "", *text ? separator : "", what) : NULL;
    free(what);
    free(*text);
    *text = longer;
    return longer ? 0 : -1;
}

/* Adds "COLUMN=SERIES", in the syntax of conf.map. */
static int append_pair(char **text, const char *column, const char *series, struct gk_err *err)
{
    char *name = gk_format(err, "%s%s", series, series), *to = name;
    if (!name)
        return -1;
    for (const char *p = series; *p; p++) { /* room to escape every byte */
        if (*p == ',' || *p == '\\')
            *to++ = '\\';
        *to++ = *p;
    }
    *to = '\0';
    const int rc = append(text, ",", gk_format(err, "%s=%s", column, name), err);
    free(name);
    return rc;
}

static const char *name_of(const struct gk_curve *c, size_t column)
{
    return c->series[c->column[column].series].name;
}

/* Lists the columns that were taken from a series of another name. */
static int say_taken(struct gk_curve *c, const bool *guessed, struct gk_err *err)
{
    char *text = NULL;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->ncolumn; i++)
        if (guessed[i] && strcmp(c->column[i].name, name_of(c, i)) != 0)
            rc = append(&text, ", ", gk_format(err, "%s as %s", name_of(c, i), c->column[i].name),
                        err);
    if (rc == 0 && text)
        rc = gk_notes_add(&c->notes, NULL, err, "taken by their names: %s", text);
    free(text);
    return rc;
}

/* Lists the columns with several candidates, and the series that are left. */
static int say_rest(struct gk_curve *c, const bool *guessed, struct gk_err *err)
{
    char list[600];
    for (int i = 0; i < GK_CURVE_OWN; i++) {
        const ptrdiff_t at = find_column(c, gk_curve_own[i]);
        gk_curve_names(c, may_be, i, list, sizeof list);
        if (*list && (at < 0 || guessed[at]) &&
            gk_notes_add(&c->notes, "map", err,
                         "column %s could%s be the series %s: %s=SERIES says which",
                         gk_curve_own[i], at < 0 ? "" : " also", list, gk_curve_own[i]))
            return -1;
    }
    gk_curve_names(c, is_left, 0, list, sizeof list);
    return *list ? gk_notes_add(&c->notes, NULL, err, "not in the curve: %s", list) : 0;
}

/* ---- choosing ---- */

static int position(const char *name)
{
    int i = 0;
    while (i < GK_CURVE_OWN && strcmp(gk_curve_own[i], name) != 0)
        i++;
    return i;
}

/* gk's own columns in their order, then the others as they were given. */
static int sort_columns(struct gk_curve *c, bool **guessed, const struct gk_names *given,
                        struct gk_err *err)
{
    for (size_t i = 1; i < c->ncolumn; i++) {
        const struct gk_curve_column column = c->column[i];
        size_t at = i;
        for (; at > 0 && position(column.name) < position(c->column[at - 1].name); at--)
            c->column[at] = c->column[at - 1];
        c->column[at] = column;
    }
    *guessed = calloc(c->ncolumn + 1, sizeof **guessed);
    if (!*guessed)
        return gk_fail(err, "no memory for %zu columns", c->ncolumn);
    for (size_t i = 0; i < c->ncolumn; i++) {
        c->series[c->column[i].series].column = (int)i;
        (*guessed)[i] = gk_names_find(given, c->column[i].name) < 0;
    }
    return 0;
}

/* A name that occurs twice is an error only when it is used. */
static int check_names(const struct gk_curve *c, struct gk_err *err)
{
    for (size_t i = 0; i < c->ncolumn; i++) {
        const struct gk_curve_series *s = &c->series[c->column[i].series];
        if (s->twice)
            return gk_fail(err, "%s: two columns are called '%.60s'", s->twice, name_of(c, i));
    }
    return 0;
}

static int take_percent(struct gk_curve *c, struct gk_err *err)
{
    char **word = NULL;
    size_t n = 0;
    if (!c->conf.percent)
        return 0;
    int rc = gk_list_words("percent", c->conf.percent, &word, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        const ptrdiff_t at = find_column(c, word[i]);
        if (at < 0) {
            gk_fail_usage(err, "'%.60s' is no column of the curve", word[i]);
            rc = gk_fail_about(err, "percent");
        } else {
            c->column[at].percent = true;
        }
    }
    free(word);
    return rc;
}

/* The columns of --map, and those that names decide. */
static int fill_columns(struct gk_curve *c, struct gk_names *given, struct gk_err *err)
{
    size_t number;
    if (c->conf.map && take_map(c, c->conf.map, err))
        return -1;
    for (size_t i = 0; i < c->ncolumn; i++) {
        c->series[c->column[i].series].column = (int)i;
        if (gk_names_add(given, c->column[i].name, &number, err))
            return -1;
    }
    for (int i = 0; i < GK_CURVE_OWN; i++) {
        const ptrdiff_t series = find_column(c, gk_curve_own[i]) < 0 ? guess(c, i) : -1;
        if (series >= 0 && add_column(c, gk_curve_own[i], (size_t)series, err))
            return -1;
        if (series >= 0)
            c->series[series].column = (int)c->ncolumn - 1;
    }
    return 0;
}

/* Either names do not decide, or all series are texts. */
static int fail_no_column(const struct gk_curve *c, struct gk_err *err)
{
    char list[600];
    gk_curve_names(c, is_number, 0, list, sizeof list);
    if (*list) {
        gk_fail(err,
                "no series is a column by its name alone: train_loss=SERIES says which; there "
                "are: %s",
                list);
        return gk_fail_about(err, "map");
    }
    gk_curve_names(c, is_left, 0, list, sizeof list);
    return *list ? gk_fail(err, "no series holds numbers; there are: %s", list)
                 : gk_fail(err, "no series");
}

int gk_curve_choose(struct gk_curve *c, bool list, struct gk_err *err)
{
    struct gk_names given = {0};
    bool *guessed = NULL;
    int rc = fill_columns(c, &given, err);
    if (rc == 0 && c->ncolumn == 0 && !list)
        rc = fail_no_column(c, err);
    if (rc == 0)
        rc = sort_columns(c, &guessed, &given, err);
    if (rc == 0 && !list)
        rc = check_names(c, err) || say_taken(c, guessed, err) || say_rest(c, guessed, err) ||
                     take_percent(c, err)
                 ? -1
                 : 0;
    for (size_t i = 0; rc == 0 && i < c->ncolumn; i++)
        rc = append_pair(&c->chosen, c->column[i].name, name_of(c, i), err);
    free(guessed);
    gk_names_free(&given);
    return rc;
}

const char *gk_curve_chosen(const struct gk_curve *c)
{
    return c->chosen;
}
