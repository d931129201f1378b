/* Text tables: lines and rows. What cells and columns mean is in table_cells.c.
 *
 * A reader holds one or two lines and arrays of pointers into them, all bounded, whatever the
 * input. It looks beyond the row at hand only where a cell of it is empty, so that a live curve is
 * read as it comes. */
#include "gk/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/input.h"
#include "gk/mem.h"
#include "gk/number.h"
#include "table_priv.h"

enum {
    LONGEST_LINE = 16 << 20,
    MOST_COLUMNS = 2 << 20,
};

struct gk_rows_priv {
    FILE *fp;                  /* of text */
    struct gk_json_rows *json; /* or this */
    struct gk_row at_hand,
        ahead;      /* ahead: read to see whether it repeats the step of the row at hand */
    char *header;   /* the line that the names point into */
    size_t lines;   /* read so far */
    char sep;       /* '\t', ',' or ' ' (runs of blanks) */
    bool pending;   /* the first row, of a table without a header, was read to tell its kind */
    bool has_ahead; /* the row ahead comes next */
    bool any;       /* a row was given out */
    char **kept;    /* [nkept] cells that were taken over from rows of the same step */
    size_t nkept, kept_cap;
};

/* ---- lines ---- */

/* The next line without its end: 1, 0 at the end of input, -1. */
static int read_line(struct gk_rows *r, struct gk_row *w, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    size_t n = 0;
    int c;
    w->line = r->line = ++p->lines;
    while ((c = getc_unlocked(p->fp)) != EOF && c != '\n') {
        if (c == '\0')
            return gk_rows_fail(r, err, "a NUL byte: this is not a text table");
        if (n >= LONGEST_LINE)
            return gk_rows_fail(r, err, "longer than %d MiB", LONGEST_LINE >> 20);
        if (n + 2 > w->buf_cap && gk_grow(&w->buf, &w->buf_cap, n + 2, 1, err))
            return gk_fail_at(err, "%s", r->file);
        w->buf[n++] = (char)c;
    }
    if (c == EOF && ferror(p->fp))
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

/* A comment before the header tells how the table was made, whoever wrote it; so does a line of
 * gk's further down, where tables were joined. */
static int take_comment(struct gk_rows *r, const char *line, struct gk_err *err)
{
    const bool is_gk = !strncmp(line, "# gk-", 5);
    if (r->ncol > 0 && !is_gk)
        return 0;
    line += 1;
    line += strspn(line, " ");
    return gk_history_add_text(&r->history, line, err);
}

/* The next line that is no comment and not blank: 1, 0, -1. */
static int read_data_line(struct gk_rows *r, struct gk_row *w, struct gk_err *err)
{
    int rc;
    while ((rc = read_line(r, w, err)) == 1) {
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

/* A quoted cell, S at its first quote: undoes the quoting in place and returns what follows the
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

/* Cuts W's line at the separators, in place. */
static int split(struct gk_rows *r, struct gk_row *w, struct gk_err *err)
{
    w->n = 0;
    for (char *next = w->buf; next; w->n++) {
        if (w->n >= MOST_COLUMNS)
            return gk_rows_fail(r, err, "more than %d columns", MOST_COLUMNS);
        if (gk_grow(&w->cell, &w->cell_cap, w->n + 1, sizeof *w->cell, err))
            return gk_fail_at(err, "%s", r->file);
        if (cut_cell(r, &next, &w->cell[w->n], err))
            return -1;
    }
    return 0;
}

static void free_row(struct gk_row *w)
{
    free(w->buf);
    free(w->cell);
    *w = (struct gk_row){0};
}

/* ---- header and rows ---- */

/* Empty cells and words for truth are no numbers here: they are as likely to be names. */
static bool all_numbers(const struct gk_row *w)
{
    double v;
    for (size_t i = 0; i < w->n; i++)
        if (gk_number_real(w->cell[i], strlen(w->cell[i]), &v) == GK_NUMBER_NONE)
            return false;
    return true;
}

/* The names point into the header's line, which is kept. */
static void take_names(struct gk_rows *r)
{
    struct gk_rows_priv *p = r->priv;
    p->header = p->at_hand.buf;
    r->name = p->at_hand.cell;
    p->at_hand = (struct gk_row){0};
}

/* Numbers between blanks, as numpy.savetxt writes them? Tried on a copy: if not, it is one name. */
static int is_blank_separated(struct gk_rows *r, bool *is, struct gk_err *err)
{
    struct gk_row copy = {.buf = gk_strdup(r->priv->at_hand.buf, err)};
    if (!copy.buf)
        return gk_fail_at(err, "%s", r->file);
    r->priv->sep = ' ';
    int rc = split(r, &copy, err);
    *is = !rc && all_numbers(&copy);
    free_row(&copy);
    return rc;
}

static int find_separator(struct gk_rows *r, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    bool tabs = strchr(p->at_hand.buf, '\t'), commas = strchr(p->at_hand.buf, ','), blanks = false;
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
    int rc = read_data_line(r, &p->at_hand, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return gk_fail(err, "%s: no header and no rows: an empty table", r->file);
    if (find_separator(r, err) || split(r, &p->at_hand, err))
        return -1;
    r->ncol = p->at_hand.n;
    if (!all_numbers(&p->at_hand)) {
        take_names(r);
        return 0;
    }
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
    *r = (struct gk_rows){.file = file, .step = -1};
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

int gk_rows_open_input(struct gk_rows *r, const char *path, struct gk_err *err)
{
    FILE *fp;
    const char *name;
    return gk_input_open(&fp, &name, path, err) || gk_rows_open(r, fp, name, false, err) ? -1 : 0;
}

/* Reads a row into W: 1, 0 at the end, -1. */
static int read_row(struct gk_rows *r, struct gk_row *w, struct gk_err *err)
{
    if (r->priv->json)
        return gk_json_rows_next(r, r->priv->json, w, err);
    int rc = read_data_line(r, w, err);
    if (rc != 1)
        return rc;
    if (split(r, w, err))
        return -1;
    if (w->n != r->ncol)
        return gk_rows_fail(r, err, "%zu cell%s where %s has %zu", w->n, w->n == 1 ? "" : "s",
                            r->name ? "the header" : "the first row", r->ncol);
    if (!w->ended && w->n > 1 && !*w->cell[w->n - 1])
        return gk_rows_fail(r, err, "the file ends in the middle of a row");
    return 1;
}

static bool has_empty_cell(const struct gk_row *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (!*w->cell[i])
            return true;
    return false;
}

static bool same_step(const struct gk_rows *r, const struct gk_row *a, const struct gk_row *b)
{
    double x, y;
    return gk_parse_cell(a->cell[r->step], &x) && gk_parse_cell(b->cell[r->step], &y) && x == y;
}

/* A copy of TEXT that lives as long as the row at hand. */
static int keep(struct gk_rows *r, const char *text, char **copy, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    if (gk_grow(&p->kept, &p->kept_cap, p->nkept + 1, sizeof *p->kept, err) ||
        !(*copy = p->kept[p->nkept] = gk_strdup(text, err)))
        return gk_fail_at(err, "%s", r->file);
    p->nkept++;
    return 0;
}

static void drop_kept(struct gk_rows_priv *p)
{
    while (p->nkept > 0)
        free(p->kept[--p->nkept]);
}

/* Fills the empty cells of A from B, a row of the same step. A cell that both have must be the same
 * in both. */
static int merge(struct gk_rows *r, struct gk_row *a, const struct gk_row *b, struct gk_err *err)
{
    for (size_t i = 0; i < a->n; i++) {
        double x, y;
        if (!*b->cell[i] || (int)i == r->step)
            continue;
        if (!*a->cell[i]) {
            if (keep(r, b->cell[i], &a->cell[i], err))
                return -1;
        } else if (strcmp(a->cell[i], b->cell[i]) != 0 &&
                   !(gk_parse_cell(a->cell[i], &x) && gk_parse_cell(b->cell[i], &y) && x == y)) {
            return gk_rows_fail(r, err, "step %s stands in line %zu, too, with another '%.*s'",
                                a->cell[r->step], a->line, GK_SHOWN, r->name[i]);
        }
    }
    return 0;
}

/* Rows of one step that follow each other and leave cells to each other are one row: a logger wrote
 * each when it had the values. */
static int merge_following(struct gk_rows *r, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    const size_t line = r->line;
    while (has_empty_cell(&p->at_hand)) {
        const int rc = read_row(r, &p->ahead, err);
        if (rc < 0)
            return -1;
        p->has_ahead = rc == 1;
        if (!p->has_ahead || !same_step(r, &p->at_hand, &p->ahead))
            break;
        if (merge(r, &p->at_hand, &p->ahead, err))
            return -1;
        p->has_ahead = false;
        r->notes.merged++;
    }
    r->line = line;
    return 0;
}

int gk_rows_next(struct gk_rows *r, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    int rc = 1;
    drop_kept(p);
    if (p->has_ahead) {
        const struct gk_row next = p->ahead;
        p->ahead = p->at_hand;
        p->at_hand = next;
        p->has_ahead = false;
        r->line = next.line;
    } else if (!p->pending) {
        rc = read_row(r, &p->at_hand, err);
    }
    p->pending = false;
    if (rc == 0 && !p->any)
        return gk_fail(err, "%s: a header without a row", r->file);
    if (rc != 1)
        return rc;
    if (r->step >= 0 && merge_following(r, err))
        return -1;
    r->cell = p->at_hand.cell;
    p->any = true;
    return 1;
}

void gk_rows_close(struct gk_rows *r)
{
    if (r->priv) {
        if (r->priv->fp)
            fclose(r->priv->fp);
        gk_json_rows_close(r->priv->json);
        free_row(&r->priv->at_hand);
        free_row(&r->priv->ahead);
        drop_kept(r->priv);
        free(r->priv->kept);
        free(r->priv->header);
    }
    free(r->priv);
    free(r->name);
    gk_history_free(&r->history);
    *r = (struct gk_rows){0};
}
