/* Reads a sequence of objects one at a time: one per line, in an array, or separated by any white
 * space. They may also be in the array "log_history" of one large object, which transformers'
 * Trainer writes. NaN and Infinity, which Python writes although JSON lacks them, become the
 * strings "nan", "inf" and "-inf". */
#ifndef GK_JSON_OBJECTS_H
#define GK_JSON_OBJECTS_H

#include "json.h"

struct gk_json_objects {
    FILE *fp;    /* the caller's */
    size_t line; /* the first line of the current object, from 1 */
    size_t at;   /* the current line */
    char *buf;   /* the object's text */
    size_t n, cap;
    size_t count; /* objects so far */
    bool array;   /* they are in an array */
    bool inside;  /* the array is in an object */
};

void gk_json_objects_begin(struct gk_json_objects *o, FILE *fp);
/* 1: an object, 0: the end, -1: an error whose message begins with the line. */
int gk_json_objects_next(struct gk_json_objects *o, struct gk_json **object, struct gk_err *err);
void gk_json_objects_end(struct gk_json_objects *o);

#endif
