/* JSON objects as the rows of a table. A column is a member; those of objects inside are joined to
 * it by '/'. The columns are the members of all objects, in the order in which they are first seen.
 * Therefore all objects are parsed before the first row. Their cells are stored in a temporary file
 * as text, a record for each object, which is much quicker to read than JSON. If there is only one
 * object, its members may be the columns: arrays of numbers, one of each row. */
#include "table_priv.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gk/mem.h"
#include "gk/names.h"
#include "io/json/objects.h"
#include "io/stream/spool.h"

/* Its cells follow it, each the number of a column, a text and a 0. */
struct record {
    size_t line;
    size_t bytes; /* of the cells */
};

struct gk_json_column {
    const struct gk_json *array;
};

struct gk_json_rows {
    FILE *spool;        /* the records */
    size_t count, left; /* of them: all, and those to come */
    struct gk_names columns;
    char *path; /* of the current member */
    size_t path_n, path_cap;
    char *cells; /* of the object at hand, as its record has them */
    size_t cells_n, cells_cap;
    size_t *last; /* [columns.n] the number, from 1, of the last object with such a cell */
    size_t last_n, last_cap;
    struct gk_json_column *column; /* [columns.n] of an object of columns */
    size_t column_cap;
    bool is_row;   /* an object that is no object of columns */
    char *unequal; /* two of its arrays, if only their lengths say so */
};

/* Takes the member PATH of the current object. */
typedef int take(struct gk_json_rows *j, const struct gk_json *v, struct gk_err *err);

/* ---- members ---- */

static int put(struct gk_json_rows *j, const void *bytes, size_t n, struct gk_err *err)
{
    if (gk_grow(&j->cells, &j->cells_cap, j->cells_n + n, 1, err))
        return -1;
    memcpy(j->cells + j->cells_n, bytes, n);
    j->cells_n += n;
    return 0;
}

/* A number so that it reads back exactly, true and false as 1 and 0, a string as it is. What is in
 * an array has no column. */
static int put_value(struct gk_json_rows *j, size_t column, const struct gk_json *v,
                     struct gk_err *err)
{
    char number[32];
    const char *s = number;
    const enum gk_json_type type = gk_json_type(v);
    if (type == GK_JSON_REAL)
        snprintf(number, sizeof number, "%.17g", gk_json_real(v));
    else if (type == GK_JSON_STRING)
        s = gk_json_text(v);
    else
        s = type == GK_JSON_TRUE    ? "1"
            : type == GK_JSON_FALSE ? "0"
            : type == GK_JSON_ARRAY ? "[...]"
                                    : "";
    const uint32_t number_of = (uint32_t)column; /* there are no more names than that */
    return put(j, &number_of, sizeof number_of, err) || put(j, s, strlen(s) + 1, err) ? -1 : 0;
}

static int put_cell(struct gk_json_rows *j, const struct gk_json *v, struct gk_err *err)
{
    size_t column;
    if (gk_names_add(&j->columns, j->path, &column, err) ||
        gk_grow(&j->last, &j->last_cap, j->columns.n, sizeof *j->last, err))
        return -1;
    while (j->last_n < j->columns.n)
        j->last[j->last_n++] = 0;
    if (j->last[column] == j->count)
        return gk_fail(err, "two values of '%.40s'", j->path);
    j->last[column] = j->count;
    return put_value(j, column, v, err);
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

/* Takes each member below V that is no object. Objects nest as deep as the parser allows. */
static int walk(struct gk_json_rows *j, const struct gk_json *v, take *take_member,
                struct gk_err *err)
{
    struct level {
        const struct gk_json *v;
        struct gk_json_walk w;
        size_t path_n;
    } *level = NULL;
    size_t depth = 0, cap = 0;
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
            rc = take_member(j, value, err);
        else if (rc == 0 && (rc = gk_grow(&level, &cap, depth + 1, sizeof *level, err)) == 0)
            level[depth++] = (struct level){.v = value, .path_n = j->path_n};
    }
    free(level);
    return rc;
}

/* ---- rows ---- */

static int fail_spool(struct gk_err *err)
{
    return gk_fail(err, "the temporary file (TMPDIR says where):");
}

static int write_record(struct gk_json_rows *j, size_t line, struct gk_err *err)
{
    const struct record record = {line, j->cells_n};
    if (fwrite(&record, sizeof record, 1, j->spool) != 1 ||
        (j->cells_n && fwrite(j->cells, 1, j->cells_n, j->spool) != j->cells_n))
        return fail_spool(err);
    return 0;
}

static int put_record(struct gk_json_rows *j, const struct gk_json *object, size_t line,
                      struct gk_err *err)
{
    j->count++;
    j->cells_n = j->path_n = 0;
    if (walk(j, object, put_cell, err))
        return gk_fail_at(err, "line %zu", line);
    return write_record(j, line, err);
}

/* ---- an object of columns ---- */

/* Is V an array of arrays or objects? */
static bool is_nested(const struct gk_json *v)
{
    for (size_t i = 0; i < gk_json_size(v); i++) {
        const enum gk_json_type type = gk_json_type(gk_json_item(v, i));
        if (type == GK_JSON_ARRAY || type == GK_JSON_OBJECT)
            return true;
    }
    return false;
}

/* An object with a step is a row, and arrays of arrays are no columns of numbers. */
static int take_column(struct gk_json_rows *j, const struct gk_json *v, struct gk_err *err)
{
    size_t column;
    const bool array = gk_json_type(v) == GK_JSON_ARRAY;
    j->is_row = j->is_row || (array ? is_nested(v) : gk_is_step_name(j->path));
    if (!array)
        return 0;
    if (gk_names_add(&j->columns, j->path, &column, err) ||
        gk_grow(&j->column, &j->column_cap, j->columns.n, sizeof *j->column, err))
        return -1;
    j->column[column].array = v;
    return 0;
}

static int note_unequal(struct gk_json_rows *j, size_t a, size_t b, struct gk_err *err)
{
    const size_t n = gk_json_size(j->column[a].array), m = gk_json_size(j->column[b].array);
    j->unequal =
        gk_format(err, "'%s' has %zu value%s and '%s' %zu", gk_show(gk_names_get(&j->columns, a)).s,
                  n, n == 1 ? "" : "s", gk_show(gk_names_get(&j->columns, b)).s, m);
    return j->unequal ? 0 : -1;
}

/* The number of rows of the columns in OBJECT; 0: it is a row itself. */
static int find_columns(struct gk_json_rows *j, const struct gk_json *object, size_t *rows,
                        struct gk_err *err)
{
    *rows = 0;
    j->path_n = 0;
    if (walk(j, object, take_column, err))
        return -1;
    size_t first = 0; /* the first column that is not empty */
    for (size_t i = 0; i < j->columns.n && !j->is_row && !j->unequal; i++) {
        const size_t n = gk_json_size(j->column[i].array);
        if (n > 0 && *rows == 0) {
            first = i;
            *rows = n;
        } else if (n > 0 && n != *rows && note_unequal(j, first, i, err)) {
            return -1;
        }
    }
    if (j->is_row || j->unequal)
        *rows = 0;
    return 0;
}

/* Writes the rows of OBJECT instead of the record that it is as a row. */
static int put_columns(struct gk_json_rows *j, const struct gk_json *object, size_t line,
                       struct gk_err *err)
{
    const struct gk_names members = j->columns;
    size_t rows;
    j->columns = (struct gk_names){0};
    int rc = find_columns(j, object, &rows, err);
    if (rc || rows == 0) {
        gk_names_free(&j->columns);
        j->columns = members;
        return rc;
    }
    struct gk_names unused = members;
    gk_names_free(&unused);
    rewind(j->spool);
    for (size_t i = 0; rc == 0 && i < rows; i++) {
        j->cells_n = 0;
        for (size_t k = 0; rc == 0 && k < j->columns.n; k++)
            if (i < gk_json_size(j->column[k].array))
                rc = put_value(j, k, gk_json_item(j->column[k].array, i), err);
        if (rc == 0)
            rc = write_record(j, line, err);
    }
    j->count = rows;
    return rc;
}

/* The only object of the file, which O has just read. */
static int reconsider(struct gk_json_rows *j, const struct gk_json_objects *o, struct gk_err *err)
{
    struct gk_json_fault fault;
    struct gk_json *object = gk_json_load(o->buf, o->n, true, &fault);
    const int rc = object ? put_columns(j, object, o->line, err) : 0;
    gk_json_free(object);
    return rc;
}

/* ---- all objects ---- */

static int put_records(struct gk_json_rows *j, FILE *fp, struct gk_err *err)
{
    struct gk_json_objects o;
    struct gk_json *object;
    bool array = false;
    int rc;
    gk_json_objects_begin(&o, fp);
    while ((rc = gk_json_objects_next(&o, &object, err)) == 1) {
        rc = put_record(j, object, o.line, err);
        gk_json_free(object);
        array = array || o.array;
        if (rc)
            break;
    }
    if (rc == 0 && j->count == 1 && !array)
        rc = reconsider(j, &o, err);
    gk_json_objects_end(&o);
    if (rc == 0 && j->columns.n == 0)
        rc = gk_fail(err, j->count ? "objects without a member" : "no objects: an empty table");
    if (rc == 0 && fflush(j->spool) != 0)
        rc = fail_spool(err);
    return rc;
}

static int open_rows(struct gk_rows *r, struct gk_json_rows *j, FILE *fp, struct gk_err *err)
{
    const int fd = gk_spool_open(err);
    j->spool = fd < 0 ? NULL : fdopen(fd, "w+b");
    if (fd >= 0 && !j->spool) {
        gk_fail(err, "a temporary file:");
        close(fd);
    }
    if (!j->spool || put_records(j, fp, err))
        return -1;
    r->unequal = j->unequal;
    r->ncol = j->columns.n;
    r->name = calloc(j->columns.n + 1, sizeof *r->name);
    if (!r->name)
        return gk_fail(err, "no memory for %zu columns", j->columns.n);
    for (size_t i = 0; i < j->columns.n; i++)
        r->name[i] = (char *)gk_names_get(&j->columns, i);
    gk_json_rows_again(j);
    return 0;
}

struct gk_json_rows *gk_json_rows_open(struct gk_rows *r, FILE *fp, struct gk_err *err)
{
    struct gk_json_rows *j = calloc(1, sizeof *j);
    int rc = j ? open_rows(r, j, fp, err) : gk_fail(err, "no memory for a table");
    fclose(fp);
    if (rc == 0)
        return j;
    gk_fail_at(err, "%s", r->file);
    gk_json_rows_close(j);
    return NULL;
}

void gk_json_rows_again(struct gk_json_rows *j)
{
    rewind(j->spool);
    j->left = j->count;
}

/* The cells of a record, and an empty one wherever it has none. The first byte of the buffer is
 * that. */
static int fill_row(struct gk_json_rows *j, size_t bytes, struct gk_row *w, struct gk_err *err)
{
    w->n = j->columns.n;
    if (gk_grow(&w->buf, &w->buf_cap, bytes + 1, 1, err) ||
        gk_grow(&w->cell, &w->cell_cap, w->n, sizeof *w->cell, err))
        return -1;
    w->buf[0] = '\0';
    if (fread(w->buf + 1, 1, bytes, j->spool) != bytes)
        return fail_spool(err);
    for (size_t i = 0; i < w->n; i++)
        w->cell[i] = w->buf;
    for (char *p = w->buf + 1, *end = p + bytes; p < end; p += strlen(p) + 1) {
        uint32_t column;
        memcpy(&column, p, sizeof column);
        p += sizeof column;
        w->cell[column] = p;
    }
    return 0;
}

int gk_json_rows_next(struct gk_rows *r, struct gk_json_rows *j, struct gk_row *w,
                      struct gk_err *err)
{
    struct record record;
    if (j->left == 0)
        return 0;
    j->left--;
    if (fread(&record, sizeof record, 1, j->spool) != 1) {
        fail_spool(err);
        return gk_fail_at(err, "%s", r->file);
    }
    w->line = r->line = record.line;
    return fill_row(j, record.bytes, w, err) ? gk_fail_at(err, "%s", r->file) : 1;
}

void gk_json_rows_close(struct gk_json_rows *j)
{
    if (!j)
        return;
    if (j->spool)
        fclose(j->spool);
    gk_names_free(&j->columns);
    free(j->path);
    free(j->cells);
    free(j->last);
    free(j->column);
    free(j->unequal);
    free(j);
}
