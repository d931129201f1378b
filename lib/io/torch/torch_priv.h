/* Shared by the files that convert a pickle to a frame. */
#ifndef GK_TORCH_PRIV_H
#define GK_TORCH_PRIV_H

#include <stdio.h>

#include "gk/frame.h"
#include "pickle.h"

/* A value and its name: the keys that lead to it, joined by '.'. */
struct gk_leaf {
    char *name;
    const struct gk_pickle_tensor *tensor; /* NULL: TEXT */
    char *text;
};
struct gk_leaves {
    struct gk_leaf *leaf; /* [n] */
    size_t n, cap;
    size_t bytes; /* what names and texts take */
    size_t seen;  /* values visited */
};

/* All values under ROOT, sorted by name. A list of numbers becomes one text, "[1,2]"; the items of
 * other lists are numbered from 0. Frees nothing on failure. */
int gk_leaves_take(struct gk_leaves *l, const struct gk_pickle_value *root, struct gk_err *err);
void gk_leaves_free(struct gk_leaves *l);

/* The numbers of T from its storage's bytes DATA, row-major; free() them. */
int gk_torch_gather(const struct gk_pickle_tensor *t, const void *data, void **to,
                    struct gk_err *err);
/* The sizes in bytes of a tensor and of its storage. Checks that the tensor lies inside. */
int gk_torch_measure(const struct gk_pickle_tensor *t, size_t *bytes, size_t *storage,
                     struct gk_err *err);

/* Where the bytes of storages are read from. */
struct gk_torch_store {
    void *ctx;
    /* Reads storage KEY, whose size must be N bytes; free() *DATA, also on failure. */
    int (*read)(void *ctx, const char *key, size_t n, void **data, struct gk_err *err);
    size_t most; /* bytes of all tensors */
};
/* Fills in the tensors and metadata of a frame from the SIZE bytes of a pickle. */
int gk_torch_frame(struct gk_frame *f, const void *pickle, size_t size,
                   const struct gk_torch_store *store, struct gk_err *err);

/* A zip archive of stored members. */
struct gk_archive;
/* FD is a regular file, read from its beginning; the caller closes it. */
int gk_archive_open(struct gk_archive **a, int fd, struct gk_err *err);
void gk_archive_close(struct gk_archive *a);
/* Reads the N bytes of member FOLDER + NAME; free() *DATA, also on failure. 1: no such member. */
int gk_archive_read(struct gk_archive *a, const char *name, size_t most, void **data, size_t *n,
                    struct gk_err *err);

#endif
