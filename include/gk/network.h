/* Which network something is of: a checkpoint, a direction, any frame. One answer for all who
 * compare two. */
#ifndef GK_NETWORK_H
#define GK_NETWORK_H

#include <stdbool.h>

#include "gk/checkpoint.h"
#include "gk/err.h"
#include "gk/frame.h"
#include "gk/net.h"

/* The model, the entries of its description (gk/arch.h), the vocabulary, the learned positions. */
enum { GK_NETWORK_KEYS = GK_ARCH_ITEMS + 3 };

struct gk_network {
    char value[GK_NETWORK_KEYS][24]; /* of the metadata's keys; "": it says nothing */
    bool heads_assumed;
};

/* Of a checkpoint: all that its kind of network has. */
struct gk_network gk_network_of(const struct gk_checkpoint *c);
/* Of any frame: what its metadata say. A value that no network can have says nothing; a choice that
 * is left out beside a model is the default. */
struct gk_network gk_network_said(const struct gk_frame *f);

/* The loss is no part of a network: another may go on from the same parameters.
 *
 * 0 if the network of frame F, GOT, may be the one that is wanted: they agree wherever both say
 * something. Else -1 with a message about F that names the first difference and both values; WHOSE
 * says where WANT comes from, as in "the first frame's". F and ERR may be NULL. */
int gk_network_check(const struct gk_frame *f, const struct gk_network *got,
                     const struct gk_network *want, const char *whose, struct gk_err *err);

/* Writes it to the metadata of F, the loss too. Choices that have their default are left out, as
 * they were when there was no choice. */
int gk_network_put(struct gk_frame *f, const struct gk_network *n, struct gk_err *err);

#endif
