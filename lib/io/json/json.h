/* JSON, as values and as text. json.c is the only file that knows Jansson. */
#ifndef GK_JSON_H
#define GK_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gk/err.h"

/* A value. An object or array owns its members. NULL is no value, of type GK_JSON_NULL. */
struct gk_json;

enum gk_json_type {
    GK_JSON_NULL,
    GK_JSON_FALSE,
    GK_JSON_TRUE,
    GK_JSON_INTEGER,
    GK_JSON_REAL,
    GK_JSON_STRING,
    GK_JSON_ARRAY,
    GK_JSON_OBJECT
};

struct gk_json_fault {
    bool memory; /* it takes too much memory; otherwise: */
    size_t at;   /* at this byte */
    size_t line; /* from 1 */
    char text[160];
};

/* Parses LEN bytes of text: one object or array. REALS: integers become reals, so that none is out
 * of range. NULL: *FAULT says why. A repeated member name is a fault. */
struct gk_json *gk_json_load(const char *text, size_t len, bool reals, struct gk_json_fault *fault);
void gk_json_free(struct gk_json *v);

enum gk_json_type gk_json_type(const struct gk_json *v);
const char *gk_json_text(const struct gk_json *v); /* of a string */
int64_t gk_json_integer(const struct gk_json *v);
double gk_json_real(const struct gk_json *v);
size_t gk_json_size(const struct gk_json *v); /* of an array; 0 for anything else */
const struct gk_json *gk_json_item(const struct gk_json *v, size_t i);
const struct gk_json *gk_json_member(const struct gk_json *v, const char *name);

/* The members of an object in their order: begin with {0}, and repeat while it returns true. Other
 * values have none. */
struct gk_json_walk {
    const char *name;
    const struct gk_json *value;
    void *at;
    bool begun;
};
bool gk_json_walk(const struct gk_json *v, struct gk_json_walk *w);

/* Making values, after gk_json_begin. A failure (no memory, invalid UTF-8) gives NULL, or -1; so
 * does NULL as an argument. A value that is inserted belongs to its container, even if that
 * fails. */
void gk_json_begin(void);
struct gk_json *gk_json_new_object(void);
struct gk_json *gk_json_new_array(void);
struct gk_json *gk_json_new_text(const char *s);
struct gk_json *gk_json_new_integer(int64_t i);
int gk_json_set(struct gk_json *object, const char *name, struct gk_json *value);
int gk_json_append(struct gk_json *array, struct gk_json *value);
/* The shortest text, names sorted; free with gk_json_free_text. NULL: something since gk_json_begin
 * took too much memory. */
char *gk_json_write(const struct gk_json *v);
void gk_json_free_text(char *text);

#endif
