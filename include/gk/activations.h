/* A layer's activations over a dataset's rows, as points: one frame per checkpoint. */
#ifndef GK_ACTIVATIONS_H
#define GK_ACTIVATIONS_H

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/net.h"
#include "gk/study.h"

enum { GK_POSITION_LAST = -1, GK_POSITION_ALL = -2 };

struct gk_activations {
    int layer;           /* 0: after the embedding; L + 1: after block or layer L */
    enum gk_model model; /* the model that has blocks, or layers; embed: either model */
    int position;        /* a position 0, 1, ..., or one of the above */
};

/* LAYER is "embed", "blockL" (transformer) or "layerL" (mlp), L from 0; POSITION is "last", "all"
 * or a number from 0. Anything else is a usage error. */
int gk_activations_parse(struct gk_activations *a, const char *layer, const char *position,
                         struct gk_err *err);

/* Puts the tensor `activations` [points, width] into the empty frame F, in the study's precision: a
 * point for each row of the wanted splits (train, then val), or for each position of each row.
 * Metadata: gk.kind, and the checkpoint's step. */
int gk_activations_take(const struct gk_activations *a, struct gk_study *s, struct gk_frame *f,
                        struct gk_err *err);

#endif
