/* Checkpoints as vectors, and the engines that evaluate them. */
#include "gk/study.h"

#include <math.h>
#include <string.h>

#include "gk/blas.h"
#include "gk/mem.h"
#include "gk/network.h"
#include "gk/table.h"

int gk_study_open(struct gk_study *s, const char *data, char *const *files, int n, int threads,
                  bool all, struct gk_err *err)
{
    bool from_stdin = n == 0;
    for (int i = 0; i < n; i++)
        from_stdin |= strcmp(files[i], "-") == 0;
    *s = (struct gk_study){.wanted = {true, true}, .loss = GK_LOSS_AS_SAVED, .threads = threads};
    if (!data || (from_stdin && strcmp(data, "-") == 0)) {
        gk_fail_usage(err, data ? "standard input cannot be the checkpoints and the dataset"
                                : "a dataset is needed");
        return gk_fail_about(err, "data");
    }
    if (gk_dataset_read(&s->data, data, err))
        return -1;
    s->data_name = strcmp(data, "-") == 0 ? "standard input" : data;
    if (gk_dataset_remark(&s->data, data, &s->notes, err) ||
        (all ? gk_blas_pool(&s->pool, threads, err) : gk_blas_start(1, err))) {
        gk_dataset_free(&s->data);
        gk_notes_free(&s->notes);
        return -1;
    }
    return 0;
}

static void drop(struct gk_study *s)
{
    for (int i = 0; i < 2; i++) {
        gk_engine_free(s->engine[i]);
        s->engine[i] = NULL;
    }
    gk_free(s->theta);
    s->theta = NULL;
    gk_checkpoint_free(&s->ckpt);
    s->ckpt = (struct gk_checkpoint){0};
}

void gk_study_close(struct gk_study *s)
{
    drop(s);
    gk_pool_free(s->pool);
    gk_dataset_free(&s->data);
    gk_notes_free(&s->notes);
}

/* Engines and memory for another network. */
static int prepare(struct gk_study *s, const struct gk_frame *f, struct gk_err *err)
{
    s->made++;
    if (!s->pool) {
        const int few = gk_engine_threads(&s->ckpt.arch, &s->data, 0, s->threads);
        if (gk_blas_pool(&s->pool, few, err))
            return -1;
    }
    s->theta = gk_alloc(s->ckpt.params.total, gk_dtype_size(s->real), err);
    if (!s->theta)
        return -1;
    for (int i = 0; i < 2; i++) {
        if (s->wanted[i] && !s->wanted[!i] && s->data.split[i].n == 0)
            return gk_frame_fail(f, err, "the split has no rows");
        if (s->wanted[i] && gk_engine_new(&s->engine[i], &s->ckpt.arch, &s->data, (enum gk_split)i,
                                          s->real, s->pool, err)) {
            s->engine[i] = NULL;
            return gk_frame_fail_at(f, err);
        }
    }
    return 0;
}

/* The options in a line of gk-data, from any version of it; or NULL. */
static const char *data_options(const char *line)
{
    static const char name[] = "gk-data ";
    const size_t n = sizeof name - 1;
    return strncmp(line, name, n) == 0 ? line + n + strcspn(line + n, " ") : NULL;
}

/* The first dataset in H, if none in H is among those in HAVE. NULL if one is, or either has
 * none. */
static const char *other_data(const struct gk_history *h, const struct gk_history *have)
{
    const char *other = NULL;
    for (size_t i = 0; i < h->n; i++)
        for (size_t j = 0; j < have->n; j++) {
            const char *a = data_options(h->line[i]), *b = data_options(have->line[j]);
            if (a && b && strcmp(a, b) == 0)
                return NULL;
            if (a && b && !other)
                other = h->line[i];
        }
    return other;
}

/* A network that was trained on other data has other measures: rows that it has seen, for example,
 * are among those of validation. */
static int remark_data(struct gk_study *s, const struct gk_frame *f, struct gk_err *err)
{
    struct gk_history h = {0};
    int rc = 0;
    if (s->other_data || f->number > 1)
        return 0;
    if (!gk_history_add_text(&h, gk_frame_meta(f, "gk.history"), &(struct gk_err){0})) {
        const char *other = other_data(&h, &s->data.history);
        s->other_data = other != NULL;
        if (other)
            rc = gk_notes_add(&s->notes, NULL, err, "%s: trained on other data than %s: %s",
                              f->file, s->data_name, other);
    }
    gk_history_free(&h);
    return rc;
}

int gk_study_take(struct gk_study *s, const struct gk_frame *f, struct gk_err *err)
{
    struct gk_checkpoint c;
    if (gk_checkpoint_parse(&c, f, err))
        return -1;
    if (s->loss != GK_LOSS_AS_SAVED)
        c.arch.loss = s->loss;
    const enum gk_dtype real = s->precision == GK_AS_SAVED ? c.dtype
                               : s->precision == GK_AS_F32 ? GK_F32
                                                           : GK_F64;
    const bool kept = s->theta && real == s->real && gk_arch_same(&c.arch, &s->ckpt.arch);
    if (kept)
        gk_checkpoint_free(&s->ckpt);
    else
        drop(s);
    s->ckpt = c;
    s->real = real;
    if (!kept && prepare(s, f, err))
        return -1;
    if ((f->index == 0 && gk_checkpoint_remark(&s->ckpt, f, &s->notes, err)) ||
        remark_data(s, f, err))
        return -1;
    return gk_checkpoint_vector(f, &s->ckpt.params, "", real, s->theta, err);
}

int gk_study_history(const struct gk_study *s, const struct gk_frame *f, struct gk_history *h,
                     struct gk_err *err)
{
    if (gk_history_join(h, &s->data.history, err))
        return -1;
    return gk_history_add_text(h, gk_frame_meta(f, "gk.history"), err);
}

int gk_study_score(struct gk_study *s, const void *theta, struct gk_score score[2],
                   struct gk_err *err)
{
    for (int i = 0; i < 2; i++) {
        score[i] = (struct gk_score){NAN, NAN};
        if (s->engine[i] && gk_engine_score(s->engine[i], theta, &score[i], err))
            return -1;
    }
    return 0;
}

void gk_study_put_step(const struct gk_study *s, FILE *fp)
{
    gk_put_number(fp, s->ckpt.step < 0 ? NAN : (double)s->ckpt.step, false, '\t');
}

void gk_study_put_score(const struct gk_study *s, const struct gk_score score[2], FILE *fp)
{
    const bool single = s->real == GK_F32;
    for (int i = 0; i < 2; i++) {
        gk_put_number(fp, score[i].loss, single, '\t');
        gk_put_number(fp, score[i].acc, single, i ? '\n' : '\t');
    }
}
