/* JSON objects as the rows of a table. A column is a member; members of nested objects are joined
 * to it by '/'. The columns are the members of all objects, in the order in which they first occur:
 * finding them takes a separate pass. A row's cells are text, as in a text table. */
#include "table_priv.h"

#include <stdlib.h>
#include <string.h>

#include "gk/input.h"
#include "gk/mem.h"
#include "gk/names.h"
#include "io/json/objects.h"
#include "io/stream/spool.h"

struct gk_json_rows {
    FILE *fp;
    struct gk_json_objects objects;
    size_t left; /* rows still to come */
    struct gk_names columns;
    char *path; /* of the current member */
    size_t path_n, path_cap;
    struct gk_row *row; /* the current one */
    size_t row_n;       /* bytes of its cells so far; the first is the empty cell */
    size_t *at;         /* [columns.n] offset of a cell in row->buf; 0: the object has none */
};

/* ---- members ---- */

static int put_cell(struct gk_json_rows *j, const char *text, size_t *at, struct gk_err *err)
{
    const size_t n = strlen(text) + 1;
    if (gk_grow(&j->row->buf, &j->row->buf_cap, j->row_n + n, 1, err))
        return -1;
    memcpy(j->row->buf + j->row_n, text, n);
    *at = j->row_n;
    j->row_n += n;
    return 0;
}

/* A number is written so that it reads back exactly, true and false as 1 and 0, a string unchanged.
 * Arrays have no column. */
static int set_cell(struct gk_json_rows *j, const struct gk_json *v, struct gk_err *err)
{
    char number[32];
    const char *s = number;
    const enum gk_json_type type = gk_json_type(v);
    const ptrdiff_t column = gk_names_find(&j->columns, j->path);
    if (column < 0) /* the file has changed since its columns were read */
        return 0;
    if (j->at[column])
        return gk_fail(err, "two values of '%.40s'", j->path);
    if (type == GK_JSON_REAL)
        snprintf(number, sizeof number, "%.17g", gk_json_real(v));
    else if (type == GK_JSON_STRING)
        s = gk_json_text(v);
    else
        s = type == GK_JSON_TRUE    ? "1"
            : type == GK_JSON_FALSE ? "0"
            : type == GK_JSON_ARRAY ? "[...]"
                                    : "";
    return put_cell(j, s, &j->at[column], err);
}

static int add_to_path(struct gk_json_rows *j, const char *name, struct gk_err *err)
{
    const size_t len = strlen(name);
    if (gk_grow(&j->path, &j->path_cap, j->path_n + len + 2, 1, err))
        return -1;
    if (j->path_n > 0)
        j->path[j->path_n++] = '/';
    memcpy(j->path + j->path_n, name, len + 1);
    j->path_n += len;
    return 0;
}

/* Visits each member below V that is not an object, its name in path: adds a column or, with CELLS,
 * a cell. Objects nest as deep as the parser allows. */
static int walk(struct gk_json_rows *j, const struct gk_json *v, bool cells, struct gk_err *err)
{
    struct level {
        const struct gk_json *v;
        struct gk_json_walk w;
        size_t path_n;
    } *level = NULL;
    size_t depth = 0, cap = 0, column;
    int rc = gk_grow(&level, &cap, 1, sizeof *level, err);
    if (rc == 0)
        level[depth++] = (struct level){.v = v, .path_n = j->path_n};
    while (rc == 0 && depth > 0) {
        struct level *l = &level[depth - 1];
        j->path_n = l->path_n;
        if (!gk_json_walk(l->v, &l->w)) {
            depth--;
            continue;
        }
        const struct gk_json *value = l->w.value;
        rc = add_to_path(j, l->w.name, err);
        if (rc == 0 && gk_json_type(value) != GK_JSON_OBJECT)
            rc = cells ? set_cell(j, value, err) : gk_names_add(&j->columns, j->path, &column, err);
        else if (rc == 0 && (rc = gk_grow(&level, &cap, depth + 1, sizeof *level, err)) == 0)
            level[depth++] = (struct level){.v = value, .path_n = j->path_n};
    }
    free(level);
    return rc;
}

/* ---- rows ---- */

/* Finds all names, and counts the rows. */
static int read_names(struct gk_json_rows *j, struct gk_err *err)
{
    struct gk_json_objects *o = &j->objects;
    struct gk_json *object;
    const off_t begin = ftello(j->fp);
    int rc;
    gk_json_objects_begin(o, j->fp);
    while ((rc = gk_json_objects_next(o, &object, err)) == 1) {
        rc = walk(j, object, false, err);
        gk_json_free(object);
        if (rc)
            return gk_fail_at(err, "line %zu", o->line);
    }
    j->left = o->count;
    if (rc == 0 && j->columns.n == 0)
        rc = gk_fail(err, j->left ? "objects without a member" : "no objects: an empty table");
    gk_json_objects_end(o);
    gk_json_objects_begin(o, j->fp);
    if (rc == 0 && fseeko(j->fp, begin, SEEK_SET) != 0)
        rc = gk_fail(err, "cannot read again:");
    return rc;
}

static int open_rows(struct gk_rows *r, struct gk_json_rows *j, struct gk_err *err)
{
    if (!gk_input_is_file(j->fp) && !(j->fp = gk_spool_all(j->fp, err)))
        return -1;
    if (read_names(j, err))
        return -1;
    r->ncol = j->columns.n;
    r->name = calloc(j->columns.n, sizeof *r->name);
    j->at = calloc(j->columns.n, sizeof *j->at);
    if (!r->name || !j->at)
        return gk_fail(err, "no memory for %zu columns", j->columns.n);
    for (size_t i = 0; i < j->columns.n; i++)
        r->name[i] = (char *)gk_names_get(&j->columns, i);
    return 0;
}

struct gk_json_rows *gk_json_rows_open(struct gk_rows *r, FILE *fp, struct gk_err *err)
{
    struct gk_json_rows *j = calloc(1, sizeof *j);
    if (!j) {
        fclose(fp);
        gk_fail(err, "%s: no memory for a table", r->file);
        return NULL;
    }
    j->fp = fp;
    if (open_rows(r, j, err) == 0)
        return j;
    gk_fail_at(err, "%s", r->file);
    gk_json_rows_close(j);
    return NULL;
}

/* The cells of OBJECT; a missing member is an empty cell. */
static int fill_row(struct gk_json_rows *j, const struct gk_json *object, struct gk_row *w,
                    struct gk_err *err)
{
    size_t none;
    j->row = w;
    j->row_n = 0;
    memset(j->at, 0, j->columns.n * sizeof *j->at);
    if (put_cell(j, "", &none, err) || walk(j, object, true, err) ||
        gk_grow(&w->cell, &w->cell_cap, j->columns.n, sizeof *w->cell, err))
        return -1;
    w->n = j->columns.n;
    for (size_t i = 0; i < w->n; i++)
        w->cell[i] = w->buf + j->at[i];
    return 0;
}

int gk_json_rows_next(struct gk_rows *r, struct gk_json_rows *j, struct gk_row *w,
                      struct gk_err *err)
{
    struct gk_json *object;
    if (j->left == 0)
        return 0;
    j->left--;
    int rc = gk_json_objects_next(&j->objects, &object, err);
    if (rc < 0)
        return gk_fail_at(err, "%s", r->file);
    if (rc == 0)
        return gk_fail(err, "%s: cannot read again: the file has become shorter", r->file);
    w->line = r->line = j->objects.line;
    rc = fill_row(j, object, w, err);
    gk_json_free(object);
    return rc ? gk_fail_at(err, "%s: line %zu", r->file, r->line) : 1;
}

void gk_json_rows_close(struct gk_json_rows *j)
{
    if (!j)
        return;
    if (j->fp)
        fclose(j->fp);
    gk_json_objects_end(&j->objects);
    gk_names_free(&j->columns);
    free(j->path);
    free(j->at);
    free(j);
}
