/* Options whose values are lists: "20,30,50" or "m0,mobility". */
#ifndef GK_LIST_H
#define GK_LIST_H

#include <stddef.h>

#include "gk/err.h"

/* The finite numbers in TEXT, the value of OPTION, which messages name; free() *V. */
int gk_list_reals(const char *option, const char *text, double **v, size_t *n, struct gk_err *err);

/* The words in TEXT, none of them empty or repeated; free() *WORDS, which is one block. */
int gk_list_words(const char *option, const char *text, char ***words, size_t *n,
                  struct gk_err *err);

#endif
