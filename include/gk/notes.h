/* What a reader has to say about a file that it read: how it took what could be read in two ways.
 * The tool says it on standard error. */
#ifndef GK_NOTES_H
#define GK_NOTES_H

#include <stddef.h>

#include "gk/err.h"

struct gk_notes { /* {0} is none */
    char **line;
    size_t n, cap;
};

/* What is there already is not added again. NOTES may be NULL. */
int gk_notes_add(struct gk_notes *notes, struct gk_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void gk_notes_free(struct gk_notes *notes);

#endif
