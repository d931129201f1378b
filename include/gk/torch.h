/* Files of torch.save (PyTorch 1.6 and newer: a zip archive around a pickle) as frames. */
#ifndef GK_TORCH_H
#define GK_TORCH_H

#include <stdio.h>

#include "gk/err.h"
#include "gk/frame.h"

/* Reads all of FP, which begins with such a file, into F, whose place (file, index, number) stays
 * unchanged. A tensor's name is the keys that lead to it, joined by '.'; numbers, strings and lists
 * of numbers become metadata. Nothing in the pickle is run: names and opcodes that do not make such
 * values are refused. */
int gk_torch_read(FILE *fp, struct gk_frame *f, struct gk_err *err);

/* gk_source_open for a tool that also takes these files. */
int gk_source_open_torch(struct gk_source **s, char *const *files, size_t n, struct gk_err *err);

#endif
