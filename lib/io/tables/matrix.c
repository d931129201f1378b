/* Matrices from any kind of input: a text table, a .npy file, a frame's tensor. */
#include "gk/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/npy.h"
#include "gk/table.h"

void gk_matrix_free(struct gk_matrix *m)
{
    for (size_t i = 0; m->name && i < m->cols; i++)
        free(m->name[i]);
    free(m->name);
    free(m->v);
    free(m->step);
    gk_history_free(&m->history);
    *m = (struct gk_matrix){0};
}

/* ---- text ---- */

/* A first column without a name beside named ones holds row labels, as pandas and R write them. If
 * pandas has read such a table, it calls the column "Unnamed: 0"; "index" is its reset_index and
 * polars' with_row_index. */
static bool is_label(const struct gk_rows *r, size_t i)
{
    static const char *const names[] = {"index", "level_0", "row_nr"};
    if (!r->name || r->ncol == 1)
        return false;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (!strcmp(r->name[i], names[k]))
            return true;
    return (i == 0 && !*r->name[0]) || !strncmp(r->name[i], "Unnamed: ", 9);
}

/* Only coordinates are values: row labels, steps, and further columns in which loggers keep steps
 * are skipped. */
static bool is_coordinate(const struct gk_rows *r, size_t i)
{
    if (is_label(r, i))
        return false;
    return (int)i != r->step && !(r->name && gk_is_step_name(r->name[i]));
}

static int copy_names(struct gk_matrix *m, const struct gk_rows *r, struct gk_err *err)
{
    if (!r->name)
        return 0;
    m->name = calloc(m->cols + 1, sizeof *m->name);
    if (!m->name)
        return gk_fail(err, "no memory for the names of %zu columns", m->cols);
    for (size_t i = 0, at = 0; i < r->ncol; i++)
        if (is_coordinate(r, i) && !(m->name[at++] = gk_strdup(r->name[i], err)))
            return -1;
    return 0;
}

static int add_row(struct gk_matrix *m, const struct gk_rows *r, size_t *v_cap, size_t *step_cap,
                   struct gk_err *err)
{
    size_t need;
    if (!gk_mul(m->rows + 1, m->cols, &need) || gk_grow(&m->v, v_cap, need, sizeof *m->v, err) ||
        (r->step >= 0 && gk_grow(&m->step, step_cap, m->rows + 1, sizeof *m->step, err)))
        return -1;
    double *to = m->v + m->rows * m->cols;
    for (size_t i = 0; i < r->ncol; i++) {
        double *v = (int)i == r->step ? &m->step[m->rows] : is_coordinate(r, i) ? to++ : NULL;
        if (v && gk_rows_number(r, (int)i, v, err))
            return -1;
    }
    m->rows++;
    return 0;
}

/* Is coordinate K of every point its number, from 0 or from 1? */
static bool counts_rows(const struct gk_matrix *m, size_t k)
{
    const double first = m->v[k];
    for (size_t i = 0; i < m->rows; i++)
        if (m->v[i * m->cols + k] != first + (double)i)
            return false;
    return m->rows > 2 && m->cols > 1 && (first == 0 || first == 1);
}

/* The first column that may be a label under a name of its own, from 1; 0: there is none. */
static size_t find_numbers(const struct gk_matrix *m, const struct gk_rows *r)
{
    for (size_t i = 0, k = 0; i < r->ncol; i++)
        if (is_coordinate(r, i) && counts_rows(m, k++))
            return i + 1;
    return 0;
}

/* Does coordinate K differ from point to point, and is it always an integer? */
static bool is_whole(const struct gk_matrix *m, size_t k, bool *fractions)
{
    bool differs = false;
    *fractions = false;
    for (size_t i = 0; i < m->rows && !*fractions; i++) {
        const double v = m->v[i * m->cols + k];
        *fractions = v != trunc(v);
        differs = differs || v != m->v[k];
    }
    return differs && !*fractions;
}

/* The first column that may be a class or a token beside columns of fractions, which must be more;
 * from 1; 0: there is none. */
static size_t find_whole(const struct gk_matrix *m, const struct gk_rows *r)
{
    size_t first = 0, whole = 0, others = 0;
    bool fractions;
    for (size_t i = 0, k = 0; i < r->ncol && m->rows > 2; i++) {
        if (!is_coordinate(r, i))
            continue;
        if (is_whole(m, k, &fractions) && !counts_rows(m, k)) {
            first = first ? first : i + 1;
            whole++;
        }
        others += fractions;
        k++;
    }
    return whole < others ? first : 0;
}

/* Is the first row 0, 1, 2 ... above numbers that are no integers? Then it may be the names that
 * pandas gives to columns without names. */
static bool counts_columns(const struct gk_matrix *m)
{
    bool fractions = false;
    for (size_t k = 0; k < m->cols; k++)
        if (m->v[k] != (double)k)
            return false;
    for (size_t i = m->cols; i < m->rows * m->cols && !fractions; i++)
        fractions = m->v[i] != trunc(m->v[i]);
    return fractions && m->cols > 1;
}

static int read_rows(struct gk_matrix *m, struct gk_rows *r, const char *step, struct gk_err *err)
{
    int rc;
    size_t v_cap = 0, step_cap = 0;
    if (gk_rows_use_steps(r, step, err))
        return -1;
    for (size_t i = 0; i < r->ncol; i++)
        m->cols += is_coordinate(r, i);
    if (m->cols == 0)
        return gk_fail(err, "%s: no column but the step", r->file);
    if (copy_names(m, r, err))
        return -1;
    size_t first = 0;
    while ((rc = gk_rows_next(r, err)) == 1) {
        first = first ? first : r->line;
        if (add_row(m, r, &v_cap, &step_cap, err))
            return -1;
    }
    m->notes = r->notes;
    m->notes.numbers = rc == 0 ? find_numbers(m, r) : 0;
    m->notes.whole = rc == 0 ? find_whole(m, r) : 0;
    m->notes.columns = rc == 0 && !r->name && counts_columns(m) ? first : 0;
    return rc;
}

static int read_table(struct gk_matrix *m, FILE *fp, const char *name, const char *step,
                      struct gk_err *err)
{
    struct gk_rows r;
    if (gk_rows_open(&r, fp, name, true, err))
        return -1;
    int rc = read_rows(m, &r, step, err);
    m->history = r.history;
    r.history = (struct gk_history){0};
    gk_rows_close(&r);
    return rc;
}

/* ---- tensors ---- */

int gk_matrix_shape(const struct gk_tensor *t, size_t *rows, size_t *cols, struct gk_err *err)
{
    if (t->rank < 1 || t->rank > 2)
        return gk_fail(err, "a matrix or a vector is wanted, this has rank %u", t->rank);
    if (t->count == 0)
        return gk_fail(err, "no values");
    if (!gk_dtype_converts(t->dtype))
        return gk_fail(err, "%s: gk does not compute with such numbers", gk_dtype_name(t->dtype));
    *rows = t->shape[0];
    *cols = t->rank == 2 ? t->shape[1] : 1;
    return 0;
}

static int take_tensor(struct gk_matrix *m, const struct gk_tensor *t, struct gk_err *err)
{
    size_t cap = 0;
    if (gk_matrix_shape(t, &m->rows, &m->cols, err) ||
        gk_grow(&m->v, &cap, t->count, sizeof *m->v, err))
        return -1;
    m->single = gk_dtype_is_single(t->dtype);
    gk_tensor_f64(t, m->v);
    return 0;
}

struct filling {
    struct gk_matrix *m;
    size_t n, cap; /* of m->v */
};

static int fill(void *ctx, const struct gk_tensor *numbers, struct gk_err *err)
{
    struct filling *f = ctx;
    if (gk_grow(&f->m->v, &f->cap, f->n + numbers->count, sizeof *f->m->v, err))
        return -1;
    gk_tensor_f64(numbers, f->m->v + f->n);
    f->n += numbers->count;
    return 0;
}

static int take_npy(struct gk_matrix *m, FILE *fp, const char *name, struct gk_err *err)
{
    struct gk_tensor t;
    bool fortran = false;
    if (gk_npy_header(fp, name, &t, &fortran, err))
        return -1;
    if (gk_matrix_shape(&t, &m->rows, &m->cols, err))
        return gk_fail_at(err, "%s", name);
    if (!fortran) {
        m->single = gk_dtype_is_single(t.dtype);
        return gk_npy_parts(fp, name, &t, fill, &(struct filling){.m = m}, err);
    }
    int rc = gk_npy_data(fp, name, &t, fortran, err);
    if (rc == 0)
        rc = take_tensor(m, &t, err);
    free(t.data);
    return rc;
}

static int read_npy(struct gk_matrix *m, FILE *fp, const char *name, struct gk_err *err)
{
    int rc = take_npy(m, fp, name, err);
    if (fp != stdin)
        fclose(fp);
    return rc;
}

static const struct gk_tensor *find_matrix(const struct gk_frame *f, struct gk_err *err)
{
    const struct gk_tensor *found = NULL;
    for (size_t i = 0; i < f->ntensor; i++) {
        const struct gk_tensor *t = &f->tensor[i];
        if (t->rank < 1 || t->rank > 2 || !gk_dtype_converts(t->dtype))
            continue;
        if (found) {
            gk_frame_fail(f, err, "several matrices ('%.40s', '%.40s'): say which", found->name,
                          t->name);
            return NULL;
        }
        found = t;
    }
    if (!found)
        gk_frame_fail(f, err, "no matrix or vector in it");
    return found;
}

const struct gk_tensor *gk_frame_matrix(const struct gk_frame *f, const char *tensor,
                                        struct gk_err *err)
{
    struct gk_err cause;
    size_t rows, cols;
    const struct gk_tensor *t = tensor ? gk_frame_tensor(f, tensor) : find_matrix(f, err);
    if (!t && tensor)
        gk_frame_fail(f, err, "no tensor '%s'", tensor);
    if (!t || gk_matrix_shape(t, &rows, &cols, &cause) == 0)
        return t;
    gk_frame_fail(f, err, "tensor '%.40s': %s", t->name, cause.msg);
    return NULL;
}

int gk_matrix_from_frame(struct gk_matrix *m, const struct gk_frame *f, const char *tensor,
                         struct gk_err *err)
{
    *m = (struct gk_matrix){0};
    const struct gk_tensor *t = gk_frame_matrix(f, tensor, err);
    if (!t)
        return -1;
    int rc = take_tensor(m, t, err);
    if (rc == 0)
        rc = gk_history_add_text(&m->history, gk_frame_meta(f, "gk.history"), err);
    if (rc)
        gk_matrix_free(m);
    return rc;
}

static int read_frame(struct gk_matrix *m, FILE *fp, const char *name, const char *tensor,
                      struct gk_err *err)
{
    struct gk_source *s;
    struct gk_frame f, second;
    if (gk_source_from(&s, fp, name, err))
        return -1;
    int rc = gk_source_next(s, &f, err);
    if (rc == 1) {
        rc = gk_matrix_from_frame(m, &f, tensor, err);
        gk_frame_free(&f);
        if (rc == 0 && (rc = gk_source_next(s, &second, err)) == 1) {
            rc = gk_frame_fail(&second, err, "one matrix is wanted, here is another frame");
            gk_frame_free(&second);
        }
    }
    gk_source_close(s);
    return rc;
}

int gk_matrix_check_step(const char *name, enum gk_input_kind kind, const char *step,
                         struct gk_err *err)
{
    if (!step || kind == GK_INPUT_TABLE)
        return 0;
    gk_fail_usage(err, "%s: %s no column of steps", name,
                  kind == GK_INPUT_NPY ? "a .npy array has" : "safetensors frames have");
    return gk_fail_about(err, "step");
}

int gk_matrix_read_from(struct gk_matrix *m, FILE *fp, const char *name, enum gk_input_kind kind,
                        const struct gk_matrix_names *names, struct gk_err *err)
{
    const struct gk_matrix_names any = {0};
    *m = (struct gk_matrix){0};
    if (!names)
        names = &any;
    int rc = gk_matrix_check_step(name, kind, names->step, err);
    if (rc)
        fclose(fp);
    else if (kind == GK_INPUT_NPY)
        rc = read_npy(m, fp, name, err);
    else if (kind == GK_INPUT_FRAMES)
        rc = read_frame(m, fp, name, names->tensor, err);
    else
        rc = read_table(m, fp, name, names->step, err);
    if (rc)
        gk_matrix_free(m);
    return rc;
}

int gk_matrix_read(struct gk_matrix *m, const char *path, const struct gk_matrix_names *names,
                   struct gk_err *err)
{
    FILE *fp;
    const char *name;
    enum gk_input_kind kind = GK_INPUT_TABLE;
    *m = (struct gk_matrix){0};
    if (gk_input_open(&fp, &name, path, err))
        return -1;
    if (gk_input_kind(fp, name, &kind, err)) {
        fclose(fp);
        return -1;
    }
    return gk_matrix_read_from(m, fp, name, kind, names, err);
}

int gk_matrix_inputs(struct gk_source **source, struct gk_matrix *m, const char **name,
                     char *const *files, size_t n, const struct gk_matrix_names *names,
                     struct gk_err *err)
{
    FILE *fp;
    enum gk_input_kind kind;
    *source = NULL;
    if (n > 1)
        return gk_source_open(source, files, n, err);
    if (gk_input_open(&fp, name, n ? files[0] : NULL, err))
        return -1;
    int rc = gk_input_kind(fp, *name, &kind, err);
    if (rc == 0)
        rc = gk_matrix_check_step(*name, kind, names->step, err);
    if (rc == 0 && kind == GK_INPUT_FRAMES)
        return gk_source_from(source, fp, *name, err);
    if (rc == 0 && (names->tensor || names->exclude)) {
        gk_fail_usage(err, "%s is %s, without tensors", *name,
                      kind == GK_INPUT_NPY ? "a .npy array" : "text");
        rc = gk_fail_about(err, names->tensor ? "tensor" : "exclude");
    }
    if (rc == 0)
        return gk_matrix_read_from(m, fp, *name, kind, names, err);
    fclose(fp);
    return -1;
}
