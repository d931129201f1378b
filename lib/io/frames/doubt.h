/* Shared by doubt.c and copies.c. */
#ifndef GK_DOUBT_H
#define GK_DOUBT_H

#include "gk/frame.h"

/* Is the key of LEN bytes one of WORDS, whose last is NULL? */
bool gk_is_word(const char *key, size_t len, const char *const *words);
/* Has T the name of a buffer? */
bool gk_is_buffer(const struct gk_tensor *t);
/* A note about keys that each have a network of the same tensors below them. */
int gk_note_copies(const struct gk_frame *f, gk_takes *takes, const void *ctx,
                   struct gk_notes *notes, struct gk_err *err);

#endif
