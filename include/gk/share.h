/* The files that come with gk: they lie in share/gk, beside the folder of the tools. */
#ifndef GK_SHARE_H
#define GK_SHARE_H

#include <stddef.h>

#include "gk/err.h"

/* PATH [size] is that of NAME in share/gk, whether or not there is such a file. */
int gk_share_path(char *path, size_t size, const char *name, struct gk_err *err);

#endif
