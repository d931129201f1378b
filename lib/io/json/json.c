/* Jansson behind a few functions, within a memory budget. */
#include "json.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* A tree takes up to a hundred times the memory of its text ("[[],[],..."), so parsing 16 MiB of
 * text needs a limit: the trees of one thread share a budget, large enough for a header of 60,000
 * tensors. Jansson does not report every failed allocation (2.14 may drop a key as it writes), so
 * failures are recorded here. */
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

static json_t *in(struct gk_json *v)
{
    return (json_t *)v;
}

static const json_t *seen(const struct gk_json *v)
{
    return (const json_t *)v;
}

static struct gk_json *out(json_t *v)
{
    return (struct gk_json *)v;
}

struct gk_json *gk_json_load(const char *text, size_t len, bool reals, struct gk_json_fault *fault)
{
    json_error_t je;
    use_budget();
    json_t *root = json_loadb(
        text, len, JSON_REJECT_DUPLICATES | (reals ? (size_t)JSON_DECODE_INT_AS_REAL : 0), &je);
    if (root && !refused)
        return out(root);
    json_decref(root);
    *fault = (struct gk_json_fault){.memory = refused};
    if (!refused) {
        fault->at = je.position > 0 ? (size_t)je.position : 0;
        fault->line = je.line > 0 ? (size_t)je.line : 1;
        memcpy(fault->text, je.text, sizeof je.text);
    }
    return NULL;
}

void gk_json_free(struct gk_json *v)
{
    json_decref(in(v));
}

enum gk_json_type gk_json_type(const struct gk_json *v)
{
    static const enum gk_json_type type[] = {
        [JSON_OBJECT] = GK_JSON_OBJECT, [JSON_ARRAY] = GK_JSON_ARRAY,
        [JSON_STRING] = GK_JSON_STRING, [JSON_INTEGER] = GK_JSON_INTEGER,
        [JSON_REAL] = GK_JSON_REAL,     [JSON_TRUE] = GK_JSON_TRUE,
        [JSON_FALSE] = GK_JSON_FALSE,   [JSON_NULL] = GK_JSON_NULL};
    return v ? type[json_typeof(seen(v))] : GK_JSON_NULL;
}

const char *gk_json_text(const struct gk_json *v)
{
    return json_string_value(seen(v));
}

int64_t gk_json_integer(const struct gk_json *v)
{
    return json_integer_value(seen(v));
}

double gk_json_real(const struct gk_json *v)
{
    return json_real_value(seen(v));
}

size_t gk_json_size(const struct gk_json *v)
{
    return json_array_size(seen(v));
}

const struct gk_json *gk_json_item(const struct gk_json *v, size_t i)
{
    return out(json_array_get(seen(v), i));
}

const struct gk_json *gk_json_member(const struct gk_json *v, const char *name)
{
    return out(json_object_get(seen(v), name));
}

bool gk_json_walk(const struct gk_json *v, struct gk_json_walk *w)
{
    json_t *object = (json_t *)seen(v); /* an iterator may change it; ours does not */
    if (!json_is_object(object))
        return false;
    w->at = w->begun ? json_object_iter_next(object, w->at) : json_object_iter(object);
    w->begun = true;
    if (!w->at)
        return false;
    w->name = json_object_iter_key(w->at);
    w->value = out(json_object_iter_value(w->at));
    return true;
}

void gk_json_begin(void)
{
    use_budget();
}

struct gk_json *gk_json_new_object(void)
{
    return out(json_object());
}

struct gk_json *gk_json_new_array(void)
{
    return out(json_array());
}

struct gk_json *gk_json_new_text(const char *s)
{
    return out(json_string(s));
}

struct gk_json *gk_json_new_integer(int64_t i)
{
    return out(json_integer(i));
}

int gk_json_set(struct gk_json *object, const char *name, struct gk_json *value)
{
    return json_object_set_new(in(object), name, in(value));
}

int gk_json_append(struct gk_json *array, struct gk_json *value)
{
    return json_array_append_new(in(array), in(value));
}

char *gk_json_write(const struct gk_json *v)
{
    char *text = json_dumps(seen(v), JSON_COMPACT | JSON_SORT_KEYS);
    if (text && refused) {
        tree_free(text);
        return NULL;
    }
    return text;
}

void gk_json_free_text(char *text)
{
    tree_free(text);
}
