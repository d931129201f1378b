/* TensorBoard event files: records with checksums, each a protocol buffer "Event". */
#ifndef GK_EVENTS_H
#define GK_EVENTS_H

#include <stdint.h>
#include <stdio.h>

#include "gk/err.h"
#include "gk/notes.h"
#include "point.h"
#include "protobuf.h"

struct gk_events {
    FILE *fp; /* the caller's */
    const char *name;
    struct gk_notes *notes;
    uint64_t at, next; /* where the record at hand begins, and the one after it */
    unsigned char *buf;
    size_t cap;
    struct gk_proto event;  /* what is left of the record at hand */
    struct gk_proto values; /* and of a summary in it */
    double step;
    char *tag;
    size_t tag_cap;
};

/* The file begins where FP is. */
void gk_events_begin(struct gk_events *e, FILE *fp, const char *name, struct gk_notes *notes);
/* 1 a point, 0 the end, -1. A last record that is not whole is the end, with a note: the file is
 * still being written. */
int gk_events_next(struct gk_events *e, struct gk_point *point, struct gk_err *err);
/* The point at hand is no number. */
int gk_events_no_number(const struct gk_events *e, const struct gk_point *point,
                        struct gk_err *err);
void gk_events_end(struct gk_events *e);

#endif
