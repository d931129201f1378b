/* Renames the tensors of a frame. */
#include "gk/rename.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "rename_priv.h"

/* A number in place of "{L}"; "": none. */
struct layer {
    char digits[12];
};

static bool matches_here(const char *pattern, const char *name, struct layer *layer)
{
    *layer = (struct layer){""};
    while (*pattern) {
        if (strncmp(pattern, "{L}", 3) == 0) {
            const size_t n = strspn(name, "0123456789");
            if (n == 0 || n >= sizeof layer->digits || (n > 1 && *name == '0'))
                return false;
            memcpy(layer->digits, name, n);
            layer->digits[n] = '\0';
            pattern += 3;
            name += n;
        } else if (*pattern++ != *name++) {
            return false;
        }
    }
    return *name == '\0';
}

/* Does NAME match PATTERN? A leading "*" stands for nothing, or for any prefix that ends in '.'. */
static bool matches(const char *pattern, const char *name, struct layer *layer)
{
    if (*pattern != '*')
        return matches_here(pattern, name, layer);
    for (const char *at = name, *dot;; at = dot + 1) {
        if (matches_here(pattern + 1, at, layer))
            return true;
        dot = strchr(at, '.');
        if (!dot)
            return false;
    }
}

/* OURS with the layer's number inserted. */
static char *fill_name(const char *ours, const struct layer *layer, struct gk_err *err)
{
    const char *at = strstr(ours, "{L}");
    return at ? gk_format(err, "%.*s%s%s", (int)(at - ours), ours, layer->digits, at + 3)
              : gk_strdup(ours, err);
}

/* Which line named a tensor, for the message about a second one. */
struct giver {
    const char *ours, *theirs; /* owned by the frames */
    size_t line;
};
struct work {
    const struct gk_rename *r;
    const struct gk_frame *f;
    struct gk_frame *to;
    struct giver *giver; /* [n] */
    size_t n, cap;
    struct gk_rename_notes notes;
};

static const struct giver *find_giver(const struct work *w, const char *ours)
{
    for (size_t i = 0; i < w->n; i++)
        if (!strcmp(w->giver[i].ours, ours))
            return &w->giver[i];
    return NULL;
}

/* A network's number of heads is the first axis of its queries, if they have such an axis. */
static int note_heads(struct work *w, const struct gk_tensor *t, const char *ours,
                      struct gk_err *err)
{
    const char *tail = ".attn.q.weight";
    const size_t n = strlen(ours), k = strlen(tail);
    if (t->rank != 3 || n < k || strcmp(ours + n - k, tail) != 0 || t->shape[0] > INT32_MAX)
        return 0;
    return gk_frame_set_meta_int(w->to, "heads", (int64_t)t->shape[0], err);
}

static int change(struct work *w, const struct gk_line *l, const struct gk_tensor *from,
                  const char *ours, struct gk_err *err)
{
    struct gk_tensor t = *from;
    size_t cap = 0;
    const size_t bytes = gk_tensor_bytes(from);
    t.data = NULL;
    if (gk_grow(&t.data, &cap, bytes + 1, 1, err))
        return -1;
    memcpy(t.data, from->data, bytes);
    int rc = 0;
    for (size_t i = 0; i < l->nchange && rc == 0; i++) {
        if (l->change[i].kind == GK_JOIN)
            rc = note_heads(w, &t, ours, err);
        if (rc == 0 && gk_tensor_change(&t, &l->change[i], err))
            rc = gk_frame_fail(w->f, err, "tensor '%s' (line %zu of the table): %s",
                               gk_show(from->name).s, l->number, err ? err->msg : "");
    }
    if (rc == 0)
        rc = gk_frame_add(w->to, ours, t.dtype, t.rank, t.shape, t.data, err);
    free(t.data);
    return rc;
}

static int give(struct work *w, const struct gk_line *l, const struct gk_tensor *from,
                const struct layer *layer, struct gk_err *err)
{
    char *ours = fill_name(l->ours, layer, err);
    if (!ours)
        return -1;
    const struct giver *other = find_giver(w, ours);
    int rc = 0;
    if (other && !(l->if_missing && other->line != l->number)) {
        gk_frame_fail(w->f, err, "'%s' and '%s' both become '%s': leave one of them out",
                      gk_show(other->theirs).s, gk_show(from->name).s, gk_show(ours).s);
        rc = gk_fail_about(err, "exclude");
    } else if (!other)
        rc = gk_grow(&w->giver, &w->cap, w->n + 1, sizeof *w->giver, err) ||
                     change(w, l, from, ours, err)
                 ? -1
                 : 0;
    if (rc == 0 && !other && l->if_missing) {
        w->notes.missing = gk_show(ours);
        w->notes.instead = gk_show(from->name);
    }
    if (rc == 0 && !other) {
        w->giver[w->n++] = (struct giver){ours, from->name, l->number};
        return 0;
    }
    free(ours);
    return rc;
}

static int give_all(struct work *w, bool *used, struct gk_err *err)
{
    for (size_t k = 0; k < w->r->n; k++) {
        const struct gk_line *l = &w->r->line[k];
        for (size_t i = 0; i < w->f->ntensor && l->kind <= GK_LINE_DROP; i++) {
            struct layer layer;
            if (!matches(l->theirs, w->f->tensor[i].name, &layer))
                continue;
            used[i] = true;
            if (l->kind == GK_LINE_NAME && give(w, l, &w->f->tensor[i], &layer, err))
                return -1;
        }
    }
    return 0;
}

static int give_meta(struct work *w, struct gk_err *err)
{
    for (size_t k = 0; k < w->r->n; k++) {
        const struct gk_line *l = &w->r->line[k];
        const char *where = l->how + strcspn(l->how, " \t"), *tensor = where + strspn(where, " \t");
        if (l->kind != GK_LINE_META || (*tensor && !gk_frame_tensor(w->to, tensor)))
            continue;
        char *value = gk_format(err, "%.*s", (int)(where - l->how), l->how);
        int rc = value ? gk_frame_set_meta(w->to, l->ours, value, err) : -1;
        free(value);
        if (rc)
            return -1;
    }
    return 0;
}

/* Pads rows up to the vocabulary, if a read-out has fewer answers than there are tokens. */
static int fill_all(struct work *w, struct gk_err *err)
{
    const struct gk_tensor *embed = gk_frame_tensor(w->to, "embed.weight");
    for (size_t k = 0; k < w->r->n; k++) {
        const struct gk_line *l = &w->r->line[k];
        struct layer layer;
        for (size_t i = 0; i < w->to->ntensor && l->has_fill && embed && embed->rank; i++) {
            struct gk_tensor *t = &w->to->tensor[i];
            if (matches(l->ours, t->name, &layer) &&
                gk_tensor_fill(t, embed->shape[0], l->fill, err))
                return gk_frame_fail(w->f, err, "tensor '%s': %s", gk_show(t->name).s,
                                     err ? err->msg : "");
        }
    }
    return 0;
}

/* The reason of L against a tensor of LAYER; NULL: its condition "lacks:NAME" does not hold. */
static int find_reason(const struct work *w, const struct gk_line *l, const struct layer *layer,
                       const char **reason, struct gk_err *err)
{
    static const char lacks[] = "lacks:";
    const size_t n = strcspn(l->how, " \t");
    *reason = l->how;
    if (strncmp(l->how, lacks, sizeof lacks - 1) != 0)
        return 0;
    char *pattern = gk_format(err, "%.*s", (int)(n - sizeof lacks + 1), l->how + sizeof lacks - 1);
    char *name = pattern ? fill_name(pattern, layer, err) : NULL;
    const bool holds = name && !gk_frame_tensor(w->to, name);
    free(pattern);
    free(name);
    *reason = holds ? l->how + n + strspn(l->how + n, " \t") : NULL;
    return name ? 0 : -1;
}

/* Without such a tensor the network would run, and compute something else. */
static int check_refused(struct work *w, struct gk_err *err)
{
    for (size_t k = 0; k < w->r->n; k++) {
        const struct gk_line *l = &w->r->line[k];
        for (size_t i = 0; i < w->f->ntensor && l->kind == GK_LINE_REFUSE; i++) {
            struct layer layer;
            const char *reason = NULL, *name = w->f->tensor[i].name;
            if (!matches(l->theirs, name, &layer))
                continue;
            if (find_reason(w, l, &layer, &reason, err))
                return -1;
            if (reason)
                return gk_frame_fail(w->f, err, "tensor '%s': %s", gk_show(name).s, reason);
        }
    }
    return 0;
}

static int check_used(struct work *w, const bool *used, struct gk_err *err)
{
    for (size_t i = 0; i < w->f->ntensor; i++) {
        const struct gk_tensor *t = &w->f->tensor[i];
        struct gk_rename_skipped *to = t->beside ? &w->notes.beside : &w->notes.integers;
        if (used[i])
            continue;
        if (gk_dtype_is_float(t->dtype) && !t->beside) {
            gk_frame_fail(
                w->f, err, "no line of the table '%s' names the tensor '%s' %s: leave it out",
                gk_show(w->r->name).s, gk_show(t->name).s, gk_show_shape(t->rank, t->shape).s);
            return gk_fail_about(err, "exclude");
        }
        if (to->n++ == 0)
            to->first = gk_show(t->name);
    }
    return 0;
}

int gk_rename_apply(const struct gk_rename *r, const struct gk_frame *f, struct gk_frame *to,
                    struct gk_rename_notes *notes, struct gk_err *err)
{
    struct work w = {.r = r, .f = f, .to = to};
    bool *used = gk_alloc(f->ntensor, sizeof *used, err);
    int rc = used ? give_all(&w, used, err) : -1;
    if (rc == 0)
        rc = give_meta(&w, err);
    if (rc == 0)
        rc = check_refused(&w, err);
    if (rc == 0)
        rc = check_used(&w, used, err);
    if (rc == 0)
        rc = fill_all(&w, err);
    for (size_t i = 0; i < w.n; i++)
        free((char *)w.giver[i].ours);
    free(w.giver);
    gk_free(used);
    *notes = w.notes;
    return rc;
}

bool gk_rename_makes(const struct gk_rename *r, const char *name, double *value)
{
    struct layer layer;
    for (size_t k = 0; k < r->n; k++) {
        if (r->line[k].kind == GK_LINE_MAKE && matches(r->line[k].ours, name, &layer)) {
            *value = r->line[k].fill;
            return true;
        }
    }
    return false;
}

const char *gk_rename_recorded(const struct gk_rename *r)
{
    return r->recorded;
}

const char *gk_rename_name(const struct gk_rename *r)
{
    return r->name;
}
