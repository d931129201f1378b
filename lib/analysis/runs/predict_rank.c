/* What each column of a table of runs says by itself: quantiles, and how well it ranks the runs. */
#include <math.h>

#include "gk/mem.h"
#include "gk/predict.h"
#include "gk/rank.h"

/* The runs of one row. */
struct sample {
    size_t n, positives;
    double *score, *value, *rising; /* [n] */
    bool *outcome;                  /* [n] */
};

/* The runs of GROUP that have feature J. How many lack it is added to LACKING. */
static void take(struct sample *s, const struct gk_runs *r, size_t group, size_t j, size_t *lacking)
{
    s->n = s->positives = 0;
    for (size_t i = 0; i < r->n; i++) {
        const double x = r->x[i * r->d + j];
        if (r->group && r->group[i] != group)
            continue;
        if (isnan(x)) {
            (*lacking)++;
            continue;
        }
        s->score[s->n] = s->rising[s->n] = x;
        s->outcome[s->n] = r->outcome[i];
        s->positives += r->outcome[i];
        s->value[s->n++] = r->val ? r->val[i] : 0;
    }
    gk_sort(s->rising, s->n);
}

static int put_row(struct gk_out *out, const char *group, const struct gk_feature *f,
                   const struct sample *s, const struct gk_rank_score *auc,
                   const struct gk_rank_score *rho, struct gk_err *err)
{
    gk_put_text(out->fp, group, '\t');
    gk_put_text(out->fp, f->name, '\t');
    fprintf(out->fp, "%zu\t%zu\t", s->n, s->positives);
    for (int q = 0; q <= 4; q++)
        gk_put_number(out->fp, gk_quantile(s->rising, s->n, q / 4.0), false, '\t');
    const double v[] = {auc->at, auc->lower, auc->upper, rho->at, rho->lower, rho->upper};
    for (int k = 0; k < 6; k++)
        gk_put_number(out->fp, v[k], false, k < 5 ? '\t' : '\n');
    return gk_out_row(out, err);
}

int gk_ranking_write(struct gk_out *out, const struct gk_history *h, const struct gk_runs *r,
                     int64_t replicates, uint64_t seed, struct gk_ranking_notes *notes,
                     struct gk_err *err)
{
    static const char *const names[] = {
        "group",         "feature", "n",   "positives", "min",       "q25",      "median",
        "q75",           "max",     "auc", "auc_lower", "auc_upper", "spearman", "spearman_lower",
        "spearman_upper"};
    struct sample s = {.score = gk_alloc(r->n, 3 * sizeof *s.score, err),
                       .outcome = gk_alloc(r->n, sizeof *s.outcome, err)};
    *notes = (struct gk_ranking_notes){0};
    int rc = s.score && s.outcome ? gk_table_begin(out->fp, h, names, 15, err) : -1;
    if (!rc) {
        s.value = s.score + r->n;
        s.rising = s.value + r->n;
    }
    for (size_t g = 0; !rc && g < (r->group ? r->groups : 1); g++)
        for (size_t j = 0; !rc && j < r->d; j++) {
            const char *group = r->group ? r->group_name[g] : "all";
            struct gk_rank_score auc, rho;
            take(&s, r, g, j, &notes->lacking);
            const struct gk_rank_data d = {s.n, s.score, s.outcome, r->val ? s.value : NULL, NULL};
            if ((s.positives == 0 || s.positives == s.n) && !notes->alike++)
                notes->first = group;
            rc = gk_rank_study(&d, replicates, seed, &auc, &rho, err) ||
                 put_row(out, group, &r->feature[j], &s, &auc, &rho, err);
        }
    gk_free(s.score);
    gk_free(s.outcome);
    return rc ? -1 : 0;
}
