/* A frame in memory: its tensors and metadata by name. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "frame_priv.h"
#include "gk/mem.h"
#include "gk/number.h"

/* The index of NAME in a sorted array whose elements of SIZE bytes begin with their name (a
 * tensor's, a key's). If *FOUND is false, the index where it would be inserted. */
static size_t find(const void *array, size_t n, size_t size, const char *name, bool *found)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        char *const *at = (char *const *)((const char *)array + mid * size);
        int c = strcmp(*at, name);
        if (c == 0) {
            *found = true;
            return mid;
        }
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *found = false;
    return lo;
}
_Static_assert(offsetof(struct gk_tensor, name) == 0 && offsetof(struct gk_meta, key) == 0,
               "find() compares what an element begins with");

static size_t find_tensor(const struct gk_frame *f, const char *name, bool *found)
{
    return find(f->tensor, f->ntensor, sizeof *f->tensor, name, found);
}

static size_t find_meta(const struct gk_frame *f, const char *key, bool *found)
{
    return find(f->meta, f->nmeta, sizeof *f->meta, key, found);
}

int gk_frame_add(struct gk_frame *f, const char *name, enum gk_dtype dtype, unsigned rank,
                 const uint64_t *shape, const void *data, struct gk_err *err)
{
    struct gk_tensor t = {.dtype = dtype, .rank = rank, .at = -1};
    bool found;
    size_t at = find_tensor(f, name, &found), cap = f->ntensor, data_cap = 0, bytes;
    if (found || strcmp(name, "__metadata__") == 0)
        return gk_fail(err, "tensor '%s': the name is taken", gk_show(name).s);
    for (unsigned i = 0; i < rank && i < GK_MAX_RANK; i++)
        t.shape[i] = shape[i];
    if (gk_tensor_measure(&t, &bytes, err) != 0 ||
        gk_grow(&f->tensor, &cap, f->ntensor + 1, sizeof *f->tensor, err) != 0 ||
        gk_grow(&t.data, &data_cap, bytes + !bytes, 1, err) != 0)
        return gk_fail_at(err, "tensor '%s'", gk_show(name).s);
    if (bytes > 0)
        memcpy(t.data, data, bytes);
    t.name = gk_strdup(name, err);
    if (!t.name) {
        free(t.data);
        return -1;
    }
    memmove(f->tensor + at + 1, f->tensor + at, (f->ntensor - at) * sizeof t);
    f->tensor[at] = t;
    f->ntensor++;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct gk_tensor *)a)->name, ((const struct gk_tensor *)b)->name);
}

void gk_frame_sort(struct gk_frame *f)
{
    if (f->ntensor > 1)
        qsort(f->tensor, f->ntensor, sizeof *f->tensor, by_name);
}

void gk_frame_drop(struct gk_frame *f, size_t i)
{
    free(f->tensor[i].name);
    free(f->tensor[i].data);
    f->ntensor--;
    memmove(f->tensor + i, f->tensor + i + 1, (f->ntensor - i) * sizeof *f->tensor);
}

int gk_frame_set_meta(struct gk_frame *f, const char *key, const char *value, struct gk_err *err)
{
    bool found;
    size_t at = find_meta(f, key, &found), cap = f->nmeta;
    if (strcmp(key, "gk.stream") == 0 || strcmp(key, "gk.end") == 0)
        return gk_fail(err, "the metadata key '%s' belongs to streams", key);
    struct gk_meta m = {NULL, gk_strdup(value, err)};
    if (!m.value)
        return -1;
    if (found) {
        free(f->meta[at].value);
        f->meta[at].value = m.value;
        return 0;
    }
    m.key = gk_strdup(key, err);
    if (!m.key || gk_grow(&f->meta, &cap, f->nmeta + 1, sizeof m, err) != 0) {
        free(m.key);
        free(m.value);
        return -1;
    }
    memmove(f->meta + at + 1, f->meta + at, (f->nmeta - at) * sizeof m);
    f->meta[at] = m;
    f->nmeta++;
    return 0;
}

int gk_frame_set_meta_int(struct gk_frame *f, const char *key, int64_t v, struct gk_err *err)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, v);
    return gk_frame_set_meta(f, key, text, err);
}

int gk_frame_set_history(struct gk_frame *f, const struct gk_history *h, struct gk_err *err)
{
    if (h->n == 0)
        return 0;
    char *text = gk_history_text(h, err);
    int rc = text ? gk_frame_set_meta(f, "gk.history", text, err) : -1;
    free(text);
    return rc;
}

void gk_frame_free(struct gk_frame *f)
{
    for (size_t i = 0; i < f->ntensor; i++) {
        free(f->tensor[i].name);
        free(f->tensor[i].data);
    }
    for (size_t i = 0; i < f->nmeta; i++) {
        free(f->meta[i].key);
        free(f->meta[i].value);
    }
    free(f->tensor);
    free(f->meta);
    *f = (struct gk_frame){0};
}

const struct gk_tensor *gk_frame_tensor(const struct gk_frame *f, const char *name)
{
    bool found;
    size_t at = find_tensor(f, name, &found);
    return found ? &f->tensor[at] : NULL;
}

const char *gk_frame_meta(const struct gk_frame *f, const char *key)
{
    bool found;
    size_t at = find_meta(f, key, &found);
    return found ? f->meta[at].value : NULL;
}

int gk_frame_meta_int(const struct gk_frame *f, const char *key, int64_t min, int64_t max,
                      int64_t *v, struct gk_err *err)
{
    const char *text = gk_frame_meta(f, key);
    if (!text)
        return gk_frame_fail(f, err, "the metadata have no '%s'", key);
    int64_t n = 0;
    if (*text == '+' || gk_number_integer(text, strlen(text), &n) != GK_NUMBER_FINITE || n < min ||
        n > max)
        return gk_frame_fail(
            f, err, "metadata '%s' is '%s': an integer from %" PRId64 " to %" PRId64 " is wanted",
            key, gk_show(text).s, min, max);
    *v = n;
    return 0;
}

int gk_frame_check_keys(const struct gk_frame *f, struct gk_err *err)
{
    for (size_t i = 0; i < f->nmeta; i++) {
        const char *key = f->meta[i].key;
        if (strncmp(key, "gk.", 3) == 0 && strcmp(key, "gk.kind") != 0 &&
            strcmp(key, "gk.history") != 0)
            return gk_frame_fail(f, err,
                                 "metadata '%s' is '%s': this gk knows no such key; perhaps a "
                                 "newer one wrote the file",
                                 gk_show(key).s, gk_show(f->meta[i].value).s);
    }
    return 0;
}

int gk_frame_step(const struct gk_frame *f, int64_t absent, int64_t *step, struct gk_err *err)
{
    static const char *const names[] = {"step", "global_step"};
    *step = absent;
    for (int i = 0; i < 2; i++)
        if (gk_frame_meta(f, names[i]))
            return gk_frame_meta_int(f, names[i], 0, INT64_MAX, step, err);
    return 0;
}

int gk_frame_fail(const struct gk_frame *f, struct gk_err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gk_vfail(err, fmt, ap);
    va_end(ap);
    return gk_frame_fail_at(f, err);
}

int gk_frame_fail_at(const struct gk_frame *f, struct gk_err *err)
{
    if (err && err->kind == GK_ERR_USAGE) /* the fault is the frame's, not the command line's */
        err->kind = GK_ERR_FAILED;
    return f->file ? gk_fail_at(err, "%s: frame %" PRIu64, f->file, f->number) : -1;
}
