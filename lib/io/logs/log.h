/* A log of any kind as points, in the order of the file. */
#ifndef GK_LOG_H
#define GK_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "gk/err.h"
#include "gk/history.h"
#include "gk/notes.h"
#include "point.h"

struct gk_log;

/* Owns FP, even if it fails. STEP: the name of the step column of a table; NULL: one of the usual
 * names. */
int gk_log_open(struct gk_log **out, FILE *fp, const char *name, const char *step,
                struct gk_notes *notes, struct gk_err *err);
/* 1: a point, 0: the end, -1. */
int gk_log_next(struct gk_log *log, struct gk_point *point, struct gk_err *err);
/* Reports that the current point is not a number, and where it is. */
int gk_log_no_number(const struct gk_log *log, const struct gk_point *point, struct gk_err *err);
const struct gk_history *gk_log_history(const struct gk_log *log); /* NULL: it has none */
/* Makes the first point the next one, if that costs less than to open the file again. Adds no more
 * notes: the first reading has added them. */
bool gk_log_again(struct gk_log *log);
void gk_log_close(struct gk_log *log);

#endif
