/* Files of torch.save (PyTorch 1.6 and newer: a zip archive around a pickle) as frames. */
#ifndef GK_TORCH_H
#define GK_TORCH_H

#include <stdio.h>

#include "gk/err.h"
#include "gk/frame.h"

/* Reads all of FP, which begins with such a file, into F, whose place (file, index, number) stays
 * as it is. Tensors have the keys on the way to them as names, joined by '.', and their dtype;
 * numbers, strings and lists of numbers are metadata. Nothing of the pickle is run: names and
 * opcodes that make nothing of this are refused. */
int gk_torch_read(FILE *fp, struct gk_frame *f, struct gk_err *err);

/* gk_source_open for a tool that takes these files, too. */
int gk_source_open_torch(struct gk_source **s, char *const *files, size_t n, struct gk_err *err);

#endif
