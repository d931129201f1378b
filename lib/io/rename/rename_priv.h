/* Shared by the files that rename tensors.
 *
 *   rename_table.c  a table's text -> lines
 *   rename.c        lines and a frame -> another frame
 *   reshape.c       changes one tensor
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
    uint64_t shape[GK_MAX_RANK]; /* 0: inferred from the other axes */
};

enum gk_line_kind {
    GK_LINE_NAME,
    GK_LINE_DROP,   /* a tensor that the network does not need */
    GK_LINE_REFUSE, /* a tensor that no network of gk has; `how` says why */
    GK_LINE_MAKE,   /* a tensor that the file lacks */
    GK_LINE_META
};
enum { GK_MOST_CHANGES = 4 };
struct gk_line {
    enum gk_line_kind kind;
    size_t number;             /* in the file, from 1 */
    char *theirs, *ours, *how; /* META: `ours` is the key, `how` the value */
    struct gk_change change[GK_MOST_CHANGES];
    size_t nchange;
    bool if_missing; /* only if no line above gave it */
    bool has_fill;   /* rows are added up to the vocabulary */
    double fill;     /* the value of padding; for GK_LINE_MAKE, of every element */
};

struct gk_rename {
    char *name;      /* as given */
    char *recorded;  /* what a history has */
    uint64_t digest; /* of the table's text */
    struct gk_line *line;
    size_t n, cap;
};

/* Applies C to T, which owns its data. */
int gk_tensor_change(struct gk_tensor *t, const struct gk_change *c, struct gk_err *err);
/* Appends rows of VALUE until there are ROWS. */
int gk_tensor_fill(struct gk_tensor *t, size_t rows, double value, struct gk_err *err);

#endif
