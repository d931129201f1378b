/* How well a score ranks runs: the area under the ROC curve for the outcome, and Spearman's
 * correlation with a value, with bootstrap intervals. Ties count half, ranks of ties are their
 * mean. */
#ifndef GK_RANK_H
#define GK_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"

struct gk_rank_data {
    size_t n;
    const double *score; /* [n] finite */
    const bool *outcome; /* [n] */
    const double *value; /* [n] finite, or NULL: no Spearman */
    const size_t *group; /* [n] below n: the AUC is of pairs of one group; or NULL: of all pairs */
};

struct gk_rank_score {
    double at, lower, upper; /* nan where not defined */
};

/* With groups there is no Spearman. AUC = P(score of a yes > score of a no) + P(equal) / 2
 * (Mann-Whitney); nan if all outcomes are the same. Spearman: nan if the scores or the values are
 * all the same. The intervals are the 2.5 and 97.5 percentiles (linear between order statistics) of
 * REPLICATES resamples, drawn from SEED with as many runs of each outcome as there are; nan with
 * REPLICATES 0. */
int gk_rank_study(const struct gk_rank_data *data, int64_t replicates, uint64_t seed,
                  struct gk_rank_score *auc, struct gk_rank_score *spearman, struct gk_err *err);

/* The same of the differences: DATA's score less the score OTHER [n], on the same resamples. */
int gk_rank_difference(const struct gk_rank_data *data, const double *other, int64_t replicates,
                       uint64_t seed, struct gk_rank_score *auc, struct gk_rank_score *spearman,
                       struct gk_err *err);

/* The percentile Q in [0, 1] of V [n], which rises, linear between its values. */
double gk_rank_percentile(const double *v, size_t n, double q);
int gk_rank_compare(const void *a, const void *b); /* two doubles, for qsort */

#endif
