/* Tensors: safetensors frames, and streams of them (gk-formats(5)). Only lib/io/frames/frame_*.c
 * parses these bytes, and it trusts no size in a header before the bytes have come. */
#ifndef GK_FRAME_H
#define GK_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "gk/err.h"
#include "gk/history.h"
#include "gk/notes.h"

/* All dtypes that safetensors defines. */
enum gk_dtype {
    GK_F64,
    GK_F32,
    GK_F16,
    GK_BF16,
    GK_I64,
    GK_I32,
    GK_U8,
    GK_BOOL,
    GK_I8,
    GK_I16,
    GK_U16,
    GK_U32,
    GK_U64,
    GK_F8_E4M3,
    GK_F8_E5M2,
    GK_F8_E8M0,
    GK_F8_E4M3FNUZ,
    GK_F8_E5M2FNUZ,
    GK_C64, /* from here on: listed and copied, but not converted */
    GK_F6_E2M3,
    GK_F6_E3M2,
    GK_F4,
    GK_DTYPES
};
enum { GK_MAX_RANK = 8 };

size_t gk_dtype_size(enum gk_dtype t);      /* bytes per element; 1 if it has fewer than 8 bits */
const char *gk_dtype_name(enum gk_dtype t); /* "F32" */
bool gk_dtype_is_single(enum gk_dtype t);   /* F32 or narrower */
bool gk_dtype_is_float(enum gk_dtype t);    /* real floating-point numbers */
bool gk_dtype_converts(enum gk_dtype t);    /* converts to F64, F32 and I32 */

struct gk_tensor {
    char *name;
    enum gk_dtype dtype;
    unsigned rank; /* 0: a scalar, count 1 */
    uint64_t shape[GK_MAX_RANK];
    size_t count; /* product of shape */
    void *data;   /* gk_tensor_bytes, C order */
    int64_t at;   /* their offset in the input; -1: a pipe, or no input */
    bool beside;  /* no part of the network, in a checkpoint of Lightning */
};

struct gk_meta {
    char *key, *value;
};

struct gk_frame {
    struct gk_tensor *tensor; /* sorted by name */
    size_t ntensor;
    struct gk_meta *meta; /* sorted by key */
    size_t nmeta;
    bool in_stream;   /* its metadata had gk.stream */
    uint64_t index;   /* 0, 1, ... over the whole input */
    uint64_t number;  /* 1, 2, ... in its file, for messages */
    const char *file; /* its input, for messages; owned by the reader */
};

/* An empty frame is {0}. The adders copy NAME, DATA, KEY and VALUE; adding an existing tensor is an
 * error, an existing key's value is replaced. gk.stream and gk.end belong to the writers of
 * streams: no frame's metadata hold them, and setting them is an error. */
int gk_frame_add(struct gk_frame *f, const char *name, enum gk_dtype dtype, unsigned rank,
                 const uint64_t *shape, const void *data, struct gk_err *err);
void gk_frame_drop(struct gk_frame *f, size_t i); /* tensor I */
int gk_frame_set_meta(struct gk_frame *f, const char *key, const char *value, struct gk_err *err);
int gk_frame_set_meta_int(struct gk_frame *f, const char *key, int64_t v, struct gk_err *err);
/* "gk.history"; a history without a line sets nothing. */
int gk_frame_set_history(struct gk_frame *f, const struct gk_history *h, struct gk_err *err);
void gk_frame_free(struct gk_frame *f); /* and sets it to {0} */

/* NULL if there is none. */
const struct gk_tensor *gk_frame_tensor(const struct gk_frame *f, const char *name);
const char *gk_frame_meta(const struct gk_frame *f, const char *key);
/* An integer in [min, max] from the metadata; a missing key, text or a value outside is an error
 * that names the frame and the key. */
int gk_frame_meta_int(const struct gk_frame *f, const char *key, int64_t min, int64_t max,
                      int64_t *v, struct gk_err *err);

/* A key that begins with "gk." and that this gk does not know is an error: a newer gk says by it
 * what the frame must not be used without. Other keys may be anybody's. */
int gk_frame_check_keys(const struct gk_frame *f, struct gk_err *err);

/* The step of F, an integer from 0: the "step" of its metadata. ABSENT is the result if there is
 * none: the frame's index if frames count as steps, or GK_NO_STEP. */
enum { GK_NO_STEP = -1 };
int gk_frame_step(const struct gk_frame *f, int64_t absent, int64_t *step, struct gk_err *err);

/* An error prefixed with the frame's place: "run.gks: frame 3: MESSAGE". Returns -1. */
int gk_frame_fail(const struct gk_frame *f, struct gk_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Prefixes the message in ERR likewise. A fault in a file is not a usage error. */
int gk_frame_fail_at(const struct gk_frame *f, struct gk_err *err);

/* "[7, 16]". */
struct gk_shape {
    char s[200];
};
struct gk_shape gk_show_shape(unsigned rank, const uint64_t *shape);

/* All COUNT values, converted. For I32, a value that is no integer or out of range is an error that
 * names the tensor and the element; every dtype converts to floating point. */
void gk_tensor_f64(const struct gk_tensor *t, double *dst);
/* Likewise N values from element FROM on. */
void gk_tensor_part(const struct gk_tensor *t, size_t from, size_t n, double *dst);
void gk_tensor_f32(const struct gk_tensor *t, float *dst);
int gk_tensor_i32(const struct gk_tensor *t, int32_t *dst, struct gk_err *err);

/* The size of T's data. */
size_t gk_tensor_bytes(const struct gk_tensor *t);

/* Does NAME belong to an optimiser's state, so that it is no parameter? gk's own names are optim.*;
 * in a file of PyTorch they are below a key such as optimizer, or like state.0.exp_avg. */
bool gk_is_state(const char *name);
/* A parameter is a tensor of floating-point numbers that is not optimiser state. Counters and masks
 * are not parameters, and neither is what Lightning keeps beside a network. */
bool gk_is_parameter(const struct gk_tensor *t);
/* Each of the comma-separated patterns GLOBS must match a tensor of F; NULL: there are none. The
 * error names the first that does not. */
int gk_frame_need_matches(const struct gk_frame *f, const char *globs, struct gk_err *err);
/* The same as a note about SETTING. */
int gk_frame_note_matches(const struct gk_frame *f, const char *setting, const char *globs,
                          struct gk_notes *notes, struct gk_err *err);

/* Adds notes about the tensors of F, for a tool that uses a tensor as parameters if TAKES says so.
 * The notes name tensors that are left out as the state of a PyTorch optimiser, or because
 * Lightning keeps them beside the network; tensors whose names say that they are buffers (running
 * means) or averages of weights; pairs of equal matrices, such as tied weights; and keys below
 * which there are tensors of the same names and shapes. */
typedef bool gk_takes(const void *ctx, const struct gk_tensor *t);
int gk_frame_doubts(const struct gk_frame *f, gk_takes *takes, const void *ctx,
                    struct gk_notes *notes, struct gk_err *err);
/* The note about one such pair, the tensors ONE and OTHER. */
int gk_note_twins(const char *file, const char *one, const char *other, struct gk_notes *notes,
                  struct gk_err *err);
/* An error for a tensor that does not convert to numbers. */
int gk_tensor_check(const struct gk_tensor *t, struct gk_err *err);

/* N numbers of REAL, GK_F32 or GK_F64, to and from double. */
void gk_reals_widen(enum gk_dtype real, size_t n, const void *from, double *to);
void gk_reals_narrow(enum gk_dtype real, size_t n, const double *from, void *to);

/* Writers. A plain frame has the form that the Python package safetensors writes; header keys are
 * sorted, data start at a multiple of 8, tensors are sorted by decreasing element size, then by
 * name. */
int gk_frame_write(const struct gk_frame *f, FILE *fp, struct gk_err *err);
/* Writes a file of one plain frame, complete or not at all (gk/out.h); NULL or "-": standard
 * output. */
int gk_frame_save(const struct gk_frame *f, const char *path, struct gk_err *err);

/* A stream: each frame with gk.stream in its metadata, then an end frame with the number of
 * frames. */
struct gk_stream {
    FILE *fp;
    uint64_t n;
};
int gk_stream_write(struct gk_stream *s, const struct gk_frame *f, struct gk_err *err);
int gk_stream_end(struct gk_stream *s, struct gk_err *err);

/* Reading frames from several inputs in turn, as one sequence. FILES are operands: "-", or no
 * operand, is standard input; a table or npy is an error. gk_source_next gives 1 and a frame (which
 * the caller frees), 0 at the end, -1. An input without a single frame, an open stream at end of
 * input, an end frame with a wrong count and trailing bytes are errors. */
struct gk_source;
int gk_source_open(struct gk_source **s, char *const *files, size_t n, struct gk_err *err);
/* Reads one stream that is already open (for tests, and for input that was recognised
 * elsewhere). */
int gk_source_from(struct gk_source **s, FILE *fp, const char *name, struct gk_err *err);
int gk_source_next(struct gk_source *s, struct gk_frame *f, struct gk_err *err);
/* Passes each remaining frame to TAKE, frees it, and closes S at the end or when TAKE fails. */
int gk_source_each(struct gk_source *s,
                   int (*take)(void *ctx, struct gk_frame *f, struct gk_err *err), void *ctx,
                   struct gk_err *err);
/* From here on the data of tensors in regular files are not read (data is NULL; at is their
 * offset). */
void gk_source_leave_data(struct gk_source *s);
void gk_source_close(struct gk_source *s);
/* How many frames regular FILES have, from their headers alone. 0: unknown, because of a pipe or a
 * damaged file; reading the frames reports the damage. */
size_t gk_source_count(char *const *files, size_t n);

/* The only frame of FILE (NULL or "-": standard input): a plain file, or a stream of one frame. */
int gk_frame_read_one(const char *file, struct gk_frame *f, struct gk_err *err);

#endif
