/* Several networks in one file, such as the best and the last of a training: keys below which there
 * are tensors of the same names and shapes. */
#include <string.h>

#include "doubt.h"

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
    if (digits > 0 && name[n + 1 + digits] == '.' && gk_is_word(name, n, lists))
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
        if (takes(ctx, t) && !gk_is_buffer(t))
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

int gk_note_copies(const struct gk_frame *f, gk_takes *takes, const void *ctx,
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
