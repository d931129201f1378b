/* Tables: the rows of text or JSON; rows of one step are merged.
 *
 * A reader holds one or two lines and arrays of pointers into them, all bounded for any input. It
 * reads ahead of the current row only if a cell of it is empty, so that a live curve is read as it
 * comes. */
#include "gk/table.h"

#include <stdlib.h>
#include <string.h>

#include "gk/input.h"
#include "gk/mem.h"
#include "table_priv.h"

struct gk_rows_priv {
    struct gk_text_rows *text; /* the source of rows */
    struct gk_json_rows *json; /* or this one */
    struct gk_row at_hand,
        ahead;      /* the next row, read to see whether it repeats the current row's step */
    bool has_ahead; /* the row ahead comes next */
    bool any;       /* a row was returned */
    char **kept;    /* [nkept] cells that were copied from rows of the same step */
    size_t nkept, kept_cap;
};

/* ---- opening ---- */

/* Bytes of unknown kind may be a damaged table. Owns FP. */
static int open_as(struct gk_rows *r, FILE *fp, bool headless, struct gk_err *err)
{
    struct gk_rows_priv *p = r->priv;
    enum gk_input_kind kind = GK_INPUT_UNKNOWN;
    int rc = gk_input_look(fp, r->file, &kind, err);
    if (rc == 0 && kind == GK_INPUT_JSON) {
        p->json = gk_json_rows_open(r, fp, err);
        return p->json ? 0 : -1;
    }
    if (rc == 0 && (kind == GK_INPUT_TABLE || kind == GK_INPUT_UNKNOWN)) {
        p->text = gk_text_rows_open(r, fp, headless, err);
        return p->text ? 0 : -1;
    }
    fclose(fp);
    return rc ? -1 : gk_input_refuse(r->file, kind, "a table is", err);
}

int gk_rows_open(struct gk_rows *r, FILE *fp, const char *file, bool headless, struct gk_err *err)
{
    *r = (struct gk_rows){.file = file, .step = -1};
    r->priv = calloc(1, sizeof *r->priv);
    if (!r->priv) {
        fclose(fp);
        return gk_fail(err, "%s: no memory for a table", file);
    }
    if (open_as(r, fp, headless, err)) {
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

/* ---- rows ---- */

/* Reads a row into W: 1, 0 at the end, -1. */
static int read_row(struct gk_rows *r, struct gk_row *w, struct gk_err *err)
{
    const struct gk_rows_priv *p = r->priv;
    return p->json ? gk_json_rows_next(r, p->json, w, err) : gk_text_rows_next(r, p->text, w, err);
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

/* A copy of TEXT that lives as long as the current row. */
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

/* Fills the empty cells of A from B, a row of the same step. A cell that both have must agree. */
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

/* Consecutive rows of one step that fill each other's empty cells are one row: a logger wrote each
 * when it had the values. */
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
    } else {
        rc = read_row(r, &p->at_hand, err);
    }
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
        gk_text_rows_close(r->priv->text);
        gk_json_rows_close(r->priv->json);
        gk_row_free(&r->priv->at_hand);
        gk_row_free(&r->priv->ahead);
        drop_kept(r->priv);
        free(r->priv->kept);
    }
    free(r->priv);
    free(r->name);
    gk_history_free(&r->history);
    *r = (struct gk_rows){0};
}
