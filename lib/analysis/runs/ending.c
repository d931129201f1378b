/* How runs ended, from two columns of a table. */
#include "gk/ending.h"

#include <math.h>
#include <string.h>
#include <strings.h>

int gk_ending_read(struct gk_ending *e, const struct gk_rows *r, const struct gk_ending_columns *c,
                   struct gk_err *err)
{
    *e = (struct gk_ending){.line = r->line};
    if (gk_rows_number(r, c->when, &e->when, err) ||
        (c->censor >= 0 && gk_rows_number(r, c->censor, &e->censor, err)))
        return -1;
    if (isnan(e->when) && c->censor < 0) {
        gk_rows_fail(r, err, "column %s: nan: how long did this run last?", r->name[c->when]);
        return gk_fail_about(err, "censor");
    }
    if (isinf(e->when))
        return gk_rows_fail(r, err, "column %s: %g is not finite", r->name[c->when], e->when);
    if (c->censor >= 0 && (isinf(e->censor) || (isnan(e->censor) && isnan(e->when))))
        return gk_rows_fail(r, err, "column %s: %g is not finite", r->name[c->censor], e->censor);
    e->may_be_flag = c->censor >= 0 && strcmp(r->name[c->censor], "steps") != 0 &&
                     (e->censor == 0 || e->censor == 1);
    return 0;
}

/* A column of such a name has 1 where the event occurred, which is the opposite of censored. */
static bool says_the_opposite(const char *name)
{
    static const char *const words[] = {"grokked",        "grok",   "has_grokked", "did_grok",
                                        "generalized",    "event",  "is_event",    "generalised",
                                        "event_observed", "solved", "observed",    "converged",
                                        "success",        "status", "death"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(name, words[i]))
            return true;
    return false;
}

int gk_ending_settle(const struct gk_ending *e, bool flags, const struct gk_rows *r,
                     const struct gk_ending_columns *c, double *when, bool *censored,
                     struct gk_err *err)
{
    const char *name = r->name[c->when];
    *when = e->when;
    *censored = false;
    if (c->censor < 0)
        return 0;
    if (flags) {
        *censored = e->censor == 1;
        if (isnan(e->when))
            return gk_fail(err,
                           "%s: line %zu: column %s: nan, and %s holds flags: when did it end?",
                           r->file, e->line, name, r->name[c->censor]);
        if (says_the_opposite(r->name[c->censor])) {
            gk_fail(err,
                    "%s: by its name a 1 in column %s is a run that grokked, not one that is "
                    "censored: give a column of 1 - %s, or of steps",
                    r->file, r->name[c->censor], r->name[c->censor]);
            return gk_fail_about(err, "censor");
        }
        return 0;
    }
    if (e->when > e->censor)
        return gk_fail(err, "%s: line %zu: column %s: %g is after the run's end, %s = %g", r->file,
                       e->line, name, e->when, r->name[c->censor], e->censor);
    *censored = isnan(e->when);
    if (*censored)
        *when = e->censor;
    return 0;
}

int gk_ending_doubts_find(struct gk_ending_doubts *d, const struct gk_rows *r, struct gk_err *err)
{
    *d = (struct gk_ending_doubts){0};
    return gk_rows_find(r, "status", &d->status, err) ||
                   gk_rows_find(r, "reason", &d->reason, err) ||
                   gk_rows_find(r, "final_val_acc", &d->accuracy, err)
               ? -1
               : 0;
}

void gk_ending_doubt(struct gk_ending_doubts *d, const struct gk_ending *e, const struct gk_rows *r)
{
    if (!isnan(e->when) && !e->may_be_flag)
        return;
    d->failed += d->status >= 0 && strcmp(r->cell[d->status], "failed") == 0;
    d->unseen += d->status >= 0 && strcmp(r->cell[d->status], "done") == 0 && d->accuracy >= 0 &&
                 strcmp(r->cell[d->accuracy], "nan") == 0;
    d->given_up += d->reason >= 0 && strncmp(r->cell[d->reason], "given up", 8) == 0;
}

int gk_ending_remark(struct gk_notes *notes, const struct gk_ending_doubts *d,
                     const struct gk_rows *r, const struct gk_ending_columns *c, struct gk_err *err)
{
    const bool one = d->failed == 1;
    if (d->failed &&
        gk_notes_add(notes, NULL, err,
                     "%s: %zu run%s failed and count%s as censored, as if %s could still grok: a "
                     "group in which many diverge looks too good",
                     r->file, d->failed, one ? "" : "s", one ? "s" : "", one ? "it" : "they"))
        return -1;
    if (d->given_up &&
        gk_notes_add(notes, NULL, err,
                     "%s: %zu run%s given up: that they did not grok is a model's guess", r->file,
                     d->given_up, d->given_up == 1 ? " was" : "s were"))
        return -1;
    if (d->unseen && gk_notes_add(notes, NULL, err,
                                  "%s: %zu run%s no validation accuracy and count%s as not having "
                                  "grokked, which nobody knows",
                                  r->file, d->unseen, d->unseen == 1 ? " has" : "s have",
                                  d->unseen == 1 ? "s" : ""))
        return -1;
    if (c->censor < 0 || strcmp(r->name[c->when], "delay") != 0 ||
        strcmp(r->name[c->censor], "steps") != 0)
        return 0;
    return gk_notes_add(notes, NULL, err,
                        "%s: delay counts from t2, and steps from 0: runs that did not grok are "
                        "censored too late",
                        r->file);
}
