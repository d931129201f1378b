/* TensorBoard event files: records with checksums, each holding a protocol buffer "Event". */
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
    uint64_t at, next; /* offsets of the current record and of the next one */
    unsigned char *buf;
    size_t cap;
    struct gk_proto event;  /* unread part of the current record */
    struct gk_proto values; /* and of a summary in it */
    double step;
    char *tag;
    size_t tag_cap;
};

/* The file begins at FP's position. */
void gk_events_begin(struct gk_events *e, FILE *fp, const char *name, struct gk_notes *notes);
/* 1: a point, 0: the end, -1. An incomplete last record is the end, with a note: the file is still
 * being written. */
int gk_events_next(struct gk_events *e, struct gk_point *point, struct gk_err *err);
/* Reports that the current point is not a number. */
int gk_events_no_number(const struct gk_events *e, const struct gk_point *point,
                        struct gk_err *err);
void gk_events_end(struct gk_events *e);

#endif
