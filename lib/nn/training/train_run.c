/* The training loop: rows, trajectory and checkpoints as it goes, and a clean end for any cause.
 */
#include "gk/train.h"

#include <inttypes.h>
#include <math.h>

#include "gk/table.h"
#include "train_priv.h"

static const char *const columns[] = {"step",     "lr",      "train_loss", "train_acc",
                                      "val_loss", "val_acc", "grad_norm",  "param_norm",
                                      "cos_prev", "cos_init"};

struct loop {
    struct gk_trainer *t;
    const struct gk_train_run *run;
    struct gk_out out; /* the trajectory */
    struct gk_stream stream;
    int64_t framed;  /* step of the last frame; -1: none */
    bool checked_in; /* this step's checkpoint is written */
};

bool gk_train_is_log_step(int64_t step)
{
    if (step <= 0)
        return step == 0;
    const double j = rint(20 * log10((double)step));
    return llrint(pow(10, j / 20)) == step;
}

static int put_row(struct loop *l, const struct gk_train_row *r, struct gk_err *err)
{
    const bool single = l->t->conf.real == GK_F32;
    FILE *fp = l->run->table->fp;
    const double v[] = {r->lr,        r->train.loss, r->train.acc, r->val.loss, r->val.acc,
                        r->grad_norm, r->param_norm, r->cos_prev,  r->cos_init};
    const size_t n = sizeof v / sizeof *v;
    fprintf(fp, "%" PRId64 "\t", r->step);
    for (size_t i = 0; i < n; i++)
        gk_put_number(fp, v[i], single, i + 1 < n ? '\t' : '\n');
    return gk_out_row(l->run->table, err);
}

static bool frame_is_due(const struct loop *l)
{
    const int64_t every = l->run->every;
    return every == GK_EVERY_LOG ? gk_train_is_log_step(l->t->step) : l->t->step % every == 0;
}

/* The frame of the current step; WHOLE: all that a resumed run needs. */
static int fill_checkpoint(const struct loop *l, bool whole, struct gk_frame *f, struct gk_err *err)
{
    const struct gk_frame *settings = whole ? l->run->settings : NULL;
    for (size_t i = 0; settings && i < settings->nmeta; i++)
        if (gk_frame_set_meta(f, settings->meta[i].key, settings->meta[i].value, err))
            return -1;
    if (gk_trainer_put(l->t, whole, f, err))
        return -1;
    return gk_frame_set_history(f, l->run->history, err);
}

static int put_frame(struct loop *l, struct gk_err *err)
{
    struct gk_frame f = {0};
    int rc = fill_checkpoint(l, l->run->trajectory_state, &f, err);
    if (!rc && gk_stream_write(&l->stream, &f, err))
        rc = gk_fail_at(err, "%s", l->out.name);
    gk_frame_free(&f);
    l->framed = l->t->step;
    return rc;
}

static int save(struct loop *l, struct gk_err *err)
{
    struct gk_out *table = l->run->table;
    struct gk_frame f = {0};
    /* Rows are flushed first: if the run is killed, no checkpoint is ahead of the curve. */
    if (!ferror(table->fp) && gk_out_flush(table, err) && err->kind != GK_ERR_CLOSED)
        return -1;
    int rc = fill_checkpoint(l, !l->run->weights_only, &f, err);
    if (!rc)
        rc = gk_frame_save(&f, l->run->save, err);
    gk_frame_free(&f);
    l->checked_in = true;
    return rc;
}

static int begin(struct loop *l, struct gk_err *err)
{
    const struct gk_train_run *run = l->run;
    if (run->trajectory && gk_out_open(&l->out, run->trajectory, true, err))
        return -1;
    l->stream.fp = l->out.fp;
    return gk_table_begin(run->table->fp, run->history, columns, sizeof columns / sizeof *columns,
                          err);
}

/* Writes all output of the current step. FRESH: the run did not start from it. */
static int do_step(struct loop *l, bool fresh, struct gk_err *err)
{
    const struct gk_train_run *run = l->run;
    const int64_t k = l->t->step;
    const bool due = fresh && k % run->eval_every == 0;
    /* Weights may have been edited since the checkpoint counted: its accuracy is checked again. */
    const bool doubt = !fresh && run->perfect > 0 && l->t->perfect > 0;
    const bool eval = due || doubt || (fresh && k == run->steps);
    struct gk_train_row row;
    l->checked_in = false;
    if (gk_trainer_measure(l->t, eval, &row, err))
        return -1;
    if (doubt && row.val.acc != 1)
        l->t->perfect = 0;
    if (!fresh)
        return 0;
    if (due) /* the extra row at a run's end does not count: a resumed run does not have it */
        l->t->perfect = row.val.acc == 1 ? l->t->perfect + 1 : 0;
    if (put_row(l, &row, err))
        return -1;
    if (run->trajectory && frame_is_due(l) && put_frame(l, err))
        return -1;
    if (run->save && run->save_every > 0 && k > 0 && k % run->save_every == 0)
        return save(l, err);
    return 0;
}

static int say_stopped(const struct loop *l, struct gk_err *err)
{
    const char *file = l->run->save;
    gk_fail(err, "stopped at step %" PRId64 "%s%s", l->t->step, file ? ", saved in " : "",
            file ? file : "");
    err->kind = GK_ERR_SIGNAL;
    return -1;
}

static int is_over(const struct loop *l, struct gk_err *err)
{
    const struct gk_train_run *run = l->run;
    if (*run->stop)
        return say_stopped(l, err);
    return l->t->step >= run->steps || (run->perfect > 0 && l->t->perfect >= run->perfect);
}

static int loop(struct loop *l, struct gk_err *err)
{
    const int64_t first = l->t->step;
    for (;;) {
        if (do_step(l, l->t->step > first || !l->run->resumed, err))
            return -1;
        int over = is_over(l, err);
        if (over)
            return over < 0 ? -1 : 0;
        gk_trainer_update(l->t);
        if (l->run->tick)
            l->run->tick(l->run->ctx, (double)(l->t->step - first));
    }
}

/* Ends the stream with the last step, then writes the checkpoint. A reader of the trajectory that
 * is gone by now changes nothing: the run is over. */
static int finish(struct loop *l, struct gk_err *err)
{
    if (l->out.fp && !ferror(l->out.fp)) {
        struct gk_err end = {0};
        if ((l->framed != l->t->step && put_frame(l, &end)) || gk_stream_end(&l->stream, &end) ||
            gk_out_commit(&l->out, &end)) {
            if (end.kind != GK_ERR_CLOSED) {
                *err = end;
                return -1;
            }
        }
    }
    if (l->run->save && !l->checked_in)
        return save(l, err);
    return 0;
}

int gk_train(struct gk_trainer *t, const struct gk_train_run *run, struct gk_err *err)
{
    struct loop l = {.t = t, .run = run, .framed = -1};
    struct gk_err late = {0};
    int rc = begin(&l, err);
    if (!rc)
        rc = loop(&l, err);
    if (!rc || err->kind == GK_ERR_CLOSED || err->kind == GK_ERR_SIGNAL) {
        if (finish(&l, &late)) {
            *err = late;
            rc = -1;
        } else if (rc && *run->stop) {
            say_stopped(&l, err); /* a terminal's SIGINT also ends the reader */
        }
    }
    if (l.out.fp)
        gk_out_discard(&l.out);
    return rc;
}
