/* Files of torch.save (PyTorch 1.6 and newer: a zip archive around a pickle) as frames. */
#ifndef GK_TORCH_H
#define GK_TORCH_H

#include <stddef.h>

#include "gk/err.h"
#include "gk/frame.h"

/* gk_source_open for a tool that also takes these files: each is a frame. A tensor's name is the
 * keys that lead to it, joined by '.'; numbers, strings and lists of numbers become metadata.
 * Nothing in the pickle is run: names and opcodes that do not make such values are refused. */
int gk_source_open_torch(struct gk_source **s, char *const *files, size_t n, struct gk_err *err);

#endif
