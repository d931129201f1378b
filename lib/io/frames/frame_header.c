/* A frame's header between JSON text and struct gk_header. The only file that knows Jansson. */
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "frame_priv.h"
#include "gk/mem.h"

static const char METADATA[] = "__metadata__";

/* A tree takes up to a hundred times its text ("[[],[],..."), so 16 MiB of text may not simply be
 * taken apart: the trees of one thread have a budget. It fits 60,000 tensors. Jansson does not pass
 * every failed allocation on (2.14 may drop a key as it writes), so they are noted here. */
enum { BUDGET = 64 << 20 };
static _Thread_local size_t spent;
static _Thread_local bool refused;

static void *tree_malloc(size_t n)
{
    if (n > BUDGET || spent + n > BUDGET) {
        refused = true;
        return NULL;
    }
    void *p = malloc(n);
    if (p)
        spent += malloc_usable_size(p);
    else
        refused = true;
    return p;
}

static void tree_free(void *p)
{
    spent -= p ? malloc_usable_size(p) : 0;
    free(p);
}

static void use_budget(void)
{
    json_set_alloc_funcs(tree_malloc, tree_free);
    refused = false;
}

void gk_header_free(struct gk_header *h)
{
    for (size_t i = 0; i < h->n; i++) {
        free(h->slot[i].t.name);
        free(h->slot[i].t.data);
    }
    for (size_t i = 0; i < h->nmeta; i++) {
        free(h->meta[i].key);
        free(h->meta[i].value);
    }
    free(h->slot);
    free(h->meta);
    free(h->end);
    *h = (struct gk_header){0};
}

/* The last string at the top level of TEXT before byte POS: the tensor that the parser was in. */
static struct gk_shown key_before(const char *text, size_t pos)
{
    size_t depth = 0, quote = 0, begin = 0, len = 0;
    bool in_string = false;
    for (size_t i = 0; i < pos; i++) {
        char c = text[i];
        if (in_string && c == '\\') {
            i++;
        } else if (c == '"') {
            in_string = !in_string;
            if (in_string) {
                quote = i;
            } else if (depth == 1) {
                begin = quote + 1;
                len = i - begin;
            }
        } else if (!in_string && (c == '{' || c == '[')) {
            depth++;
        } else if (!in_string && (c == '}' || c == ']')) {
            depth -= depth > 0;
        }
    }
    char key[sizeof(struct gk_shown)] = "";
    if (len > 0)
        memcpy(key, text + begin, len < sizeof key - 1 ? len : sizeof key - 1);
    return gk_show(key);
}

static int fail_json(const char *text, size_t len, const json_error_t *je, struct gk_err *err)
{
    if (refused)
        return gk_fail(err, "its header of %zu bytes takes too much memory", len);
    size_t pos = je->position > 0 ? (size_t)je->position : 0;
    struct gk_shown key = key_before(text, pos < len ? pos : len), why = gk_show(je->text);
    gk_fail(err, "its header at byte %zu: %s", pos, why.s);
    if (!key.s[0])
        return -1;
    return strcmp(key.s, METADATA) == 0 ? gk_fail_at(err, "%s", METADATA)
                                        : gk_fail_at(err, "tensor '%s'", key.s);
}

static int take_size(const json_t *v, const char *what, uint64_t *out, struct gk_err *err)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return gk_fail(err, "%s: an integer of at least 0 is wanted", what);
    *out = (uint64_t)json_integer_value(v);
    return 0;
}

static int take_entry(struct gk_slot *s, const json_t *entry, struct gk_err *err)
{
    const json_t *dtype = json_object_get(entry, "dtype"), *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    if (!json_is_object(entry) || !dtype || !shape || !offsets)
        return gk_fail(err, "an object with dtype, shape and data_offsets is wanted");
    if (!json_is_string(dtype))
        return gk_fail(err, "dtype: a string is wanted");
    if (!gk_dtype_find(json_string_value(dtype), &s->t.dtype))
        return gk_fail(err, "unknown dtype '%s'", gk_show(json_string_value(dtype)).s);
    if (!json_is_array(shape))
        return gk_fail(err, "shape: an array is wanted");
    if (json_array_size(shape) > GK_MAX_RANK)
        return gk_fail(err, "rank %zu is over %d", json_array_size(shape), GK_MAX_RANK);
    s->t.rank = (unsigned)json_array_size(shape);
    for (unsigned i = 0; i < s->t.rank; i++) {
        if (take_size(json_array_get(shape, i), "shape", &s->t.shape[i], err) != 0)
            return -1;
    }
    if (!json_is_array(offsets) || json_array_size(offsets) != 2)
        return gk_fail(err, "data_offsets: an array of two is wanted");
    if (take_size(json_array_get(offsets, 0), "data_offsets", &s->begin, err) != 0 ||
        take_size(json_array_get(offsets, 1), "data_offsets", &s->end, err) != 0)
        return -1;
    return gk_slot_check(s, err);
}

static int take_tensor(struct gk_header *h, const char *name, const json_t *entry,
                       struct gk_err *err)
{
    struct gk_slot s = {0};
    if (take_entry(&s, entry, err) != 0)
        return gk_fail_at(err, "tensor '%s'", gk_show(name).s);
    if (gk_grow(&h->slot, &h->cap, h->n + 1, sizeof *h->slot, err) != 0 ||
        !(s.t.name = gk_strdup(name, err)))
        return -1;
    h->slot[h->n++] = s;
    return 0;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct gk_meta *)a)->key, ((const struct gk_meta *)b)->key);
}

static int take_meta(struct gk_header *h, json_t *meta, struct gk_err *err)
{
    const char *key;
    json_t *v;
    if (json_is_null(meta)) /* as the Python package has it */
        return 0;
    if (!json_is_object(meta))
        return gk_fail(err, "%s: an object is wanted", METADATA);
    json_object_foreach(meta, key, v)
    {
        if (!json_is_string(v))
            return gk_fail(err, "%s: '%s': a string is wanted", METADATA, gk_show(key).s);
        if (strcmp(key, "gk.stream") == 0) {
            h->in_stream = true;
        } else if (strcmp(key, "gk.end") == 0) {
            if (!(h->end = gk_strdup(json_string_value(v), err)))
                return -1;
        } else {
            if (gk_grow(&h->meta, &h->meta_cap, h->nmeta + 1, sizeof *h->meta, err) != 0)
                return -1;
            struct gk_meta *m = &h->meta[h->nmeta++];
            *m = (struct gk_meta){gk_strdup(key, err), gk_strdup(json_string_value(v), err)};
            if (!m->key || !m->value)
                return -1;
        }
    }
    if (h->nmeta > 0)
        qsort(h->meta, h->nmeta, sizeof *h->meta, by_key);
    return 0;
}

int gk_header_parse(struct gk_header *h, const char *text, size_t len, struct gk_err *err)
{
    json_error_t je;
    *h = (struct gk_header){0};
    use_budget();
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
    if (!root || refused) {
        json_decref(root);
        return fail_json(text, len, &je, err);
    }
    int rc = 0;
    const char *key;
    json_t *v;
    if (!json_is_object(root))
        rc = gk_fail(err, "its header: an object is wanted");
    json_object_foreach(root, key, v)
    {
        if (rc == 0)
            rc = strcmp(key, METADATA) == 0 ? take_meta(h, v, err) : take_tensor(h, key, v, err);
    }
    json_decref(root);
    return rc;
}

static json_t *entry_of(const struct gk_slot *s)
{
    json_t *shape = json_array();
    int rc = 0;
    for (unsigned i = 0; i < s->t.rank; i++)
        rc |= json_array_append_new(shape, json_integer((json_int_t)s->t.shape[i]));
    if (rc != 0) {
        json_decref(shape);
        return NULL;
    }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", gk_dtype_name(s->t.dtype), "shape", shape,
                     "data_offsets", (json_int_t)s->begin, (json_int_t)s->end);
}

static json_t *meta_of(const struct gk_header *h, const struct gk_meta *more)
{
    json_t *meta = json_object();
    bool ok = meta;
    for (size_t i = 0; i < h->nmeta; i++)
        ok = ok && json_object_set_new(meta, h->meta[i].key, json_string(h->meta[i].value)) == 0;
    if (more)
        ok = ok && json_object_set_new(meta, more->key, json_string(more->value)) == 0;
    if (!ok) {
        json_decref(meta);
        return NULL;
    }
    return meta;
}

/* N bytes of JSON as a string of their own, spaces after them up to a multiple of 8. */
static char *pad(const char *text, size_t n, size_t *len, struct gk_err *err)
{
    char *padded = NULL;
    size_t cap = 0;
    *len = (n + 7) / 8 * 8;
    if (gk_grow(&padded, &cap, *len + 1, 1, err) != 0)
        return NULL;
    memset(padded, ' ', *len);
    memcpy(padded, text, n);
    padded[*len] = '\0';
    return padded;
}

char *gk_header_text(const struct gk_header *h, const struct gk_meta *more, size_t *len,
                     struct gk_err *err)
{
    use_budget();
    json_t *root = json_object(), *meta = NULL;
    char *text = NULL, *padded = NULL;
    if (h->nmeta > 0 || more) {
        meta = meta_of(h, more);
        if (json_object_set_new(root, METADATA, meta) != 0) {
            gk_fail(err, "its metadata are not UTF-8, or too many");
            goto done;
        }
    }
    for (size_t i = 0; i < h->n; i++) {
        if (json_object_set_new(root, h->slot[i].t.name, entry_of(&h->slot[i])) != 0) {
            gk_fail(err, "tensor '%s': its name is not UTF-8, or there are too many tensors",
                    gk_show(h->slot[i].t.name).s);
            goto done;
        }
    }
    text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text || refused)
        gk_fail(err, "its header takes too much memory");
    else if (strlen(text) > GK_MAX_HEADER)
        gk_fail(err, "its header would be over 16 MiB");
    else
        padded = pad(text, strlen(text), len, err);
done:
    tree_free(text);
    json_decref(root);
    return padded;
}
