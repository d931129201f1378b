/* Finds tensors that may be no parameters, or those of a second network. Only their names tell, and
 * names can mislead. So only an optimiser's state is left out, and what stands beside the
 * network in a checkpoint of Lightning; other such tensors stay in, and notes name them all. */
#include <string.h>

#include "gk/frame.h"
#include "gk/glob.h"

enum doubt { STATE, BESIDE, BUFFER, COPY, DOUBTS };

/* Is the key of LEN bytes one of WORDS, whose last is NULL? */
static bool is_word(const char *key, size_t len, const char *const *words)
{
    while (*words && (strlen(*words) != len || memcmp(key, *words, len) != 0))
        words++;
    return *words;
}

/* Means and masks that modules of PyTorch keep, and what callbacks of Lightning do. */
static bool is_buffer(const struct gk_tensor *t)
{
    static const char *const words[] = {
        "running_mean", "running_var", "mask",         "attn_mask",           "attention_mask",
        "causal_mask",  "masked_bias", "inv_freq",     "rotary_sin",          "rotary_cos",
        "sin_cached",   "cos_cached",  "position_ids", "num_batches_tracked", NULL};
    const char *dot = strrchr(t->name, '.'), *last = dot ? dot + 1 : t->name;
    if (is_word(last, strlen(last), words) || !strncmp(t->name, "callbacks.", 10))
        return true;
    return t->rank >= 2 && t->shape[t->rank - 1] == t->shape[t->rank - 2] &&
           !strcmp(last, "bias"); /* GPT-2's mask is called attn.bias */
}

/* Is a part of its name, between dots, what averages of weights are called? */
static bool is_copy(const char *name)
{
    static const char *const words[] = {
        "ema",       "ema_model",     "model_ema", "ema_state_dict", "ema_params",
        "swa",       "swa_model",     "shadow",    "shadow_params",  "averaged_model",
        "swa_state", "average_model", "teacher",   "target_network", "ema_weights",
        NULL};
    for (const char *key = name; *key;) {
        const size_t len = strcspn(key, ".");
        if (is_word(key, len, words))
            return true;
        key += len + (key[len] == '.');
    }
    return false;
}

/* Both hold the same numbers, and not one number only, as zeros and ones at the start are. */
static bool are_twins(const struct gk_tensor *a, const struct gk_tensor *b)
{
    const size_t size = gk_dtype_size(a->dtype), n = a->count * size;
    if (a->rank < 2 || a->rank != b->rank || a->dtype != b->dtype || !a->data || !b->data ||
        memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) != 0 || a->count < 2)
        return false;
    const char *bytes = a->data;
    return memcmp(bytes, b->data, n) == 0 && memcmp(bytes, bytes + size, n - size) != 0;
}

int gk_note_twins(const char *file, const char *one, const char *other, struct gk_notes *notes,
                  struct gk_err *err)
{
    return gk_notes_add(notes, "exclude", err,
                        "%s: the tensors '%s' and '%s' hold the same numbers, and both count", file,
                        gk_show(one).s, gk_show(other).s);
}

/* The first other tensor that is the same as tensor I. */
static int note_twins(const struct gk_frame *f, size_t i, gk_takes *takes, const void *ctx,
                      struct gk_notes *notes, struct gk_err *err)
{
    for (size_t k = i + 1; k < f->ntensor; k++)
        if (takes(ctx, &f->tensor[k]) && are_twins(&f->tensor[i], &f->tensor[k]))
            return gk_note_twins(f->file, f->tensor[i].name, f->tensor[k].name, notes, err);
    return 0;
}

/* N tensors, of which the first is called FIRST. */
static int note_kind(const struct gk_frame *f, enum doubt what, const char *first, size_t n,
                     struct gk_notes *notes, struct gk_err *err)
{
    const char *s = n == 1 ? "" : "s", *more = n == 1 ? "" : ", ...";
    const struct gk_shown name = gk_show(n > 0 ? first : "");
    if (n == 0)
        return 0;
    if (what == STATE)
        return gk_notes_add(notes, NULL, err,
                            "%s: %zu tensor%s of an optimiser's state left out ('%s'%s)", f->file,
                            n, s, name.s, more);
    if (what == BESIDE)
        return gk_notes_add(notes, NULL, err,
                            "%s: %zu tensor%s beside the state_dict of Lightning left out ('%s'%s)",
                            f->file, n, s, name.s, more);
    return gk_notes_add(
        notes, "exclude", err, "%s: %zu tensor%s %s by name, but %s as parameter%s ('%s'%s)",
        f->file, n, s,
        what == BUFFER ? (n == 1 ? "is a buffer" : "are buffers")
                       : (n == 1 ? "is an average of weights" : "are averages of weights"),
        n == 1 ? "counts" : "count", s, name.s, more);
}

/* ---- several networks: keys below which there are tensors of the same names and shapes ---- */

enum { LEAST = 2 }; /* matrices: a single one may be a layer */

/* The tensors below a key. They follow each other, since a frame is sorted by name. */
struct group {
    size_t begin, end;
    size_t key; /* the length of the key */
};

/* The length of the key that may stand above a whole network, as in "best.0.weight" and
 * "models.3.0.weight"; 0: there is none. Keys that end in a digit are those of layers. */
static size_t key_length(const char *name)
{
    static const char *const lists[] = {"models",      "state_dicts", "states",
                                        "checkpoints", "snapshots",   NULL};
    size_t n = strcspn(name, ".");
    const size_t digits = name[n] ? strspn(name + n + 1, "0123456789") : 0;
    if (digits > 0 && name[n + 1 + digits] == '.' && is_word(name, n, lists))
        n += 1 + digits;
    else if (n > 0 && strchr("0123456789", name[n - 1]))
        return 0;
    return name[n] && strchr(name + n + 1, '.') ? n : 0;
}

static struct group group_at(const struct gk_frame *f, size_t begin)
{
    const char *name = f->tensor[begin].name;
    struct group g = {begin, begin + 1, key_length(name)};
    while (g.key > 0 && g.end < f->ntensor && !strncmp(f->tensor[g.end].name, name, g.key + 1))
        g.end++;
    return g;
}

/* The next tensor of G from *I on that is used, and no buffer. */
static const struct gk_tensor *next_used(const struct gk_frame *f, const struct group *g, size_t *i,
                                         gk_takes *takes, const void *ctx)
{
    while (*i < g->end) {
        const struct gk_tensor *t = &f->tensor[(*i)++];
        if (takes(ctx, t) && !is_buffer(t))
            return t;
    }
    return NULL;
}

static bool are_alike(const struct gk_frame *f, const struct group *a, const struct group *b,
                      gk_takes *takes, const void *ctx)
{
    size_t i = a->begin, k = b->begin, matrices = 0;
    for (;;) {
        const struct gk_tensor *x = next_used(f, a, &i, takes, ctx);
        const struct gk_tensor *y = next_used(f, b, &k, takes, ctx);
        if (!x || !y)
            return !x && !y && matrices >= LEAST;
        if (x->rank != y->rank || strcmp(x->name + a->key, y->name + b->key) != 0 ||
            memcmp(x->shape, y->shape, x->rank * sizeof *x->shape) != 0)
            return false;
        matrices += x->rank >= 2;
    }
}

/* How many groups behind A are like it; *FIRST is the first of them. */
static size_t count_alike(const struct gk_frame *f, const struct group *a, gk_takes *takes,
                          const void *ctx, struct group *first)
{
    size_t n = 0;
    for (size_t i = a->end; i < f->ntensor;) {
        const struct group b = group_at(f, i);
        if (b.key > 0 && are_alike(f, a, &b, takes, ctx) && n++ == 0)
            *first = b;
        i = b.end;
    }
    return n;
}

static int note_copies(const struct gk_frame *f, gk_takes *takes, const void *ctx,
                       struct gk_notes *notes, struct gk_err *err)
{
    for (size_t i = 0; i < f->ntensor;) {
        const struct group a = group_at(f, i);
        struct group b = a;
        const size_t n = a.key > 0 ? count_alike(f, &a, takes, ctx, &b) : 0;
        i = a.end;
        if (n == 0)
            continue;
        char one[64], other[64];
        snprintf(one, sizeof one, "%.*s", (int)a.key, f->tensor[a.begin].name);
        snprintf(other, sizeof other, "%.*s", (int)b.key, f->tensor[b.begin].name);
        return gk_notes_add(notes, "exclude", err,
                            "%s: below %zu keys ('%s', '%s'%s) are tensors of the same names and "
                            "shapes, and all count",
                            f->file, n + 1, gk_show(one).s, gk_show(other).s, n > 1 ? ", ..." : "");
    }
    return 0;
}

/* ---- all doubts ---- */

/* The first of the patterns GLOBS that matches no tensor of F; false if each matches one. */
static bool find_unmatched(const struct gk_frame *f, const char *globs, struct gk_shown *which)
{
    char one[GK_GLOB_LONGEST];
    const char *rest = globs;
    while (gk_glob_next(&rest, one, sizeof one)) {
        size_t i = 0;
        while (i < f->ntensor && !gk_glob_matches(one, f->tensor[i].name))
            i++;
        *which = gk_show(one);
        if (i == f->ntensor)
            return true;
    }
    return false;
}

int gk_frame_need_matches(const struct gk_frame *f, const char *globs, struct gk_err *err)
{
    struct gk_shown which;
    return find_unmatched(f, globs, &which) ? gk_frame_fail(f, err, "no tensor '%s'", which.s) : 0;
}

int gk_frame_note_matches(const struct gk_frame *f, const char *setting, const char *globs,
                          struct gk_notes *notes, struct gk_err *err)
{
    struct gk_shown which;
    return find_unmatched(f, globs, &which)
               ? gk_notes_add(notes, setting, err, "%s: no tensor matches '%s'", f->file, which.s)
               : 0;
}

int gk_frame_doubts(const struct gk_frame *f, gk_takes *takes, const void *ctx,
                    struct gk_notes *notes, struct gk_err *err)
{
    const char *first[DOUBTS] = {NULL};
    size_t n[DOUBTS] = {0};
    for (size_t i = 0; i < f->ntensor; i++) {
        const struct gk_tensor *t = &f->tensor[i];
        enum doubt what = DOUBTS;
        if (gk_is_state(t->name))
            what =
                strncmp(t->name, "optim.", 6) ? STATE : DOUBTS; /* gk's own is where it belongs */
        else if (t->beside && gk_dtype_is_float(t->dtype))
            what = BESIDE;
        else if (takes(ctx, t))
            what = is_buffer(t) ? BUFFER : is_copy(t->name) ? COPY : DOUBTS;
        if (what < DOUBTS && n[what]++ == 0)
            first[what] = t->name;
        if (takes(ctx, t) && note_twins(f, i, takes, ctx, notes, err))
            return -1;
    }
    for (enum doubt k = STATE; k < DOUBTS; k++)
        if (note_kind(f, k, first[k], n[k], notes, err))
            return -1;
    return note_copies(f, takes, ctx, notes, err);
}
