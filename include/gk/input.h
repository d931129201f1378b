/* Opening operands, and inputs that may be of any kind: told apart from their first bytes, never
 * from a name. */
#ifndef GK_INPUT_H
#define GK_INPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "gk/err.h"

enum gk_input_kind { GK_INPUT_TABLE, GK_INPUT_FRAMES, GK_INPUT_NPY };

/* NULL or "-": standard input, named so in messages. *NAME is PATH or a constant. An empty input
 * is an error. */
int gk_input_open(FILE **fp, const char **name, const char *path, struct gk_err *err);
/* A regular file: what is in it can be read again. */
bool gk_input_is_file(FILE *fp);
/* Looks at the first bytes without consuming them. */
int gk_input_kind(FILE *fp, const char *name, enum gk_input_kind *kind, struct gk_err *err);

#endif
