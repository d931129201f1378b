/* Text tables: lines, cells, numbers.
 *
 * A reader holds one line and one array of pointers into it, both bounded, whatever the input. It
 * never looks beyond the line at hand, so that a live curve is read as it comes. */
#include "table_priv.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gk/input.h"
#include "gk/mem.h"

enum {
    LONGEST_LINE = 16 << 20,
    MOST_COLUMNS = 2 << 20,
    SHOWN = 40 /* bytes of a cell in a message */
};

struct gk_rows_priv {
    FILE *fp;
    char *buf, *header; /* the line at hand; the line that the names point into */
    size_t buf_cap, cell_cap;
    char sep;     /* '\t', ',' or ' ' (runs of blanks) */
    bool pending; /* the first row, of a table without a header, was read to tell its kind */
    bool any;     /* a row was given out */
    struct gk_json_rows *json; /* or, instead of all of it */
};

int gk_rows_fail(const struct gk_rows *r, struct gk_err *err, const char *fmt, ...)
{
    if (err) {
        char text[sizeof err->msg];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        gk_fail(err, "%s", text);
    }
    return gk_fail_at(err, "%s: line %zu", r->file, r->line);
}

/* ---- lines ---- */

/* The next line without its end: 1, 0 at the end of input, -1. */
static int read_line(struct gk_rows *r, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    size_t n = 0;
    int c;
    r->line++;
    while ((c = getc_unlocked(p->fp)) != EOF && c != '\n') {
        if (c == '\0')
            return gk_rows_fail(r, err, "a NUL byte: this is not a text table");
        if (n >= LONGEST_LINE)
            return gk_rows_fail(r, err, "longer than %d MiB", LONGEST_LINE >> 20);
        if (n + 2 > p->buf_cap && gk_grow(&p->buf, &p->buf_cap, n + 2, 1, err))
            return gk_fail_at(err, "%s", r->file);
        p->buf[n++] = (char)c;
    }
    if (c == EOF && ferror(p->fp))
        return gk_fail(err, "%s:", r->file);
    if (c == EOF && n == 0)
        return 0;
    if (gk_grow(&p->buf, &p->buf_cap, n + 1, 1, err))
        return gk_fail_at(err, "%s", r->file);
    if (n > 0 && p->buf[n - 1] == '\r')
        n--;
    p->buf[n] = '\0';
    if (r->line == 1 && n >= 3 && !memcmp(p->buf, "\xef\xbb\xbf", 3)) /* a byte order mark */
        memmove(p->buf, p->buf + 3, n - 2);
    return 1;
}

/* The next line that is no comment and not blank: 1, 0, -1. */
static int read_data_line(struct gk_rows *r, struct gk_err *err)
{
    int rc;
    while ((rc = read_line(r, err)) == 1) {
        char *line = r->priv->buf;
        if (!strncmp(line, "# gk-", 5)) {
            if (gk_history_add_text(&r->history, line + 2, err))
                return gk_fail_at(err, "%s: line %zu", r->file, r->line);
        } else if (line[0] != '#' && line[strspn(line, " ")]) {
            return 1;
        }
    }
    return rc;
}

/* ---- cells ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char *trim(char *s)
{
    size_t n = strlen(s);
    while (n > 0 && is_blank(s[n - 1]))
        s[--n] = '\0';
    while (is_blank(*s))
        s++;
    return s;
}

/* A quoted cell, S at its first quote: undoes the quoting in place and returns what is behind the
 * closing quote, or NULL if there is none. */
static char *unquote(char *s)
{
    char *to = s;
    for (char *from = s + 1; *from; from++) {
        if (*from == '"') {
            if (from[1] != '"') {
                *to = '\0';
                return from + 1;
            }
            from++;
        }
        *to++ = *from;
    }
    return NULL;
}

/* Cuts off the cell that begins at *NEXT; *NEXT becomes the place of the one after it, or NULL. */
static int cut_cell(struct gk_rows *r, char **next, char **cell, struct gk_err *err)
{
    char sep = r->priv->sep, *s = *next, *end;
    if (sep != '\t')
        s += strspn(s, " \t");
    bool quoted = sep == ',' && *s == '"';
    if (quoted) {
        end = unquote(s);
        if (!end)
            return gk_rows_fail(r, err, "a quoted cell does not end on its line");
        end += strspn(end, " \t");
        if (*end && *end != sep)
            return gk_rows_fail(r, err, "text behind the closing quote of a cell");
    } else {
        end = s + (sep == ' ' ? strcspn(s, " \t") : (size_t)(strchrnul(s, sep) - s));
    }
    *next = *end ? end + 1 : NULL;
    if (sep == ' ' && *next && !(*next)[strspn(*next, " \t")])
        *next = NULL; /* blanks at the end of a line separate nothing */
    *end = '\0';
    *cell = quoted ? s : trim(s);
    return 0;
}

/* Cuts LINE at the separators, in place. */
static int split(struct gk_rows *r, char *line, char ***cell, size_t *cap, size_t *n,
                 struct gk_err *err)
{
    *n = 0;
    for (char *next = line; next; ++*n) {
        if (*n >= MOST_COLUMNS)
            return gk_rows_fail(r, err, "more than %d columns", MOST_COLUMNS);
        if (gk_grow(cell, cap, *n + 1, sizeof **cell, err))
            return gk_fail_at(err, "%s", r->file);
        if (cut_cell(r, &next, &(*cell)[*n], err))
            return -1;
    }
    return 0;
}

/* A number written out in full: decimal, or nan, inf, infinity. (strtod alone would take
 * hexadecimal and nan(...), and turn too large a number into infinity.) */
static bool parse_number(const char *s, double *v)
{
    char *end;
    if (!*s || isspace((unsigned char)*s) || s[strcspn(s, "xX(")])
        return false;
    errno = 0;
    *v = strtod(s, &end);
    return !*end && !(errno == ERANGE && isinf(*v));
}

int gk_rows_number(const struct gk_rows *r, int col, double *v, struct gk_err *err)
{
    const char *cell = r->cell[col];
    if (parse_number(cell, v))
        return 0;
    char name[SHOWN + 16];
    if (r->name)
        snprintf(name, sizeof name, "%.*s", SHOWN, r->name[col]);
    else
        snprintf(name, sizeof name, "%d", col + 1);
    if (!*cell)
        return gk_rows_fail(r, err, "column %s: an empty cell where a number is needed", name);
    return gk_rows_fail(r, err, "column %s: '%.*s' is not a number, or out of range", name, SHOWN,
                        cell);
}

int gk_rows_step(const struct gk_rows *r, int col, size_t n, double *last, struct gk_err *err)
{
    double step = (double)n;
    if (col >= 0 && gk_rows_number(r, col, &step, err))
        return -1;
    if (!isfinite(step))
        return gk_rows_fail(r, err, "the step is %g", step);
    if (!(step > *last))
        return gk_rows_fail(r, err, "step %.12g does not rise above step %.12g", step, *last);
    *last = step;
    return 0;
}

/* ---- header and rows ---- */

int gk_rows_column(const struct gk_rows *r, const char *name)
{
    for (size_t i = 0; r->name && i < r->ncol; i++)
        if (!strcmp(r->name[i], name))
            return (int)i;
    return -1;
}

int gk_rows_need(const struct gk_rows *r, const char *name, struct gk_err *err)
{
    int col = gk_rows_column(r, name);
    if (col >= 0)
        return col;
    if (!r->name)
        return gk_fail(err, "%s: no column '%.*s': the table has no header", r->file, SHOWN, name);
    char list[512];
    size_t n = 0;
    for (size_t i = 0; i < r->ncol && n < sizeof list; i++)
        n +=
            (size_t)snprintf(list + n, sizeof list - n, "%s%.*s", i ? ", " : "", SHOWN, r->name[i]);
    if (n >= sizeof list)
        snprintf(list + sizeof list - 5, sizeof " ...", " ...");
    return gk_fail(err, "%s: no column '%.*s'; there are: %s", r->file, SHOWN, name, list);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Columns without a name (an index that some other program wrote) may be many. */
static int check_names(const struct gk_rows *r, struct gk_err *err)
{
    char **sorted = gk_alloc(r->ncol, sizeof *sorted, err);
    int rc = 0;
    if (!sorted)
        return gk_fail_at(err, "%s", r->file);
    memcpy(sorted, r->name, r->ncol * sizeof *sorted);
    qsort(sorted, r->ncol, sizeof *sorted, by_name);
    for (size_t i = 1; i < r->ncol && !rc; i++)
        if (*sorted[i] && !strcmp(sorted[i - 1], sorted[i]))
            rc = gk_rows_fail(r, err, "two columns are called '%.*s'", SHOWN, sorted[i]);
    gk_free(sorted);
    return rc;
}

static bool all_numbers(char *const *cell, size_t n)
{
    double v;
    for (size_t i = 0; i < n; i++)
        if (!parse_number(cell[i], &v))
            return false;
    return true;
}

/* The names point into the header's line, which is kept. */
static int take_names(struct gk_rows *r, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    p->header = p->buf;
    p->buf = NULL;
    p->buf_cap = 0;
    r->name = r->cell;
    r->cell = NULL;
    p->cell_cap = 0;
    return check_names(r, err);
}

/* Numbers between blanks, as numpy.savetxt writes them? Tried on a copy: if not, it is one name. */
static int is_blank_separated(struct gk_rows *r, bool *is, struct gk_err *err)
{
    char *copy = gk_strdup(r->priv->buf, err);
    if (!copy)
        return gk_fail_at(err, "%s", r->file);
    r->priv->sep = ' ';
    int rc = split(r, copy, &r->cell, &r->priv->cell_cap, &r->ncol, err);
    *is = !rc && all_numbers(r->cell, r->ncol);
    free(copy);
    return rc;
}

static int find_separator(struct gk_rows *r, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    bool tabs = strchr(p->buf, '\t'), commas = strchr(p->buf, ','), blanks = false;
    if (!tabs && !commas && is_blank_separated(r, &blanks, err))
        return -1;
    if (blanks)
        p->sep = ' ';
    else
        p->sep = tabs || !commas ? '\t' : ',';
    return 0;
}

static int read_header(struct gk_rows *r, bool headless, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    int rc = read_data_line(r, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return gk_fail(err, "%s: no header and no rows: an empty table", r->file);
    if (find_separator(r, err) || split(r, p->buf, &r->cell, &p->cell_cap, &r->ncol, err))
        return -1;
    if (!all_numbers(r->cell, r->ncol))
        return take_names(r, err);
    if (!headless)
        return gk_rows_fail(r, err, "numbers where a header with the columns' names is needed");
    p->pending = true;
    return 0;
}

/* Bytes of no kind may be a damaged table. */
static int open_as(struct gk_rows *r, bool headless, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    enum gk_input_kind kind = GK_INPUT_UNKNOWN;
    if (gk_input_look(p->fp, r->file, &kind, err))
        return -1;
    if (kind == GK_INPUT_JSON) {
        p->json = gk_json_rows_open(r, p->fp, err);
        p->fp = NULL;
        return p->json ? 0 : -1;
    }
    if (kind != GK_INPUT_TABLE && kind != GK_INPUT_UNKNOWN)
        return gk_input_refuse(r->file, kind, "a table is", err);
    return read_header(r, headless, err);
}

int gk_rows_open(struct gk_rows *r, FILE *fp, const char *file, bool headless, struct gk_err *err)
{
    *r = (struct gk_rows){.file = file};
    r->priv = calloc(1, sizeof *r->priv);
    if (!r->priv) {
        fclose(fp);
        return gk_fail(err, "%s: no memory for a table", file);
    }
    r->priv->fp = fp;
    if (open_as(r, headless, err)) {
        gk_rows_close(r);
        return -1;
    }
    return 0;
}

int gk_rows_next(struct gk_rows *r, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    size_t n;
    if (p->json)
        return gk_json_rows_next(r, p->json, err);
    if (p->pending) {
        p->pending = false;
        p->any = true;
        return 1;
    }
    int rc = read_data_line(r, err);
    if (rc == 0 && !p->any)
        return gk_fail(err, "%s: a header without a row", r->file);
    if (rc != 1)
        return rc;
    if (split(r, p->buf, &r->cell, &p->cell_cap, &n, err))
        return -1;
    if (n != r->ncol)
        return gk_rows_fail(r, err, "%zu cell%s where %s has %zu", n, n == 1 ? "" : "s",
                            r->name ? "the header" : "the first row", r->ncol);
    p->any = true;
    return 1;
}

void gk_rows_close(struct gk_rows *r)
{
    if (r->priv) {
        if (r->priv->fp)
            fclose(r->priv->fp);
        gk_json_rows_close(r->priv->json);
        free(r->priv->buf);
        free(r->priv->header);
    }
    free(r->priv);
    free(r->name);
    free(r->cell);
    gk_history_free(&r->history);
    *r = (struct gk_rows){0};
}
