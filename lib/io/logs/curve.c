/* The files of a curve and their series. A series is identified by its name and its file's folder:
 * TensorBoard takes a folder for a run, and Keras logs training and validation under one name in
 * two folders. A run that a column names counts as a folder. */
#include "curve_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gk/input.h"
#include "gk/mem.h"
#include "gk/table.h"
#include "io/stream/spool.h"

/* ---- files ---- */

/* A new FILE on the same temporary file. */
static FILE *open_copy(const struct gk_curve_input *in, struct gk_err *err)
{
    const int fd = lseek(in->copy, 0, SEEK_SET) < 0 ? -1 : dup(in->copy);
    FILE *fp = fd < 0 ? NULL : fdopen(fd, "rb");
    if (!fp) {
        gk_fail(err, "%s: cannot read again:", in->name);
        if (fd >= 0)
            close(fd);
    }
    return fp;
}

/* A pipe's contents are copied when it is first opened. */
static FILE *open_input(struct gk_curve_input *in, struct gk_err *err)
{
    FILE *fp;
    if (in->copy >= 0)
        return open_copy(in, err);
    if (gk_input_open(&fp, &in->name, in->path, err))
        return NULL;
    if (fp != stdin && gk_input_is_file(fp))
        return fp;
    in->copy = gk_spool_rest(fp, err);
    fclose(fp);
    return in->copy < 0 ? NULL : open_copy(in, err);
}

int gk_curve_log(struct gk_curve *c, struct gk_curve_input *in, struct gk_log **log,
                 struct gk_notes *notes, struct gk_err *err)
{
    if (in->again) {
        *log = in->again;
        in->again = NULL;
        return 0;
    }
    FILE *fp = open_input(in, err);
    return fp ? gk_log_open(log, fp, in->name, c->conf.step, notes, err) : -1;
}

static int find_folder(struct gk_curve *c, struct gk_curve_input *in, struct gk_err *err)
{
    const char *slash = in->path && !c->conf.join ? strrchr(in->path, '/') : NULL;
    char *folder =
        gk_format(err, "%.*s", slash ? (int)(slash - in->path) : 0, slash ? in->path : "");
    const int rc = folder ? gk_names_add(&c->folders, folder, &in->folder, err) : -1;
    free(folder);
    return rc;
}

/* ---- series ---- */

/* The number of a point's run: its file's folder, or a folder in it that is called like the run. */
static int find_run(struct gk_curve *c, const struct gk_curve_input *in, const struct gk_point *p,
                    size_t *run, struct gk_err *err)
{
    *run = in->folder;
    if (!p->run || c->conf.join)
        return 0;
    const char *folder = gk_names_get(&c->folders, in->folder);
    const size_t room = strlen(folder) + strlen(p->run) + 2;
    if (gk_grow(&c->key, &c->key_cap, room, 1, err))
        return -1;
    snprintf(c->key, room, "%s%s%s", folder, *folder ? "/" : "", p->run);
    return gk_names_add(&c->folders, c->key, run, err);
}

int gk_curve_series(struct gk_curve *c, const struct gk_curve_input *in, const struct gk_point *p,
                    bool add, ptrdiff_t *series, struct gk_err *err)
{
    const size_t len = strlen(p->series), room = len + 24;
    size_t number, run;
    if (find_run(c, in, p, &run, err) || gk_grow(&c->key, &c->key_cap, room, 1, err))
        return -1;
    const int n = snprintf(c->key, room, "%zu:", run);
    memcpy(c->key + n, p->series, len + 1);
    *series = gk_names_find(&c->keys, c->key);
    if (*series >= 0 || !add)
        return 0;
    if (gk_grow(&c->series, &c->series_cap, c->keys.n + 1, sizeof *c->series, err) ||
        gk_names_add(&c->keys, c->key, &number, err))
        return -1;
    c->series[number] =
        (struct gk_curve_series){.folder = run, .first = INFINITY, .last = -INFINITY, .column = -1};
    *series = (ptrdiff_t)number;
    return 0;
}

static int count_point(struct gk_curve *c, const struct gk_curve_input *in,
                       const struct gk_point *p, struct gk_err *err)
{
    ptrdiff_t number;
    if (p->kind == GK_POINT_RESTART)
        return 0;
    if (gk_curve_series(c, in, p, true, &number, err))
        return gk_fail_at(err, "%s", in->name);
    struct gk_curve_series *s = &c->series[number];
    if (p->twice)
        s->twice = in->name;
    s->points += p->kind == GK_POINT_NUMBER;
    s->others += p->kind == GK_POINT_OTHER;
    s->first = fmin(s->first, p->step);
    s->last = fmax(s->last, p->step);
    return 0;
}

static int share_history(struct gk_curve *c, const struct gk_log *log, struct gk_err *err)
{
    const struct gk_history *h = gk_log_history(log);
    for (size_t i = 0; h && i < h->n; i++)
        if (gk_history_add_text(&c->history, h->line[i], err))
            return -1;
    return 0;
}

enum { KEEP = 64 }; /* so that there are descriptors for any number of files */

static int read_series(struct gk_curve *c, struct gk_curve_input *in, struct gk_err *err)
{
    struct gk_log *log;
    struct gk_point point;
    int rc;
    if (find_folder(c, in, err) || gk_curve_log(c, in, &log, &c->notes, err))
        return -1;
    while ((rc = gk_log_next(log, &point, err)) == 1)
        if (count_point(c, in, &point, err)) {
            rc = -1;
            break;
        }
    if (rc == 0)
        rc = share_history(c, log, err);
    if (rc == 0 && c->kept < KEEP && gk_log_again(log)) {
        in->again = log;
        c->kept++;
    } else {
        gk_log_close(log);
    }
    return rc;
}

/* ---- names ---- */

static const char *plain_name(const struct gk_curve *c, size_t series)
{
    return strchr(gk_names_get(&c->keys, series), ':') + 1;
}

/* The length of the longest common prefix of the folders, in whole folders. */
static size_t common_path(const struct gk_curve *c)
{
    const char *first = gk_names_get(&c->folders, 0);
    size_t n = 0;
    for (size_t len = 0;; len++) {
        for (size_t i = 0; i < c->folders.n; i++) {
            const char *other = gk_names_get(&c->folders, i);
            const bool same = !strncmp(first, other, len);
            if (!same || (other[len] != '\0' && other[len] != '/'))
                goto next;
        }
        n = len;
    next:
        if (first[len] == '\0')
            return n;
    }
}

/* A name that occurs in several folders gets its folder as a prefix. */
static int name_series(struct gk_curve *c, struct gk_err *err)
{
    struct gk_names seen = {0};
    const size_t common = common_path(c);
    size_t *count = calloc(c->keys.n + 1, sizeof *count), number;
    int rc = 0;
    if (!count)
        return gk_fail(err, "no memory for %zu series", c->keys.n);
    for (size_t i = 0; rc == 0 && i < c->keys.n; i++)
        if ((rc = gk_names_add(&seen, plain_name(c, i), &number, err)) == 0)
            count[number]++;
    for (size_t i = 0; rc == 0 && i < c->keys.n; i++) {
        struct gk_curve_series *s = &c->series[i];
        const char *folder = gk_names_get(&c->folders, s->folder) + common;
        folder += *folder == '/';
        const bool alone = count[gk_names_find(&seen, plain_name(c, i))] == 1 || !*folder;
        s->name = gk_format(err, "%s%s%s", alone ? "" : folder, alone ? "" : "/", plain_name(c, i));
        rc = s->name ? 0 : -1;
    }
    gk_names_free(&seen);
    free(count);
    return rc;
}

void gk_curve_names(const struct gk_curve *c,
                    bool (*wanted)(const struct gk_curve_series *s, int column), int column,
                    char *to, size_t room)
{
    size_t n = 0;
    *to = '\0';
    for (size_t i = 0; i < c->keys.n && n < room; i++)
        if (wanted(&c->series[i], column))
            n += (size_t)snprintf(to + n, room - n, "%s%.60s", n ? ", " : "", c->series[i].name);
    if (n >= room)
        snprintf(to + room - 5, 5, " ...");
}

/* ---- opening ---- */

static int open_all(struct gk_curve *c, char *const *files, size_t n, struct gk_err *err)
{
    c->ninput = n ? n : 1;
    c->input = calloc(c->ninput, sizeof *c->input);
    if (!c->input)
        return gk_fail(err, "no memory for %zu files", c->ninput);
    for (size_t i = 0; i < c->ninput; i++)
        c->input[i] = (struct gk_curve_input){.path = n ? files[i] : NULL, .copy = -1};
    for (size_t i = 0; i < c->ninput; i++)
        if (read_series(c, &c->input[i], err))
            return -1;
    return name_series(c, err);
}

int gk_curve_open(struct gk_curve **c, char *const *files, size_t n,
                  const struct gk_curve_conf *conf, struct gk_err *err)
{
    *c = calloc(1, sizeof **c);
    if (!*c)
        return gk_fail(err, "no memory for a curve");
    (*c)->conf = *conf;
    if (open_all(*c, files, n, err) == 0)
        return 0;
    gk_curve_close(*c);
    *c = NULL;
    return -1;
}

void gk_curve_close(struct gk_curve *c)
{
    if (!c)
        return;
    for (size_t i = 0; c->input && i < c->ninput; i++) {
        gk_log_close(c->input[i].again);
        if (c->input[i].copy >= 0)
            close(c->input[i].copy);
    }
    for (size_t i = 0; i < c->keys.n && c->series; i++)
        free(c->series[i].name);
    for (size_t i = 0; i < c->ncolumn; i++)
        free(c->column[i].name);
    free(c->input);
    free(c->series);
    free(c->column);
    free(c->key);
    free(c->chosen);
    gk_names_free(&c->folders);
    gk_names_free(&c->keys);
    gk_history_free(&c->history);
    gk_notes_free(&c->notes);
    free(c);
}

struct gk_history *gk_curve_history(struct gk_curve *c)
{
    return &c->history;
}

const struct gk_notes *gk_curve_notes(const struct gk_curve *c)
{
    return &c->notes;
}

int gk_curve_list(const struct gk_curve *c, FILE *fp, const struct gk_history *h,
                  struct gk_err *err)
{
    static const char *const names[] = {"series", "points", "others", "first", "last", "column"};
    if (gk_table_begin(fp, h, names, 6, err))
        return -1;
    for (size_t i = 0; i < c->keys.n; i++) {
        const struct gk_curve_series *s = &c->series[i];
        gk_put_text(fp, s->name, '\t');
        fprintf(fp, "%zu\t%zu\t", s->points, s->others);
        gk_put_number(fp, s->first, false, '\t');
        gk_put_number(fp, s->last, false, '\t');
        gk_put_text(fp, s->column < 0 ? "-" : c->column[s->column].name, '\n');
    }
    return 0;
}
