/* Patterns of names. */
#include "gk/glob.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

bool gk_glob_next(const char **globs, char *one, size_t n)
{
    if (!*globs)
        return false;
    const char *comma = strchr(*globs, ',');
    snprintf(one, n, "%.*s", (int)(comma ? comma - *globs : (ptrdiff_t)strlen(*globs)), *globs);
    *globs = comma ? comma + 1 : NULL;
    return true;
}

bool gk_glob_matches(const char *globs, const char *name)
{
    char one[GK_GLOB_LONGEST];
    while (gk_glob_next(&globs, one, sizeof one))
        if (fnmatch(one, name, 0) == 0)
            return true;
    return false;
}

bool gk_glob_names(const char *globs, const char *name)
{
    char one[GK_GLOB_LONGEST];
    while (gk_glob_next(&globs, one, sizeof one))
        if (strcmp(one, name) == 0)
            return true;
    return false;
}

bool gk_is_glob(const char *globs)
{
    return globs[strcspn(globs, "*?[,")] != '\0';
}
