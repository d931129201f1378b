/* Curves are text: a header row of names, then numbers, tab- or comma-separated, '#' comments
 * (gk-formats(5)). */
#ifndef GK_TABLE_H
#define GK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gk/err.h"
#include "gk/history.h"

/* What could be read in several ways, for a note to the user (gk_note_table). */
struct gk_table_notes {
    bool counted;       /* no column holds steps: rows count from 0 */
    size_t merged;      /* rows merged with the row before them */
    size_t left_out;    /* rows without a value in COLUMN */
    const char *column; /* the column that is read */
    size_t numbers;     /* this column of a matrix, from 1, counts its rows; 0: none does */
    size_t whole;       /* this column holds integers alone, unlike most others; 0: none does */
    size_t columns;     /* this line, a matrix's first row, counts its columns; 0: it does not */
    size_t unended;     /* this line, the last row, has no line end; 0: it has */
};

#define GK_NOTE_UNENDED                                                                            \
    "%s: line %zu, the last row, has no line end: if its writer was stopped, the last number may " \
    "be cut short"
#define GK_NOTE_COUNTED                                                                            \
    "%s: no column is a step (step, epoch, iteration ...): rows count from 0; --step names it"

/* A table that is read row by row. The reader owns the fields, which are valid until the next
 * row. */
struct gk_rows {
    const char *file; /* for messages */
    size_t line;      /* of the current row, from 1 */
    size_t ncol;
    char **name; /* [ncol]; NULL without a header */
    char **cell; /* [ncol], the current row, trimmed */
    int step;    /* the step column (gk_rows_use_steps), or -1 */
    /* NULL, or two arrays of unequal length, for which a single JSON object is no table of columns
     */
    const char *unequal;
    struct gk_table_notes notes;
    struct gk_history history;
    struct gk_rows_priv *priv;
};

/* Reads up to the header. HEADLESS: a first row of numbers is a row, not a header; otherwise it is
 * an error. Owns FP. Lines before the header that begin with '#' are the table's history. */
int gk_rows_open(struct gk_rows *r, FILE *fp, const char *file, bool headless, struct gk_err *err);
/* Likewise for a table with a header in the input PATH (gk_input_open); r->file is its name. */
int gk_rows_open_input(struct gk_rows *r, const char *path, struct gk_err *err);
/* 1: a row, 0: the end, -1. A table without rows is an error. */
int gk_rows_next(struct gk_rows *r, struct gk_err *err);
/* Makes the first row the next one, if that costs nothing, as of JSON, which was parsed already. */
bool gk_rows_again(struct gk_rows *r);
void gk_rows_close(struct gk_rows *r);
/* *COL is the column NAME, or -1. A name that two columns have is an error. */
int gk_rows_find(const struct gk_rows *r, const char *name, int *col, struct gk_err *err);
/* The column NAME; if there is none, an error (-1) lists the columns. */
int gk_rows_need(const struct gk_rows *r, const char *name, struct gk_err *err);
/* The number in column COL, "nan" and "inf" included; an empty cell is nan, true and false are 1
 * and 0. Other text is an error that names line and column. */
int gk_rows_number(const struct gk_rows *r, int col, double *v, struct gk_err *err);
/* Call before the first row: the steps are in the column NAME, or (NULL) in the first of those that
 * loggers use, "step" before all others, ignoring case; without one, rows are counted. From now on,
 * consecutive rows with the same step are merged, provided that one has an empty cell wherever they
 * differ; two different values are an error. */
int gk_rows_use_steps(struct gk_rows *r, const char *name, struct gk_err *err);
bool gk_is_step_name(const char *name); /* a step name that loggers use */
/* The step of the current row, which is row N from 0. It must be finite and above *LAST (-inf
 * before the first), which it replaces. */
int gk_rows_step(const struct gk_rows *r, size_t n, double *last, struct gk_err *err);
/* An error about the current row: "FILE: line N: MESSAGE". Returns -1. */
int gk_rows_fail(const struct gk_rows *r, struct gk_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Writing: the history as comments, then the names; then numbers that read back exactly. */
int gk_table_begin(FILE *fp, const struct gk_history *h, const char *const *names, size_t n,
                   struct gk_err *err);
/* Seventeen significant digits, nine if SINGLE, which read back exactly; nan and inf as "nan",
 * "inf", "-inf". END is '\t' or '\n'. */
void gk_put_exact(FILE *fp, double v, bool single, char end);
/* The same of a number of a result, with fewer digits after gk_put_digits(N > 0). Integers, such as
 * steps and counts, stay whole. */
void gk_put_number(FILE *fp, double v, bool single, char end);
void gk_put_digits(int n);
/* Text from a file as one cell: what no terminal should get (gk_printable) is escaped as in C, and
 * so is a '#' that would make a comment of the row. */
void gk_put_text(FILE *fp, const char *s, char end);

#endif
