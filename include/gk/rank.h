/* How well a score ranks runs: the area under the ROC curve for the outcome, and Spearman's
 * correlation with a value, with bootstrap intervals. Ties count half; tied ranks are averaged. */
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
    double at, lower, upper; /* nan if undefined */
};

/* With groups there is no Spearman. AUC = P(score of a yes > score of a no) + P(equal) / 2
 * (Mann-Whitney); nan if all outcomes are the same. Spearman: nan if the scores or the values are
 * all the same. The intervals are the 2.5 and 97.5 percentiles (linear between order statistics) of
 * REPLICATES resamples, drawn from SEED with as many runs of each outcome as there are. They are
 * nan with REPLICATES 0, and if the measure is undefined in most resamples. */
int gk_rank_study(const struct gk_rank_data *data, int64_t replicates, uint64_t seed,
                  struct gk_rank_score *auc, struct gk_rank_score *spearman, struct gk_err *err);

/* The same measures of scores that come from a model of these runs. Their intervals also count that
 * other runs make another model: each resample is fitted again. An interval is as long as the
 * distance of the percentiles, with the measure in its middle, and is cut at the ends of the
 * measure's range.
 *
 * SCORE fits the model to the resample in which run I stands COUNT[I] times, and writes the score
 * of each run to SCORE [n]. It returns 0; 1 if this resample has no fit and does not count; or
 * -1. */
struct gk_rank_again {
    int (*score)(void *ctx, const uint32_t *count, double *score, struct gk_err *err);
    void *ctx;
};
int gk_rank_study_again(const struct gk_rank_data *data, const struct gk_rank_again *again,
                        int64_t replicates, uint64_t seed, struct gk_rank_score *auc,
                        struct gk_rank_score *spearman, struct gk_err *err);

/* Differences of these measures: those of DATA's score less those of the score OTHER [n]. Both are
 * measured on the same resamples. */
int gk_rank_difference(const struct gk_rank_data *data, const double *other, int64_t replicates,
                       uint64_t seed, struct gk_rank_score *auc, struct gk_rank_score *spearman,
                       struct gk_err *err);

/* Puts V [n], without a nan, in rising order. */
void gk_sort(double *v, size_t n);
/* The quantile Q in [0, 1] of the rising V [n], linear between order statistics: type 7 of Hyndman
 * and Fan (1996), the default of R and NumPy. The median of two is their mean. Values may be
 * infinite: between a finite and an infinite one the quantile is infinite. nan with N 0. */
double gk_quantile(const double *v, size_t n, double q);

#endif
