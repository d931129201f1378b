/* Frames from several inputs, as one sequence. Memory grows with the bytes that have been read,
 * never with the size that a header claims. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "frame_priv.h"
#include "gk/input.h"
#include "gk/mem.h"
#include "gk/number.h"
#include "io/stream/read.h"

struct gk_source {
    char *const *files; /* operands still to open */
    size_t nfiles;
    FILE *fp; /* the current input, or NULL between two */
    const char *name;
    uint64_t index;  /* of the next frame, counted over all inputs */
    uint64_t number; /* of the next frame or end frame in this input, from 1 */
    uint64_t frames; /* of this input so far */
    uint64_t open;   /* frames of a stream since its last end frame */
    bool leave_data;
    gk_frame_reader *read_torch; /* NULL: files of torch.save are refused */
    bool is_torch;               /* this input is such a file */
};

static void close_input(struct gk_source *s)
{
    if (s->fp && s->fp != stdin)
        fclose(s->fp);
    s->fp = NULL;
}

static void begin_input(struct gk_source *s, FILE *fp, const char *name)
{
    s->fp = fp;
    s->name = name;
    s->number = 1;
    s->frames = s->open = 0;
    s->is_torch = false;
}

static int open_next(struct gk_source *s, struct gk_err *err)
{
    FILE *fp;
    const char *name;
    enum gk_input_kind kind;
    if (gk_input_open(&fp, &name, *s->files, err) != 0)
        return -1;
    begin_input(s, fp, name);
    s->files++;
    s->nfiles--;
    if (s->read_torch) {
        if (gk_input_look(fp, name, &kind, err) != 0)
            return -1;
        s->is_torch = kind == GK_INPUT_TORCH;
        if (s->is_torch)
            return 0;
    }
    if (gk_input_kind(fp, name, &kind, err) != 0)
        return -1;
    if (kind != GK_INPUT_FRAMES)
        return gk_input_refuse(name, kind, "safetensors frames are", err);
    return 0;
}

int gk_source_open(struct gk_source **s, char *const *files, size_t n, struct gk_err *err)
{
    return gk_source_open_also(s, files, n, NULL, err);
}

int gk_source_open_also(struct gk_source **s, char *const *files, size_t n,
                        gk_frame_reader *read_torch, struct gk_err *err)
{
    static char dash[] = "-";
    static char *const standard_input[] = {dash};
    *s = gk_alloc(1, sizeof **s, err);
    if (!*s)
        return -1;
    (*s)->files = n > 0 ? files : standard_input;
    (*s)->nfiles = n > 0 ? n : 1;
    (*s)->read_torch = read_torch;
    if (open_next(*s, err) == 0)
        return 0;
    gk_source_close(*s);
    *s = NULL;
    return -1;
}

int gk_source_from(struct gk_source **s, FILE *fp, const char *name, struct gk_err *err)
{
    *s = gk_alloc(1, sizeof **s, err);
    if (!*s)
        return -1;
    begin_input(*s, fp, name);
    return 0;
}

void gk_source_leave_data(struct gk_source *s)
{
    s->leave_data = true;
}

void gk_source_close(struct gk_source *s)
{
    if (!s)
        return;
    close_input(s);
    gk_free(s);
}

/* Reads the length that a frame begins with. 1: read, 0: the input has ended. */
static int read_length(FILE *fp, uint64_t *len, struct gk_err *err)
{
    size_t got = fread(len, 1, sizeof *len, fp);
    if (ferror(fp))
        return gk_fail(err, "cannot read:");
    if (got == 0)
        return 0;
    if (got < sizeof *len)
        return gk_fail(err, "truncated: %zu bytes where a frame begins with its length in 8", got);
    if (*len > GK_MAX_HEADER)
        return gk_fail(
            err, "no frame begins here: its header would be %" PRIu64 " bytes, more than 16 MiB",
            *len);
    return 1;
}

static int read_header(FILE *fp, struct gk_header *h, size_t len, struct gk_err *err)
{
    void *text;
    *h = (struct gk_header){0};
    int rc = gk_read_exactly(fp, &text, len, "its header", err);
    if (rc == 0)
        rc = gk_header_parse(h, text, len, err);
    free(text);
    return rc == 0 ? gk_header_check(h, err) : -1;
}

static int read_data(FILE *fp, struct gk_header *h, bool leave, struct gk_err *err)
{
    for (size_t i = 0; i < h->n; i++) { /* gk_header_check left them in the order of the file */
        struct gk_slot *s = &h->slot[i];
        const size_t n = (size_t)(s->end - s->begin);
        s->t.at = ftello(fp);
        if ((leave ? gk_skip_exactly(fp, n, "its data", err)
                   : gk_read_exactly(fp, &s->t.data, n, "its data", err)) != 0)
            return gk_fail_at(err, "tensor '%s'", gk_show(s->t.name).s);
    }
    return 0;
}

/* Moves the contents of H to F. */
static int give(struct gk_frame *f, struct gk_header *h, struct gk_err *err)
{
    size_t cap = 0;
    if (gk_grow(&f->tensor, &cap, h->n + 1, sizeof *f->tensor, err) != 0)
        return -1;
    for (size_t i = 0; i < h->n; i++)
        f->tensor[i] = h->slot[i].t;
    f->ntensor = h->n;
    gk_frame_sort(f);
    f->meta = h->meta;
    f->nmeta = h->nmeta;
    f->in_stream = h->in_stream;
    h->meta = NULL;
    h->n = h->nmeta = 0;
    return 0;
}

static int check_end(struct gk_source *s, const struct gk_header *h, struct gk_err *err)
{
    int64_t n = -1;
    if (h->n > 0)
        return gk_fail(err, "an end frame (gk.end) has no tensors, this one has '%s'",
                       gk_show(h->slot[0].t.name).s);
    if (gk_number_integer(h->end, strlen(h->end), &n) != GK_NUMBER_FINITE || n < 0)
        return gk_fail(err, "gk.end is '%s', no number of frames", gk_show(h->end).s);
    if ((uint64_t)n != s->open)
        return gk_fail(
            err, "gk.end is %" PRId64 ", but the frames since the last end frame are %" PRIu64, n,
            s->open);
    s->open = 0;
    return 0;
}

/* One frame or end frame. 1: F is a frame, 2: it was an end frame, 0: the input has ended. */
static int read_frame(struct gk_source *s, struct gk_frame *f, struct gk_err *err)
{
    struct gk_header h = {0};
    uint64_t len;
    int rc = read_length(s->fp, &len, err);
    if (rc != 1)
        return rc;
    rc = read_header(s->fp, &h, (size_t)len, err);
    if (rc == 0 && h.end) {
        rc = check_end(s, &h, err) == 0 ? 2 : -1;
    } else if (rc == 0 && s->open > 0 && !h.in_stream) {
        rc = gk_fail(err, "a plain frame inside a stream: its end frame is missing");
    } else if (rc == 0) {
        rc = read_data(s->fp, &h, s->leave_data && gk_input_is_file(s->fp), err);
        if (rc == 0)
            rc = give(f, &h, err) == 0 ? 1 : -1;
    }
    gk_header_free(&h);
    return rc;
}

/* Likewise; a file of torch.save is one frame. */
static int read_next(struct gk_source *s, struct gk_frame *f, struct gk_err *err)
{
    if (!s->is_torch)
        return read_frame(s, f, err);
    return s->frames > 0 ? 0 : s->read_torch(s->fp, f, err) == 0 ? 1 : -1;
}

static int end_input(struct gk_source *s, struct gk_err *err)
{
    if (s->open > 0)
        return gk_fail(err, "%s: ends inside a stream: no end frame after frame %" PRIu64, s->name,
                       s->number - 1);
    if (s->frames == 0)
        return gk_fail(err, "%s: holds no frame", s->name);
    close_input(s);
    return 0;
}

int gk_source_next(struct gk_source *s, struct gk_frame *f, struct gk_err *err)
{
    for (;;) {
        if (!s->fp) {
            if (s->nfiles == 0)
                return 0;
            if (open_next(s, err) != 0)
                return -1;
        }
        *f = (struct gk_frame){.file = s->name, .index = s->index, .number = s->number};
        int rc = read_next(s, f, err);
        if (rc < 0 && s->is_torch)
            return gk_fail_at(err, "%s", s->name);
        if (rc < 0)
            return gk_fail_at(err, "%s: frame %" PRIu64, s->name, s->number);
        s->number += rc > 0;
        if (rc == 1) {
            gk_frame_mark(f);
            s->index++;
            s->frames++;
            s->open += f->in_stream;
            return 1;
        }
        if (rc == 0 && end_input(s, err) != 0)
            return -1;
    }
}

int gk_source_each(struct gk_source *s,
                   int (*take)(void *ctx, struct gk_frame *f, struct gk_err *err), void *ctx,
                   struct gk_err *err)
{
    struct gk_frame f;
    int more, rc = 0;
    while (!rc && (more = gk_source_next(s, &f, err)) > 0) {
        rc = take(ctx, &f, err);
        gk_frame_free(&f);
    }
    gk_source_close(s);
    return rc || more < 0 ? -1 : 0;
}

size_t gk_source_count(char *const *files, size_t n)
{
    struct gk_source *s;
    struct gk_frame f;
    struct gk_err ignored = {0};
    struct stat st;
    size_t count = 0;
    int more;
    for (size_t i = 0; i < n; i++)
        if (stat(files[i], &st) || !S_ISREG(st.st_mode))
            return 0;
    if (n == 0 || gk_source_open(&s, files, n, &ignored))
        return 0;
    gk_source_leave_data(s);
    while ((more = gk_source_next(s, &f, &ignored)) > 0) {
        gk_frame_free(&f);
        count++;
    }
    gk_source_close(s);
    return more < 0 ? 0 : count;
}

int gk_frame_read_one(const char *file, struct gk_frame *f, struct gk_err *err)
{
    struct gk_source *s;
    struct gk_frame second;
    char *path = (char *)file; /* a command line's operands are not const; this only reads them */
    *f = (struct gk_frame){0};
    if (gk_source_open(&s, &path, file ? 1 : 0, err) != 0)
        return -1;
    int rc = gk_source_next(s, f, err) == 1 ? 0 : -1;
    if (rc == 0)
        rc = gk_source_next(s, &second, err);
    if (rc == 1) {
        rc = gk_frame_fail(&second, err, "one frame is wanted, here is another");
        gk_frame_free(&second);
    }
    if (rc != 0)
        gk_frame_free(f);
    gk_source_close(s);
    return rc;
}
