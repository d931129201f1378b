/* Shared by the files of the frame reader and writer. A frame's bytes pass through:
 *
 *   frame_source.c  reads length, header and data, and allocates no more than has come
 *   frame_header.c  header text <-> struct gk_header
 *   frame_check.c   checks the layout that the header claims
 *   frame_write.c   lays tensors out and writes them
 *   frame.c, dtype.c  a frame and its numbers in memory
 *   parameter.c     decides which tensors are parameters
 */
#ifndef GK_FRAME_PRIV_H
#define GK_FRAME_PRIV_H

#include "gk/frame.h"

enum { GK_MAX_HEADER = 16 << 20 };

/* A tensor as a header describes it: its data are bytes begin..end-1 after the header. */
struct gk_slot {
    struct gk_tensor t;
    uint64_t begin, end;
};

struct gk_header {
    struct gk_slot *slot; /* [n] */
    size_t n, cap;
    struct gk_meta *meta; /* [nmeta] sorted by key, without gk.stream and gk.end */
    size_t nmeta, meta_cap;
    bool in_stream; /* the header has gk.stream */
    char *end;      /* gk.end, or NULL */
};

/* Parses LEN bytes of JSON. Checks their form and each tensor alone (gk_slot_check), not the
 * layout. Frees nothing on failure: call gk_header_free in any case. */
int gk_header_parse(struct gk_header *h, const char *text, size_t len, struct gk_err *err);
void gk_header_free(struct gk_header *h);

/* The JSON text of H: its tensors, its metadata and, if MORE is not NULL, that key and value. Keys
 * are sorted; spaces pad it to a multiple of 8. free() it. */
char *gk_header_text(const struct gk_header *h, const struct gk_meta *more, size_t *len,
                     struct gk_err *err);

/* Sets count and BYTES from dtype and shape. An overflow in the product, taken from left to right,
 * is an error. */
int gk_tensor_measure(struct gk_tensor *t, size_t *bytes, struct gk_err *err);
/* As above, and checks that the byte range has that size. */
int gk_slot_check(struct gk_slot *s, struct gk_err *err);
/* Sorts the slots by offset, and checks that they cover 0..end without holes or overlaps. */
int gk_header_check(struct gk_header *h, struct gk_err *err);

/* Sorts the tensors into the order of a frame. */
void gk_frame_sort(struct gk_frame *f);

/* Finds what is beside the network, if F is a checkpoint of Lightning. */
void gk_frame_mark(struct gk_frame *f);

/* Reads all of FP, which is not a frame, into F, whose place is already set. */
typedef int gk_frame_reader(FILE *fp, struct gk_frame *f, struct gk_err *err);
/* gk_source_open for tools that also take files of torch.save. Other tools do without the libraries
 * that this needs. */
int gk_source_open_also(struct gk_source **s, char *const *files, size_t n,
                        gk_frame_reader *read_torch, struct gk_err *err);

/* The size in bytes of COUNT elements. An overflow is an error; so are bits that fill no whole
 * byte. */
int gk_dtype_bytes(enum gk_dtype t, size_t count, size_t *bytes, struct gk_err *err);
/* False if there is no such dtype. */
bool gk_dtype_find(const char *name, enum gk_dtype *t);

#endif
