/* The outputs of gk-ckpt-dump. */
#include "gk/dump.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/npy.h"
#include "gk/glob.h"
#include "gk/mem.h"
#include "gk/scale.h"
#include "gk/table.h"
#include "dump_priv.h"

struct dump {
    const struct gk_dump *d;
    struct gk_out *out;
    FILE *fp;  /* out->fp */
    bool many; /* more frames may come */
    size_t frames;
    struct gk_history history;
    struct gk_stream stream;
    struct gk_tensor all; /* .npy: the frames so far, their data in sequence */
    size_t cap;
    size_t columns; /* tsv: the first frame's tensor */
};

/* ---- lists ---- */

/* The step in the metadata; nan if there is none. */
static int put_step(FILE *fp, const struct gk_frame *f, char end, struct gk_err *err)
{
    int64_t step;
    if (gk_frame_step(f, GK_NO_STEP, &step, err))
        return -1;
    if (step == GK_NO_STEP)
        fprintf(fp, "nan%c", end);
    else
        fprintf(fp, "%" PRId64 "%c", step, end);
    return 0;
}

static int put_list(struct dump *p, const struct gk_frame *f, struct gk_err *err)
{
    static const char *const names[] = {"name", "dtype", "shape", "count",
                                        "min",  "max",   "norm",  "step"};
    if (p->frames == 0 && gk_table_begin(p->fp, &p->history, names, 8, err))
        return -1;
    for (size_t i = 0; i < f->ntensor; i++) {
        gk_dump_summary(p->fp, &f->tensor[i]);
        if (put_step(p->fp, f, '\n', err))
            return -1;
    }
    return 0;
}

static int put_meta(struct dump *p, const struct gk_frame *f, struct gk_err *err)
{
    static const char *const names[] = {"key", "value", "step"};
    if (p->frames == 0 && gk_table_begin(p->fp, &p->history, names, 3, err))
        return -1;
    for (size_t i = 0; i < f->nmeta; i++) {
        gk_put_text(p->fp, f->meta[i].key, '\t');
        gk_put_text(p->fp, f->meta[i].value, '\t');
        if (put_step(p->fp, f, '\n', err))
            return -1;
    }
    return 0;
}

/* ---- a tensor as text: a line is a run along its last axis ---- */

static int begin_rows(struct dump *p, struct gk_err *err)
{
    if (gk_table_begin(p->fp, &p->history, NULL, 0, err)) /* the history alone */
        return -1;
    fputs(p->many ? "step\t" : "", p->fp);
    for (size_t i = 0; i < p->columns; i++)
        fprintf(p->fp, "c%zu%c", i, i + 1 < p->columns ? '\t' : '\n');
    return 0;
}

static void put_row(FILE *fp, const struct gk_tensor *t, size_t from, size_t n)
{
    for (size_t i = from; i < from + n && !ferror(fp); i++)
        gk_dump_value(fp, t, i, i + 1 < from + n ? '\t' : '\n');
}

static int put_rows(struct dump *p, const struct gk_frame *f, const struct gk_tensor *t,
                    struct gk_err *err)
{
    int64_t step;
    if (t->count == 0)
        return gk_frame_fail(f, err, "tensor '%s' is empty", gk_show(t->name).s);
    if (gk_tensor_check(t, err))
        return gk_frame_fail_at(f, err);
    const size_t columns = t->rank ? (size_t)t->shape[t->rank - 1] : 1;
    if (p->frames == 0) {
        p->columns = columns;
        if (begin_rows(p, err))
            return -1;
    }
    if (columns != p->columns)
        return gk_frame_fail(f, err, "tensor '%s' has %zu columns, in the first frame %zu",
                             gk_show(t->name).s, columns, p->columns);
    if (p->many && gk_frame_step(f, (int64_t)f->index, &step, err))
        return -1;
    for (size_t i = 0; i < t->count && !ferror(p->fp); i += columns) {
        if (p->many)
            fprintf(p->fp, "%" PRId64 "\t", step);
        put_row(p->fp, t, i, columns);
    }
    return 0;
}

/* ---- a tensor as .npy or as a frame ---- */

/* The shape comes first in .npy, so frames are kept until the last one has come. */
static int keep(struct dump *p, const struct gk_frame *f, const struct gk_tensor *t,
                struct gk_err *err)
{
    struct gk_tensor *all = &p->all;
    const size_t bytes = gk_tensor_bytes(t), have = p->frames * bytes;
    if (p->frames == 0) {
        all->dtype = t->dtype;
        all->rank = t->rank + p->many;
        if (all->rank > GK_MAX_RANK)
            return gk_frame_fail(f, err, "tensor '%s': frames would make its rank %u, over %d",
                                 gk_show(t->name).s, all->rank, GK_MAX_RANK);
        memcpy(all->shape + p->many, t->shape, t->rank * sizeof *t->shape);
    }
    if (t->dtype != all->dtype || t->rank + p->many != all->rank ||
        memcmp(all->shape + p->many, t->shape, t->rank * sizeof *t->shape) != 0)
        return gk_frame_fail(f, err,
                             "tensor '%s' is not of the shape and dtype of the first frame's",
                             gk_show(t->name).s);
    if (gk_grow(&all->data, &p->cap, have + bytes + 1, 1, err))
        return -1;
    memcpy((char *)all->data + have, t->data, bytes);
    all->count += t->count;
    return 0;
}

static int put_frame(struct dump *p, const struct gk_frame *f, struct gk_err *err)
{
    if (p->many ? gk_stream_write(&p->stream, f, err) : gk_frame_write(f, p->fp, err))
        return gk_fail_at(err, "%s", p->out->name);
    return 0;
}

/* A frame of those tensors of F that the patterns choose. */
static int put_alone(struct dump *p, const struct gk_frame *f, const struct gk_tensor *one,
                     struct gk_err *err)
{
    struct gk_frame alone = {0};
    const char *step = gk_frame_meta(f, "step");
    int rc = 0;
    for (size_t i = 0; i < (one ? 1 : f->ntensor) && rc == 0; i++) {
        const struct gk_tensor *t = one ? one : &f->tensor[i];
        if (one || gk_glob_matches(p->d->tensor, t->name))
            rc = gk_frame_add(&alone, t->name, t->dtype, t->rank, t->shape, t->data, err);
    }
    if (rc == 0 && step)
        rc = gk_frame_set_meta(&alone, "step", step, err);
    if (rc == 0)
        rc = gk_frame_set_history(&alone, &p->history, err);
    if (rc == 0)
        rc = put_frame(p, &alone, err);
    gk_frame_free(&alone);
    return rc;
}

static int put_tensor(struct dump *p, const struct gk_frame *f, const struct gk_tensor *t,
                      struct gk_err *err)
{
    if (p->d->format == GK_DUMP_TSV)
        return put_rows(p, f, t, err);
    return p->d->format == GK_DUMP_NPY ? keep(p, f, t, err) : put_alone(p, f, t, err);
}

/* ---- the vector of parameters ---- */

static bool takes(const void *ctx, const struct gk_tensor *t)
{
    (void)ctx;
    return gk_is_parameter(t);
}

static int put_flat(struct dump *p, const struct gk_frame *f, struct gk_err *err)
{
    static char name[] = "theta";
    struct gk_tensor flat = {.name = name, .dtype = GK_F32, .rank = 1};
    size_t cap = 0, at = 0;
    for (size_t i = 0; i < f->ntensor; i++) {
        const struct gk_tensor *t = &f->tensor[i];
        flat.count += gk_is_parameter(t) ? t->count : 0;
        if (gk_is_parameter(t) && !gk_dtype_is_single(t->dtype))
            flat.dtype = GK_F64;
    }
    if (flat.count == 0)
        return gk_frame_fail(f, err, "no parameters");
    if (p->frames == 0 && gk_frame_doubts(f, takes, NULL, p->d->notes, err))
        return -1;
    flat.shape[0] = flat.count;
    if (gk_grow(&flat.data, &cap, flat.count, gk_dtype_size(flat.dtype), err))
        return -1;
    for (size_t i = 0; i < f->ntensor; i++) {
        const struct gk_tensor *t = &f->tensor[i];
        if (!gk_is_parameter(t))
            continue;
        if (flat.dtype == GK_F64)
            gk_tensor_f64(t, (double *)flat.data + at);
        else
            gk_tensor_f32(t, (float *)flat.data + at);
        at += t->count;
    }
    int rc = put_tensor(p, f, &flat, err);
    free(flat.data);
    return rc;
}

/* ---- all frames ---- */

static int put_named(struct dump *p, const struct gk_frame *f, struct gk_err *err)
{
    const struct gk_tensor *t = gk_frame_tensor(f, p->d->tensor);
    const bool whole = t;
    size_t n = whole;
    for (size_t i = 0; i < f->ntensor && !whole; i++)
        if (gk_glob_matches(p->d->tensor, f->tensor[i].name)) {
            t = &f->tensor[i];
            n++;
        }
    if (!whole && gk_frame_need_matches(f, p->d->tensor, err))
        return -1;
    if (!t)
        return gk_frame_fail(f, err, "no tensor '%s'", gk_show(p->d->tensor).s);
    if (n > 1 && p->d->format != GK_DUMP_SAFETENSORS)
        return gk_frame_fail(f, err, "%zu tensors match '%s': as text or .npy one is written", n,
                             gk_show(p->d->tensor).s);
    return n > 1 ? put_alone(p, f, NULL, err) : put_tensor(p, f, t, err);
}

static int put(struct dump *p, const struct gk_frame *f, struct gk_err *err)
{
    switch (p->d->view) {
    case GK_DUMP_LIST:
        return put_list(p, f, err);
    case GK_DUMP_META:
        return put_meta(p, f, err);
    case GK_DUMP_TENSOR:
        return put_named(p, f, err);
    case GK_DUMP_FLAT:
        return put_flat(p, f, err);
    case GK_DUMP_FRAMES:
        break;
    }
    return put_frame(p, f, err);
}

static int end(struct dump *p, struct gk_err *err)
{
    if (p->d->format == GK_DUMP_NPY) {
        if (p->many)
            p->all.shape[0] = p->frames;
        return gk_npy_write(p->fp, &p->all, err);
    }
    return p->d->format == GK_DUMP_SAFETENSORS && p->many ? gk_stream_end(&p->stream, err) : 0;
}

/* The first frame: its output depends on whether it is the only one. */
static int begin(struct dump *p, const struct gk_frame *f, bool many, struct gk_err *err)
{
    p->many = many;
    if (gk_history_add_text(&p->history, gk_frame_meta(f, "gk.history"), err))
        return -1;
    /* A change has already added the command to the history. */
    return p->d->change ? 0 : gk_history_add(&p->history, p->d->line, err);
}

static void drop_excluded(struct gk_frame *f, const char *exclude)
{
    for (size_t i = f->ntensor; i-- > 0;)
        if (gk_glob_matches(exclude, f->tensor[i].name))
            gk_frame_drop(f, i);
}

static int dump_all(struct dump *p, struct gk_source *s, struct gk_err *err)
{
    struct gk_frame f = {0};
    int rc = gk_dump_next(s, p->d->steps, &f, err);
    if (rc == 0)
        return gk_steps_none(err);
    while (rc == 1) {
        struct gk_frame next = {0};
        if (p->frames == 0 && p->d->notes &&
            gk_frame_note_matches(&f, "exclude", p->d->exclude, p->d->notes, err)) {
            rc = -1;
            break;
        }
        drop_excluded(&f, p->d->exclude);
        if (p->d->change && p->d->change(&f, p->d->line, err)) {
            rc = -1;
            break;
        }
        rc = gk_dump_next(s, p->d->steps, &next, err);
        if (rc >= 0 && p->frames == 0 && begin(p, &f, rc == 1, err))
            rc = -1;
        if (rc >= 0 && put(p, &f, err))
            rc = -1;
        if (rc >= 0 && ferror(p->fp)) /* the reader has gone, or the disk is full */
            rc = gk_out_flush(p->out, err);
        p->frames++;
        gk_frame_free(&f);
        f = next;
    }
    gk_frame_free(&f);
    return rc == 0 ? end(p, err) : -1;
}

int gk_dump(const struct gk_dump *d, struct gk_source *s, struct gk_out *out, struct gk_err *err)
{
    struct dump p = {.d = d, .out = out, .fp = out->fp, .stream = {.fp = out->fp}};
    int rc = dump_all(&p, s, err);
    gk_history_free(&p.history);
    free(p.all.data);
    return rc;
}
