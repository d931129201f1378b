/* How the runs of a table ended: each at the step of its event, or censored, at its last step
 * without an event. One column holds the step of the event. An optional second column holds either
 * only 0 and 1 (1: the step is where the run ended without an event) or each run's number of steps
 * (the step of the event is nan: none occurred within that many). */
#ifndef GK_ENDING_H
#define GK_ENDING_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"
#include "gk/notes.h"
#include "gk/table.h"

struct gk_ending_columns {
    int when, censor; /* censor -1: no such column */
};

/* The values of a row before the meaning of the column CENSOR is known: it holds flags if every row
 * may have a flag there. A column called "steps" holds steps. */
struct gk_ending {
    size_t line;
    double when, censor;
    bool may_be_flag;
};

/* Reads the current row. An infinite number is an error, and so is a run with neither event nor
 * end. */
int gk_ending_read(struct gk_ending *e, const struct gk_rows *r, const struct gk_ending_columns *c,
                   struct gk_err *err);
/* *WHEN is the step of the event or, if *CENSORED, the last step. */
int gk_ending_settle(const struct gk_ending *e, bool flags, const struct gk_rows *r,
                     const struct gk_ending_columns *c, double *when, bool *censored,
                     struct gk_err *err);

/* What the table of a sweep says beside that: how many runs without an event failed, how many a
 * model ended, and how many nobody looked at, because they had no rows to validate on. */
struct gk_ending_doubts {
    int status, reason, accuracy; /* columns, or -1 */
    size_t failed, given_up, unseen;
};
int gk_ending_doubts_find(struct gk_ending_doubts *d, const struct gk_rows *r, struct gk_err *err);
/* Counts the current row, whose values are in E. */
void gk_ending_doubt(struct gk_ending_doubts *d, const struct gk_ending *e,
                     const struct gk_rows *r);
/* Adds notes about these runs, and about a delay that is censored by steps. */
int gk_ending_remark(struct gk_notes *notes, const struct gk_ending_doubts *d,
                     const struct gk_rows *r, const struct gk_ending_columns *c,
                     struct gk_err *err);

#endif
