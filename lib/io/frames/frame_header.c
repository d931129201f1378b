/* A frame's header between JSON text and struct gk_header. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frame_priv.h"
#include "gk/mem.h"
#include "io/json/json.h"

static const char METADATA[] = "__metadata__";

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

/* The last string at the top level of TEXT before byte POS: the tensor at which the parser
 * failed. */
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

static int fail_json(const char *text, size_t len, const struct gk_json_fault *fault,
                     struct gk_err *err)
{
    if (fault->memory)
        return gk_fail(err, "its header of %zu bytes takes too much memory", len);
    const size_t pos = fault->at;
    struct gk_shown key = key_before(text, pos < len ? pos : len), why = gk_show(fault->text);
    gk_fail(err, "its header at byte %zu: %s", pos, why.s);
    if (!key.s[0])
        return -1;
    return strcmp(key.s, METADATA) == 0 ? gk_fail_at(err, "%s", METADATA)
                                        : gk_fail_at(err, "tensor '%s'", key.s);
}

static int take_size(const struct gk_json *v, const char *what, uint64_t *out, struct gk_err *err)
{
    if (gk_json_type(v) != GK_JSON_INTEGER || gk_json_integer(v) < 0)
        return gk_fail(err, "%s: an integer of at least 0 is wanted", what);
    *out = (uint64_t)gk_json_integer(v);
    return 0;
}

static int take_entry(struct gk_slot *s, const struct gk_json *entry, struct gk_err *err)
{
    const struct gk_json *dtype = gk_json_member(entry, "dtype");
    const struct gk_json *shape = gk_json_member(entry, "shape");
    const struct gk_json *offsets = gk_json_member(entry, "data_offsets");
    if (!dtype || !shape || !offsets)
        return gk_fail(err, "an object with dtype, shape and data_offsets is wanted");
    if (gk_json_type(dtype) != GK_JSON_STRING)
        return gk_fail(err, "dtype: a string is wanted");
    if (!gk_dtype_find(gk_json_text(dtype), &s->t.dtype))
        return gk_fail(err, "unknown dtype '%s'", gk_show(gk_json_text(dtype)).s);
    if (gk_json_type(shape) != GK_JSON_ARRAY)
        return gk_fail(err, "shape: an array is wanted");
    if (gk_json_size(shape) > GK_MAX_RANK)
        return gk_fail(err, "rank %zu is over %d", gk_json_size(shape), GK_MAX_RANK);
    s->t.rank = (unsigned)gk_json_size(shape);
    for (unsigned i = 0; i < s->t.rank; i++) {
        if (take_size(gk_json_item(shape, i), "shape", &s->t.shape[i], err) != 0)
            return -1;
    }
    if (gk_json_type(offsets) != GK_JSON_ARRAY || gk_json_size(offsets) != 2)
        return gk_fail(err, "data_offsets: an array of two is wanted");
    if (take_size(gk_json_item(offsets, 0), "data_offsets", &s->begin, err) != 0 ||
        take_size(gk_json_item(offsets, 1), "data_offsets", &s->end, err) != 0)
        return -1;
    return gk_slot_check(s, err);
}

static int take_tensor(struct gk_header *h, const char *name, const struct gk_json *entry,
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

static int take_meta(struct gk_header *h, const struct gk_json *meta, struct gk_err *err)
{
    if (gk_json_type(meta) == GK_JSON_NULL) /* as the Python package writes it */
        return 0;
    if (gk_json_type(meta) != GK_JSON_OBJECT)
        return gk_fail(err, "%s: an object is wanted", METADATA);
    for (struct gk_json_walk w = {0}; gk_json_walk(meta, &w);) {
        const char *key = w.name, *value = gk_json_text(w.value);
        if (!value)
            return gk_fail(err, "%s: '%s': a string is wanted", METADATA, gk_show(key).s);
        if (strcmp(key, "gk.stream") == 0) {
            h->in_stream = true;
        } else if (strcmp(key, "gk.end") == 0) {
            if (!(h->end = gk_strdup(value, err)))
                return -1;
        } else {
            if (gk_grow(&h->meta, &h->meta_cap, h->nmeta + 1, sizeof *h->meta, err) != 0)
                return -1;
            struct gk_meta *m = &h->meta[h->nmeta++];
            *m = (struct gk_meta){gk_strdup(key, err), gk_strdup(value, err)};
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
    struct gk_json_fault fault;
    *h = (struct gk_header){0};
    struct gk_json *root = gk_json_load(text, len, false, &fault);
    if (!root)
        return fail_json(text, len, &fault, err);
    int rc = 0;
    if (gk_json_type(root) != GK_JSON_OBJECT)
        rc = gk_fail(err, "its header: an object is wanted");
    for (struct gk_json_walk w = {0}; rc == 0 && gk_json_walk(root, &w);)
        rc = strcmp(w.name, METADATA) == 0 ? take_meta(h, w.value, err)
                                           : take_tensor(h, w.name, w.value, err);
    gk_json_free(root);
    return rc;
}

static struct gk_json *entry_of(const struct gk_slot *s)
{
    struct gk_json *entry = gk_json_new_object(), *shape = gk_json_new_array();
    struct gk_json *offsets = gk_json_new_array();
    int rc = 0;
    for (unsigned i = 0; i < s->t.rank; i++)
        rc |= gk_json_append(shape, gk_json_new_integer((int64_t)s->t.shape[i]));
    rc |= gk_json_append(offsets, gk_json_new_integer((int64_t)s->begin));
    rc |= gk_json_append(offsets, gk_json_new_integer((int64_t)s->end));
    rc |= gk_json_set(entry, "dtype", gk_json_new_text(gk_dtype_name(s->t.dtype)));
    rc |= gk_json_set(entry, "shape", shape);
    rc |= gk_json_set(entry, "data_offsets", offsets);
    if (rc == 0)
        return entry;
    gk_json_free(entry);
    return NULL;
}

static struct gk_json *meta_of(const struct gk_header *h, const struct gk_meta *more)
{
    struct gk_json *meta = gk_json_new_object();
    int rc = 0;
    for (size_t i = 0; i < h->nmeta; i++)
        rc |= gk_json_set(meta, h->meta[i].key, gk_json_new_text(h->meta[i].value));
    if (more)
        rc |= gk_json_set(meta, more->key, gk_json_new_text(more->value));
    if (rc == 0)
        return meta;
    gk_json_free(meta);
    return NULL;
}

/* Copies N bytes of JSON into a new string, padded with spaces to a multiple of 8. */
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
    gk_json_begin();
    struct gk_json *root = gk_json_new_object();
    char *text = NULL, *padded = NULL;
    if ((h->nmeta > 0 || more) && gk_json_set(root, METADATA, meta_of(h, more)) != 0) {
        gk_fail(err, "its metadata are not UTF-8, or too many");
        goto done;
    }
    for (size_t i = 0; i < h->n; i++) {
        if (gk_json_set(root, h->slot[i].t.name, entry_of(&h->slot[i])) != 0) {
            gk_fail(err, "tensor '%s': its name is not UTF-8, or there are too many tensors",
                    gk_show(h->slot[i].t.name).s);
            goto done;
        }
    }
    text = gk_json_write(root);
    if (!text)
        gk_fail(err, "its header takes too much memory");
    else if (strlen(text) > GK_MAX_HEADER)
        gk_fail(err, "its header would be over 16 MiB");
    else
        padded = pad(text, strlen(text), len, err);
done:
    gk_json_free_text(text);
    gk_json_free(root);
    return padded;
}
