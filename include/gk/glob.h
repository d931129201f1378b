/* Names by pattern: "running_*,num_batches_tracked". */
#ifndef GK_GLOB_H
#define GK_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a pattern: more than Linux allows for an argument of a command. */
enum { GK_GLOB_LONGEST = (128 << 10) + 1 };

/* Does NAME match one of the comma-separated patterns in GLOBS? *, ? and [...] are the shell's, and
 * also match a '.'. NULL matches nothing. */
bool gk_glob_matches(const char *globs, const char *name);

/* Is NAME itself, with no pattern, in the comma-separated GLOBS? NULL names nothing. */
bool gk_glob_names(const char *globs, const char *name);

/* Copies the pattern at *GLOBS, up to a comma, to ONE [n] and moves *GLOBS to the next; false after
 * the last. */
bool gk_glob_next(const char **globs, char *one, size_t n);

/* Does it contain *, ?, [ or a comma? If not, it only matches its own text. */
bool gk_is_glob(const char *globs);

#endif
