/* Converts a checkpoint of another implementation to one of gk's: renamed, described, checked. */
#include <stdlib.h>
#include <string.h>

#include "gk/checkpoint.h"
#include "gk/mem.h"
#include "gk/network.h"
#include "gk/number.h"
#include "gk/rename.h"

static bool has(const struct gk_frame *f, const char *name)
{
    return gk_frame_tensor(f, name) != NULL;
}

static int describe(struct gk_frame *f, const char *key, const char *value, struct gk_err *err)
{
    return gk_frame_meta(f, key) ? 0 : gk_frame_set_meta(f, key, value, err);
}

/* What the tensors reveal about a transformer. A norm without weights reveals nothing: the network
 * may have no norm.
 */
static int describe_transformer(struct gk_frame *f, struct gk_err *err)
{
    const bool all = has(f, "unembed.bias") || has(f, "blocks.0.attn.q.bias"),
               ffn = has(f, "blocks.0.ffn.up.bias");
    if (describe(f, "bias", all ? "all" : ffn ? "ffn" : "none", err))
        return -1;
    return has(f, "positions.weight") ? describe(f, "positions", "learned", err) : 0;
}

/* The table and --set may give only keys that describe the network: a misspelt key must not be
 * ignored. */
static int check_keys(const struct gk_frame *f, struct gk_err *err)
{
    static const char *const others[] = {"model", "vocab", "step", "seed"};
    for (size_t i = 0; i < f->nmeta; i++) {
        const char *key = f->meta[i].key;
        const struct gk_arch_item *item;
        bool known = false;
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            known |= !strcmp(key, others[k]);
        for (size_t k = 0; (item = gk_arch_item(k)); k++)
            known |= !strcmp(key, item->name);
        if (!known) {
            gk_fail_usage(err,
                          "'%s' describes no network: layers, dim, heads, ff, norm, positions, "
                          "activation and so on do",
                          gk_show(key).s);
            return gk_fail_about(err, "set");
        }
    }
    return 0;
}

/* Reports the settings that neither the tensors nor the table give. */
static int check_said(const struct gk_frame *f, bool mlp, const struct gk_rename *r,
                      struct gk_err *err)
{
    static const struct {
        const char *key, *choices;
        bool mlp;
    } needed[] = {{"heads", "N", false},
                  {"norm", "post|pre|none|block", false},
                  {"positions", "sinusoidal|none", false},
                  {"activation", "relu|leaky|gelu|square|silu|tanh", true}};
    char list[200] = "";
    size_t n = 0;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!gk_frame_meta(f, needed[i].key) && (needed[i].mlp || !mlp))
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%s=%s", n ? "," : "", needed[i].key,
                                  needed[i].choices);
    if (n == 0)
        return 0;
    gk_frame_fail(f, err, "its tensors and the table '%s' leave open what the network has: %s",
                  gk_show(gk_rename_name(r)).s, list);
    return gk_fail_about(err, "set");
}

static int make(struct gk_frame *f, const struct gk_param *p, double value, struct gk_err *err)
{
    const uint64_t shape[2] = {p->shape[0], p->shape[1]};
    float *v = gk_alloc(p->count, sizeof *v, err);
    if (!v)
        return -1;
    for (size_t i = 0; i < p->count; i++)
        v[i] = (float)value;
    int rc = gk_frame_add(f, p->name, GK_F32, p->rank, shape, v, err);
    gk_free(v);
    return rc;
}

/* Tensors that the network has and the file may omit: a bias becomes zeros. */
static int make_missing(struct gk_frame *f, const struct gk_rename *r, struct gk_err *err)
{
    struct gk_arch arch;
    struct gk_params ps;
    double value;
    if (gk_checkpoint_arch(&arch, f, err))
        return -1;
    if (gk_params_init(&ps, &arch, err))
        return gk_frame_fail_at(f, err);
    int rc = 0;
    for (size_t i = 0; i < ps.n && rc == 0; i++)
        if (!has(f, ps.p[i].name) && gk_rename_makes(r, ps.p[i].name, &value))
            rc = make(f, &ps.p[i], value, err);
    gk_params_free(&ps);
    return rc;
}

static int put_history(const struct gk_frame *from, struct gk_frame *to, const char *line,
                       struct gk_err *err)
{
    struct gk_history h = {0};
    int rc = gk_history_add_text(&h, gk_frame_meta(from, "gk.history"), err) ||
                     gk_history_add(&h, line, err) || gk_frame_set_history(to, &h, err)
                 ? -1
                 : 0;
    gk_history_free(&h);
    return rc;
}

/* The step, if the metadata give a valid one. */
static int put_step(const struct gk_frame *from, struct gk_frame *to, struct gk_err *err)
{
    const char *step = gk_frame_meta(from, "step");
    int64_t v;
    if (!step || gk_number_integer(step, strlen(step), &v) != GK_NUMBER_FINITE || v < 0)
        return 0;
    return describe(to, "step", step, err);
}

static int finish(struct gk_frame *to, const struct gk_rename *r, struct gk_err *err)
{
    const char *model = gk_frame_meta(to, "model");
    const bool mlp = model ? !strcmp(model, "mlp") : has(to, "layers.0.weight");
    struct gk_checkpoint c;
    if (!mlp && describe_transformer(to, err))
        return -1;
    if (mlp && describe(to, "bias", has(to, "layers.0.bias") ? "all" : "none", err))
        return -1;
    if (check_said(to, mlp, r, err) || make_missing(to, r, err) || gk_checkpoint_parse(&c, to, err))
        return -1;
    int rc = gk_checkpoint_put_meta(to, &c, err);
    gk_checkpoint_free(&c);
    return rc;
}

int gk_rename_checkpoint(const struct gk_rename *r, struct gk_frame *f, const char *line,
                         struct gk_rename_notes *notes, struct gk_err *err)
{
    struct gk_frame to = {
        .file = f->file, .index = f->index, .number = f->number, .in_stream = f->in_stream};
    if (gk_rename_apply(r, f, &to, notes, err) || check_keys(&to, err) || put_step(f, &to, err) ||
        finish(&to, r, err) || put_history(f, &to, line, err)) {
        gk_frame_free(&to);
        return -1;
    }
    gk_frame_free(f);
    *f = to;
    return 0;
}
