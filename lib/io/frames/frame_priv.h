/* What the files of the frame reader and writer share. The way of a frame's bytes:
 *
 *   frame_source.c  takes length, header and data off the input, never more than has come
 *   frame_header.c  header text <-> struct gk_header
 *   frame_check.c   is the layout that the header claims one that can be?
 *   frame_write.c   lays tensors out and writes them
 *   frame.c, dtype.c  the frame and its numbers once they are in memory
 *   parameter.c     which of its tensors are parameters
 */
#ifndef GK_FRAME_PRIV_H
#define GK_FRAME_PRIV_H

#include "gk/frame.h"

enum { GK_MAX_HEADER = 16 << 20 };

/* A tensor as a header describes it: its data are the bytes begin..end-1 after the header. */
struct gk_slot {
    struct gk_tensor t;
    uint64_t begin, end;
};

struct gk_header {
    struct gk_slot *slot; /* [n] */
    size_t n, cap;
    struct gk_meta *meta; /* [nmeta] sorted by key, without gk.stream and gk.end */
    size_t nmeta, meta_cap;
    bool in_stream; /* gk.stream was there */
    char *end;      /* gk.end, or NULL */
};

/* Takes LEN bytes of JSON apart. Checks its form and each tensor by itself (gk_slot_check), not how
 * the tensors lie to each other. Frees nothing on failure: call gk_header_free in any case. */
int gk_header_parse(struct gk_header *h, const char *text, size_t len, struct gk_err *err);
void gk_header_free(struct gk_header *h);

/* The JSON text of H (tensors, META and, where STREAM is not NULL, its key and value more), keys
 * sorted, padded with spaces to a multiple of 8; free() it. */
char *gk_header_text(const struct gk_header *h, const struct gk_meta *more, size_t *len,
                     struct gk_err *err);

/* Fills in count and BYTES from dtype and shape, whose product must overflow nowhere on the way
 * from left to right. */
int gk_tensor_measure(struct gk_tensor *t, size_t *bytes, struct gk_err *err);
/* Measures it, and makes sure that the byte range is just as large. */
int gk_slot_check(struct gk_slot *s, struct gk_err *err);
/* Sorts the slots by where they lie, and makes sure that they cover 0..end without holes and
 * overlaps. */
int gk_header_check(struct gk_header *h, struct gk_err *err);

/* Puts the tensors in the order that a frame has them in. */
void gk_frame_sort(struct gk_frame *f);

/* Reads all of FP, which is no frame, into F, whose place is known. */
typedef int gk_frame_reader(FILE *fp, struct gk_frame *f, struct gk_err *err);
/* gk_source_open for tools that take files of torch.save, too; the others do without the libraries
 * that such a reader needs. */
int gk_source_open_also(struct gk_source **s, char *const *files, size_t n,
                        gk_frame_reader *read_torch, struct gk_err *err);

/* The bytes of COUNT elements; an overflow, and bits that fill no whole byte, are errors. */
int gk_dtype_bytes(enum gk_dtype t, size_t count, size_t *bytes, struct gk_err *err);
/* False if there is no such dtype. */
bool gk_dtype_find(const char *name, enum gk_dtype *t);

#endif
