/* What the files of the table reader share:
 *
 *   table.c        lines, cells, numbers, and the rows of a text table
 *   table_json.c   the rows of JSON objects
 *   table_write.c  writing
 */
#ifndef GK_TABLE_PRIV_H
#define GK_TABLE_PRIV_H

#include "gk/table.h"

/* Rows from the JSON on FP, which is taken over (also where it fails): fills in R's ncol, name and
 * cell, which belong to the result. A file is read twice, first for the names; what is no file goes
 * to a temporary one first, to its end. NULL: an error. */
struct gk_json_rows *gk_json_rows_open(struct gk_rows *r, FILE *fp, struct gk_err *err);
/* As gk_rows_next. */
int gk_json_rows_next(struct gk_rows *r, struct gk_json_rows *j, struct gk_err *err);
void gk_json_rows_close(struct gk_json_rows *j);

#endif
