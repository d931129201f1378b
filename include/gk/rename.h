/* Checkpoints of other implementations with gk's names: for each tensor a table gives its name
 * there, its name here, and the changes to it (gk-ckpt-dump(1)). */
#ifndef GK_RENAME_H
#define GK_RENAME_H

#include <stddef.h>

#include "gk/err.h"
#include "gk/frame.h"

struct gk_rename;

/* TABLE is a file, or the name of one of gk's own tables: "gpt2". SET gives metadata,
 * "heads=4,activation=gelu", or is NULL. */
int gk_rename_open(struct gk_rename **r, const char *table, const char *set, struct gk_err *err);
void gk_rename_close(struct gk_rename *r);

/* Skipped tensors, which no line names: those that Lightning keeps beside the network, and others
 * without floating-point numbers. */
struct gk_rename_skipped {
    size_t n;
    struct gk_shown first; /* one of them */
};
struct gk_rename_notes {
    struct gk_rename_skipped beside, integers;
    /* a tensor of ours that the file lacks, and theirs that the table puts there; "": none */
    struct gk_shown missing, instead;
};

/* TO, an empty frame, receives the tensors of F as the table changes them, and the metadata that
 * table and options give. A tensor that no line names is an error. */
int gk_rename_apply(const struct gk_rename *r, const struct gk_frame *f, struct gk_frame *to,
                    struct gk_rename_notes *notes, struct gk_err *err);
/* The value that the table gives to a tensor NAME that the file lacks: 0 or 1; false: none. */
bool gk_rename_makes(const struct gk_rename *r, const char *name, double *value);
const char *gk_rename_name(const struct gk_rename *r);
/* What a history has: the name of gk's own table, or "table:" and a digest of a file's text. */
const char *gk_rename_recorded(const struct gk_rename *r);

/* F as a checkpoint of a network (gk/checkpoint.h): renamed, with those metadata of the network
 * that follow from the tensors. Metadata that neither they nor the user give are an error. LINE is
 * added to the history. */
int gk_rename_checkpoint(const struct gk_rename *r, struct gk_frame *f, const char *line,
                         struct gk_rename_notes *notes, struct gk_err *err);

#endif
