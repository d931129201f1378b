/* Frames for people and other programs: lists, numbers as text, .npy arrays, frames extracted from
 * a stream (gk-ckpt-dump). */
#ifndef GK_DUMP_H
#define GK_DUMP_H

#include <stdint.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/out.h"

struct gk_steps { /* steps a, a + every, ... up to b, both inclusive */
    int64_t a, b, every;
};
/* "A:B" or "A:B:K"; A and B may be omitted. NULL: every step. */
int gk_steps_parse(struct gk_steps *s, const char *text, struct gk_err *err);
/* The error for an input in which no frame has such a step. */
int gk_steps_none(struct gk_err *err);

/* The next frame of S with a selected step. Returns as gk_source_next does. */
int gk_dump_next(struct gk_source *s, const struct gk_steps *steps, struct gk_frame *f,
                 struct gk_err *err);

enum gk_dump_view {
    GK_DUMP_LIST,   /* a row for each tensor */
    GK_DUMP_META,   /* a row for each entry of the metadata */
    GK_DUMP_TENSOR, /* one tensor, or, as a frame, those that match */
    GK_DUMP_FLAT,   /* all parameters (gk_is_parameter) as one vector, in name order */
    GK_DUMP_FRAMES  /* the frames themselves */
};
enum gk_dump_format { GK_DUMP_TSV, GK_DUMP_NPY, GK_DUMP_SAFETENSORS };

struct gk_dump {
    enum gk_dump_view view;
    enum gk_dump_format format; /* LIST and META: TSV; FRAMES: SAFETENSORS */
    const char *tensor;         /* for GK_DUMP_TENSOR: a name or patterns (gk/glob.h) */
    const char *exclude;        /* patterns of tensors to omit, or NULL */
    const char *line;           /* the last line of the result's history */
    const struct gk_steps *steps;
    /* converts each frame, or NULL */
    int (*change)(struct gk_frame *f, const char *line, struct gk_err *err);
};

/* Writes what D requests of all frames of S to OUT, but does not commit it. A single frame gives
 * its tensor unchanged: a .npy of its shape or a plain frame. Several give rows with a first column
 * "step", a .npy with an additional first axis, or a stream. */
int gk_dump(const struct gk_dump *d, struct gk_source *s, struct gk_out *out, struct gk_err *err);

/* Writes each frame as DIR/step-NNNNNN.safetensors, complete or not at all. Creates DIR if
 * necessary. Two frames of one step are an error. */
int gk_dump_split(struct gk_source *s, const struct gk_steps *steps, const char *dir,
                  struct gk_err *err);

#endif
