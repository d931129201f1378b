/* How the runs of a table ended: each at the step of its event, or censored, at its last step
 * without one. A column holds the step of the event. Another one, where there is one, holds either
 * only 0 and 1 (1: the step is that at which the run ended without its event) or the steps each run
 * had (the step of the event is nan: it did not come in that many). */
#ifndef GK_ENDING_H
#define GK_ENDING_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"
#include "gk/table.h"

struct gk_ending_columns {
    int when, censor; /* censor -1: no such column */
};

/* What a row says before it is known how the column CENSOR speaks: if every row may have a flag
 * there, it holds flags. A column called "steps" holds steps. */
struct gk_ending {
    size_t line;
    double when, censor;
    bool may_be_flag;
};

/* Of the row at hand. An infinite number is an error, and so is a run of which neither the event
 * nor the end is known. */
int gk_ending_read(struct gk_ending *e, const struct gk_rows *r, const struct gk_ending_columns *c,
                   struct gk_err *err);
/* *WHEN is the step of the event or, *CENSORED, the last step. */
int gk_ending_settle(const struct gk_ending *e, bool flags, const struct gk_rows *r,
                     const struct gk_ending_columns *c, double *when, bool *censored,
                     struct gk_err *err);

#endif
