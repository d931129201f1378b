/* Points: where the coordinates of each lie, and how they are read. */
#include "gk/points.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gk/input.h"
#include "gk/mem.h"
#include "spool.h"

enum {
    MOST_FILES = 256, /* kept open; what further files hold goes to the temporary file */
    CHUNK = 32 << 10  /* bytes converted at a time */
};

struct piece {
    int64_t at; /* in the file */
    enum gk_dtype dtype;
};

struct origin {
    int fd;           /* the operand's or the temporary file's; -1: in memory */
    const char *file; /* for messages */
    uint64_t number;
};

struct gk_points_store {
    struct piece *piece;   /* (n, nparts) */
    struct origin *origin; /* [n], of a matrix [1] */
    size_t piece_cap, origin_cap, step_cap;
    double *v; /* (n, width) a matrix; NULL: a trajectory */
    int *fd;   /* [nfd] to close */
    size_t nfd, fd_cap;
    int spool; /* -1: not needed so far */
    int64_t spooled;
};

/* ---- which tensors are coordinates ---- */

static bool is_wanted(const struct gk_points_conf *conf, const struct gk_tensor *t)
{
    if (conf->tensor)
        return strcmp(t->name, conf->tensor) == 0;
    return strncmp(t->name, "optim.", 6) != 0 && (!conf->matrices || t->rank == 2);
}

static size_t count_wanted(const struct gk_points_conf *conf, const struct gk_frame *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->ntensor; i++)
        n += is_wanted(conf, &f->tensor[i]);
    return n;
}

/* The parts of the first frame's points. */
static int lay_out(struct gk_points *p, const struct gk_points_conf *conf, struct gk_err *err)
{
    const struct gk_frame *f = &p->first;
    size_t n = count_wanted(conf, f);
    p->part = calloc(n + 1, sizeof *p->part);
    if (!p->part)
        return gk_fail(err, "no memory for %zu tensors", n);
    for (size_t i = 0; i < f->ntensor; i++) {
        if (!is_wanted(conf, &f->tensor[i]))
            continue;
        p->part[p->nparts++] = (struct gk_points_part){i, p->width, f->tensor[i].count};
        if (!gk_add(p->width, f->tensor[i].count, &p->width))
            return gk_frame_fail(f, err, "more parameters than memory can hold");
    }
    if (conf->tensor && n == 0)
        return gk_frame_fail(f, err, "no tensor '%s'", conf->tensor);
    if (p->width == 0)
        return gk_frame_fail(f, err, "%s among its %zu tensors",
                             conf->matrices ? "no matrix" : "no parameter", f->ntensor);
    return 0;
}

static int fail_shape(const struct gk_frame *f, const struct gk_tensor *got,
                      const struct gk_tensor *want, struct gk_err *err)
{
    char text[2][200];
    const struct gk_tensor *both[] = {got, want};
    for (int k = 0; k < 2; k++) {
        size_t used = 0;
        text[k][0] = '\0';
        for (unsigned i = 0; i < both[k]->rank; i++)
            used += (size_t)snprintf(text[k] + used, sizeof text[k] - used, "%s%" PRIu64,
                                     i ? ", " : "", both[k]->shape[i]);
    }
    return gk_frame_fail(f, err, "tensor '%.100s' is [%s], in the first frame [%s]", got->name,
                         text[0], text[1]);
}

/* Frame F has the tensors of the first. */
static int check_alike(const struct gk_points *p, const struct gk_points_conf *conf,
                       const struct gk_frame *f, struct gk_err *err)
{
    for (size_t i = 0; i < p->nparts; i++) {
        const struct gk_tensor *want = &p->first.tensor[p->part[i].tensor];
        const struct gk_tensor *got = gk_frame_tensor(f, want->name);
        if (!got)
            return gk_frame_fail(f, err, "no tensor '%.100s', which the first frame has",
                                 want->name);
        if (got->rank != want->rank ||
            memcmp(got->shape, want->shape, got->rank * sizeof *got->shape) != 0)
            return fail_shape(f, got, want, err);
    }
    for (size_t i = 0; i < f->ntensor && count_wanted(conf, f) > p->nparts; i++)
        if (is_wanted(conf, &f->tensor[i]) && !gk_frame_tensor(&p->first, f->tensor[i].name))
            return gk_frame_fail(f, err, "tensor '%.100s' is not in the first frame",
                                 f->tensor[i].name);
    return 0;
}

/* ---- taking frames in ---- */

/* A descriptor of FP that outlives it, or the temporary file's where FP cannot be read again. */
static int keep_open(struct gk_points_store *s, FILE *fp, const struct gk_tensor *t, int *fd,
                     struct gk_err *err)
{
    if (t->at >= 0 && fileno(fp) >= 0 && s->nfd < MOST_FILES) {
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
    int64_t step = (int64_t)p->n;
    size_t pieces;
    if (check_alike(p, conf, f, err) != 0)
        return -1;
    if (gk_frame_meta(f, "step") &&
        gk_frame_meta_int(f, "step", INT64_MIN, INT64_MAX, &step, err) != 0)
        return -1;
    if (!gk_mul(p->n + 1, p->nparts, &pieces))
        return gk_frame_fail(f, err, "too many frames");
    if (gk_grow(&s->piece, &s->piece_cap, pieces, sizeof *s->piece, err) != 0 ||
        gk_grow(&s->origin, &s->origin_cap, p->n + 1, sizeof *s->origin, err) != 0 ||
        gk_grow(&p->step, &s->step_cap, p->n + 1, sizeof *p->step, err) != 0)
        return -1;
    for (size_t i = 0; i < p->nparts; i++) {
        const struct gk_tensor *t = gk_frame_tensor(f, p->first.tensor[p->part[i].tensor].name);
        s->piece[p->n * p->nparts + i] =
            (struct piece){fd == s->spool ? s->spooled : t->at, t->dtype};
        p->single &= t->dtype == GK_F32 || t->dtype == GK_F16 || t->dtype == GK_BF16;
        if (fd == s->spool &&
            gk_spool_write(fd, t->data, t->count * gk_dtype_size(t->dtype), &s->spooled, err) != 0)
            return -1;
    }
    s->origin[p->n] = (struct origin){fd, f->file, f->number};
    p->step[p->n++] = (double)step;
    return gk_history_add_text(&p->history, gk_frame_meta(f, "gk.history"), err);
}

/* All frames of one input. */
static int take_frames(struct gk_points *p, const struct gk_points_conf *conf, FILE *fp,
                       const char *name, struct gk_err *err)
{
    struct gk_source *source;
    struct gk_frame f;
    int fd = -1, rc;
    if (gk_source_from(&source, fp, name, err) != 0)
        return -1;
    while ((rc = gk_source_next(source, &f, err)) == 1) {
        const bool first = p->n == 0;
        if (first) {
            p->first = f;
            rc = lay_out(p, conf, err);
        }
        if (rc >= 0 && fd < 0 && f.ntensor > 0 && keep_open(p->store, fp, f.tensor, &fd, err) != 0)
            rc = gk_fail_at(err, "%s", name);
        if (rc >= 0)
            rc = take_point(p, conf, &f, fd, err);
        if (!first)
            gk_frame_free(&f);
        if (rc < 0)
            break;
    }
    gk_source_close(source);
    return rc;
}

/* ---- matrices ---- */

/* What M holds becomes P's. */
static int take_matrix(struct gk_points *p, struct gk_matrix *m, const char *name,
                       struct gk_err *err)
{
    struct gk_points_store *s = p->store;
    if (!s->origin && gk_grow(&s->origin, &s->origin_cap, 1, sizeof *s->origin, err) != 0)
        return -1;
    s->origin[0] = (struct origin){-1, name, 0};
    if (!m->step) {
        size_t cap = 0;
        if (gk_grow(&m->step, &cap, m->rows, sizeof *m->step, err) != 0)
            return -1;
        for (size_t i = 0; i < m->rows; i++)
            m->step[i] = (double)i;
    }
    p->n = m->rows;
    p->width = m->cols;
    p->single = m->single;
    free(p->step);
    p->step = m->step;
    s->v = m->v;
    gk_history_free(&p->history);
    p->history = m->history;
    m->step = m->v = NULL;
    m->history = (struct gk_history){0};
    return 0;
}

/* The only frame is no trajectory. */
static int take_only_frame(struct gk_points *p, const struct gk_points_conf *conf,
                           struct gk_err *err)
{
    struct gk_matrix m = {0};
    int rc = gk_matrix_from_frame(&m, &p->first, conf->tensor, err);
    if (rc == 0)
        rc = take_matrix(p, &m, p->first.file, err);
    else if (!conf->tensor)
        gk_frame_fail(&p->first, err,
                      "one frame is no trajectory, nor one matrix (--tensor NAME takes one of its "
                      "%zu tensors)",
                      p->first.ntensor);
    gk_matrix_free(&m);
    gk_frame_free(&p->first);
    p->nparts = 0;
    return rc;
}

/* ---- opening ---- */

static int open_operand(struct gk_points *p, const char *path, bool only,
                        const struct gk_points_conf *conf, struct gk_err *err)
{
    FILE *fp;
    const char *name;
    enum gk_input_kind kind;
    struct gk_matrix m = {0};
    if (gk_input_open(&fp, &name, path, err) != 0)
        return -1;
    if (!p->name)
        p->name = name;
    int rc = gk_input_kind(fp, name, &kind, err);
    if (rc == 0 && kind == GK_INPUT_FRAMES)
        return take_frames(p, conf, fp, name, err);
    if (rc == 0 && !only)
        rc = gk_fail(err, "%s: a text or .npy matrix among several inputs", name);
    else if (rc == 0 && conf->tensor)
        rc = gk_fail_usage(err, "%s: a text or .npy matrix has no tensor '%s'", name, conf->tensor);
    if (rc != 0) {
        fclose(fp);
        return -1;
    }
    rc = gk_matrix_read_from(&m, fp, name, kind, NULL, err);
    if (rc == 0)
        rc = take_matrix(p, &m, name, err);
    gk_matrix_free(&m);
    return rc;
}

int gk_points_open(struct gk_points *p, char *const *files, size_t nfiles,
                   const struct gk_points_conf *conf, struct gk_err *err)
{
    *p = (struct gk_points){.single = true};
    p->store = gk_alloc(1, sizeof *p->store, err);
    if (!p->store)
        return -1;
    p->store->spool = -1;
    int rc = nfiles == 0 ? open_operand(p, NULL, true, conf, err) : 0;
    for (size_t i = 0; i < nfiles && rc == 0; i++)
        rc = open_operand(p, files[i], nfiles == 1, conf, err);
    if (rc == 0 && p->nparts > 0 && p->n == 1)
        rc = take_only_frame(p, conf, err);
    if (rc != 0)
        gk_points_free(p);
    return rc;
}

void gk_points_free(struct gk_points *p)
{
    struct gk_points_store *s = p->store;
    if (s) {
        for (size_t i = 0; i < s->nfd; i++)
            close(s->fd[i]);
        if (s->spool >= 0)
            close(s->spool);
        free(s->fd);
        free(s->piece);
        free(s->origin);
        free(s->v);
        gk_free(s);
    }
    free(p->step);
    free(p->part);
    gk_frame_free(&p->first);
    gk_history_free(&p->history);
    *p = (struct gk_points){0};
}

/* ---- reading ---- */

/* COUNT elements of a tensor's data, which begin at PIECE, from element FIRST on. */
static int read_piece(int fd, const struct piece *piece, size_t first, size_t count, double *x,
                      struct gk_err *err)
{
    _Alignas(16) char raw[CHUNK];
    const size_t size = gk_dtype_size(piece->dtype);
    while (count > 0) {
        size_t n = count < CHUNK / size ? count : CHUNK / size;
        const struct gk_tensor t = {.dtype = piece->dtype, .count = n, .data = raw};
        if (gk_spool_read(fd, raw, n * size, piece->at + (int64_t)(first * size), err) != 0)
            return -1;
        gk_tensor_f64(&t, x);
        first += n;
        x += n;
        count -= n;
    }
    return 0;
}

/* The part that coordinate COLUMN is in. */
static size_t find_part(const struct gk_points *p, size_t column)
{
    size_t lo = 0, hi = p->nparts;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (p->part[mid].column <= column)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

int gk_points_read(const struct gk_points *p, size_t t, size_t column, size_t count, double *x,
                   struct gk_err *err)
{
    const struct gk_points_store *s = p->store;
    if (s->v) {
        memcpy(x, s->v + t * p->width + column, count * sizeof *x);
        return 0;
    }
    for (size_t i = find_part(p, column); count > 0; i++) {
        size_t first = column - p->part[i].column, n = p->part[i].count - first;
        if (n > count)
            n = count;
        if (read_piece(s->origin[t].fd, &s->piece[t * p->nparts + i], first, n, x, err) != 0)
            return gk_fail_at(err, "%s: frame %" PRIu64, s->origin[t].file, s->origin[t].number);
        column += n;
        x += n;
        count -= n;
    }
    return 0;
}

int gk_points_fail(const struct gk_points *p, size_t t, size_t column, struct gk_err *err,
                   const char *message)
{
    const struct gk_points_store *s = p->store;
    if (s->v)
        return gk_fail(err, "%s: point %zu, coordinate %zu: %s", s->origin[0].file, t + 1,
                       column + 1, message);
    const struct gk_points_part *part = &p->part[find_part(p, column)];
    return gk_fail(err, "%s: frame %" PRIu64 ": tensor '%.100s', element %zu: %s",
                   s->origin[t].file, s->origin[t].number, p->first.tensor[part->tensor].name,
                   column - part->column, message);
}
