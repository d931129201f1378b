/* What a reader has to say about a file that it read: how it took what could be read in two ways.
 * The tool says it on standard error. */
#ifndef GK_NOTES_H
#define GK_NOTES_H

#include <stddef.h>

#include "gk/err.h"

struct gk_remark {
    char *text;
    const char *setting; /* what would take it the other way (as in gk_fail_about), or NULL */
};
struct gk_notes { /* {0} is none */
    struct gk_remark *remark;
    size_t n, cap;
};

/* SETTING outlives NOTES, or is NULL. A text that is there already is not added again. NOTES may be
 * NULL. */
int gk_notes_add(struct gk_notes *notes, const char *setting, struct gk_err *err, const char *fmt,
                 ...) __attribute__((format(printf, 4, 5)));
void gk_notes_free(struct gk_notes *notes);

#endif
