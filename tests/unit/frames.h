/* What the tests of frames share: frames in memory, and reading them back. */
#ifndef TEST_FRAMES_H
#define TEST_FRAMES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "gk/frame.h"

struct bytes {
    char *p;
    size_t n;
};

/* Everything between begin_bytes and end_bytes that is written to the file. */
static inline FILE *begin_bytes(struct bytes *b)
{
    *b = (struct bytes){0};
    return open_memstream(&b->p, &b->n);
}

static inline void put_blob(FILE *fp, const char *header, const void *data, size_t n)
{
    uint64_t len = strlen(header);
    fwrite(&len, 1, sizeof len, fp);
    fputs(header, fp);
    fwrite(data, 1, n, fp);
}

/* The bytes of F as a plain frame. */
static inline struct bytes frame_bytes(const struct gk_frame *f)
{
    struct bytes b;
    struct gk_err err;
    FILE *fp = begin_bytes(&b);
    CHECK_INT_EQ(gk_frame_write(f, fp, &err), 0);
    fclose(fp);
    return b;
}

static inline void check_same_bytes(struct bytes a, struct bytes b)
{
    CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
}

/* Reads all frames of N bytes; the number of frames, or -1 with a message in ERR. The last one is
 * kept in *LAST if that is not NULL. */
static inline int read_all(const void *p, size_t n, struct gk_frame *last, struct gk_err *err)
{
    struct gk_source *s;
    struct gk_frame f;
    int rc, frames = 0;
    FILE *fp = fmemopen((void *)p, n, "rb");
    *err = (struct gk_err){0};
    if (gk_source_from(&s, fp, "test", err) != 0)
        return -1;
    while ((rc = gk_source_next(s, &f, err)) == 1) {
        frames++;
        if (last) {
            gk_frame_free(last);
            *last = f;
        } else {
            gk_frame_free(&f);
        }
    }
    gk_source_close(s);
    return rc == 0 ? frames : -1;
}

#endif
