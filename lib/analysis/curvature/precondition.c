/* The preconditioner of adam and adamw, and their stability threshold (precondition.h). */
#include "precondition.h"

#include <math.h>
#include <string.h>

#include "gk/number.h"

/* The number in metadata KEY, in [0, END). */
static int setting(const struct gk_frame *f, const char *key, double end, double *v,
                   struct gk_err *err)
{
    const char *text = gk_frame_meta(f, key);
    if (!text)
        return gk_frame_fail(f, err, "the metadata have no '%s'", key);
    if (gk_number_real(text, strlen(text), v) != GK_NUMBER_FINITE || !(*v >= 0 && *v < end))
        return gk_frame_fail(f, err, "metadata '%s' is '%s': a number in [0, %g) is wanted", key,
                             gk_show(text).s, end);
    return 0;
}

/* Only adam and adamw have this v. */
static int check_state(const struct gk_frame *f, const struct gk_checkpoint *c, struct gk_err *err)
{
    const char *optimizer = gk_frame_meta(f, "optimizer");
    bool any = false;
    if (optimizer && strcmp(optimizer, "adam") != 0 && strcmp(optimizer, "adamw") != 0)
        return gk_frame_fail(f, err, "the optimiser is %s, not adam or adamw",
                             gk_show(optimizer).s);
    for (size_t i = 0; i < f->ntensor && !any; i++)
        any = gk_is_state(f->tensor[i].name);
    if (!any || !optimizer)
        return gk_frame_fail(
            f, err,
            "it has no optimiser's state, which checkpoints have unless they were "
            "saved with weights-only, and trajectories made with trajectory-state");
    return c->step >= 0 ? 0 : gk_frame_fail(f, err, "the metadata have no 'step'");
}

int precondition_read(const struct gk_frame *f, const struct gk_checkpoint *c, double *scale,
                      struct gk_err *err)
{
    double beta2 = 0, eps = 0;
    if (check_state(f, c, err) || setting(f, "beta2", 1, &beta2, err) ||
        setting(f, "eps", INFINITY, &eps, err) ||
        gk_checkpoint_vector(f, &c->params, "optim.v.", GK_F64, scale, err))
        return -1;
    if (c->step == 0) {
        gk_frame_fail(f, err, "the optimiser has made no update yet");
        return 1;
    }
    const double part = -expm1((double)c->step * log(beta2)); /* 1 - beta2^t */
    for (size_t i = 0; i < c->params.total; i++) {
        scale[i] = 1 / sqrt(sqrt(scale[i] / part) + eps);
        if (!isfinite(scale[i]))
            return gk_frame_fail(f, err,
                                 "entry %zu of the optimiser's state has no "
                                 "inverse root",
                                 i);
    }
    return 0;
}

int precondition_threshold(const struct gk_frame *f, bool preconditioned, double *threshold,
                           struct gk_err *err)
{
    double lr = 0, beta1 = 0;
    *threshold = NAN;
    if (!gk_frame_meta(f, "lr"))
        return 0;
    if (setting(f, "lr", INFINITY, &lr, err) ||
        (preconditioned && setting(f, "beta1", 1, &beta1, err)))
        return -1;
    *threshold = (2 + 2 * beta1) / ((1 - beta1) * lr);
    return 0;
}
