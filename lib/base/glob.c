/* Patterns of names. */
#include "gk/glob.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a pattern: more than Linux allows for an argument of a command. */
enum { LONGEST = (128 << 10) + 1 };

bool gk_glob_matches(const char *globs, const char *name)
{
    while (globs) {
        const char *comma = strchr(globs, ',');
        const size_t n = comma ? (size_t)(comma - globs) : strlen(globs);
        char one[LONGEST];
        if (n < sizeof one) {
            snprintf(one, sizeof one, "%.*s", (int)n, globs);
            if (fnmatch(one, name, 0) == 0)
                return true;
        }
        globs = comma ? comma + 1 : NULL;
    }
    return false;
}

bool gk_is_glob(const char *globs)
{
    return globs[strcspn(globs, "*?[,")] != '\0';
}
