/* Values of a pickle, and their memory. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "pickle.h"

/* A pickle of 60,000 tensors, more than a header can name, takes three quarters of it. */
enum { BUDGET = 96 << 20, CHUNK = 64 << 10 };

struct gk_pickle_chunk {
    struct gk_pickle_chunk *next;
    size_t n, cap;
    _Alignas(16) char bytes[];
};

static struct gk_pickle_chunk *new_chunk(struct gk_pickle *p, size_t room, struct gk_err *err)
{
    const size_t cap = room > CHUNK ? room : CHUNK;
    size_t have = 0;
    struct gk_pickle_chunk *c = NULL;
    if (cap > BUDGET - p->used) {
        gk_pickle_fail(p, err, "its values take more than %d MiB of memory", BUDGET >> 20);
        return NULL;
    }
    if (gk_grow(&c, &have, sizeof *c + cap, 1, err))
        return NULL;
    *c = (struct gk_pickle_chunk){.next = p->chunk, .cap = cap};
    p->chunk = c;
    p->used += cap;
    return c;
}

void *gk_pickle_alloc(struct gk_pickle *p, size_t n, struct gk_err *err)
{
    const size_t room = (n + 15) & ~(size_t)15;
    struct gk_pickle_chunk *c = p->chunk;
    if (!c || c->cap - c->n < room)
        c = new_chunk(p, room, err);
    if (!c)
        return NULL;
    void *at = c->bytes + c->n;
    c->n += room;
    return at;
}

void gk_pickle_free(struct gk_pickle *p)
{
    for (struct gk_pickle_chunk *c = p->chunk, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    *p = (struct gk_pickle){0};
}

struct gk_pickle_value *gk_pickle_new(struct gk_pickle *p, enum gk_pickle_kind kind,
                                      struct gk_err *err)
{
    /* Small values are allocated without room for a tensor's shape. */
    const size_t size = kind == GK_PICKLE_TENSOR || kind == GK_PICKLE_STORAGE
                            ? sizeof(struct gk_pickle_value)
                            : offsetof(struct gk_pickle_value, u) + sizeof(struct gk_pickle_list);
    struct gk_pickle_value *v = gk_pickle_alloc(p, size, err);
    if (v) {
        memset(v, 0, size);
        v->kind = kind;
    }
    return v;
}

int gk_pickle_append(struct gk_pickle *p, struct gk_pickle_list *list, struct gk_pickle_value *v,
                     struct gk_err *err)
{
    if (list->n == list->cap) {
        const size_t cap = list->cap ? 2 * list->cap : 4;
        struct gk_pickle_value **item = gk_pickle_alloc(p, cap * sizeof(void *), err);
        if (!item)
            return -1;
        if (list->n > 0)
            memcpy(item, list->item, list->n * sizeof(void *));
        list->item = item;
        list->cap = cap;
    }
    list->item[list->n++] = v;
    return 0;
}

const char *gk_pickle_kind_name(enum gk_pickle_kind kind)
{
    static const char *const names[] = {
        [GK_PICKLE_NONE] = "None",       [GK_PICKLE_BOOL] = "a truth value",
        [GK_PICKLE_INT] = "an integer",  [GK_PICKLE_LONG] = "an integer",
        [GK_PICKLE_REAL] = "a number",   [GK_PICKLE_TEXT] = "a string",
        [GK_PICKLE_TUPLE] = "a tuple",   [GK_PICKLE_LIST] = "a list",
        [GK_PICKLE_DICT] = "a dict",     [GK_PICKLE_ORDERED] = "an OrderedDict",
        [GK_PICKLE_GLOBAL] = "a name",   [GK_PICKLE_STORAGE] = "a storage",
        [GK_PICKLE_TENSOR] = "a tensor", [GK_PICKLE_MARK] = "a mark"};
    return names[kind];
}

struct gk_shown gk_pickle_show(struct gk_pickle_text text)
{
    char part[200];
    snprintf(part, sizeof part, "%.*s", text.n < sizeof part ? (int)text.n : (int)sizeof part,
             text.s);
    return gk_show(part);
}

bool gk_pickle_is(struct gk_pickle_text text, const char *word)
{
    return text.n == strlen(word) && memcmp(text.s, word, text.n) == 0;
}

int gk_pickle_fail(const struct gk_pickle *p, struct gk_err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gk_vfail(err, fmt, ap);
    va_end(ap);
    return gk_fail_at(err, "byte %zu of its pickle", p->op);
}
