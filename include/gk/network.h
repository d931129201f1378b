/* Which network something is of: a checkpoint, a direction, any frame. One answer for all who
 * compare two. */
#ifndef GK_NETWORK_H
#define GK_NETWORK_H

#include <stdbool.h>

#include "gk/checkpoint.h"
#include "gk/err.h"
#include "gk/frame.h"
#include "gk/net.h"

enum { GK_NETWORK_KEYS = 7 };

struct gk_network {
    char value[GK_NETWORK_KEYS][24]; /* of the metadata's keys; "": it says nothing */
    bool heads_assumed;
};

/* Of a checkpoint: all that its kind of network has. */
struct gk_network gk_network_of(const struct gk_checkpoint *c);
/* Of any frame: what its metadata say. A value that no network can have says nothing. */
struct gk_network gk_network_said(const struct gk_frame *f);

/* 0 if the network of frame F, GOT, may be the one that is wanted: they agree wherever both say
 * something. Else -1 with a message about F that names the first difference and both values; WHOSE
 * says where WANT comes from, as in "the first frame's". F and ERR may be NULL. */
int gk_network_check(const struct gk_frame *f, const struct gk_network *got,
                     const struct gk_network *want, const char *whose, struct gk_err *err);

/* Writes it to the metadata of F. */
int gk_network_put(struct gk_frame *f, const struct gk_network *n, struct gk_err *err);

/* "transformer" or "mlp". */
const char *gk_model_name(enum gk_model model);

#endif
