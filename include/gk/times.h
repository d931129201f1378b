/* When the runs of a table grokked, by group. */
#ifndef GK_TIMES_H
#define GK_TIMES_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"
#include "gk/notes.h"
#include "gk/survival.h"
#include "gk/table.h"

struct gk_times {
    struct gk_survival_data data;
    char **group_name; /* [data.groups] in the order of the table */
    const char
        *alike[2];   /* the names of two groups that write equal numbers differently, or NULL */
    size_t left_out; /* rows with neither a time nor an end */
    struct gk_notes doubts;
    /* the arrays of DATA */
    double *time;
    bool *censored;
    size_t *group;
    char **numbers; /* [data.groups] the names with all numbers in one form */
    size_t name_cap, numbers_cap;
};

struct gk_times_columns {
    const char *time;
    const char *censor; /* as in gk/ending.h, or NULL */
    char **group;       /* [n] a group is the runs with equal cells; n 0: all runs are "all" */
    size_t n;
};

/* A table without a usable run is an error. */
int gk_times_read(struct gk_times *t, struct gk_rows *rows, const struct gk_times_columns *c,
                  struct gk_err *err);
void gk_times_free(struct gk_times *t);

#endif
