/* A reader's notes about a file: how it read what could be read in two ways. The tool prints them
 * on standard error. */
#ifndef GK_NOTES_H
#define GK_NOTES_H

#include <stddef.h>

#include "gk/err.h"

struct gk_remark {
    char *text;
    const char *setting; /* the setting that chooses the other way (as in gk_fail_about), or NULL */
};
struct gk_notes { /* {0} is an empty list */
    struct gk_remark *remark;
    size_t n, cap;
};

/* SETTING outlives NOTES, or is NULL. A text that exists is not added again. NOTES may be NULL. */
int gk_notes_add(struct gk_notes *notes, const char *setting, struct gk_err *err, const char *fmt,
                 ...) __attribute__((format(printf, 4, 5)));
void gk_notes_free(struct gk_notes *notes);

#endif
