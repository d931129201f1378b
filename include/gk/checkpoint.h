/* Checkpoints and trajectory frames: a frame's tensors as a network's parameters (gk-formats(5)).
 */
#ifndef GK_CHECKPOINT_H
#define GK_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/net.h"
#include "gk/notes.h"

struct gk_checkpoint {
    struct gk_arch arch;
    struct gk_params params;
    enum gk_dtype dtype; /* F32 or F64: the precision of training (if the metadata omit it, the
                            widest of its tensors) */
    int64_t step;        /* -1 if the metadata has none */
    int64_t seed;        /* -1 if the metadata has none */
    bool heads_assumed;  /* the metadata omit the number of heads: the usual 4 */
};

/* Derives the architecture from the metadata, or, in a file without them (written elsewhere), from
 * the tensors' names and shapes, which do not determine the heads: 4, if that divides dim. Checks
 * that every parameter exists, has its shape and is finite. */
int gk_checkpoint_parse(struct gk_checkpoint *c, const struct gk_frame *f, struct gk_err *err);
void gk_checkpoint_free(struct gk_checkpoint *c);

/* The architecture alone, of a network that is possible; only the parameters that determine sizes
 * must exist. */
int gk_checkpoint_arch(struct gk_arch *a, const struct gk_frame *f, struct gk_err *err);
/* Do the metadata of F, a network of architecture A, omit the number of heads that it has? */
bool gk_checkpoint_assumes_heads(const struct gk_arch *a, const struct gk_frame *f);
/* Notes what is taken to be so because neither the tensors nor the metadata of F, the checkpoint C,
 * say it: "heads 4, norm post". In a file of gk a choice that is left out has its default, and is
 * no assumption. */
int gk_checkpoint_remark(const struct gk_checkpoint *c, const struct gk_frame *f,
                         struct gk_notes *notes, struct gk_err *err);

/* The flat vector of parameters, converted to REAL (F32 or F64); PREFIX ("", "hv." or "optim.m.")
 * precedes each name. */
int gk_checkpoint_vector(const struct gk_frame *f, const struct gk_params *ps, const char *prefix,
                         enum gk_dtype real, void *theta, struct gk_err *err);

/* Puts VEC into F as tensors PREFIX+NAME of dtype REAL. */
int gk_checkpoint_put_vector(struct gk_frame *f, const struct gk_params *ps, const char *prefix,
                             enum gk_dtype real, const void *vec, struct gk_err *err);
/* gk.kind=checkpoint and the metadata that gk-formats(5) lists. */
int gk_checkpoint_put_meta(struct gk_frame *f, const struct gk_checkpoint *c, struct gk_err *err);

#endif
