/* Shared by the files of gk_curve:
 *
 *   curve.c         the files, and their series by name
 *   curve_words.c   what the name of a series means
 *   curve_choose.c  which series is which column
 *   curve_write.c   the points, merged by step
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
    char *name;            /* its name in output: with its folder if the name alone is ambiguous */
    size_t folder;         /* of its files */
    size_t points, others; /* points with a number, and points without */
    const char *twice;     /* the file in which two columns have this name, or NULL */
    double first, last;    /* the smallest and the largest step */
    int column;            /* -1: not a column */
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
    char *key; /* scratch, for names */
    size_t key_cap;
    struct gk_curve_column *column; /* [ncolumn] */
    size_t ncolumn, column_cap;
    char *chosen;
    struct gk_history history;
    struct gk_notes notes;
};

/* Opens the log of an input at its beginning. */
int gk_curve_log(struct gk_curve *c, struct gk_curve_input *in, struct gk_log **log,
                 struct gk_notes *notes, struct gk_err *err);
/* The index of a point's series. ADD creates a new series; otherwise an unknown one gives -1. */
int gk_curve_series(struct gk_curve *c, const struct gk_curve_input *in, const struct gk_point *p,
                    bool add, ptrdiff_t *series, struct gk_err *err);
/* The names of all series that are WANTED for COLUMN, for a message: "a, b, c ...". */
void gk_curve_names(const struct gk_curve *c,
                    bool (*wanted)(const struct gk_curve_series *s, int column), int column,
                    char *to, size_t room);

/* gk's own columns, in their order. */
enum { GK_CURVE_OWN = 7 };
extern const char *const gk_curve_own[GK_CURVE_OWN];
/* The only column that the series name NAME can mean, or -1. *RANK is how clear the name is: 0 if
 * it is explicit, 3 if it names the test split. */
int gk_curve_own_column(const char *name, int *rank);
/* Is TEXT a name of the training, validation or test split, and nothing else? */
bool gk_curve_is_split(const char *text);

#endif
