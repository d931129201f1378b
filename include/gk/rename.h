/* Checkpoints of other implementations under gk's names: a table says for each tensor what it is
 * called there, what it is called here, and what is done to it (gk-ckpt-dump(1)). */
#ifndef GK_RENAME_H
#define GK_RENAME_H

#include <stddef.h>

#include "gk/err.h"
#include "gk/frame.h"

struct gk_rename;

/* TABLE is a file, or the name of a table that comes with gk: "gpt2". SET gives metadata,
 * "heads=4,activation=gelu", or is NULL. */
int gk_rename_open(struct gk_rename **r, const char *table, const char *set, struct gk_err *err);
void gk_rename_close(struct gk_rename *r);

/* Tensors that hold no floating-point numbers, which no line names. */
struct gk_rename_notes {
    size_t left_out;
    struct gk_shown first; /* one of them */
};

/* TO, an empty frame, gets what the lines of the table make of the tensors of F, and the metadata
 * that table and options give. A tensor that no line names is an error. */
int gk_rename_apply(const struct gk_rename *r, const struct gk_frame *f, struct gk_frame *to,
                    struct gk_rename_notes *notes, struct gk_err *err);
/* The value that the table gives a tensor NAME which the file lacks: 0 or 1; false: none. */
bool gk_rename_makes(const struct gk_rename *r, const char *name, double *value);
const char *gk_rename_name(const struct gk_rename *r);

/* F as a checkpoint of a network (gk/checkpoint.h): renamed, with the metadata of the network as
 * far as the tensors tell it. What they do not tell and nobody says is an error. LINE is added to
 * the history. */
int gk_rename_checkpoint(const struct gk_rename *r, struct gk_frame *f, const char *line,
                         struct gk_rename_notes *notes, struct gk_err *err);

#endif
