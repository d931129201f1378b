/* Reads checkpoints: what a frame's tensors and metadata say about a network. The tensors decide.
 * Metadata that disagree with them are an error; what metadata omit follows from the tensors or has
 * its default. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gk/checkpoint.h"
#include "gk/mem.h"
#include "gk/network.h"
#include "gk/number.h"

static const char *const LAYER[] = {[GK_TRANSFORMER] = "blocks.", [GK_MLP] = "layers."};

static bool begins(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* 1 + the largest N among the tensors PREFIX + "N.", at most 2^20. */
static int count_layers(const struct gk_frame *f, const char *prefix)
{
    const int most = 1 << 20;
    int n = 0;
    for (size_t i = 0; i < f->ntensor; i++) {
        const char *name = f->tensor[i].name;
        if (!begins(name, prefix))
            continue;
        const char *number = name + strlen(prefix);
        int64_t l = -1;
        (void)gk_number_integer(number, strcspn(number, "."), &l);
        if (l >= n)
            n = l < most ? (int)l + 1 : most;
    }
    return n;
}

/* PyTorch's wrappers put "module." or "_orig_mod." in front of all names. */
static int fail_missing(const struct gk_frame *f, const char *name, struct gk_err *err)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < f->ntensor; i++) {
        const char *has = f->tensor[i].name;
        const size_t len = strlen(has);
        if (len > n + 1 && has[len - n - 1] == '.' && !strcmp(has + len - n, name))
            return gk_frame_fail(f, err,
                                 "tensor '%s' is missing; there is '%s': names must have nothing "
                                 "before that, which the table gk of gk-ckpt-dump takes away",
                                 name, gk_show(has).s);
    }
    return gk_frame_fail(f, err, "tensor '%s' is missing", name);
}

/* Dimension AXIS of the matrix NAME. */
static int take_width(const struct gk_frame *f, const char *name, int axis, int *v,
                      struct gk_err *err)
{
    const struct gk_tensor *t = gk_frame_tensor(f, name);
    if (!t)
        return fail_missing(f, name, err);
    if (t->rank != 2 || t->shape[axis] > INT32_MAX)
        return gk_frame_fail(f, err, "tensor '%s' is no matrix that a network could have", name);
    *v = (int)t->shape[axis];
    return 0;
}

static int find_model(const struct gk_frame *f, enum gk_model *model, struct gk_err *err)
{
    const char *kind = gk_frame_meta(f, "gk.kind"), *said = gk_frame_meta(f, "model");
    if (kind && strcmp(kind, "checkpoint") != 0)
        return gk_frame_fail(f, err, "a checkpoint is wanted, its gk.kind is '%s'",
                             gk_show(kind).s);
    if (gk_frame_check_keys(f, err) != 0)
        return -1;
    for (int m = GK_TRANSFORMER; m <= GK_MLP; m++) {
        if (said ? gk_choice_index(GK_MODEL_CHOICES, said) == m : count_layers(f, LAYER[m]) > 0) {
            *model = (enum gk_model)m;
            return 0;
        }
    }
    if (said)
        return gk_frame_fail(f, err, "metadata 'model' is '%s': transformer or mlp is wanted",
                             gk_show(said).s);
    return gk_frame_fail(f, err, "no checkpoint: it has no tensor 'blocks.0...' or 'layers.0...'");
}

bool gk_checkpoint_assumes_heads(const struct gk_arch *a, const struct gk_frame *f)
{
    return a->model == GK_TRANSFORMER && !gk_frame_meta(f, "heads");
}

int gk_checkpoint_remark(const struct gk_checkpoint *c, const struct gk_frame *f,
                         struct gk_notes *notes, struct gk_err *err)
{
    static const int unseen[] = {GK_AT_norm, GK_AT_positions, GK_AT_activation};
    char list[100] = "";
    size_t n = 0;
    if (c->heads_assumed)
        n = (size_t)snprintf(list, sizeof list, "heads %d", c->arch.heads);
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen && !gk_frame_meta(f, "gk.kind"); i++) {
        const struct gk_arch_item *item = gk_arch_item((size_t)unseen[i]);
        if (gk_arch_has(&c->arch, item) && !gk_frame_meta(f, item->name))
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%s %s", n ? ", " : "", item->name,
                                  gk_choice_word(item->choices, gk_arch_get(&c->arch, item)).s);
    }
    return n ? gk_notes_add(notes, NULL, err,
                            "%s: assumed, as neither tensors nor metadata say: %s", f->file, list)
             : 0;
}

static int take_heads(const struct gk_frame *f, struct gk_arch *a, struct gk_err *err)
{
    int64_t heads = 4;
    if (a->model == GK_MLP) {
        a->heads = 1;
        return 0;
    }
    if (!gk_checkpoint_assumes_heads(a, f) &&
        gk_frame_meta_int(f, "heads", 1, 1 << 16, &heads, err) != 0)
        return -1;
    if (a->dim % heads != 0)
        return gk_frame_fail(f, err, "%d heads do not divide the width %d%s", (int)heads, a->dim,
                             gk_checkpoint_assumes_heads(a, f) ? ": say 'heads' in the metadata"
                                                               : "");
    a->heads = (int)heads;
    return 0;
}

/* "post, pre or none" */
static struct gk_shown or_list(const char *choices)
{
    struct gk_shown list = {""};
    for (int i = 0, n = 0; *choices; i++) {
        const size_t len = strcspn(choices, "|");
        const bool last = !choices[len];
        n += snprintf(list.s + n, sizeof list.s - (size_t)n, "%s%.*s",
                      i == 0 ? ""
                      : last ? " or "
                             : ", ",
                      (int)len, choices);
        choices += len + !last;
    }
    return list;
}

/* What the metadata choose; what they leave open has its default. */
static int take_choices(const struct gk_frame *f, struct gk_arch *a, struct gk_err *err)
{
    const struct gk_arch_item *item;
    for (size_t i = 0; (item = gk_arch_item(i)); i++) {
        const char *said = item->choices ? gk_frame_meta(f, item->name) : NULL;
        if (!said)
            continue;
        const int v = gk_choice_index(item->choices, said);
        if (v < 0)
            return gk_frame_fail(f, err, "metadata '%s' is '%s': %s is wanted", item->name,
                                 gk_show(said).s, or_list(item->choices).s);
        if (gk_arch_has(a, item))
            gk_arch_set(a, item, v);
    }
    return 0;
}

/* Metadata of a setting that this network does not have describe another network, unless they say
 * "none" or "0". */
static int refuse_strange(const struct gk_frame *f, const struct gk_arch *a, struct gk_err *err)
{
    const struct gk_arch_item *item;
    for (size_t i = 0; (item = gk_arch_item(i)); i++) {
        const char *said = gk_frame_meta(f, item->name);
        if (said && !gk_arch_has(a, item) && strcmp(said, "none") != 0 && strcmp(said, "0") != 0)
            return gk_frame_fail(f, err, "metadata '%s' is '%s': model %s%s has no such setting",
                                 item->name, gk_show(said).s,
                                 gk_choice_word(GK_MODEL_CHOICES, (int)a->model).s,
                                 a->inputs == GK_INPUTS_ONEHOT ? ", inputs onehot," : "");
    }
    return 0;
}

/* Metadata may repeat what the tensors say. */
static int compare(const struct gk_frame *f, const char *key, int found, struct gk_err *err)
{
    int64_t said;
    if (!gk_frame_meta(f, key))
        return 0;
    if (gk_frame_meta_int(f, key, 1, INT32_MAX, &said, err) != 0)
        return -1;
    if (said == found)
        return 0;
    return gk_frame_fail(f, err, "metadata '%s' is %" PRId64 ", but the tensors make it %d", key,
                         said, found);
}

static int compare_sizes(const struct gk_frame *f, const struct gk_arch *a, struct gk_err *err)
{
    const struct gk_arch_item *item;
    for (size_t i = 0; (item = gk_arch_item(i)); i++)
        if (!item->choices && gk_arch_has(a, item) &&
            compare(f, item->name, gk_arch_get(a, item), err) != 0)
            return -1;
    return compare(f, "vocab", a->vocab, err);
}

/* The inputs of an mlp's first layer; 0: it has no such matrix. */
static uint64_t first_inputs(const struct gk_frame *f)
{
    const struct gk_tensor *t = gk_frame_tensor(f, "layers.0.weight");
    return t && t->rank == 2 ? t->shape[1] : 0;
}

int gk_checkpoint_arch(struct gk_arch *a, const struct gk_frame *f, struct gk_err *err)
{
    enum gk_model model = GK_TRANSFORMER;
    if (find_model(f, &model, err) != 0)
        return -1;
    *a = gk_arch_defaults(model);
    if (take_choices(f, a, err) != 0 || refuse_strange(f, a, err) != 0)
        return -1;
    const bool mlp = model == GK_MLP, onehot = a->inputs == GK_INPUTS_ONEHOT;
    a->layers = count_layers(f, LAYER[model]);
    a->dim = 0;
    if (take_width(f, onehot ? "unembed.weight" : "embed.weight", 0, &a->vocab, err) != 0 ||
        (!onehot && take_width(f, "embed.weight", 1, &a->dim, err) != 0) ||
        take_width(f, mlp ? "layers.0.weight" : "blocks.0.ffn.up.weight", 0, &a->ff, err) != 0 ||
        (!mlp && a->positions == GK_POSITIONS_LEARNED &&
         take_width(f, "positions.weight", 0, &a->tokens, err) != 0))
        return -1;
    if (mlp && !gk_frame_meta(f, "inputs") && first_inputs(f) == 2 * (uint64_t)a->dim)
        a->inputs = GK_INPUTS_CONCAT; /* which the metadata leave out */
    if (take_heads(f, a, err) != 0 || compare_sizes(f, a, err) != 0)
        return -1;
    if (gk_arch_check(a, err) == 0)
        return 0;
    return err && err->setting ? gk_frame_fail(f, err, "%s %s", err->setting, err->msg)
                               : gk_frame_fail_at(f, err);
}

static int check_finite(const struct gk_frame *f, const struct gk_tensor *t, struct gk_err *err)
{
    double v[512];
    for (size_t i = 0; i < t->count; i += 512) {
        const size_t n = t->count - i < 512 ? t->count - i : 512;
        gk_tensor_part(t, i, n, v);
        for (size_t j = 0; j < n; j++) {
            if (!isfinite(v[j]))
                return gk_frame_fail(f, err, "tensor '%s': element %zu is %g", t->name, i + j,
                                     v[j]);
        }
    }
    return 0;
}

/* The tensor of parameter P: it must exist, have the right shape, and be finite. */
static const struct gk_tensor *take_param(const struct gk_frame *f, const struct gk_param *p,
                                          const char *prefix, struct gk_err *err)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s", prefix, p->name);
    const struct gk_tensor *t = gk_frame_tensor(f, name);
    if (!t) {
        fail_missing(f, name, err);
        return NULL;
    }
    bool same = t->rank == p->rank && t->count == p->count;
    for (unsigned i = 0; i < p->rank && same; i++)
        same = t->shape[i] == p->shape[i];
    if (!same) {
        const uint64_t shape[2] = {p->shape[0], p->shape[1]};
        gk_frame_fail(f, err, "tensor '%s': the shape %s is wanted, not %s", name,
                      gk_show_shape(p->rank, shape).s, gk_show_shape(t->rank, t->shape).s);
        return NULL;
    }
    if (!gk_dtype_converts(t->dtype)) {
        gk_frame_fail(f, err, "tensor '%s' is %s: no parameter of a network is", name,
                      gk_dtype_name(t->dtype));
        return NULL;
    }
    return check_finite(f, t, err) == 0 ? t : NULL;
}

/* Reports that the network has no tensor NAME. Perhaps the metadata omit that it is another
 * network. */
static int stray(const struct gk_frame *f, const struct gk_arch *a, const char *name,
                 struct gk_err *err)
{
    const struct gk_arch_item *item = gk_params_missing(a, name);
    const struct gk_word model = gk_choice_word(GK_MODEL_CHOICES, a->model);
    if (!item)
        return gk_frame_fail(f, err, "tensor '%s' is none of a %s of %d layers", gk_show(name).s,
                             model.s, a->layers);
    return gk_frame_fail(f, err, "tensor '%s' is none of a %s of %d layers with %s %s%s", name,
                         model.s, a->layers, item->name,
                         gk_choice_word(item->choices, gk_arch_get(a, item)).s,
                         gk_frame_meta(f, item->name) ? "" : ", which the metadata leave out");
}

static int check_params(struct gk_checkpoint *c, const struct gk_frame *f, struct gk_err *err)
{
    const char *said = gk_frame_meta(f, "dtype");
    c->dtype = GK_F32;
    for (size_t i = 0; i < c->params.n; i++) {
        const struct gk_tensor *t = take_param(f, &c->params.p[i], "", err);
        if (!t)
            return -1;
        if (t->dtype == GK_F64)
            c->dtype = GK_F64;
    }
    for (size_t i = 0; i < f->ntensor; i++) {
        const char *name = f->tensor[i].name;
        if (gk_is_parameter(&f->tensor[i]) && !gk_params_find(&c->params, name))
            return stray(f, &c->arch, name, err);
    }
    if (!said)
        return 0;
    if (strcmp(said, "f32") != 0 && strcmp(said, "f64") != 0)
        return gk_frame_fail(f, err, "metadata 'dtype' is '%s': f32 or f64 is wanted",
                             gk_show(said).s);
    c->dtype = strcmp(said, "f64") == 0 ? GK_F64 : GK_F32;
    return 0;
}

int gk_checkpoint_parse(struct gk_checkpoint *c, const struct gk_frame *f, struct gk_err *err)
{
    *c = (struct gk_checkpoint){.step = GK_NO_STEP, .seed = -1};
    if (gk_checkpoint_arch(&c->arch, f, err) != 0)
        return -1;
    c->heads_assumed = gk_checkpoint_assumes_heads(&c->arch, f);
    if (gk_params_init(&c->params, &c->arch, err) != 0)
        return gk_frame_fail_at(f, err);
    if (check_params(c, f, err) == 0 && gk_frame_step(f, GK_NO_STEP, &c->step, err) == 0 &&
        (!gk_frame_meta(f, "seed") ||
         gk_frame_meta_int(f, "seed", 0, INT64_MAX, &c->seed, err) == 0))
        return 0;
    gk_checkpoint_free(c);
    return -1;
}

void gk_checkpoint_free(struct gk_checkpoint *c)
{
    gk_params_free(&c->params);
}

int gk_checkpoint_vector(const struct gk_frame *f, const struct gk_params *ps, const char *prefix,
                         enum gk_dtype real, void *theta, struct gk_err *err)
{
    for (size_t i = 0; i < ps->n; i++) {
        const struct gk_param *p = &ps->p[i];
        const struct gk_tensor *t = take_param(f, p, prefix, err);
        if (!t)
            return -1;
        if (real == GK_F64) {
            gk_tensor_f64(t, (double *)theta + p->offset);
            continue;
        }
        float *to = (float *)theta + p->offset;
        gk_tensor_f32(t, to);
        for (size_t j = 0; j < p->count; j++) {
            if (!isfinite(to[j]))
                return gk_frame_fail(f, err, "tensor '%s': element %zu is too large for f32",
                                     gk_show(t->name).s, j);
        }
    }
    return 0;
}

int gk_checkpoint_put_vector(struct gk_frame *f, const struct gk_params *ps, const char *prefix,
                             enum gk_dtype real, const void *vec, struct gk_err *err)
{
    for (size_t i = 0; i < ps->n; i++) {
        const struct gk_param *p = &ps->p[i];
        const uint64_t shape[2] = {p->shape[0], p->shape[1]};
        char name[128];
        snprintf(name, sizeof name, "%s%s", prefix, p->name);
        if (gk_frame_add(f, name, real, p->rank, shape,
                         (const char *)vec + p->offset * gk_dtype_size(real), err) != 0)
            return -1;
    }
    return 0;
}

int gk_checkpoint_put_meta(struct gk_frame *f, const struct gk_checkpoint *c, struct gk_err *err)
{
    const struct gk_network n = gk_network_of(c);
    if (gk_frame_set_meta(f, "gk.kind", "checkpoint", err) != 0 ||
        gk_frame_set_meta(f, "dtype", c->dtype == GK_F64 ? "f64" : "f32", err) != 0 ||
        gk_network_put(f, &n, err) != 0)
        return -1;
    if (c->step >= 0 && gk_frame_set_meta_int(f, "step", c->step, err) != 0)
        return -1;
    return c->seed >= 0 ? gk_frame_set_meta_int(f, "seed", c->seed, err) : 0;
}
