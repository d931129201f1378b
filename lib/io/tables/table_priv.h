/* Shared by the files of the table reader:
 *
 *   table.c        a table from any source; rows of one step are one row
 *   table_text.c   text -> rows
 *   table_json.c   JSON -> rows
 *   table_cells.c  the meaning of cells and columns
 */
#ifndef GK_TABLE_PRIV_H
#define GK_TABLE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gk/table.h"

enum { GK_SHOWN = 40 }; /* bytes of a cell that a message quotes */

/* A row of the source. */
struct gk_row {
    char *buf;   /* its line, or its cells in sequence */
    char **cell; /* [n] into it */
    size_t n, buf_cap, cell_cap;
    size_t line; /* its number */
    bool ended;  /* whether it ended in a newline */
};

void gk_row_free(struct gk_row *w);

/* The value of a cell: a number, nan if it is empty, 1 or 0 for true or false. A number that
 * overflows double is an error; one that underflows is 0. */
bool gk_parse_cell(const char *s, double *v);

/* Rows from the text on FP, which it owns (even if it fails). Sets R's ncol and, if there is a
 * header, name, whose texts the result owns. NULL: an error. */
struct gk_text_rows *gk_text_rows_open(struct gk_rows *r, FILE *fp, bool headless,
                                       struct gk_err *err);
/* Fills W: 1: a row, 0: the end, -1. */
int gk_text_rows_next(struct gk_rows *r, struct gk_text_rows *t, struct gk_row *w,
                      struct gk_err *err);
void gk_text_rows_close(struct gk_text_rows *t);

/* Rows from the JSON on FP, which it owns (even if it fails). Sets R's ncol and name, whose texts
 * the result owns. The JSON is parsed to its end first, and its cells go to a temporary file. NULL:
 * an error. */
struct gk_json_rows *gk_json_rows_open(struct gk_rows *r, FILE *fp, struct gk_err *err);
/* Fills W: 1: a row, 0: the end, -1. */
int gk_json_rows_next(struct gk_rows *r, struct gk_json_rows *j, struct gk_row *w,
                      struct gk_err *err);
/* The next row is the first one. */
void gk_json_rows_again(struct gk_json_rows *j);
void gk_json_rows_close(struct gk_json_rows *j);

#endif
