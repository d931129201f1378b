/* Directions: conversion between flat vectors and tensors with the parameters' names. */
#include "gk/direction.h"

#include <stdio.h>
#include <string.h>

#include "gk/checkpoint.h"
#include "gk/mem.h"
#include "gk/network.h"

static bool begins(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* The prefix of the first parameter's name, with its '.'; "" if no tensor has that ending. */
static void find_prefix(const struct gk_frame *f, const char *name, char *prefix, size_t size)
{
    const size_t n = strlen(name);
    *prefix = '\0';
    for (size_t i = 0; i < f->ntensor && !gk_frame_tensor(f, name); i++) {
        const char *s = f->tensor[i].name;
        const size_t len = strlen(s);
        if (len <= n || len - n >= size || s[len - n - 1] != '.' || gk_is_state(s) ||
            strcmp(s + len - n, name) != 0)
            continue;
        memcpy(prefix, s, len - n);
        prefix[len - n] = '\0';
        return;
    }
}

static const char coordinates[] = "coordinates", scaled_by_optimiser[] = "preconditioned";

int gk_direction_set_scaled(struct gk_frame *f, struct gk_err *err)
{
    return gk_frame_set_meta(f, coordinates, scaled_by_optimiser, err);
}

int gk_direction_read(const struct gk_frame *f, const struct gk_checkpoint *c, bool scaled,
                      double *v, struct gk_err *err)
{
    const struct gk_params *ps = &c->params;
    const struct gk_network got = gk_network_said(f), want = gk_network_of(c);
    const char *said = gk_frame_meta(f, coordinates);
    char prefix[64];
    if (said && !scaled && strcmp(said, scaled_by_optimiser) == 0)
        return gk_frame_fail(f, err,
                             "it is in the coordinates that the optimiser scales, and no "
                             "direction of the parameters");
    find_prefix(f, ps->p[0].name, prefix, sizeof prefix);
    const size_t skip = strlen(prefix);
    if (gk_checkpoint_vector(f, ps, prefix, GK_F64, v, err))
        return -1;
    for (size_t i = 0; i < f->ntensor; i++) {
        const char *name = f->tensor[i].name;
        if (gk_is_parameter(&f->tensor[i]) &&
            (!begins(name, prefix) || !gk_params_find(ps, name + skip)))
            return gk_frame_fail(f, err, "tensor '%s' is none of the checkpoint's",
                                 gk_show(name).s);
    }
    if (gk_network_check(f, &got, &want, "the checkpoint's", err))
        return -1;
    for (size_t i = 0; i < ps->total; i++) {
        if (v[i] != 0)
            return 0;
    }
    return gk_frame_fail(f, err, "the direction is zero");
}

int gk_direction_put(struct gk_frame *f, const struct gk_checkpoint *c, const char *prefix,
                     enum gk_dtype real, const double *v, struct gk_err *err)
{
    const struct gk_params *ps = &c->params;
    const struct gk_network n = gk_network_of(c);
    float *single = NULL;
    if (real == GK_F32) {
        single = gk_alloc(ps->total, sizeof *single, err);
        if (!single)
            return -1;
        gk_reals_narrow(GK_F32, ps->total, v, single);
    }
    const int rc =
        gk_checkpoint_put_vector(f, ps, prefix, real, single ? (const void *)single : v, err);
    gk_free(single);
    if (rc || gk_frame_set_meta(f, "gk.kind", "direction", err) || gk_network_put(f, &n, err))
        return -1;
    return c->step < 0 ? 0 : gk_frame_set_meta_int(f, "step", c->step, err);
}
