/* What the files of gk_curve share:
 *
 *   curve.c         the files, and their series by name
 *   curve_words.c   what the name of a series means
 *   curve_choose.c  which series is which column
 *   curve_write.c   the points, merged on the step
 *   log.c, events.c, protobuf.c  a file as points
 */
#ifndef GK_CURVE_PRIV_H
#define GK_CURVE_PRIV_H

#include "gk/curve.h"
#include "gk/names.h"
#include "log.h"

struct gk_curve_input {
    const char *path;     /* the operand */
    const char *name;     /* for messages */
    int copy;             /* a temporary file of what cannot be read twice; -1: none */
    struct gk_log *again; /* the log, at its beginning, where that saves work; or NULL */
    size_t folder;        /* the number of the run it belongs to */
};

struct gk_curve_series {
    char *name;    /* as it is called: with its folder, where the name alone says too little */
    size_t folder; /* of its files */
    size_t points, others; /* numbers, and what is none */
    const char *twice;     /* the file in which two columns have this name, or NULL */
    double first, last;    /* the smallest and the largest step */
    int column;            /* -1: it is none */
};

struct gk_curve_column {
    char *name;
    size_t series;
    bool percent;
};

struct gk_curve {
    struct gk_curve_conf conf;
    struct gk_curve_input *input; /* [ninput] */
    size_t ninput, kept;          /* inputs, and how many of them are kept open */
    struct gk_names folders;      /* the folders of the files, in order */
    struct gk_names keys; /* of a series: the number of its folder, a ':', its name in the file */
    struct gk_curve_series *series; /* [keys.n] */
    size_t series_cap;
    char *key; /* one that is made */
    size_t key_cap;
    struct gk_curve_column *column; /* [ncolumn] */
    size_t ncolumn, column_cap;
    char *chosen;
    struct gk_history history;
    struct gk_notes notes;
};

/* The log of an input, from its beginning. */
int gk_curve_log(struct gk_curve *c, struct gk_curve_input *in, struct gk_log **log,
                 struct gk_notes *notes, struct gk_err *err);
/* The number of the series of a point; ADD makes it where there is none, else -1 may come. */
int gk_curve_series(struct gk_curve *c, const struct gk_curve_input *in, const char *name, bool add,
                    ptrdiff_t *series, struct gk_err *err);
/* The names of all series that are WANTED for COLUMN, in a message: "a, b, c ...". */
void gk_curve_names(const struct gk_curve *c,
                    bool (*wanted)(const struct gk_curve_series *s, int column), int column,
                    char *to, size_t room);

/* gk's own columns, in their order. */
enum { GK_CURVE_OWN = 7 };
extern const char *const gk_curve_own[GK_CURVE_OWN];
/* The number of that which a series called NAME can only be, or -1; *RANK is how plainly it says
 * so, 0 in so many words, 3 if it is of the test split. */
int gk_curve_own_column(const char *name, int *rank);

#endif
