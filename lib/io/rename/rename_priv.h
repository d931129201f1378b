/* What the files that rename tensors share.
 *
 *   rename_table.c  a table's text -> lines
 *   rename.c        lines and a frame -> another frame
 *   reshape.c       what is done to one tensor
 */
#ifndef GK_RENAME_PRIV_H
#define GK_RENAME_PRIV_H

#include <stdbool.h>

#include "gk/rename.h"

enum gk_change_kind { GK_TRANSPOSE, GK_JOIN, GK_PART, GK_RESHAPE };
struct gk_change {
    enum gk_change_kind kind;
    size_t part, of;             /* GK_PART: from 1 */
    unsigned rank;               /* GK_RESHAPE */
    uint64_t shape[GK_MAX_RANK]; /* 0: what is left over */
};

enum gk_line_kind {
    GK_LINE_NAME,
    GK_LINE_DROP, /* a tensor that the network does without */
    GK_LINE_MAKE, /* a tensor that the file lacks */
    GK_LINE_META
};
enum { GK_MOST_CHANGES = 4 };
struct gk_line {
    enum gk_line_kind kind;
    size_t number;             /* in the file, from 1 */
    char *theirs, *ours, *how; /* META: ours is the key, how the value */
    struct gk_change change[GK_MOST_CHANGES];
    size_t nchange;
    bool if_missing; /* only where no line above gave it */
    bool has_fill;   /* rows are added up to the vocabulary */
    double fill;     /* their value; of GK_LINE_MAKE that of all numbers */
};

struct gk_rename {
    char *name; /* as it was asked for */
    struct gk_line *line;
    size_t n, cap;
};

/* C changes T, whose data are its own. */
int gk_tensor_change(struct gk_tensor *t, const struct gk_change *c, struct gk_err *err);
/* Adds rows of VALUE until there are ROWS. */
int gk_tensor_fill(struct gk_tensor *t, size_t rows, double value, struct gk_err *err);

/* A number in the place of "{L}"; "": there is none. */
struct gk_layer {
    char digits[12];
};
/* Is NAME of the form PATTERN? A "*" that it begins with is any beginning up to a '.', or none. */
bool gk_pattern_matches(const char *pattern, const char *name, struct gk_layer *layer);

#endif
