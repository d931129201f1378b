/* Tables that show how well a model predicts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/predict.h"
#include "gk/rank.h"

struct report {
    struct gk_out *out;
    FILE *fp; /* out->fp */
    const struct gk_report_of *of;
    double *score, *value, *p; /* [n] */
    bool *outcome;             /* [n] */
};

static const size_t *groups_of(const struct gk_report_of *of)
{
    return of->within ? of->r->group : NULL;
}

/* The numbers that rank runs. Runs of different folds have different models: only their
 * probabilities can be compared. Runs of one group have one model: its scores before calibration
 * rank them, because calibration keeps their order or makes all of them equal. */
static const double *ranking(const struct gk_report_of *of)
{
    return of->within ? of->raw : of->heldout;
}

static double brier(const double *p, const bool *outcome, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (p[i] - outcome[i]) * (p[i] - outcome[i]);
    return sum / (double)n;
}

static void put_six(FILE *fp, const struct gk_rank_score *auc, const struct gk_rank_score *rho)
{
    const double v[] = {auc->at, auc->lower, auc->upper, rho->at, rho->lower, rho->upper};
    for (int k = 0; k < 6; k++)
        gk_put_number(fp, v[k], false, '\t');
}

struct refits {
    const struct gk_report_of *of;
    double *unused; /* [n] */
    int64_t done;
};

static int refit(void *ctx, const uint32_t *count, double *score, struct gk_err *err)
{
    struct refits *f = ctx;
    const struct gk_report_of *of = f->of;
    gk_tick(&of->tick, (double)f->done++, (double)of->refits);
    double *const heldout = of->within ? f->unused : score, *const raw = of->within ? score : NULL;
    return gk_model_refit(of->r, of->ridge, of->fold, count, heldout, raw, err);
}

int gk_report_judge(struct gk_report_of *of, struct gk_err *err)
{
    const struct gk_runs *r = of->r;
    const struct gk_rank_data d = {r->n, ranking(of), r->outcome, r->val, groups_of(of)};
    if (of->refits == 0)
        return gk_rank_study(&d, of->replicates, of->seed, &of->auc, &of->spearman, err);
    struct refits f = {.of = of, .unused = gk_alloc(r->n, sizeof *f.unused, err)};
    const struct gk_rank_again again = {refit, &f};
    const int rc = f.unused ? gk_rank_study_again(&d, &again, of->refits, of->seed, &of->auc,
                                                  &of->spearman, err)
                            : -1;
    gk_free(f.unused);
    return rc;
}

/* One row: NAME, its n runs, how well their scores rank them, and the probabilities' mean square
 * error. PROBABILITY [n] or NULL. */
static int put_ranks(struct report *p, const char *name, const struct gk_rank_data *d,
                     const struct gk_rank_score *auc, const struct gk_rank_score *rho,
                     const double *probability, struct gk_err *err)
{
    gk_put_text(p->fp, name, '\t');
    fprintf(p->fp, "%zu\t", d->n);
    put_six(p->fp, auc, rho);
    gk_put_number(p->fp, probability ? brier(probability, d->outcome, d->n) : NAN, false, '\n');
    return gk_out_row(p->out, err);
}

/* The same, with intervals of fixed scores. */
static int put_scores(struct report *p, const char *name, const struct gk_rank_data *d,
                      const double *probability, struct gk_err *err)
{
    struct gk_rank_score auc, rho;
    if (gk_rank_study(d, p->of->replicates, p->of->seed, &auc, &rho, err))
        return -1;
    return put_ranks(p, name, d, &auc, &rho, probability, err);
}

/* The model to compare with, and the model's advantage over it on the same runs. */
static int compared(struct report *p, struct gk_err *err)
{
    const struct gk_report_of *of = p->of;
    const struct gk_runs *r = of->r;
    const double *const score = of->within ? of->against_raw : of->against;
    const struct gk_rank_data model = {r->n, ranking(of), r->outcome, r->val, groups_of(of)};
    const struct gk_rank_data other = {r->n, score, r->outcome, r->val, groups_of(of)};
    struct gk_rank_score auc, rho;
    if (put_scores(p, "against", &other, of->against, err) ||
        gk_rank_difference(&model, score, of->replicates, of->seed, &auc, &rho, err))
        return -1;
    fprintf(p->fp, "difference\t%zu\t", r->n);
    put_six(p->fp, &auc, &rho);
    const double b = brier(of->heldout, r->outcome, r->n) - brier(of->against, r->outcome, r->n);
    gk_put_number(p->fp, b, false, '\n');
    return gk_out_row(p->out, err);
}

static int summary(struct report *p, bool features, struct gk_err *err)
{
    const struct gk_runs *r = p->of->r;
    struct gk_rank_data d = {r->n, ranking(p->of), r->outcome, r->val, groups_of(p->of)};
    if (put_ranks(p, "model", &d, &p->of->auc, &p->of->spearman, p->of->heldout, err))
        return -1;
    d.score = p->score;
    for (size_t i = 0; i < r->n; i++)
        p->score[i] = gk_model_probability(p->of->m, r->x + i * r->d);
    if (put_scores(p, "model_fitted", &d, p->score, err) || (p->of->against && compared(p, err)))
        return -1;
    if (!features)
        return 0;
    d.score = r->m0;
    if (r->m0 && put_scores(p, r->m0_name, &d, NULL, err))
        return -1;
    d.score = p->score;
    for (size_t j = 0; j < r->d; j++) {
        if (r->m0 && !strcmp(r->feature[j].name, r->m0_name))
            continue;
        for (size_t i = 0; i < r->n; i++)
            p->score[i] = r->x[i * r->d + j];
        if (put_scores(p, r->feature[j].name, &d, NULL, err))
            return -1;
    }
    return 0;
}

static int by_group(struct report *p, struct gk_err *err)
{
    const struct gk_runs *r = p->of->r;
    for (size_t g = 0; g < r->groups; g++) {
        struct gk_rank_data d = {0, p->score, p->outcome, r->val ? p->value : NULL, NULL};
        for (size_t i = 0; i < r->n; i++) {
            if (r->group[i] != g)
                continue;
            p->score[d.n] = ranking(p->of)[i];
            p->p[d.n] = p->of->heldout[i];
            p->outcome[d.n] = r->outcome[i];
            if (r->val)
                p->value[d.n] = r->val[i];
            d.n++;
        }
        if (put_scores(p, r->group_name[g], &d, p->p, err))
            return -1;
    }
    return 0;
}

static void by_run(const struct report *p)
{
    const struct gk_runs *r = p->of->r;
    for (size_t i = 0; i < r->n && !ferror(p->fp); i++) {
        fprintf(p->fp, "%zu\t", i + 1);
        if (r->group)
            gk_put_text(p->fp, r->group_name[p->of->fold[i]], '\t');
        else
            fprintf(p->fp, "%zu\t", p->of->fold[i]);
        fprintf(p->fp, "%d\t", r->outcome[i]);
        gk_put_number(p->fp, p->of->heldout[i], false, '\n');
    }
}

static int ranks(struct gk_out *out, enum gk_report what, const struct gk_history *h,
                 const struct gk_report_of *of, struct gk_err *err)
{
    const char *names[] = {
        "model",          "n",    "auc", "auc_lower", "auc_upper", "spearman", "spearman_lower",
        "spearman_upper", "brier"};
    struct report p = {.out = out, .fp = out->fp, .of = of};
    if (what == GK_REPORT_GROUPS)
        names[0] = "group";
    p.score = gk_alloc(of->r->n, 3 * sizeof *p.score, err);
    p.outcome = gk_alloc(of->r->n, sizeof *p.outcome, err);
    int rc = p.score && p.outcome ? gk_table_begin(out->fp, h, names, 9, err) : -1;
    if (!rc) {
        p.value = p.score + of->r->n;
        p.p = p.value + of->r->n;
        rc = what == GK_REPORT_GROUPS ? by_group(&p, err)
                                      : summary(&p, what == GK_REPORT_SUMMARY, err);
    }
    gk_free(p.score);
    gk_free(p.outcome);
    return rc;
}

int gk_report_write(struct gk_out *out, enum gk_report what, const struct gk_history *h,
                    const struct gk_report_of *of, struct gk_err *err)
{
    static const char *const runs[] = {"run", "group", "outcome", "probability"},
                             *const bins[] = {"bin", "n", "probability", "share", "lower", "upper"},
                             *const decisions[] = {"rule", "threshold", "false_alarm", "hit",
                                                   "lead", "ended",     "wrong",       "saved"};
    switch (what) {
    case GK_REPORT_RUNS:
        if (gk_table_begin(out->fp, h, runs, 4, err))
            return -1;
        by_run(&(struct report){.out = out, .fp = out->fp, .of = of});
        return 0;
    case GK_REPORT_CALIBRATION:
        return gk_table_begin(out->fp, h, bins, 6, err) ? -1 : gk_report_calibration(out, of, err);
    case GK_REPORT_DECISIONS:
        return gk_table_begin(out->fp, h, decisions, 8, err) ? -1
                                                             : gk_report_decisions(out, of, err);
    case GK_REPORT_TIMES:
        return gk_report_times(out, h, of, err);
    default:
        return ranks(out, what, h, of, err);
    }
}

int gk_report_about(struct gk_history *h, const struct gk_report_of *of, const char *by,
                    struct gk_err *err)
{
    const struct gk_runs *r = of->r;
    double grokked = 0;
    for (size_t i = 0; i < r->n; i++)
        grokked += r->outcome[i];
    /* Without resamples there is no interval, and a measure may not say its window. */
    char interval[96] = "", step[48] = "";
    if (!isnan(of->auc.lower))
        snprintf(interval, sizeof interval, " (%.3f to %.3f%s)", of->auc.lower, of->auc.upper,
                 of->refits > 0 ? "" : " of fixed probabilities");
    if (!isnan(of->at))
        snprintf(step, sizeof step, " at step %.12g", of->at);
    char *line =
        gk_format(err, GK_ABOUT "%zu runs, %.0f of them grokked; held out by %s, AUC %s%.3f%s%s",
                  r->n, grokked, by ? by : "tenths", of->within ? "within groups " : "", of->auc.at,
                  interval, step);
    const int rc = line ? gk_history_add(h, line, err) : -1;
    free(line);
    return rc;
}
