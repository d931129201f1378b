/* Opens operands as points, and reads their coordinates in place. */
#include "gk/points.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gk/mem.h"
#include "points_priv.h"
#include "io/stream/spool.h"

enum { CHUNK = 32 << 10 }; /* bytes converted at a time */

/* ---- opening ---- */

static int open_operand(struct gk_points *p, const char *path, bool only,
                        const struct gk_points_conf *conf, struct gk_err *err)
{
    FILE *fp;
    const char *name;
    enum gk_input_kind kind;
    struct gk_matrix m = {0};
    const struct gk_matrix_names names = {.step = conf->step};
    if (gk_input_open(&fp, &name, path, err) != 0)
        return -1;
    if (!p->name)
        p->name = name;
    int rc = gk_input_kind(fp, name, &kind, err);
    if (rc == 0)
        rc = gk_matrix_check_step(name, kind, conf->step, err);
    if (rc == 0 && kind == GK_INPUT_FRAMES)
        return gk_points_take_frames(p, conf, fp, name, err);
    if (rc == 0 && !only)
        rc = gk_fail(err, "%s: a text or .npy matrix among several inputs", name);
    else if (rc == 0 && (conf->tensor || conf->exclude)) {
        gk_fail_usage(err, "%s: a text or .npy matrix has no tensors", name);
        rc = gk_fail_about(err, conf->tensor ? "tensor" : "exclude");
    }
    if (rc != 0) {
        fclose(fp);
        return -1;
    }
    if (kind == GK_INPUT_NPY)
        return gk_points_take_npy(p, fp, name, err);
    rc = gk_matrix_read_from(&m, fp, name, kind, &names, err);
    if (rc == 0)
        rc = gk_points_take_matrix(p, &m, name, err);
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
        rc = conf->trajectory ? gk_fail(err, "%s: one frame is no trajectory", p->name)
                              : gk_points_take_only_frame(p, conf, err);
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
    free(p->buffer);
    gk_frame_free(&p->first);
    gk_history_free(&p->history);
    gk_notes_free(&p->doubts);
    *p = (struct gk_points){0};
}

/* ---- reading ---- */

/* COUNT elements, from element FIRST on, of a tensor whose data begin at PIECE. */
static int read_piece(int fd, const struct gk_piece *piece, size_t first, size_t count, double *x,
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

/* The part that contains coordinate COLUMN. */
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
    if (p->nparts == 0) {
        if (read_piece(s->origin[0].fd, s->piece, t * p->width + column, count, x, err) != 0)
            return gk_fail_at(err, "%s", s->origin[0].file);
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
    if (p->nparts == 0)
        return gk_fail(err, "%s: point %zu, coordinate %zu: %s", s->origin[0].file, t + 1,
                       column + 1, message);
    const struct gk_points_part *part = &p->part[find_part(p, column)];
    return gk_fail(err, "%s: frame %" PRIu64 ": tensor '%.100s', element %zu: %s",
                   s->origin[t].file, s->origin[t].number, p->first.tensor[part->tensor].name,
                   column - part->column, message);
}
