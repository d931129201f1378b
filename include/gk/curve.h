/* Curves out of logs that other programs wrote (gk-curve): which series there are, which of them
 * are the columns of a curve, and the rows of it, merged on the step. */
#ifndef GK_CURVE_H
#define GK_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gk/err.h"
#include "gk/history.h"
#include "gk/notes.h"

struct gk_curve_conf {
    const char *map;     /* "train_loss=train/loss,..."; NULL: nothing is given */
    const char *percent; /* "train_acc,val_acc": columns in percent; NULL: none */
    const char *step;    /* the column of a table that is the step; NULL: found by its name */
    bool join;           /* files of several folders are one run */
};

struct gk_curve;

/* Reads FILES (none: standard input) for their series. */
int gk_curve_open(struct gk_curve **c, char *const *files, size_t n,
                  const struct gk_curve_conf *conf, struct gk_err *err);
void gk_curve_close(struct gk_curve *c);

/* Chooses a series for each column: those of conf.map, and others by their names. No column at all
 * is an error, except with LIST. */
int gk_curve_choose(struct gk_curve *c, bool list, struct gk_err *err);
/* What was chosen, as conf.map has it. */
const char *gk_curve_chosen(const struct gk_curve *c);

/* A table of the series. */
int gk_curve_list(const struct gk_curve *c, FILE *fp, const struct gk_history *h,
                  struct gk_err *err);
/* The curve: reads the files again. */
int gk_curve_write(struct gk_curve *c, FILE *fp, const struct gk_history *h, struct gk_err *err);

/* What its files say of how they were made; and what is to be said on standard error. */
struct gk_history *gk_curve_history(struct gk_curve *c);
const struct gk_notes *gk_curve_notes(const struct gk_curve *c);

#endif
