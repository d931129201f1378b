/* Finds where the coordinates of points are stored: a trajectory's, frame by frame, and a
 * matrix's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gk/glob.h"
#include "gk/mem.h"
#include "gk/network.h"
#include "gk/npy.h"
#include "points_priv.h"
#include "io/stream/spool.h"

enum {
    MOST_FILES = 256
}; /* files kept open; the contents of further files go to the temporary file */

/* ---- which tensors are coordinates ---- */

static bool is_wanted(const struct gk_points_conf *conf, const struct gk_tensor *t)
{
    if (gk_glob_matches(conf->exclude, t->name))
        return false;
    if (gk_glob_names(conf->tensor, t->name)) /* a full name may select any tensor */
        return true;
    return gk_is_parameter(t) && (!conf->tensor || gk_glob_matches(conf->tensor, t->name)) &&
           (!conf->matrices || t->rank == 2);
}

/* Counts the tensors without floating-point numbers: counters and masks that may have been read as
 * parameters. */
static int note_buffers(struct gk_points *p, const struct gk_points_conf *conf, struct gk_err *err)
{
    const char *last = NULL;
    for (size_t i = 0; i < p->first.ntensor && !conf->tensor; i++) {
        const struct gk_tensor *t = &p->first.tensor[i];
        if (gk_is_state(t->name) || gk_dtype_is_float(t->dtype) ||
            gk_glob_matches(conf->exclude, t->name))
            continue;
        last = t->name;
        p->buffers++;
    }
    if (!last)
        return 0;
    p->buffer = gk_strdup(last, err);
    return p->buffer ? 0 : -1;
}

static bool takes(const void *ctx, const struct gk_tensor *t)
{
    return is_wanted(ctx, t);
}

static size_t count_wanted(const struct gk_points_conf *conf, const struct gk_frame *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->ntensor; i++)
        n += is_wanted(conf, &f->tensor[i]);
    return n;
}

static int fail_without(const struct gk_points *p, const struct gk_points_conf *conf,
                        struct gk_err *err)
{
    return gk_frame_fail(&p->first, err, "%s among its %zu tensors",
                         conf->matrices ? "no matrix" : "no parameter", p->first.ntensor);
}

/* The parts of the first frame's points. */
static int lay_out(struct gk_points *p, const struct gk_points_conf *conf, struct gk_err *err)
{
    const struct gk_frame *f = &p->first;
    size_t n = count_wanted(conf, f);
    /* integers are no parameters, but alone they are a matrix */
    const bool lone = n == 0 && f->ntensor == 1 && !conf->tensor && !conf->exclude;
    if (gk_frame_need_matches(f, conf->tensor, err) ||
        gk_frame_note_matches(f, "exclude", conf->exclude, &p->doubts, err))
        return -1;
    p->part = calloc(n + 1, sizeof *p->part);
    if (!p->part)
        return gk_fail(err, "no memory for %zu tensors", n);
    for (size_t i = 0; i < f->ntensor; i++) {
        if (!lone && !is_wanted(conf, &f->tensor[i]))
            continue;
        if (gk_tensor_check(&f->tensor[i], err))
            return gk_frame_fail_at(f, err);
        p->part[p->nparts++] = (struct gk_points_part){i, p->width, f->tensor[i].count};
        if (!gk_add(p->width, f->tensor[i].count, &p->width))
            return gk_frame_fail(f, err, "more parameters than memory can hold");
    }
    if (conf->tensor && n == 0)
        return gk_frame_fail(f, err, "no tensor '%s'", conf->tensor);
    if (!lone && note_buffers(p, conf, err) != 0)
        return -1;
    if (!conf->tensor && gk_frame_doubts(f, takes, conf, &p->doubts, err))
        return -1;
    return p->width == 0 ? fail_without(p, conf, err) : 0;
}

/* Checks that frame F has the tensors of the first. */
static int check_alike(const struct gk_points *p, const struct gk_points_conf *conf,
                       const struct gk_frame *f, struct gk_err *err)
{
    if (p->n > 0 && !is_wanted(conf, &p->first.tensor[p->part[0].tensor]))
        return fail_without(p, conf, err);
    for (size_t i = 0; i < p->nparts; i++) {
        const struct gk_tensor *want = &p->first.tensor[p->part[i].tensor];
        const struct gk_tensor *got = gk_frame_tensor(f, want->name);
        if (!got)
            return gk_frame_fail(f, err, "no tensor '%.100s', which the first frame has",
                                 want->name);
        if (got->rank != want->rank ||
            memcmp(got->shape, want->shape, got->rank * sizeof *got->shape) != 0)
            return gk_frame_fail(f, err, "tensor '%.100s' is %s, in the first frame %s", got->name,
                                 gk_show_shape(got->rank, got->shape).s,
                                 gk_show_shape(want->rank, want->shape).s);
    }
    for (size_t i = 0; i < f->ntensor && count_wanted(conf, f) > p->nparts; i++)
        if (is_wanted(conf, &f->tensor[i]) && !gk_frame_tensor(&p->first, f->tensor[i].name))
            return gk_frame_fail(f, err, "tensor '%.100s' is not in the first frame",
                                 f->tensor[i].name);
    if (conf->tensor) /* a single tensor may be compared between networks */
        return 0;
    const struct gk_network now = gk_network_said(f), first = gk_network_said(&p->first);
    return gk_network_check(f, &now, &first, "the first frame's", err);
}

/* ---- reading frames ---- */

/* Sets *FD to where the data of FP (or NULL) can be read again: its own file, and *STAY is true; or
 * the temporary file, if it has none or too many files are open. */
static int keep(struct gk_points_store *s, FILE *fp, int *fd, bool *stay, struct gk_err *err)
{
    *stay = fp && gk_input_is_file(fp) && s->nfd < MOST_FILES;
    if (*stay) {
        if (gk_grow(&s->fd, &s->fd_cap, s->nfd + 1, sizeof *s->fd, err) != 0)
            return -1;
        *fd = dup(fileno(fp));
        if (*fd < 0)
            return gk_fail(err, "cannot read it twice:");
        s->fd[s->nfd++] = *fd;
        return 0;
    }
    if (s->spool < 0 && (s->spool = gk_spool_open(err)) < 0)
        return -1;
    *fd = s->spool;
    return 0;
}

static int take_point(struct gk_points *p, const struct gk_points_conf *conf,
                      const struct gk_frame *f, int fd, struct gk_err *err)
{
    struct gk_points_store *s = p->store;
    int64_t step;
    size_t pieces;
    if (check_alike(p, conf, f, err) || gk_frame_step(f, GK_NO_STEP, &step, err))
        return -1;
    if (step == GK_NO_STEP && p->n == 1 &&
        gk_notes_add(&p->doubts, NULL, err,
                     "%s: frames without a step: they count from 0, in the order they are given",
                     f->file))
        return -1;
    if (step == GK_NO_STEP)
        step = (int64_t)p->n;
    if (!gk_mul(p->n + 1, p->nparts, &pieces))
        return gk_frame_fail(f, err, "too many frames");
    if (gk_grow(&s->piece, &s->piece_cap, pieces, sizeof *s->piece, err) != 0 ||
        gk_grow(&s->origin, &s->origin_cap, p->n + 1, sizeof *s->origin, err) != 0 ||
        gk_grow(&p->step, &s->step_cap, p->n + 1, sizeof *p->step, err) != 0)
        return -1;
    for (size_t i = 0; i < p->nparts; i++) {
        const struct gk_tensor *t = gk_frame_tensor(f, p->first.tensor[p->part[i].tensor].name);
        s->piece[p->n * p->nparts + i] =
            (struct gk_piece){fd == s->spool ? s->spooled : t->at, t->dtype};
        p->single &= gk_dtype_is_single(t->dtype);
        if (fd == s->spool &&
            gk_spool_write(fd, t->data, t->count * gk_dtype_size(t->dtype), &s->spooled, err) != 0)
            return -1;
    }
    s->origin[p->n] = (struct gk_origin){fd, f->file, f->number};
    p->step[p->n++] = (double)step;
    return gk_history_add_text(&p->history, gk_frame_meta(f, "gk.history"), err);
}

int gk_points_take_frames(struct gk_points *p, const struct gk_points_conf *conf, FILE *fp,
                          const char *name, struct gk_err *err)
{
    struct gk_source *source;
    struct gk_frame f;
    int fd = -1, rc;
    bool stay = false;
    if (gk_source_from(&source, fp, name, err) != 0)
        return -1;
    rc = keep(p->store, fp, &fd, &stay, err);
    if (rc != 0)
        gk_fail_at(err, "%s", name);
    else if (stay)
        gk_source_leave_data(source);
    while (rc == 0 && (rc = gk_source_next(source, &f, err)) == 1) {
        const bool first = p->n == 0;
        if (first) {
            p->first = f;
            rc = lay_out(p, conf, err);
        } else {
            rc = 0;
        }
        if (rc == 0)
            rc = take_point(p, conf, &f, fd, err);
        if (!first)
            gk_frame_free(&f);
    }
    gk_source_close(source);
    return rc;
}

/* ---- matrices ---- */

/* P has ROWS points of COLS coordinates, numbered by STEP (which it owns) or 0, 1, ... */
static int begin_matrix(struct gk_points *p, size_t rows, size_t cols, double *step,
                        const char *name, struct gk_err *err)
{
    struct gk_points_store *s = p->store;
    size_t cap = 0;
    free(p->step);
    p->step = step;
    p->n = rows;
    p->width = cols;
    if (!s->origin && gk_grow(&s->origin, &s->origin_cap, 1, sizeof *s->origin, err) != 0)
        return -1;
    s->origin[0] = (struct gk_origin){-1, name, 0};
    if (step)
        return 0;
    if (gk_grow(&p->step, &cap, rows, sizeof *p->step, err) != 0)
        return -1;
    for (size_t i = 0; i < rows; i++)
        p->step[i] = (double)i;
    return 0;
}

int gk_points_take_matrix(struct gk_points *p, struct gk_matrix *m, const char *name,
                          struct gk_err *err)
{
    double *step = m->step;
    m->step = NULL;
    if (begin_matrix(p, m->rows, m->cols, step, name, err) != 0)
        return -1;
    p->single = m->single;
    p->notes = m->notes;
    p->store->v = m->v;
    p->history = m->history;
    m->v = NULL;
    m->history = (struct gk_history){0};
    return 0;
}

/* The matrix T, whose data begin at AT in FD. */
static int begin_on_file(struct gk_points *p, const struct gk_tensor *t, int fd, int64_t at,
                         const char *name, struct gk_err *err)
{
    struct gk_points_store *s = p->store;
    size_t rows, cols;
    if (gk_matrix_shape(t, &rows, &cols, err) != 0 ||
        begin_matrix(p, rows, cols, NULL, name, err) != 0 ||
        gk_grow(&s->piece, &s->piece_cap, 1, sizeof *s->piece, err) != 0)
        return -1;
    s->origin[0].fd = fd;
    s->piece[0] = (struct gk_piece){at, t->dtype};
    p->single = gk_dtype_is_single(t->dtype);
    return 0;
}

static void refuse_alone(const struct gk_frame *f, struct gk_err *err)
{
    gk_frame_fail(f, err, "one frame is no trajectory, nor one matrix: which of its %zu tensors?",
                  f->ntensor);
    gk_fail_about(err, "tensor");
}

int gk_points_take_only_frame(struct gk_points *p, const struct gk_points_conf *conf,
                              struct gk_err *err)
{
    struct gk_points_store *s = p->store;
    struct gk_frame f = p->first; /* no longer the first of a trajectory */
    const int fd = s->origin[0].fd;
    const struct gk_tensor *t = gk_frame_matrix(&f, conf->tensor, err);
    int rc = t ? 0 : -1;
    p->first = (struct gk_frame){0};
    p->nparts = 0;
    if (!t && !conf->tensor)
        refuse_alone(&f, err);
    int64_t at = rc == 0 ? t->at : 0;
    if (rc == 0 && fd == s->spool) {
        at = s->spooled;
        rc = gk_spool_write(fd, t->data, t->count * gk_dtype_size(t->dtype), &s->spooled, err);
    }
    if (rc == 0)
        rc = begin_on_file(p, t, fd, at, f.file, err);
    gk_frame_free(&f);
    return rc;
}

static int spool_part(void *ctx, const struct gk_tensor *numbers, struct gk_err *err)
{
    struct gk_points_store *s = ctx;
    return gk_spool_write(s->spool, numbers->data, numbers->count * gk_dtype_size(numbers->dtype),
                          &s->spooled, err);
}

int gk_points_take_npy(struct gk_points *p, FILE *fp, const char *name, struct gk_err *err)
{
    struct gk_points_store *s = p->store;
    struct gk_tensor t;
    bool fortran = false, stay = false;
    int fd = -1;
    int rc = gk_npy_header(fp, name, &t, &fortran, err);
    if (rc == 0 && keep(s, fortran ? NULL : fp, &fd, &stay, err) != 0)
        rc = gk_fail_at(err, "%s", name);
    if (rc == 0) {
        const int64_t at = stay ? t.at : s->spooled;
        if (stay) {
            rc = gk_npy_skip(fp, name, &t, err);
        } else if (fortran) { /* it has no rows in the file: transposed in memory */
            rc = gk_npy_data(fp, name, &t, true, err) || spool_part(s, &t, err) ? -1 : 0;
            free(t.data);
        } else {
            rc = gk_npy_parts(fp, name, &t, spool_part, s, err);
        }
        if (rc == 0 && begin_on_file(p, &t, fd, at, name, err) != 0)
            rc = gk_fail_at(err, "%s", name);
    }
    if (fp != stdin)
        fclose(fp);
    return rc;
}
