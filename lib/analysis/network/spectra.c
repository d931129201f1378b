/* Singular values of weight matrices. */
#include "gk/spectra.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/blas.h"
#include "gk/glob.h"
#include "gk/mem.h"

/* The values divided by the largest one, so that their squares neither overflow nor underflow. */
static void summarise(const double *v, size_t n, struct gk_spectrum *s)
{
    double sum = 0, squares = 0, entropy = 0;
    s->spectral_norm = n > 0 ? v[0] : 0;
    if (!(s->spectral_norm > 0))
        return;
    for (size_t i = 0; i < n; i++) {
        const double x = v[i] / v[0];
        sum += x;
        squares += x * x;
    }
    for (size_t i = 0; i < n; i++) {
        const double q = v[i] / v[0] / sum;
        entropy -= q > 0 ? q * log(q) : 0;
    }
    s->norm = v[0] * sqrt(squares);
    s->stable_rank = squares;
    s->effective_rank = exp(entropy);
}

static int check_finite(const double *a, size_t rows, size_t cols, struct gk_err *err)
{
    for (size_t i = 0; i < rows * cols; i++)
        if (!isfinite(a[i]))
            return gk_fail(err, "element [%zu, %zu], counted from 0, is %g", i / cols, i % cols,
                           isnan(a[i]) ? NAN : a[i]);
    return 0;
}

int gk_spectrum_of(double *a, size_t rows, size_t cols, struct gk_spectrum *s, struct gk_err *err)
{
    const size_t n = rows < cols ? rows : cols;
    *s = (struct gk_spectrum){.rows = rows, .cols = cols};
    if (check_finite(a, rows, cols, err))
        return -1;
    double *v = gk_alloc(n, sizeof *v, err);
    if (!v)
        return -1;
    const int rc = gk_singular_values(rows, cols, a, v, err);
    if (!rc)
        summarise(v, n, s);
    gk_free(v);
    return rc;
}

/* Each matrix is a task with its own message; the first one in name order is reported. */
struct task {
    const struct gk_tensor *t;
    struct gk_tensor_spectrum *to;
    struct gk_err err;
    int rc;
};

static int measure(const struct gk_tensor *t, struct gk_spectrum *s, struct gk_err *err)
{
    if (gk_tensor_check(t, err))
        return -1;
    double *a = gk_alloc(t->count, sizeof *a, err);
    if (!a)
        return -1;
    gk_tensor_f64(t, a);
    int rc = gk_spectrum_of(a, (size_t)t->shape[0], (size_t)t->shape[1], s, err);
    gk_free(a);
    return rc ? gk_fail_at(err, "tensor '%s'", gk_show(t->name).s) : 0;
}

static void do_task(void *ctx, size_t i, int thread)
{
    struct task *task = (struct task *)ctx + i;
    (void)thread;
    task->rc = measure(task->t, &task->to->s, &task->err);
}

/* A matrix that is chosen; it may be empty. */
static bool is_chosen(const struct gk_tensor *t, const char *globs, const char *exclude)
{
    if (gk_glob_matches(exclude, t->name))
        return false;
    if (gk_glob_names(globs, t->name)) /* by its whole name it may be anything */
        return t->rank == 2;
    return t->rank == 2 && gk_is_parameter(t) && (!globs || gk_glob_matches(globs, t->name));
}

static bool is_wanted(const struct gk_tensor *t, const char *globs, const char *exclude)
{
    return t->count > 0 && is_chosen(t, globs, exclude);
}

static int fail_without(const struct gk_frame *f, const char *globs, const char *exclude,
                        struct gk_err *err)
{
    const struct gk_tensor *t = globs ? gk_frame_tensor(f, globs) : NULL;
    for (size_t i = 0; i < f->ntensor; i++)
        if (f->tensor[i].count == 0 && is_chosen(&f->tensor[i], globs, exclude))
            return gk_frame_fail(f, err, "tensor '%s' %s is empty", gk_show(f->tensor[i].name).s,
                                 gk_show_shape(f->tensor[i].rank, f->tensor[i].shape).s);
    if (!globs)
        return gk_frame_fail(f, err, "it has no matrix");
    if (t && gk_glob_matches(exclude, t->name))
        return gk_frame_fail(f, err, "tensor '%s' is excluded", gk_show(globs).s);
    if (t)
        return gk_frame_fail(f, err, "tensor '%s' has rank %u: a matrix is wanted",
                             gk_show(globs).s, t->rank);
    return gk_frame_fail(f, err, "it has no matrix '%s'", gk_show(globs).s);
}

struct choice {
    const char *globs, *exclude;
};

static bool takes(const void *ctx, const struct gk_tensor *t)
{
    const struct choice *c = ctx;
    return is_wanted(t, c->globs, c->exclude);
}

/* Parameters without a spectrum: kernels of convolutions, heads with an axis of their own, and
 * matrices without a value. */
static bool has_none(const struct gk_tensor *t, bool empty)
{
    return gk_is_parameter(t) && (empty ? t->rank == 2 && t->count == 0 : t->rank > 2);
}

static int note_without(const struct gk_frame *f, bool empty, const struct choice *c,
                        struct gk_notes *notes, struct gk_err *err)
{
    size_t n = 0;
    const char *first = NULL;
    for (size_t i = 0; i < f->ntensor; i++) {
        const struct gk_tensor *t = &f->tensor[i];
        if (has_none(t, empty) && !gk_glob_matches(c->exclude, t->name) && n++ == 0)
            first = t->name;
    }
    if (n == 0)
        return 0;
    return gk_notes_add(notes, NULL, err, "%s: %zu parameter%s %s, and no spectrum ('%s'%s)",
                        f->file, n, n == 1 ? " has" : "s have",
                        empty ? "no values" : "rank 3 or more", gk_show(first).s,
                        n == 1 ? "" : ", ...");
}

int gk_frame_spectra_doubts(const struct gk_frame *f, const char *globs, const char *exclude,
                            struct gk_notes *notes, struct gk_err *err)
{
    const struct choice c = {globs, exclude};
    if (gk_frame_note_matches(f, "exclude", exclude, notes, err) ||
        (globs && gk_is_glob(globs) && gk_frame_need_matches(f, globs, err)))
        return -1;
    for (size_t i = 0; globs && gk_is_glob(globs) && i < f->ntensor; i++)
        if ((f->tensor[i].rank != 2 || f->tensor[i].count == 0) &&
            gk_glob_names(globs, f->tensor[i].name))
            return fail_without(f, f->tensor[i].name, exclude, err);
    if (globs)
        return 0;
    return gk_frame_doubts(f, takes, &c, notes, err) || note_without(f, false, &c, notes, err) ||
                   note_without(f, true, &c, notes, err)
               ? -1
               : 0;
}

int gk_frame_spectra(const struct gk_frame *f, const char *globs, const char *exclude,
                     struct gk_pool *pool, struct gk_tensor_spectrum **out, size_t *n,
                     struct gk_err *err)
{
    struct task *task = gk_alloc(f->ntensor, sizeof *task, err);
    size_t cap = 0;
    int rc = -1;
    *out = NULL;
    *n = 0;
    if (!task || gk_grow(out, &cap, f->ntensor + 1, sizeof **out, err))
        goto done;
    for (size_t i = 0; i < f->ntensor; i++) {
        const struct gk_tensor *t = &f->tensor[i];
        if (!is_wanted(t, globs, exclude))
            continue;
        (*out)[*n].name = t->name;
        task[*n] = (struct task){.t = t, .to = &(*out)[*n]};
        ++*n;
    }
    if (*n == 0) {
        fail_without(f, globs, exclude, err);
        goto done;
    }
    gk_pool_run(pool, *n, do_task, task);
    rc = 0;
    for (size_t i = 0; i < *n && !rc; i++)
        if (task[i].rc)
            rc = gk_frame_fail(f, err, "%s", task[i].err.msg);
done:
    gk_free(task);
    if (rc) {
        free(*out);
        *out = NULL;
    }
    return rc;
}
