/* Opening operands, and recognising any kind of input by its first bytes, never by its name. */
#ifndef GK_INPUT_H
#define GK_INPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "gk/err.h"

enum gk_input_kind {
    GK_INPUT_TABLE,  /* text */
    GK_INPUT_FRAMES, /* safetensors */
    GK_INPUT_NPY,
    GK_INPUT_JSON,   /* text that begins with an object or an array of objects */
    GK_INPUT_EVENTS, /* a TensorBoard event file */
    GK_INPUT_TORCH,  /* a file of torch.save */
    GK_INPUT_UNKNOWN /* bytes of no known kind */
};

/* NULL or "-": standard input, which messages call so. *NAME is PATH or a constant. An empty input
 * is an error. */
int gk_input_open(FILE **fp, const char **name, const char *path, struct gk_err *err);
/* Called before the first read if standard input is a terminal; or NULL. */
extern void (*gk_input_waits)(void);
/* A regular file: it can be read again. */
bool gk_input_is_file(FILE *fp);

/* Examine the first bytes without consuming them. A format that no gk tool reads (gzip, HDF5, a
 * pickle) is an error that names it and a command that opens it. */
int gk_input_look(FILE *fp, const char *name, enum gk_input_kind *kind, struct gk_err *err);
/* For tools that take a table, frames or an array: returns one of these three. JSON is a table;
 * bytes of unknown kind go to the reader of frames, which reports what is wrong with them. */
int gk_input_kind(FILE *fp, const char *name, enum gk_input_kind *kind, struct gk_err *err);
/* An error: WANTED ("a table is") is wanted, this is KIND; or the name of the tool that reads
 * KIND. */
int gk_input_refuse(const char *name, enum gk_input_kind kind, const char *wanted,
                    struct gk_err *err);

#endif
