/* The objects of a stream, one at a time: one a line, an array of them, or any white space between
 * them; or those in the array "log_history" of one large object, as transformers' Trainer writes
 * it. NaN and Infinity, which Python writes and JSON does not know, come as the strings "nan",
 * "inf" and "-inf". */
#ifndef GK_JSON_OBJECTS_H
#define GK_JSON_OBJECTS_H

#include "json.h"

struct gk_json_objects {
    FILE *fp;    /* the caller's */
    size_t line; /* of the object at hand, from 1 */
    size_t at;   /* the line that is being read */
    char *buf;   /* the object's text */
    size_t n, cap;
    size_t count; /* objects so far */
    bool array;   /* they are in an array */
    bool inside;  /* and that is in an object */
};

void gk_json_objects_begin(struct gk_json_objects *o, FILE *fp);
/* 1 and an object, 0 the end, -1: a message that begins with the line. */
int gk_json_objects_next(struct gk_json_objects *o, struct gk_json **object, struct gk_err *err);
void gk_json_objects_end(struct gk_json_objects *o);

#endif
