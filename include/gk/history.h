/* How a result was made: one line per ancestor stage, "gk-train 1.0 --steps 400 ...", the oldest
 * first. Tables carry it as '# ' comments, frames as the metadata "gk.history" (lines joined by
 * newlines), so that it passes through any mix of the two. */
#ifndef GK_HISTORY_H
#define GK_HISTORY_H

#include <stddef.h>

#include "gk/err.h"

struct gk_history {
    char **line;
    size_t n, cap;
};

/* Adds LINE at the end, with a blank in place of each byte that is not printable. */
int gk_history_add(struct gk_history *h, const char *line, struct gk_err *err);
/* Adds each line of TEXT (from a frame's metadata); NULL adds nothing. A line that exists is not
 * added again, so that a tool with two inputs of one origin lists it once. */
int gk_history_add_text(struct gk_history *h, const char *text, struct gk_err *err);
/* Adds the lines of FROM, likewise. */
int gk_history_join(struct gk_history *h, const struct gk_history *from, struct gk_err *err);
char *gk_history_text(const struct gk_history *h, struct gk_err *err); /* free() it */
void gk_history_free(struct gk_history *h);

#endif
