/* A run that starts from a checkpoint's weights. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gk/fnv.h"
#include "gk/mem.h"
#include "gk/train.h"
#include "train_priv.h"

bool gk_warm_is_file(const char *init)
{
    struct gk_init in = {0};
    const char *colon = strchr(init, ':');
    if (gk_init_parse(&in, init, NULL) == 0 && in.kind != GK_INIT_WEIGHTS)
        return false;
    return strcmp(init, "-") == 0 || !colon || access(init, F_OK) == 0;
}

bool gk_warm_hides_file(const char *init)
{
    struct stat st;
    return !gk_warm_is_file(init) && stat(init, &st) == 0 && S_ISREG(st.st_mode);
}

int gk_warm_read(struct gk_warm *w, const char *init, int heads, struct gk_err *err)
{
    *w = (struct gk_warm){0};
    if (strcmp(init, "-") != 0 && access(init, F_OK) != 0) {
        gk_fail_usage(err,
                      "'%s': paper, nanda, normal:STD with STD > 0, fan-in, torch or the file of a "
                      "checkpoint is wanted",
                      gk_show(init).s);
        return gk_fail_about(err, "init");
    }
    if (gk_frame_read_one(init, &w->frame, err) || gk_checkpoint_parse(&w->ckpt, &w->frame, err))
        return -1;
    const struct gk_params *ps = &w->ckpt.params;
    w->theta = gk_alloc(ps->total, sizeof *w->theta, err);
    if (!w->theta || gk_checkpoint_vector(&w->frame, ps, "", GK_F64, w->theta, err))
        return -1;
    if (w->ckpt.heads_assumed && heads > 0) {
        w->ckpt.arch.heads = heads;
        w->ckpt.heads_assumed = false;
    }
    const struct gk_init in = {.kind = GK_INIT_WEIGHTS,
                               .digest = gk_fnv_values(w->theta, ps->total)};
    gk_init_text(&in, w->text, sizeof w->text);
    return 0;
}

void gk_warm_free(struct gk_warm *w)
{
    gk_checkpoint_free(&w->ckpt);
    gk_frame_free(&w->frame);
    gk_free(w->theta);
    *w = (struct gk_warm){0};
}

void gk_trainer_warm(struct gk_trainer *t, struct gk_warm *w)
{
    gk_params_rescale(t->ps, &t->conf.init, w->theta);
    gk_trainer_start(t, w->theta);
}
