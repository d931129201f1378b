/* Opening operands, and inputs that may be of any kind: told apart from their first bytes, never
 * from a name. */
#ifndef GK_INPUT_H
#define GK_INPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "gk/err.h"

enum gk_input_kind {
    GK_INPUT_TABLE,  /* text */
    GK_INPUT_FRAMES, /* safetensors */
    GK_INPUT_NPY,
    GK_INPUT_JSON,   /* text that begins with an object, or with an array of objects */
    GK_INPUT_EVENTS, /* a TensorBoard event file */
    GK_INPUT_TORCH,  /* a file of torch.save */
    GK_INPUT_UNKNOWN /* bytes that are none of it */
};

/* NULL or "-": standard input, named so in messages. *NAME is PATH or a constant. An empty input
 * is an error. */
int gk_input_open(FILE **fp, const char **name, const char *path, struct gk_err *err);
/* Is called where standard input is a terminal, before its first byte is waited for; or NULL. */
extern void (*gk_input_waits)(void);
/* A regular file: what is in it can be read again. */
bool gk_input_is_file(FILE *fp);

/* Look at the first bytes without consuming them. What no gk tool reads (gzip, HDF5, a pickle) is
 * an error that says what it is and which command opens it. */
int gk_input_look(FILE *fp, const char *name, enum gk_input_kind *kind, struct gk_err *err);
/* For tools that take a table, frames or an array: one of these three. JSON is a table, and bytes
 * of no kind go to the reader of frames, which says what is wrong with them. */
int gk_input_kind(FILE *fp, const char *name, enum gk_input_kind *kind, struct gk_err *err);
/* An error: WANTED ("a table is") wanted, this is KIND; or, of KIND, which tool reads it. */
int gk_input_refuse(const char *name, enum gk_input_kind kind, const char *wanted,
                    struct gk_err *err);

#endif
