/* Tables that show how well a model predicts. */
#include <math.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/predict.h"
#include "gk/rank.h"

struct report {
    struct gk_out *out;
    FILE *fp; /* out->fp */
    const struct gk_runs *r;
    const double *heldout;
    const size_t *fold;
    int64_t replicates;
    uint64_t seed;
    double *score, *value; /* [n] */
    bool *outcome;         /* [n] */
};

static double brier(const struct gk_rank_data *d)
{
    double sum = 0;
    for (size_t i = 0; i < d->n; i++)
        sum += (d->score[i] - d->outcome[i]) * (d->score[i] - d->outcome[i]);
    return sum / (double)d->n;
}

/* One row: NAME, its n runs, and how well their scores rank them. */
static int put_scores(const struct report *p, const char *name, const struct gk_rank_data *d,
                      bool probability, struct gk_err *err)
{
    struct gk_rank_score auc, rho;
    if (gk_rank_study(d, p->replicates, p->seed, &auc, &rho, err))
        return -1;
    const double v[] = {auc.at, auc.lower, auc.upper, rho.at, rho.lower, rho.upper};
    fprintf(p->fp, "%s\t%zu\t", name, d->n);
    for (int k = 0; k < 6; k++)
        gk_put_number(p->fp, v[k], false, '\t');
    gk_put_number(p->fp, probability ? brier(d) : NAN, false, '\n');
    return gk_out_row(p->out, err);
}

static int summary(const struct report *p, const struct gk_model *m, struct gk_err *err)
{
    const struct gk_runs *r = p->r;
    struct gk_rank_data d = {r->n, p->heldout, r->outcome, r->val};
    if (put_scores(p, "model", &d, true, err))
        return -1;
    d.score = p->score;
    for (size_t i = 0; i < r->n; i++)
        p->score[i] = gk_model_probability(m, r->x + i * r->d);
    if (put_scores(p, "model_fitted", &d, true, err))
        return -1;
    d.score = r->m0;
    if (r->m0 && put_scores(p, r->m0_name, &d, false, err))
        return -1;
    d.score = p->score;
    for (size_t j = 0; j < r->d; j++) {
        if (r->m0 && !strcmp(r->feature[j].name, r->m0_name))
            continue;
        for (size_t i = 0; i < r->n; i++)
            p->score[i] = r->x[i * r->d + j];
        if (put_scores(p, r->feature[j].name, &d, false, err))
            return -1;
    }
    return 0;
}

static int by_group(const struct report *p, struct gk_err *err)
{
    const struct gk_runs *r = p->r;
    for (size_t g = 0; g < r->groups; g++) {
        struct gk_rank_data d = {0, p->score, p->outcome, r->val ? p->value : NULL};
        for (size_t i = 0; i < r->n; i++) {
            if (r->group[i] != g)
                continue;
            p->score[d.n] = p->heldout[i];
            p->outcome[d.n] = r->outcome[i];
            if (r->val)
                p->value[d.n] = r->val[i];
            d.n++;
        }
        if (put_scores(p, r->group_name[g], &d, true, err))
            return -1;
    }
    return 0;
}

static void by_run(const struct report *p)
{
    const struct gk_runs *r = p->r;
    for (size_t i = 0; i < r->n && !ferror(p->fp); i++) {
        fprintf(p->fp, "%zu\t", i + 1);
        if (r->group)
            fprintf(p->fp, "%s\t", r->group_name[p->fold[i]]);
        else
            fprintf(p->fp, "%zu\t", p->fold[i]);
        fprintf(p->fp, "%d\t", r->outcome[i]);
        gk_put_number(p->fp, p->heldout[i], false, '\n');
    }
}

int gk_report_write(struct gk_out *out, enum gk_report what, const struct gk_history *h,
                    const struct gk_runs *r, const struct gk_model *m, const double *heldout,
                    const size_t *fold, int64_t replicates, uint64_t seed, struct gk_err *err)
{
    static const char *const runs[] = {"run", "group", "outcome", "probability"};
    const char *scores[] = {
        "model",          "n",    "auc", "auc_lower", "auc_upper", "spearman", "spearman_lower",
        "spearman_upper", "brier"};
    struct report p = {out, out->fp, r, heldout, fold, replicates, seed, NULL, NULL, NULL};
    if (what == GK_REPORT_RUNS) {
        if (gk_table_begin(out->fp, h, runs, 4, err))
            return -1;
        by_run(&p);
        return 0;
    }
    if (what == GK_REPORT_GROUPS)
        scores[0] = "group";
    p.score = gk_alloc(r->n, 2 * sizeof *p.score, err);
    p.outcome = gk_alloc(r->n, sizeof *p.outcome, err);
    int rc = p.score && p.outcome ? gk_table_begin(out->fp, h, scores, 9, err) : -1;
    if (!rc) {
        p.value = p.score + r->n;
        rc = what == GK_REPORT_GROUPS ? by_group(&p, err) : summary(&p, m, err);
    }
    gk_free(p.score);
    gk_free(p.outcome);
    return rc;
}
