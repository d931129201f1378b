/* Text as rows: lines, and the cells in them. */
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/number.h"
#include "gk/table.h"
#include "table_priv.h"

enum {
    LONGEST_LINE = 16 << 20,
    MOST_COLUMNS = 2 << 20,
};

struct gk_text_rows {
    FILE *fp;
    size_t lines; /* lines read so far */
    char sep;     /* '\t', ',' or ' ' (runs of blanks) */
    char *header; /* the line that the names point into */
    struct gk_row first;
    bool has_first; /* the first row of a table without a header, read to find its format */
};

/* ---- lines ---- */

/* The next line without its newline: 1, 0 at the end of input, -1. */
static int read_line(struct gk_rows *r, struct gk_text_rows *t, struct gk_row *w,
                     struct gk_err *err)
{
    size_t n = 0;
    int c;
    w->line = r->line = ++t->lines;
    while ((c = getc_unlocked(t->fp)) != EOF && c != '\n') {
        if (c == '\0')
            return gk_rows_fail(r, err, "a NUL byte: this is not a text table");
        if (n >= LONGEST_LINE)
            return gk_rows_fail(r, err, "longer than %d MiB", LONGEST_LINE >> 20);
        if (n + 2 > w->buf_cap && gk_grow(&w->buf, &w->buf_cap, n + 2, 1, err))
            return gk_fail_at(err, "%s", r->file);
        w->buf[n++] = (char)c;
    }
    if (c == EOF && ferror(t->fp))
        return gk_fail(err, "%s:", r->file);
    if (c == EOF && n == 0)
        return 0;
    if (gk_grow(&w->buf, &w->buf_cap, n + 1, 1, err))
        return gk_fail_at(err, "%s", r->file);
    w->ended = c != EOF;
    if (n > 0 && w->buf[n - 1] == '\r')
        n--;
    w->buf[n] = '\0';
    if (w->line == 1 && n >= 3 && !memcmp(w->buf, "\xef\xbb\xbf", 3)) /* a byte order mark */
        memmove(w->buf, w->buf + 3, n - 2);
    return 1;
}

/* A comment before the header says how the table was made. gk's own comments may also occur further
 * down, in concatenated tables. */
static int take_comment(struct gk_rows *r, const char *line, struct gk_err *err)
{
    const bool is_gk = !strncmp(line, "# gk-", 5);
    if (r->ncol > 0 && !is_gk)
        return 0;
    line += 1;
    line += strspn(line, " ");
    return gk_history_add_text(&r->history, line, err);
}

/* The next line that is neither comment nor blank: 1, 0, -1. */
static int read_data_line(struct gk_rows *r, struct gk_text_rows *t, struct gk_row *w,
                          struct gk_err *err)
{
    int rc;
    while ((rc = read_line(r, t, w, err)) == 1) {
        if (w->buf[0] == '#') {
            if (take_comment(r, w->buf, err))
                return gk_fail_at(err, "%s: line %zu", r->file, r->line);
        } else if (w->buf[strspn(w->buf, " ")]) {
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

/* A quoted cell; S is at its opening quote. Unquotes it in place and returns what follows the
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

/* Ends the cell that begins at *NEXT; *NEXT becomes the start of the next one, or NULL. */
static int cut_cell(struct gk_rows *r, char sep, char **next, char **cell, struct gk_err *err)
{
    char *s = *next, *end;
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
        *next = NULL; /* trailing blanks separate nothing */
    *end = '\0';
    *cell = quoted ? s : trim(s);
    return 0;
}

/* Splits W's line at SEP, in place. */
static int split(struct gk_rows *r, char sep, struct gk_row *w, struct gk_err *err)
{
    w->n = 0;
    for (char *next = w->buf; next; w->n++) {
        if (w->n >= MOST_COLUMNS)
            return gk_rows_fail(r, err, "more than %d columns", MOST_COLUMNS);
        if (gk_grow(&w->cell, &w->cell_cap, w->n + 1, sizeof *w->cell, err))
            return gk_fail_at(err, "%s", r->file);
        if (cut_cell(r, sep, &next, &w->cell[w->n], err))
            return -1;
    }
    return 0;
}

/* Splits a row of the table, which has as many cells as the others. */
static int split_row(struct gk_rows *r, const struct gk_text_rows *t, struct gk_row *w,
                     struct gk_err *err)
{
    if (split(r, t->sep, w, err))
        return -1;
    if (w->n != r->ncol)
        return gk_rows_fail(r, err, "%zu cell%s where %s has %zu", w->n, w->n == 1 ? "" : "s",
                            r->name ? "the header" : "the first row", r->ncol);
    if (!w->ended && w->n > 1 && !*w->cell[w->n - 1])
        return gk_rows_fail(r, err, "the file ends in the middle of a row");
    return 0;
}

void gk_row_free(struct gk_row *w)
{
    free(w->buf);
    free(w->cell);
    *w = (struct gk_row){0};
}

/* ---- header ---- */

/* Empty cells and truth values are not numbers here: they may equally be names. */
static bool all_numbers(const struct gk_row *w)
{
    double v;
    for (size_t i = 0; i < w->n; i++)
        if (gk_number_real(w->cell[i], strlen(w->cell[i]), &v) == GK_NUMBER_NONE)
            return false;
    return true;
}

/* The names point into the header's line, which is kept. */
static void take_names(struct gk_rows *r, struct gk_text_rows *t)
{
    t->header = t->first.buf;
    r->name = t->first.cell;
    t->first = (struct gk_row){0};
}

/* Numbers separated by blanks, as numpy.savetxt writes them? Tried on a copy: if they are not, the
 * line is one name. */
static int is_blank_separated(struct gk_rows *r, const char *line, bool *is, struct gk_err *err)
{
    struct gk_row copy = {.buf = gk_strdup(line, err)};
    if (!copy.buf)
        return gk_fail_at(err, "%s", r->file);
    int rc = split(r, ' ', &copy, err);
    *is = !rc && all_numbers(&copy);
    gk_row_free(&copy);
    return rc;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Semicolons where tabs or commas are wanted? Commas between digits may be those of decimal
 * numbers. What is in quotes does not count. */
static int check_separator(struct gk_rows *r, const char *line, struct gk_err *err)
{
    bool quoted = false, semicolons = false;
    for (const char *p = line; *p; p++) {
        const bool decimal = *p == ',' && p > line && is_digit(p[-1]) && is_digit(p[1]);
        quoted ^= *p == '"';
        if (*p == '\t' || (*p == ',' && !quoted && !decimal))
            return 0;
        semicolons |= *p == ';' && !quoted;
    }
    if (!semicolons)
        return 0;
    return gk_rows_fail(r, err,
                        "cells are separated by ';', and tabs or commas are wanted: "
                        "sed 's/,/./g; s/;/,/g' FILE | ...");
}

static int find_separator(struct gk_rows *r, struct gk_text_rows *t, struct gk_err *err)
{
    const char *line = t->first.buf;
    const bool tabs = strchr(line, '\t'), commas = strchr(line, ',');
    bool blanks = false;
    if (check_separator(r, line, err))
        return -1;
    if (!tabs && !commas && is_blank_separated(r, line, &blanks, err))
        return -1;
    if (blanks)
        t->sep = ' ';
    else
        t->sep = tabs || !commas ? '\t' : ',';
    return 0;
}

/* A header without tabs and commas is one name, which may contain blanks. But if the first row has
 * several numbers between blanks, so has the header several names. */
static int check_blanks(struct gk_rows *r, struct gk_text_rows *t, struct gk_err *err)
{
    bool blanks = false;
    int rc = read_data_line(r, t, &t->first, err);
    if (rc != 1)
        return rc;
    const char *row = t->first.buf;
    if (strpbrk(row, " \t") && !strchr(row, ',') && is_blank_separated(r, row, &blanks, err))
        return -1;
    if (blanks)
        return gk_rows_fail(r, err,
                            "cells are separated by blanks, and below a header tabs or commas are "
                            "wanted: tr -s ' ' '\\t' <FILE | ...");
    t->has_first = true;
    return split_row(r, t, &t->first, err);
}

static int read_header(struct gk_rows *r, struct gk_text_rows *t, bool headless, struct gk_err *err)
{
    int rc = read_data_line(r, t, &t->first, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return gk_fail(err, "%s: no header and no rows: an empty table", r->file);
    if (find_separator(r, t, err) || split(r, t->sep, &t->first, err))
        return -1;
    r->ncol = t->first.n;
    if (!all_numbers(&t->first)) {
        take_names(r, t);
        return r->ncol == 1 && strchr(r->name[0], ' ') ? check_blanks(r, t, err) : 0;
    }
    if (!headless)
        return gk_rows_fail(r, err, "numbers where a header with the columns' names is needed");
    t->has_first = true;
    return 0;
}

/* ---- rows ---- */

struct gk_text_rows *gk_text_rows_open(struct gk_rows *r, FILE *fp, bool headless,
                                       struct gk_err *err)
{
    struct gk_text_rows *t = calloc(1, sizeof *t);
    if (!t) {
        fclose(fp);
        gk_fail(err, "%s: no memory for a table", r->file);
        return NULL;
    }
    t->fp = fp;
    if (read_header(r, t, headless, err) == 0)
        return t;
    gk_text_rows_close(t);
    return NULL;
}

int gk_text_rows_next(struct gk_rows *r, struct gk_text_rows *t, struct gk_row *w,
                      struct gk_err *err)
{
    if (t->has_first) {
        const struct gk_row first = t->first;
        t->first = *w;
        *w = first;
        t->has_first = false;
        if (!w->ended)
            r->notes.unended = w->line;
        return 1;
    }
    int rc = read_data_line(r, t, w, err);
    if (rc != 1)
        return rc;
    if (split_row(r, t, w, err))
        return -1;
    if (!w->ended)
        r->notes.unended = w->line;
    return 1;
}

void gk_text_rows_close(struct gk_text_rows *t)
{
    if (!t)
        return;
    fclose(t->fp);
    gk_row_free(&t->first);
    free(t->header);
    free(t);
}
