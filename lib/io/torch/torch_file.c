/* A file of torch.save as a frame. */
#include "gk/torch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gk/input.h"
#include "gk/mem.h"
#include "io/frames/frame_priv.h"
#include "io/stream/spool.h"
#include "torch_priv.h"

enum { MOST_PICKLE = 16 << 20, FREE = 64 << 20, TIMES = 8 };

/* ---- leaves -> frame ---- */

struct view { /* a tensor among those of one storage */
    struct gk_leaf *leaf;
};

static int by_storage(const void *a, const void *b)
{
    const struct gk_pickle_text s = ((const struct view *)a)->leaf->tensor->storage->key,
                                t = ((const struct view *)b)->leaf->tensor->storage->key;
    const int c = memcmp(s.s, t.s, s.n < t.n ? s.n : t.n);
    return c ? c : (s.n > t.n) - (s.n < t.n);
}

/* Do all of them fit in memory? A view may repeat its storage's numbers. */
static int check_size(const struct gk_leaves *l, size_t most, struct gk_err *err)
{
    size_t all = 0, bytes, storage;
    for (size_t i = 0; i < l->n; i++) {
        if (!l->leaf[i].tensor)
            continue;
        if (gk_torch_measure(l->leaf[i].tensor, &bytes, &storage, err))
            return gk_fail_at(err, "tensor '%s'", gk_show(l->leaf[i].name).s);
        if (!gk_add(all, bytes, &all) || all > most)
            return gk_fail(err,
                           "tensor '%s': up to here the tensors take %zu bytes, more than %d MiB "
                           "and %d times the file",
                           gk_show(l->leaf[i].name).s, all, FREE >> 20, TIMES);
    }
    return 0;
}

static int read_storage(const struct gk_pickle_storage *s, const struct gk_torch_store *store,
                        size_t bytes, void **data, struct gk_err *err)
{
    char *key = gk_format(err, "%.*s", (int)s->key.n, s->key.s);
    int rc = key ? store->read(store->ctx, key, bytes, data, err) : -1;
    free(key);
    return rc;
}

/* Each storage is read once, for all tensors that are views of it. */
static int take_data(struct gk_frame *f, const struct view *view, size_t n,
                     const struct gk_torch_store *store, struct gk_err *err)
{
    void *data = NULL;
    size_t bytes, storage, loaded = 0;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct gk_pickle_tensor *t = view[i].leaf->tensor;
        struct gk_tensor *to = &f->tensor[f->ntensor];
        rc = gk_torch_measure(t, &bytes, &storage, err);
        if (rc == 0 && (!data || loaded != storage || by_storage(&view[i - 1], &view[i]))) {
            free(data);
            data = NULL;
            rc = read_storage(t->storage, store, loaded = storage, &data, err);
        }
        *to = (struct gk_tensor){.dtype = t->dtype, .rank = t->rank, .at = -1};
        memcpy(to->shape, t->shape, sizeof to->shape);
        if (rc == 0)
            rc = gk_torch_gather(t, data, &to->data, err);
        if (rc)
            gk_fail_at(err, "tensor '%s'", gk_show(view[i].leaf->name).s);
        to->name = view[i].leaf->name;
        view[i].leaf->name = NULL;
        f->ntensor++;
        rc = rc ? rc : gk_tensor_measure(to, &bytes, err);
    }
    free(data);
    return rc;
}

static int take_tensors(struct gk_frame *f, struct gk_leaves *l, const struct gk_torch_store *store,
                        struct gk_err *err)
{
    struct view *sorted = NULL;
    size_t n = 0, cap = 0, tensors = 0;
    if (gk_grow(&sorted, &cap, l->n + 1, sizeof *sorted, err))
        return -1;
    for (size_t i = 0; i < l->n; i++)
        if (l->leaf[i].tensor)
            sorted[n++].leaf = &l->leaf[i];
    qsort(sorted, n, sizeof *sorted, by_storage);
    int rc = gk_grow(&f->tensor, &tensors, n + 1, sizeof *f->tensor, err);
    if (rc == 0)
        rc = take_data(f, sorted, n, store, err);
    free(sorted);
    if (rc == 0)
        gk_frame_sort(f);
    return rc;
}

/* Two paths may give one name: {"a": {"b": 1}, "a.b": 2}. */
static int check_names(const struct gk_leaves *l, struct gk_err *err)
{
    for (size_t i = 0; i < l->n; i++) {
        const char *name = l->leaf[i].name;
        if (i > 0 && !strcmp(l->leaf[i - 1].name, name))
            return gk_fail(err, "two values are called '%s'", gk_show(name).s);
        if (l->leaf[i].tensor && !strcmp(name, "__metadata__"))
            return gk_fail(err, "tensor '%s': the name is taken", name);
        if (!l->leaf[i].tensor && (!strcmp(name, "gk.stream") || !strcmp(name, "gk.end")))
            return gk_fail(err, "the metadata key '%s' belongs to streams", name);
    }
    return 0;
}

/* The leaves are sorted by name, as metadata are. */
static int take_meta(struct gk_frame *f, struct gk_leaves *l, struct gk_err *err)
{
    size_t cap = 0;
    if (gk_grow(&f->meta, &cap, l->n + 1, sizeof *f->meta, err))
        return -1;
    for (size_t i = 0; i < l->n; i++) {
        struct gk_leaf *leaf = &l->leaf[i];
        if (leaf->tensor)
            continue;
        f->meta[f->nmeta++] = (struct gk_meta){leaf->name, leaf->text};
        leaf->name = leaf->text = NULL;
    }
    return 0;
}

static int take_leaves(struct gk_frame *f, struct gk_leaves *l, const struct gk_torch_store *store,
                       struct gk_err *err)
{
    return check_names(l, err) || check_size(l, store->most, err) || take_meta(f, l, err)
               ? -1
               : take_tensors(f, l, store, err);
}

int gk_torch_frame(struct gk_frame *f, const void *pickle, size_t size,
                   const struct gk_torch_store *store, struct gk_err *err)
{
    struct gk_pickle p;
    struct gk_leaves l = {0};
    int rc = gk_pickle_read(&p, pickle, size, err);
    if (rc == 0)
        rc = gk_leaves_take(&l, p.result, err);
    if (rc == 0)
        rc = take_leaves(f, &l, store, err);
    if (rc)
        gk_frame_free(f);
    gk_leaves_free(&l);
    gk_pickle_free(&p);
    return rc;
}

/* ---- file -> frame ---- */

static int read_stored(void *ctx, const char *key, size_t n, void **data, struct gk_err *err)
{
    size_t have = 0;
    char *name = gk_format(err, "data/%s", key);
    int rc = name ? gk_archive_read(ctx, name, n, data, &have, err) : -1;
    free(name);
    if (rc > 0)
        return gk_fail(err, "the zip archive has no member data/%s", gk_show(key).s);
    if (rc == 0 && have != n)
        return gk_fail(err, "member data/%s has %zu of %zu bytes", gk_show(key).s, have, n);
    return rc;
}

/* "little" or "big"; older versions do not say, and are little-endian. */
static int check_byteorder(struct gk_archive *a, struct gk_err *err)
{
    void *order;
    size_t n = 0;
    int rc = gk_archive_read(a, "byteorder", 64, &order, &n, err);
    if (rc == 0 && (n != 6 || memcmp(order, "little", 6) != 0))
        rc = gk_fail(err, "its numbers are not little-endian");
    free(order);
    return rc < 0 ? -1 : 0;
}

static int read_archive(struct gk_archive *a, size_t file_size, struct gk_frame *f,
                        struct gk_err *err)
{
    const struct gk_torch_store store = {a, read_stored, FREE + TIMES * file_size};
    void *pickle = NULL;
    size_t n = 0;
    int rc = check_byteorder(a, err);
    if (rc == 0)
        rc = gk_archive_read(a, "data.pkl", MOST_PICKLE, &pickle, &n, err);
    if (rc == 0)
        rc = gk_torch_frame(f, pickle, n, &store, err);
    free(pickle);
    return rc;
}

/* A gk_frame_reader. An archive is read from its end, so a pipe is first copied to a temporary
 * file. */
static int read_torch(FILE *fp, struct gk_frame *f, struct gk_err *err)
{
    struct gk_archive *a = NULL;
    struct stat st;
    const bool is_file = gk_input_is_file(fp);
    const int fd = is_file ? fileno(fp) : gk_spool_rest(fp, err);
    int rc = fd < 0 ? -1 : 0;
    if (rc == 0 && fstat(fd, &st) != 0)
        rc = gk_fail(err, "cannot read:");
    if (rc == 0)
        rc = gk_archive_open(&a, fd, err);
    if (rc == 0)
        rc = read_archive(a, (size_t)st.st_size, f, err);
    gk_archive_close(a);
    if (!is_file && fd >= 0)
        close(fd);
    return rc;
}

int gk_source_open_torch(struct gk_source **s, char *const *files, size_t n, struct gk_err *err)
{
    return gk_source_open_also(s, files, n, read_torch, err);
}
