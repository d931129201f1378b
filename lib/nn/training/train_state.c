/* The trainer to and from frames.
 *
 * A whole checkpoint holds, beside parameters and architecture: optim.STATE.NAME, the optimiser's
 * vectors; "optimizer" and the other settings (from the tool); "data", a digest of the rows;
 * "perfect", the evaluations in a row that found accuracy 1. */
#include "gk/train.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gk/checkpoint.h"
#include "train_priv.h"

enum { PREFIX = 32, DIGEST = 17 };

static const char *key_of(const char *name, char key[PREFIX])
{
    snprintf(key, PREFIX, "%s", name);
    for (char *p = key; *p; p++)
        if (*p == '-')
            *p = '_';
    return key;
}

const char *gk_train_get_setting(void *frame, const char *name)
{
    char key[PREFIX];
    return gk_frame_meta(frame, key_of(name, key));
}

int gk_train_put_setting(void *frame, const char *name, const char *value, struct gk_err *err)
{
    char key[PREFIX];
    return gk_frame_set_meta(frame, key_of(name, key), value, err);
}

static void digest_text(const struct gk_trainer *t, char text[DIGEST])
{
    snprintf(text, DIGEST, "%016" PRIx64, t->digest);
}

static void state_prefix(const struct gk_trainer *t, size_t i, char prefix[PREFIX])
{
    snprintf(prefix, PREFIX, "optim.%s.", gk_optim_state_name(t->optim, i));
}

/* The name of a kind of optimiser as its option has it. */
static void optimizer_text(enum gk_optimizer kind, char text[PREFIX])
{
    const char *p = GK_OPTIMIZERS;
    for (int i = 0; i < (int)kind; i++)
        p = strchr(p, '|') + 1;
    snprintf(text, PREFIX, "%.*s", (int)strcspn(p, "|"), p);
}

static int put_state(const struct gk_trainer *t, struct gk_frame *f, struct gk_err *err)
{
    char text[PREFIX];
    for (size_t i = 0; i < gk_optim_states(t->optim); i++) {
        state_prefix(t, i, text);
        if (gk_checkpoint_put_vector(f, t->ps, text, t->conf.real, gk_optim_state(t->optim, i),
                                     err))
            return -1;
    }
    optimizer_text(t->conf.optim.kind, text);
    if (gk_frame_set_meta(f, "optimizer", text, err))
        return -1;
    digest_text(t, text);
    if (gk_frame_set_meta(f, "data", text, err))
        return -1;
    return gk_frame_set_meta_int(f, "perfect", t->perfect, err);
}

int gk_trainer_put(const struct gk_trainer *t, bool whole, struct gk_frame *f, struct gk_err *err)
{
    const struct gk_checkpoint c = {
        .arch = t->conf.arch, .dtype = t->conf.real, .step = t->step, .seed = t->conf.seed};
    if (gk_checkpoint_put_meta(f, &c, err) ||
        gk_checkpoint_put_vector(f, t->ps, "", t->conf.real, t->theta, err))
        return -1;
    return whole ? put_state(t, f, err) : 0;
}

static int check_belongs(const struct gk_trainer *t, const struct gk_checkpoint *c,
                         const struct gk_frame *f, struct gk_err *err)
{
    const char *data = gk_frame_meta(f, "data"), *optimizer = gk_frame_meta(f, "optimizer");
    struct gk_arch a = c->arch;
    char text[PREFIX];
    if (!optimizer || !data || c->step < 0)
        return gk_frame_fail(f, err,
                             "weights only: nothing to resume (a checkpoint of gk-train --save, "
                             "without --weights-only, is wanted)");
    a.loss = t->conf.arch.loss; /* another may go on from here */
    char what[100];
    if (!gk_arch_same(&a, &t->conf.arch, what, sizeof what))
        return gk_frame_fail(f, err, "the checkpoint is of another architecture: %s", what);
    digest_text(t, text);
    if (strcmp(data, text) != 0)
        return gk_frame_fail(f, err, "the run was trained on another dataset");
    if (c->seed != t->conf.seed)
        return gk_frame_fail(f, err, "the run began from seed %" PRId64, c->seed);
    optimizer_text(t->conf.optim.kind, text);
    if (strcmp(optimizer, text) != 0)
        return gk_frame_fail(f, err, "the state is of %.20s, not of %s", optimizer, text);
    return 0;
}

static int take_state(struct gk_trainer *t, const struct gk_checkpoint *c, const struct gk_frame *f,
                      struct gk_err *err)
{
    if (check_belongs(t, c, f, err) ||
        gk_frame_meta_int(f, "perfect", 0, INT64_MAX, &t->perfect, err) ||
        gk_checkpoint_vector(f, t->ps, "", t->conf.real, t->theta, err))
        return -1;
    for (size_t i = 0; i < gk_optim_states(t->optim); i++) {
        char prefix[PREFIX];
        state_prefix(t, i, prefix);
        if (gk_checkpoint_vector(f, t->ps, prefix, t->conf.real, gk_optim_state(t->optim, i), err))
            return -1;
    }
    t->step = c->step;
    t->have_prev = false;
    return 0;
}

int gk_trainer_resume(struct gk_trainer *t, const struct gk_frame *f, struct gk_err *err)
{
    struct gk_checkpoint c;
    if (gk_checkpoint_parse(&c, f, err))
        return -1;
    int rc = take_state(t, &c, f, err);
    gk_checkpoint_free(&c);
    return rc;
}
