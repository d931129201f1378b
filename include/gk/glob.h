/* Names by pattern: "running_*,num_batches_tracked". */
#ifndef GK_GLOB_H
#define GK_GLOB_H

#include <stdbool.h>

/* Does NAME match one of the patterns in GLOBS, which commas separate? *, ? and [...] are as the
 * shell has them, and match a '.', too. NULL matches nothing. */
bool gk_glob_matches(const char *globs, const char *name);

/* Is there a *, ? or [ in it, or a comma? Otherwise it can only match its own text. */
bool gk_is_glob(const char *globs);

#endif
