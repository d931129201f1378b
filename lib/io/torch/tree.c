/* Names the values of a pickle. Lists and dicts may contain each other, and themselves, so depth,
 * names and the number of steps are limited. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/number.h"
#include "torch_priv.h"

/* With OVERHEAD for each, there are at most as many names as a frame's header may hold. */
enum { DEEPEST = 64, LONGEST = 1000, MOST_SEEN = 1 << 20, MOST_BYTES = 16 << 20, OVERHEAD = 256 };

struct level { /* a list or dict on the current path */
    const struct gk_pickle_list *list;
    bool pairs;
    size_t at;  /* the next item */
    size_t len; /* length of the name that leads here */
};
struct walk {
    struct gk_leaves *leaves;
    char name[LONGEST + 1];
    size_t len; /* length of the name */
    struct level level[DEEPEST];
    int depth;
};

static int add_leaf(struct walk *w, const struct gk_pickle_tensor *t, const char *text,
                    struct gk_err *err)
{
    struct gk_leaves *l = w->leaves;
    const char *name = w->len > 0 ? w->name : t ? "tensor" : "value";
    l->bytes += OVERHEAD + strlen(name) + (text ? strlen(text) : 0);
    if (l->bytes > MOST_BYTES)
        return gk_fail(err, "its names and numbers take more than %d MiB", MOST_BYTES >> 20);
    if (gk_grow(&l->leaf, &l->cap, l->n + 1, sizeof *l->leaf, err))
        return -1;
    struct gk_leaf *leaf = &l->leaf[l->n++];
    *leaf = (struct gk_leaf){.name = gk_strdup(name, err), .tensor = t};
    if (leaf->name && text)
        leaf->text = gk_strdup(text, err);
    return leaf->name && (!text || leaf->text) ? 0 : -1;
}

/* ---- texts ---- */

struct number {
    char s[48];
};

/* False: V is not a number. */
static bool number_text(const struct gk_pickle_value *v, struct number *n)
{
    if (v->kind == GK_PICKLE_BOOL)
        snprintf(n->s, sizeof n->s, "%s", v->u.b ? "true" : "false");
    else if (v->kind == GK_PICKLE_INT)
        snprintf(n->s, sizeof n->s, "%" PRId64, v->u.i);
    else if (v->kind == GK_PICKLE_LONG)
        snprintf(n->s, sizeof n->s, "%.*s", (int)v->u.text.n, v->u.text.s);
    else if (v->kind == GK_PICKLE_REAL)
        gk_real_text(v->u.real, n->s, sizeof n->s);
    else
        return false;
    return true;
}

static int add_numbers(struct walk *w, const struct gk_pickle_list *list, struct gk_err *err)
{
    char *text = NULL;
    size_t n = 0, cap = 0;
    int rc = gk_grow(&text, &cap, 3, 1, err);
    for (size_t i = 0; i < list->n && rc == 0; i++) {
        struct number number;
        number_text(list->item[i], &number);
        rc = gk_grow(&text, &cap, n + sizeof number + 3, 1, err);
        if (rc == 0)
            n += (size_t)sprintf(text + n, "%s%s", i ? "," : "[", number.s);
    }
    if (rc == 0) {
        memcpy(text + n, list->n ? "]" : "[]", list->n ? 2 : 3);
        rc = add_leaf(w, NULL, text, err);
    }
    free(text);
    return rc;
}

/* ---- the walk ---- */

static int fail_many(struct gk_err *err)
{
    return gk_fail(err, "it has more than %d values", MOST_SEEN);
}

/* Appends KEY to the name. */
static int put_key(struct walk *w, struct gk_pickle_text key, struct gk_err *err)
{
    if (key.n + 2 > LONGEST - w->len)
        return gk_fail(err, "the name '%s...' is longer than %d bytes", gk_show(w->name).s,
                       LONGEST);
    if (w->len > 0)
        w->name[w->len++] = '.';
    memcpy(w->name + w->len, key.s, key.n);
    w->len += key.n;
    w->name[w->len] = '\0';
    return 0;
}

static int put_dict_key(struct walk *w, const struct gk_pickle_value *key, struct gk_err *err)
{
    struct number n;
    if (key->kind == GK_PICKLE_TEXT)
        return put_key(w, key->u.text, err);
    if (key->kind == GK_PICKLE_INT && number_text(key, &n))
        return put_key(w, (struct gk_pickle_text){n.s, strlen(n.s)}, err);
    return gk_fail(err, "'%s' has a key that is %s: a string or an integer is wanted",
                   gk_show(w->name).s, gk_pickle_kind_name(key->kind));
}

/* Starts on the items of LIST. */
static int begin(struct walk *w, const struct gk_pickle_list *list, bool pairs, struct gk_err *err)
{
    if (w->depth == DEEPEST)
        return gk_fail(err, "'%s' is nested more than %d deep", gk_show(w->name).s, DEEPEST);
    w->level[w->depth++] = (struct level){.list = list, .pairs = pairs, .len = w->len};
    return 0;
}

static int visit_list(struct walk *w, const struct gk_pickle_list *list, struct gk_err *err)
{
    size_t numbers = 0;
    for (struct number n; numbers < list->n && number_text(list->item[numbers], &n); numbers++)
        ;
    if ((w->leaves->seen += numbers) > MOST_SEEN)
        return fail_many(err);
    return numbers == list->n ? add_numbers(w, list, err) : begin(w, list, false, err);
}

static int add_text(struct walk *w, struct gk_pickle_text text, struct gk_err *err)
{
    if (text.n > MOST_BYTES)
        return gk_fail(err, "a string is longer than %d MiB", MOST_BYTES >> 20);
    char *copy = gk_format(err, "%.*s", (int)text.n, text.s);
    int rc = copy ? add_leaf(w, NULL, copy, err) : -1;
    free(copy);
    return rc;
}

static int visit(struct walk *w, const struct gk_pickle_value *v, struct gk_err *err)
{
    struct number n;
    const char *dtype = gk_pickle_dtype(v);
    if (++w->leaves->seen > MOST_SEEN)
        return fail_many(err);
    switch (v->kind) {
    case GK_PICKLE_TENSOR:
        return add_leaf(w, &v->u.tensor, NULL, err);
    case GK_PICKLE_DICT:
    case GK_PICKLE_ORDERED:
        return begin(w, &v->u.list, true, err);
    case GK_PICKLE_LIST:
    case GK_PICKLE_TUPLE:
        return visit_list(w, &v->u.list, err);
    case GK_PICKLE_TEXT:
        return add_text(w, v->u.text, err);
    case GK_PICKLE_NONE:
        return add_leaf(w, NULL, "null", err);
    default:
        break;
    }
    if (number_text(v, &n))
        return add_leaf(w, NULL, n.s, err);
    if (dtype)
        return add_leaf(w, NULL, dtype, err);
    return gk_fail(err, "'%s' is %s: a tensor, a number or a string is wanted", gk_show(w->name).s,
                   gk_pickle_kind_name(v->kind));
}

/* The next item of the current list, or back to the list around it. */
static int go_on(struct walk *w, struct gk_err *err)
{
    struct level *l = &w->level[w->depth - 1];
    const size_t at = l->at;
    w->len = l->len;
    w->name[w->len] = '\0';
    if (at == l->list->n) {
        w->depth--;
        return 0;
    }
    l->at += l->pairs ? 2 : 1;
    if (l->pairs)
        return put_dict_key(w, l->list->item[at], err) ? -1 : visit(w, l->list->item[at + 1], err);
    char key[24];
    const int n = snprintf(key, sizeof key, "%zu", at);
    return put_key(w, (struct gk_pickle_text){key, (size_t)n}, err)
               ? -1
               : visit(w, l->list->item[at], err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct gk_leaf *)a)->name, ((const struct gk_leaf *)b)->name);
}

int gk_leaves_take(struct gk_leaves *l, const struct gk_pickle_value *root, struct gk_err *err)
{
    struct walk w = {.leaves = l};
    int rc = visit(&w, root, err);
    while (rc == 0 && w.depth > 0)
        rc = go_on(&w, err);
    if (rc)
        return -1;
    if (l->n > 1)
        qsort(l->leaf, l->n, sizeof *l->leaf, by_name);
    return 0;
}

void gk_leaves_free(struct gk_leaves *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->leaf[i].name);
        free(l->leaf[i].text);
    }
    free(l->leaf);
    *l = (struct gk_leaves){0};
}
