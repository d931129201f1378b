/* Names by pattern: "running_*,num_batches_tracked". */
#ifndef GK_GLOB_H
#define GK_GLOB_H

#include <stdbool.h>

/* Does NAME match one of the comma-separated patterns in GLOBS? *, ? and [...] are the shell's, and
 * also match a '.'. NULL matches nothing. */
bool gk_glob_matches(const char *globs, const char *name);

/* Does it contain *, ?, [ or a comma? If not, it only matches its own text. */
bool gk_is_glob(const char *globs);

#endif
