/* Shared by the fuzz targets. A target parses bytes with the library's reader, writes the result
 * with the library's writer, reads that again and compares. A difference is a finding, and so is a
 * refusal without a message; both abort. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gk/err.h"
#include "gk/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond);                     \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* CALL, which writes the library's own values, must succeed. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) != 0) {                                                                         \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, err.msg);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A reader returned -1: it must have a message. */
static inline void refused(const struct gk_err *err)
{
    REQUIRE(err->kind == GK_ERR_FAILED && err->msg[0]);
    REQUIRE(strlen(err->msg) < sizeof err->msg);
}

struct bytes {
    char *p;
    size_t n;
};

/* Everything written to the file until it is closed. */
static inline FILE *begin_bytes(struct bytes *b)
{
    FILE *fp = open_memstream(&b->p, &b->n);
    REQUIRE(fp);
    return fp;
}

static inline FILE *open_bytes(const void *p, size_t n)
{
    FILE *fp = fmemopen((void *)p, n, "rb");
    REQUIRE(fp);
    return fp;
}

/* The same as a regular file. */
static inline FILE *open_file(const void *p, size_t n)
{
    FILE *fp = fdopen(memfd_create("input", 0), "w+b");
    REQUIRE(fp && fwrite(p, 1, n, fp) == n);
    rewind(fp);
    return fp;
}

/* A plain frame's bytes. */
static inline struct bytes encode(const struct gk_frame *f)
{
    struct bytes b;
    struct gk_err err = {0};
    FILE *fp = begin_bytes(&b);
    MUST(gk_frame_write(f, fp, &err));
    fclose(fp);
    return b;
}

static inline void same_bytes(struct bytes a, struct bytes b)
{
    REQUIRE(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
}

static inline void same_frames(const struct gk_frame *a, const struct gk_frame *b)
{
    REQUIRE(a->ntensor == b->ntensor && a->nmeta == b->nmeta);
    for (size_t i = 0; i < a->nmeta; i++)
        REQUIRE(!strcmp(a->meta[i].key, b->meta[i].key) &&
                !strcmp(a->meta[i].value, b->meta[i].value));
    for (size_t i = 0; i < a->ntensor; i++) {
        const struct gk_tensor *s = &a->tensor[i], *t = &b->tensor[i];
        REQUIRE(!strcmp(s->name, t->name) && s->dtype == t->dtype && s->rank == t->rank &&
                s->count == t->count);
        REQUIRE(memcmp(s->shape, t->shape, s->rank * sizeof *s->shape) == 0);
        REQUIRE(memcmp(s->data, t->data, s->count * gk_dtype_size(s->dtype)) == 0);
    }
}

#endif
