/* Writes a stream as one file per frame. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "gk/dump.h"
#include "gk/mem.h"

struct done { /* the steps written so far */
    int64_t *step;
    size_t n, cap;
};

static int note_step(struct done *d, const struct gk_frame *f, int64_t step, struct gk_err *err)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->step[i] == step)
            return gk_frame_fail(f, err, "a second frame of step %" PRId64, step);
    }
    if (gk_grow(&d->step, &d->cap, d->n + 1, sizeof *d->step, err))
        return -1;
    d->step[d->n++] = step;
    return 0;
}

static int write_step(struct done *d, const struct gk_frame *f, const char *dir, struct gk_err *err)
{
    int64_t step;
    if (gk_frame_step(f, (int64_t)f->index, &step, err) || note_step(d, f, step, err))
        return -1;
    char *path = gk_format(err, "%s/step-%06" PRId64 ".safetensors", dir, step);
    int rc = path ? gk_frame_save(f, path, err) : -1;
    free(path);
    return rc;
}

int gk_dump_split(struct gk_source *s, const struct gk_steps *steps, const char *dir,
                  struct gk_err *err)
{
    struct gk_frame f;
    struct done done = {0};
    int rc;
    while ((rc = gk_dump_next(s, steps, &f, err)) == 1) {
        rc = 0;
        if (done.n == 0 && mkdir(dir, 0777) && errno != EEXIST)
            rc = gk_fail(err, "%s:", dir);
        if (rc == 0)
            rc = write_step(&done, &f, dir, err);
        gk_frame_free(&f);
        if (rc)
            break;
    }
    if (rc == 0 && done.n == 0)
        rc = gk_steps_none(err);
    free(done.step);
    return rc;
}
