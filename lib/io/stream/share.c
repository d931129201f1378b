/* Where the files are that come with gk. */
#include "gk/share.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int gk_share_path(char *path, size_t size, const char *name, struct gk_err *err)
{
    const ssize_t n = readlink("/proc/self/exe", path, size - 1);
    char *slash = NULL;
    if (n > 0) {
        path[n] = '\0';
        slash = strrchr(path, '/');
    }
    if (!slash)
        return gk_fail(err, "where is this program? /proc/self/exe:");
    const size_t left = size - (size_t)(slash - path);
    if (snprintf(slash, left, "/../share/gk/%s", name) >= (int)left)
        return gk_fail(err, "the name of share/gk/%s is too long", name);
    return 0;
}
