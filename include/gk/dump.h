/* Frames as a person or another program wants to see them: lists, numbers as text, .npy arrays,
 * frames taken out of a stream (gk-ckpt-dump). */
#ifndef GK_DUMP_H
#define GK_DUMP_H

#include <stdint.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/out.h"

struct gk_steps { /* steps a, a + every, ... up to b; both ends are included */
    int64_t a, b, every;
};
/* "A:B" or "A:B:K"; A and B may be left out. NULL: every step. */
int gk_steps_parse(struct gk_steps *s, const char *text, struct gk_err *err);
/* The error of an input in which no frame has such a step. */
int gk_steps_none(struct gk_err *err);

/* The next frame of S whose step is wanted. Returns as gk_source_next. */
int gk_dump_next(struct gk_source *s, const struct gk_steps *steps, struct gk_frame *f,
                 struct gk_err *err);

enum gk_dump_view {
    GK_DUMP_LIST,   /* a row for each tensor */
    GK_DUMP_META,   /* a row for each entry of the metadata */
    GK_DUMP_TENSOR, /* one tensor, or as a frame those that match */
    GK_DUMP_FLAT,   /* all parameters (gk_is_parameter) as one vector, in name order */
    GK_DUMP_FRAMES  /* the frames themselves */
};
enum gk_dump_format { GK_DUMP_TSV, GK_DUMP_NPY, GK_DUMP_SAFETENSORS };

struct gk_dump {
    enum gk_dump_view view;
    enum gk_dump_format format; /* LIST and META: TSV; FRAMES: SAFETENSORS */
    const char *tensor;         /* for GK_DUMP_TENSOR: a name or patterns (gk/glob.h) */
    const char *exclude;        /* patterns of tensors to leave out, or NULL */
    const char *line;           /* what the history of the result ends with */
    const struct gk_steps *steps;
    /* Makes another frame of each, or NULL. */
    int (*change)(struct gk_frame *f, const char *line, struct gk_err *err);
    struct gk_notes *notes; /* on what a vector of parameters holds; or NULL */
};

/* Writes what D asks for of all frames of S to OUT, but does not commit it. One frame gives its
 * tensor as it is, a .npy of its shape or a plain frame; several give rows with a first column
 * "step", a .npy with a first axis more, or a stream. */
int gk_dump(const struct gk_dump *d, struct gk_source *s, struct gk_out *out, struct gk_err *err);

/* Writes each frame as DIR/step-NNNNNN.safetensors, whole or not at all. Makes DIR if it is not
 * there. Two frames of one step are an error. */
int gk_dump_split(struct gk_source *s, const struct gk_steps *steps, const char *dir,
                  struct gk_err *err);

#endif
