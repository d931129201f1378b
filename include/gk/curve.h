/* Converts logs of other programs to curves (gk-curve): lists the series, chooses which are columns
 * of a curve, and merges their rows by step. */
#ifndef GK_CURVE_H
#define GK_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gk/err.h"
#include "gk/history.h"
#include "gk/notes.h"

struct gk_curve_conf {
    const char *map;     /* "train_loss=train/loss,..."; NULL: nothing */
    const char *percent; /* "train_acc,val_acc": columns in percent; NULL: none */
    const char *step;    /* the step column of a table; NULL: found by its name */
    bool join;           /* files in several folders are one run */
};

struct gk_curve;

/* Reads FILES (none: standard input), and lists their series. */
int gk_curve_open(struct gk_curve **c, char *const *files, size_t n,
                  const struct gk_curve_conf *conf, struct gk_err *err);
void gk_curve_close(struct gk_curve *c);

/* Chooses a series for each column: those of conf.map, and others by name. Without any column it
 * fails, except with LIST. */
int gk_curve_choose(struct gk_curve *c, bool list, struct gk_err *err);
/* The choice, in the syntax of conf.map. */
const char *gk_curve_chosen(const struct gk_curve *c);

/* A table of the series. */
int gk_curve_list(const struct gk_curve *c, FILE *fp, const struct gk_history *h,
                  struct gk_err *err);
/* Writes the curve, and reads the files again for it. */
int gk_curve_write(struct gk_curve *c, FILE *fp, const struct gk_history *h, struct gk_err *err);

/* The files' history, and notes for standard error. */
struct gk_history *gk_curve_history(struct gk_curve *c);
const struct gk_notes *gk_curve_notes(const struct gk_curve *c);

#endif
