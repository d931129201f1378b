/* The identity of a network, of a checkpoint, a direction or any frame: one definition for all
 * comparisons. */
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
    char value[GK_NETWORK_KEYS][24]; /* for each key of the metadata; "": unknown */
    bool heads_assumed;
};

/* Of a checkpoint: everything that defines its network. */
struct gk_network gk_network_of(const struct gk_checkpoint *c);
/* Of any frame: what its metadata say. A value that no network can have is unknown; a choice that
 * is omitted beside a model is the default. */
struct gk_network gk_network_said(const struct gk_frame *f);

/* The loss is not part of a network: training may continue from its parameters with another loss.
 *
 * 0 if the network of frame F, GOT, may be WANT: they agree wherever both are known. Otherwise -1
 * with a message about F that names the first difference and both values; WHOSE says where WANT
 * comes from, for example "the first frame's". F and ERR may be NULL. */
int gk_network_check(const struct gk_frame *f, const struct gk_network *got,
                     const struct gk_network *want, const char *whose, struct gk_err *err);

/* A run goes on or begins from frame F, the checkpoint C: its network must be A, the one asked for.
 */
int gk_network_asked_for(const struct gk_frame *f, const struct gk_checkpoint *c,
                         const struct gk_arch *a, struct gk_err *err);

/* Writes it to the metadata of F, including the loss. Choices that have their default are omitted,
 * as in files from before the choice existed. */
int gk_network_put(struct gk_frame *f, const struct gk_network *n, struct gk_err *err);

#endif
