/* What a run's settings amount to where that may surprise. */
#include <math.h>

#include "gk/number.h"
#include "gk/train.h"

/* The decay that the update applies in REAL: a factor near 1 is rounded. One far from 1 is not, and
 * may be too large for REAL. */
static double effective_decay(double rate, double decay, enum gk_dtype real)
{
    const double shrink = 1 - rate * decay;
    if (!(rate > 0 && shrink >= 0))
        return decay;
    return (1 - (real == GK_F32 ? (double)(float)shrink : shrink)) / rate;
}

static int remark_decay(double rate, double decay, enum gk_dtype real, struct gk_notes *notes,
                        struct gk_err *err)
{
    char text[32];
    const double is = effective_decay(rate, decay, real);
    if (fabs(is - decay) <= 0.05 * decay)
        return 0;
    gk_real_text(rate, text, sizeof text);
    return gk_notes_add(notes, "weight-decay", err,
                        "%g acts as %.2g at the rate %s, because %s rounds 1 - rate * decay", decay,
                        is, text, real == GK_F32 ? "f32" : "f64");
}

int gk_train_remark(const struct gk_train_conf *conf, struct gk_notes *notes, struct gk_err *err)
{
    const struct gk_optim_conf *c = &conf->optim;
    const bool muon = c->kind == GK_MUON;
    if (c->kind != GK_ADAMW && c->kind != GK_LION && !muon) /* theirs is a part of the gradient */
        return 0;
    if (muon && remark_decay(c->muon_lr, c->weight_decay, conf->real, notes, err))
        return -1;
    return remark_decay(c->lr, c->weight_decay, conf->real, notes, err);
}
