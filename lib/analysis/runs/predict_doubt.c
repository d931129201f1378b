/* When the features of runs are known, and what a table of runs gives reason to doubt. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/fnv.h"
#include "gk/mem.h"
#include "gk/predict.h"

static bool is_measured(const struct gk_feature *f)
{
    return f->measure >= 0 || f->column > 0;
}

int gk_runs_take_key(struct gk_runs *r, const struct gk_rows *rows, struct gk_err *err)
{
    bool telling = false;
    uint64_t h = GK_FNV_START;
    for (size_t j = 0; j < r->d; j++) {
        const double x = r->x[(r->n - 1) * r->d + j];
        telling = telling || (is_measured(&r->feature[j]) && isfinite(x) && x != floor(x));
    }
    if (!telling)
        return 0;
    for (size_t k = 0; k < rows->ncol; k++) {
        for (const char *c = rows->cell[k]; *c; c++)
            h = gk_fnv(h, (unsigned char)*c);
        h = gk_fnv(h, 0);
    }
    if (gk_grow(&r->key, &r->key_cap, r->keys + 1, sizeof *r->key, err))
        return -1;
    r->key[r->keys++] = h;
    return 0;
}

double gk_runs_known_at(const struct gk_runs *r)
{
    double at = 0;
    for (size_t j = 0; j < r->d; j++) {
        if (r->feature[j].measure >= 0 && isnan(r->feature[j].to))
            return NAN;
        at = fmax(at, r->feature[j].to); /* nan is none */
    }
    return at;
}

bool gk_feature_is_late(const char *name)
{
    static const char *const late[] = {"t4",    "t4_stable",  "delay",
                                       "steps", "slingshots", "grokked"};
    for (size_t i = 0; i < sizeof late / sizeof *late; i++)
        if (!strcmp(name, late[i]))
            return true;
    return strncmp(name, "final_", 6) == 0;
}

/* The columns to blame for runs that were omitted: the first few, with the number of runs if not
 * all lack it. free() the text. */
static char *blamed(const struct gk_runs *r, const struct gk_rows *rows, struct gk_err *err)
{
    enum { SHOWN = 3 };
    char *text = NULL;
    size_t len, n = 0;
    FILE *fp = open_memstream(&text, &len);
    for (size_t k = 0; k < rows->ncol && fp; k++) {
        if (!r->lacks[k] || n++ >= SHOWN)
            continue;
        fprintf(fp, "%s%s", n > 1 ? ", " : "", rows->name[k]);
        if (r->lacks[k] < r->skipped)
            fprintf(fp, " in %zu", r->lacks[k]);
    }
    if (fp && n > SHOWN)
        fprintf(fp, ", %zu more", n - SHOWN);
    if (fp && r->skipped_m0)
        fprintf(fp, "; %zu only for %s, to compare the model with", r->skipped_m0, r->m0_name);
    if (!fp || fclose(fp)) {
        gk_fail(err, "no memory for a note");
        free(text);
        return NULL;
    }
    return text;
}

static int remark_skipped(struct gk_runs *r, const struct gk_rows *rows, struct gk_err *err)
{
    char *columns = blamed(r, rows, err);
    const int rc =
        columns ? gk_notes_add(&r->doubts, NULL, err, "%s: %zu run%s left out, for a nan (%s)",
                               rows->file, r->skipped, r->skipped == 1 ? "" : "s", columns)
                : -1;
    free(columns);
    return rc;
}

int gk_runs_remark(struct gk_runs *r, double at, const struct gk_rows *rows, struct gk_err *err)
{
    struct gk_notes *const notes = &r->doubts;
    const char *const file = rows->file;
    size_t copies = 0, early = 0, grokked = 0;
    const double known = gk_runs_known_at(r);
    if (at < known) {
        gk_fail_usage(err, "the features are known at step %.12g, and not at %.12g", known, at);
        return gk_fail_about(err, "at");
    }
    at = fmax(at, known); /* nan is none */
    if (r->keys > 0)
        qsort(r->key, r->keys, sizeof *r->key, gk_by_hash);
    for (size_t i = 1; i < r->keys; i++)
        copies += r->key[i] == r->key[i - 1];
    for (size_t i = 0; i < r->n && r->time && !r->delay; i++) {
        grokked += r->outcome[i];
        early += r->outcome[i] && at > 0 && r->time[i] >= 0 && r->time[i] <= at;
    }
    if (r->skipped && remark_skipped(r, rows, err))
        return -1;
    if (r->given_up &&
        gk_notes_add(notes, NULL, err,
                     "%s: %zu run%s given up: that they did not grok is a model's guess", file,
                     r->given_up, r->given_up == 1 ? " was" : "s were"))
        return -1;
    if (r->late &&
        gk_notes_add(notes, NULL, err,
                     "%s: the feature %s is known only when a run has ended: that is no prediction",
                     file, r->late))
        return -1;
    if (r->delay &&
        gk_notes_add(
            notes, NULL, err,
            "%s: delay counts from t2, and the step of a decision from 0: give the time as a step",
            file))
        return -1;
    if (copies && gk_notes_add(notes, NULL, err,
                               "%s: %zu row%s of an earlier run: held-out runs are not unseen, "
                               "and intervals are too narrow",
                               file, copies, copies == 1 ? " is a copy" : "s are copies"))
        return -1;
    return early ? gk_notes_add(notes, NULL, err,
                                "%s: %zu of %zu runs that grokked had done so by step %.12g, when "
                                "the features are known: that is no prediction",
                                file, early, grokked, at)
                 : 0;
}
