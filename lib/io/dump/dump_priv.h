/* Tensors as text. */
#ifndef GK_DUMP_PRIV_H
#define GK_DUMP_PRIV_H

#include <stdio.h>

#include "gk/frame.h"

/* Element I of T, followed by AFTER. Integers of 64 bits, which a double would round, keep their
 * digits. */
void gk_dump_value(FILE *fp, const struct gk_tensor *t, size_t i, char after);
/* The cells name, dtype, shape, count, min, max and norm, each followed by a tab. */
void gk_dump_summary(FILE *fp, const struct gk_tensor *t);

#endif
