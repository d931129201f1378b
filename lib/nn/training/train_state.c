/* Writes the trainer to frames, and reads it back.
 *
 * A complete checkpoint holds, beside parameters and architecture: optim.STATE.NAME, the
 * optimiser's vectors; "optimizer" and the other settings (from the tool); "data", a digest of the
 * rows; "perfect", the number of consecutive evaluations with accuracy 1; "grokfast_since", the
 * first update whose gradient is in grokfast's state; optim.init.NAME, theta_0 of a run that began
 * from a checkpoint's weights, which no seed reproduces. */
#include "gk/train.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gk/checkpoint.h"
#include "gk/choice.h"
#include "gk/mem.h"
#include "gk/network.h"
#include "gk/number.h"
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

static const char SINCE[] = "grokfast_since";

static bool has_grokfast(const struct gk_trainer *t)
{
    return t->conf.optim.grokfast.kind != GK_GROKFAST_NONE;
}

static const char INIT[] = "optim.init.";

static bool is_warm(const struct gk_trainer *t)
{
    return t->conf.init.kind == GK_INIT_WEIGHTS;
}

static void state_prefix(const char *state, char prefix[PREFIX])
{
    snprintf(prefix, PREFIX, "optim.%s.", state);
}

/* The optimiser's name, as its option spells it. */
static struct gk_word optimizer_name(const struct gk_trainer *t)
{
    return gk_choice_word(GK_OPTIMIZERS, (int)t->conf.optim.kind);
}

static int put_state(const struct gk_trainer *t, struct gk_frame *f, struct gk_err *err)
{
    char text[PREFIX];
    for (size_t i = 0; i < gk_optim_states(t->optim); i++) {
        const struct gk_optim_state s = gk_optim_state(t->optim, i, t->step);
        state_prefix(s.name, text);
        if (gk_checkpoint_put_vector(f, s.tensors, text, t->conf.real, s.vector, err))
            return -1;
    }
    if (is_warm(t) && gk_checkpoint_put_vector(f, t->ps, INIT, t->conf.real, t->init, err))
        return -1;
    if (has_grokfast(t) && gk_frame_set_meta_int(f, SINCE, gk_optim_grokfast_since(t->optim), err))
        return -1;
    if (gk_frame_set_meta(f, "optimizer", optimizer_name(t).s, err))
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

static int other_init(const struct gk_frame *f, const char *key, double was, double asked,
                      struct gk_err *err)
{
    char text[2][PREFIX];
    gk_real_text(was, text[0], sizeof text[0]);
    gk_real_text(asked, text[1], sizeof text[1]);
    return gk_frame_fail(f, err, "the run began with %s %s, not %s", key, text[0], text[1]);
}

/* theta_0 is drawn again, so it must be that of the run. */
static int check_init(const struct gk_trainer *t, const struct gk_frame *f, struct gk_err *err)
{
    const double asked = t->conf.init.scale > 0 ? t->conf.init.scale : 1;
    const char *init = gk_frame_meta(f, "init"), *factor = gk_frame_meta(f, "init_scale");
    const char *rows = gk_frame_meta(f, "init_rows");
    struct gk_init was = {.scale = 1};
    char text[2][2 * PREFIX];
    if ((init && gk_init_parse(&was, init, err)) ||
        (factor && gk_number_option("metadata init_scale", factor, &was.scale, err)) ||
        (rows && gk_number_option("metadata init_rows", rows, &was.rows, err)))
        return gk_frame_fail_at(f, err);
    gk_init_text(&was, text[0], sizeof text[0]);
    gk_init_text(&t->conf.init, text[1], sizeof text[1]);
    if (strcmp(text[0], text[1]) != 0)
        return gk_frame_fail(f, err, "the run began with init %s, not %s", text[0], text[1]);
    if (was.rows != t->conf.init.rows)
        return other_init(f, "init_rows", was.rows, t->conf.init.rows, err);
    if (was.scale != asked)
        return other_init(f, "init_scale", was.scale, asked, err);
    return 0;
}

/* The rate is in rprop's state: another one would be in the table only. */
static int check_rate(const struct gk_trainer *t, const struct gk_frame *f, struct gk_err *err)
{
    const struct gk_optim_conf *c = &t->conf.optim;
    const char *rate = gk_frame_meta(f, "lr");
    double was = gk_optim_defaults(c->kind).lr;
    if (c->kind != GK_RPROP)
        return 0;
    if (rate && gk_number_option("metadata lr", rate, &was, err))
        return gk_frame_fail_at(f, err);
    return was == c->lr ? 0 : other_init(f, "lr", was, c->lr, err);
}

static int check_belongs(const struct gk_trainer *t, const struct gk_checkpoint *c,
                         const struct gk_frame *f, struct gk_err *err)
{
    const char *data = gk_frame_meta(f, "data"), *optimizer = gk_frame_meta(f, "optimizer");
    char text[DIGEST];
    int64_t seed;
    if (!optimizer || !data || c->step < 0) {
        gk_frame_fail(f, err, "weights only: a checkpoint with the optimiser's state is wanted");
        return gk_fail_about(err, "resume");
    }
    if (gk_network_asked_for(f, c, &t->conf.arch, err))
        return -1;
    digest_text(t, text);
    if (strcmp(data, text) != 0)
        return gk_frame_fail(f, err,
                             "the run was trained on another dataset: its rows have the digest "
                             "%.16s, not %s",
                             data, text);
    if (gk_frame_meta_int(f, "seed", 0, INT64_MAX, &seed, err))
        return -1;
    if (seed != t->conf.seed)
        return gk_frame_fail(f, err, "the run began from seed %" PRId64, seed);
    if (check_init(t, f, err))
        return -1;
    if (strcmp(optimizer, optimizer_name(t).s) != 0)
        return gk_frame_fail(f, err, "the state is of %.20s, not of %s", optimizer,
                             optimizer_name(t).s);
    return check_rate(t, f, err);
}

/* Grokfast continues from the checkpoint's state, or starts if there is none; if the run has no
 * grokfast, its state is ignored. */
static int find_grokfast(struct gk_trainer *t, const struct gk_checkpoint *c,
                         const struct gk_frame *f, bool *begins, struct gk_err *err)
{
    int64_t since = c->step;
    const char *said = gk_frame_meta(f, "grokfast");
    struct gk_grokfast was = {.kind = GK_GROKFAST_NONE};
    if (said && gk_grokfast_parse(&was, said, err))
        return gk_frame_fail_at(f, err);
    *begins = !gk_frame_meta(f, SINCE) && was.kind == GK_GROKFAST_NONE;
    if (has_grokfast(t) && was.kind != GK_GROKFAST_NONE && was.kind != t->conf.optim.grokfast.kind)
        return gk_frame_fail(
            f, err, "the state is of grokfast %s: another kind cannot go on from it", said);
    if (!*begins && gk_frame_meta_int(f, SINCE, 0, c->step, &since, err))
        return -1;
    gk_optim_set_grokfast_since(t->optim, since);
    return 0;
}

/* Is the tensor one of the run's states? LEFT: grokfast's count, too. */
static bool is_known(const struct gk_trainer *t, const char *name, int64_t step, bool left)
{
    char prefix[PREFIX];
    for (size_t i = 0; i < gk_optim_states(t->optim); i++) {
        const struct gk_optim_state s = gk_optim_state(t->optim, i, step);
        state_prefix(s.name, prefix);
        if (strncmp(name, prefix, strlen(prefix)) == 0 &&
            gk_params_find(s.tensors, name + strlen(prefix)))
            return true;
    }
    if (is_warm(t) && strncmp(name, INIT, strlen(INIT)) == 0 &&
        gk_params_find(t->ps, name + strlen(INIT)))
        return true;
    for (int kind = GK_GROKFAST_EMA; kind <= GK_GROKFAST_MA && left; kind++) {
        state_prefix(gk_grokfast_state(kind), prefix);
        if (strncmp(name, prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

static int check_names(const struct gk_trainer *t, const struct gk_checkpoint *c,
                       const struct gk_frame *f, bool begins, struct gk_err *err)
{
    for (size_t i = 0; i < f->ntensor; i++) {
        const char *name = f->tensor[i].name;
        if (gk_is_state(name) && !is_known(t, name, c->step, !has_grokfast(t) && !begins))
            return gk_frame_fail(f, err, "tensor '%s' is no state of %s", gk_show(name).s,
                                 optimizer_name(t).s);
    }
    return 0;
}

static int take_init(struct gk_trainer *t, const struct gk_frame *f, struct gk_err *err)
{
    double *theta = gk_alloc(t->ps->total, sizeof *theta, err);
    const int rc = theta ? gk_checkpoint_vector(f, t->ps, INIT, GK_F64, theta, err) : -1;
    if (!rc)
        gk_trainer_start(t, theta);
    gk_free(theta);
    return rc;
}

static int take_state(struct gk_trainer *t, const struct gk_checkpoint *c, const struct gk_frame *f,
                      struct gk_err *err)
{
    bool begins = false;
    const int64_t most = c->step < INT64_MAX ? c->step + 1 : c->step; /* steps 0, 1, ... */
    if (check_belongs(t, c, f, err) || gk_frame_meta_int(f, "perfect", 0, most, &t->perfect, err) ||
        (is_warm(t) && take_init(t, f, err)) ||
        gk_checkpoint_vector(f, t->ps, "", t->conf.real, t->theta, err) ||
        find_grokfast(t, c, f, &begins, err))
        return -1;
    for (size_t i = 0; i < gk_optim_states(t->optim); i++) {
        const struct gk_optim_state s = gk_optim_state(t->optim, i, c->step);
        char prefix[PREFIX];
        state_prefix(s.name, prefix);
        if (s.grokfast && begins)
            continue;
        if (gk_checkpoint_vector(f, s.tensors, prefix, t->conf.real, s.vector, err))
            return -1;
    }
    if (check_names(t, c, f, begins, err))
        return -1;
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
