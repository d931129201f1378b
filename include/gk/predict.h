/* Will a run grok? A logistic model on early features of many runs, its scores on unseen runs, and
 * the probability for a run that still continues (Notsawo et al. 2023). */
#ifndef GK_PREDICT_H
#define GK_PREDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"
#include "gk/hjorth.h"
#include "gk/history.h"
#include "gk/notes.h"
#include "gk/out.h"
#include "gk/rank.h"
#include "gk/signal.h"
#include "gk/table.h"
#include "gk/tick.h"

/* ---- features ----
 * A measure is a column of gk-hjorth other than n. A feature's name defines it: "m0" is measured in
 * the default window, "m0_400" in the window 0:400, "m0_100_400" in 100:400. "grad_norm_400" is the
 * column grad_norm at step 400, even if a curve has a column of the whole name, unless its value is
 * given beforehand. Features with any other name, such as a run's learning rate, are always given.
 */
struct gk_feature {
    char *name;
    int measure;     /* -1: not a measure */
    size_t column;   /* the length of the column's name; 0: no column at a step */
    double from, to; /* the window; of a column at a step both are the step; nan: unspecified */
};
/* FROM:TO is the window of a measure without one (nan: unknown). NAME is not copied. */
struct gk_feature gk_feature_parse(char *name, double from, double to);
bool gk_feature_is_bare(const struct gk_feature *f); /* a measure whose name has no window */
/* Is NAME a column of a sweep's table that is of the end of a run? */
bool gk_feature_is_late(const char *name);
double gk_feature_of(const struct gk_hjorth *h, int measure);
bool gk_feature_is_sum(int measure); /* m0, m2, m4: sums over the window, not means */

/* ---- runs ---- */

struct gk_runs {
    size_t n, d;
    size_t skipped;             /* runs omitted, see skip_nan */
    size_t *lacks;              /* [columns] how many of them have a nan there */
    size_t skipped_m0;          /* those that lack M0 alone, which nobody asked for */
    size_t given_up;            /* runs that a model ended, by the table of a sweep */
    const char *late;           /* the first feature that is of the end of a run, or NULL */
    bool delay;                 /* TIME is the column "delay", which counts from t2 */
    struct gk_feature *feature; /* [d] distinct names */
    double *x;                  /* [n, d] finite */
    bool *outcome;              /* [n] */
    double *val;                /* [n] final validation accuracy, or NULL */
    double *m0;                 /* [n] the single feature for comparison, or NULL */
    char *m0_name;
    double *steps; /* [n] the last step of each run, or NULL */
    double *time;  /* [n] when it grokked, finite, or nan if it did not; or NULL */
    uint64_t *key; /* [keys] of whole rows, of runs whose measures are not all integers */
    size_t keys;
    struct gk_notes doubts;
    struct gk_runs *against; /* the same runs with other features, or NULL: all but feature, x and d
                                is shared */
    size_t *group;           /* [n] number of each run's group, or NULL */
    char **group_name;
    size_t groups;
    size_t x_cap, outcome_cap, val_cap, m0_cap, steps_cap, time_cap, group_cap, group_name_cap,
        key_cap;
};

struct gk_runs_columns {
    char **features; /* [n], or NULL: every column that is a measure */
    size_t n;
    char **against; /* [n_against] the features of the model to compare with, or NULL */
    size_t n_against;
    const char *steps;   /* NULL: not wanted */
    const char *time;    /* NULL: t4 if there is one; what is no number there is nan */
    const char *outcome; /* 0 or 1 */
    const char *val;     /* NULL: final_val_acc if there is one */
    const char *group;   /* any text, or NULL */
    const char *m0;      /* NULL: the first feature, then the first column, of measure m0 */
    double from, to;     /* the window of bare measures, or nan */
    bool skip_nan;       /* leave out a run with a nan in a column that is used, do not fail */
    /* Each feature is looked at by itself: it may be nan, OUTCOME may be NULL (all false), and no
     * m0 is looked for. A run with a nan for its outcome or VAL is left out. */
    bool alone;
};

int gk_runs_read(struct gk_runs *r, struct gk_rows *rows, const struct gk_runs_columns *c,
                 struct gk_err *err);
/* Adds to the doubts of R, of ROWS: runs that were omitted, and the columns to blame; runs that a
 * model ended; a feature that is of the end of a run; a delay for a time; rows that stand there
 * again, cell by cell; and runs that had grokked by step AT (nan: none), or when their features are
 * known. */
int gk_runs_remark(struct gk_runs *r, double at, const struct gk_rows *rows, struct gk_err *err);
/* Remembers the row of the last run, for this. */
int gk_runs_take_key(struct gk_runs *r, const struct gk_rows *rows, struct gk_err *err);
void gk_runs_free(struct gk_runs *r);

/* ---- the model ----
 * p = 1 / (1 + exp(-intercept - sum_j weight_j (t_j - centre_j) / scale_j)), t = max(x, floor), or
 * its logarithm. */
struct gk_term {
    struct gk_feature feature;
    bool log; /* floor > 0 */
    double floor, centre, scale, weight;
    double least, most; /* among the runs it was fitted to; nan: not known */
};
struct gk_model {
    double intercept;
    size_t d;
    struct gk_term *term; /* [d] */
};
void gk_model_free(struct gk_model *m);
double gk_model_probability(const struct gk_model *m, const double *x);

int gk_model_write(FILE *fp, const struct gk_model *m, const struct gk_history *h,
                   struct gk_err *err);
int gk_model_read(struct gk_model *m, const char *path, struct gk_history *h, struct gk_err *err);

/* Fits the model to all runs, and to the runs outside each fold in turn: a fold is a group, or,
 * without groups, a tenth of the runs of each outcome, drawn from SEED. The ridge applies to
 * standardised features. Features that are positive in all runs enter as logarithms.
 *
 * Both kinds of model are calibrated (Platt 1999): p = sigmoid(A score + B), A >= 0, where A and B
 * maximise the likelihood of held-out scores: for the model of all runs those of the folds, for a
 * model without a fold those of folds within the remaining runs.
 *
 * HELDOUT [n] receives the probability of each run from the model trained without its fold. RAW [n]
 * (or NULL) receives that model's score before calibration: if the scores are useless, A is 0 and
 * all probabilities of a fold are equal, but RAW still ranks its runs. FOLD [n] receives the number
 * of each run's fold. */
int gk_model_fit(struct gk_model *m, const struct gk_runs *r, double ridge, uint64_t seed,
                 double *heldout, double *raw, size_t *fold, struct gk_err *err);

/* The HELDOUT and RAW of gk_model_fit for a resample in which run I stands COUNT[I] times. The
 * folds are those of gk_model_fit, FOLD, so that all copies of a run are held out together. Returns
 * 1 if without some fold all runs have one outcome: then the two are not defined. */
int gk_model_refit(const struct gk_runs *r, double ridge, const size_t *fold, const uint32_t *count,
                   double *heldout, double *raw, struct gk_err *err);
/* The multiplications of one gk_model_refit, up to a factor that is nearly the same for all runs.
 */
double gk_model_refit_cost(const struct gk_runs *r, const size_t *fold);

/* ---- what it is worth ---- */

enum gk_report {
    GK_REPORT_SUMMARY,
    GK_REPORT_MODELS, /* of the summary, the rows of models */
    GK_REPORT_GROUPS,
    GK_REPORT_RUNS,
    GK_REPORT_CALIBRATION,
    GK_REPORT_DECISIONS,
    GK_REPORT_TIMES
};
/* in the order of the enum */
#define GK_REPORTS "summary|models|groups|runs|calibration|decisions|times"

/* What a report is made of. The summary has AUC and Spearman's correlation with val (gk/rank.h): of
 * the held-out probabilities, of M on the runs it was fitted to, of m0 and of each feature alone.
 * By group they are of the held-out probabilities. The report of runs has the held-out probability
 * of each. */
struct gk_report_of {
    const struct gk_runs *r;
    const struct gk_model *m;
    const double *heldout;           /* [n] */
    const size_t *fold;              /* [n] */
    const double *against;           /* [n] held-out probabilities by r->against, or NULL */
    bool within;                     /* rank only runs of one group, by scores before calibration */
    const double *raw, *against_raw; /* [n] the scores before calibration, of heldout and against */
    int64_t replicates;              /* resamples for the intervals of fixed scores */
    int64_t refits; /* resamples for row "model", which is fitted again in each; 0: its scores are
                       fixed, too */
    uint64_t seed;
    double at;              /* the step at which the probabilities are known; nan: unknown */
    double ridge;           /* penalty of refits and of the model of times */
    double cover;           /* coverage of the intervals of times, in (0, 1) */
    struct gk_tick tick;    /* counts refits */
    struct gk_notes *notes; /* gets what the numbers of a report do not say; or NULL */
    struct gk_rank_score auc, spearman; /* of the row "model" (gk_report_judge) */
};
/* Computes OF->auc and OF->spearman, which the summary, the rows of models and gk_report_about
 * need.
 */
int gk_report_judge(struct gk_report_of *of, struct gk_err *err);
int gk_report_write(struct gk_out *out, enum gk_report what, const struct gk_history *h,
                    const struct gk_report_of *of, struct gk_err *err);
/* The step at which all features of R are known: the end of the last window, or the step of the
 * last column at a step. 0 if all are known beforehand; nan if a measure does not say its window.
 */
double gk_runs_known_at(const struct gk_runs *r);

/* Adds to H what the model was fitted to, and how well it ranks runs that it has not seen; BY is
 * the column of groups, or NULL. */
int gk_report_about(struct gk_history *h, const struct gk_report_of *of, const char *by,
                    struct gk_err *err);
#define GK_ABOUT "model: " /* begins that line */

/* Ten groups of runs of rising probability, and what became of them. */
int gk_report_calibration(struct gk_out *out, const struct gk_report_of *of, struct gk_err *err);
/* What would follow from ending, or calling, runs by a threshold of the probability. */
int gk_report_decisions(struct gk_out *out, const struct gk_report_of *of, struct gk_err *err);
/* Intervals for the time of runs that grok, by conformal prediction (predict_times.c). */
int gk_report_times(struct gk_out *out, const struct gk_history *h, const struct gk_report_of *of,
                    struct gk_err *err);
/* The interval of 95 % for the probability of an event that K of N trials had (Wilson 1927);
 * n > 0. */
void gk_share_interval(double k, double n, double *lower, double *upper);

/* ---- parts of a fit ---- */

/* Floor, centre, scale and range of term J of R's features, from the runs that are IN [n]; run I
 * occurs COUNT[I] times (NULL: once). */
void gk_term_standardise(struct gk_term *t, const struct gk_runs *r, const bool *in,
                         const uint32_t *count, size_t j);
double gk_term_value(const struct gk_term *t, double x); /* standardised */
/* Terms for R's features: the logarithm of those that are positive in all runs that are IN. */
int gk_model_start(struct gk_model *m, const struct gk_runs *r, const bool *in, struct gk_err *err);

/* Of each feature in each group (all runs are "all" without groups): quantiles, AUC and Spearman's
 * correlation with val; of runs that were read as alone, without a model. */
struct gk_ranking_notes {
    size_t lacking;    /* values of features that were nan and so left out */
    size_t alike;      /* rows of the table without an AUC, as their runs have one outcome */
    const char *first; /* the group of the first such row */
};
int gk_ranking_write(struct gk_out *out, const struct gk_history *h, const struct gk_runs *r,
                     int64_t replicates, uint64_t seed, struct gk_ranking_notes *notes,
                     struct gk_err *err);

/* ---- a live curve ---- */

/* X [d]: the features that are not measured on a curve, from TEXT "lr=1e-3,wd=1" (may be NULL),
 * which must give each of them and may give columns at a step, none twice; nan for the others.
 * Messages name the option --set. */
int gk_model_given(const struct gk_model *m, const char *text, double *x, struct gk_err *err);
/* Measures without a window in the model get FROM:TO, which must then be finite. Returns 1 if there
 * were any, 0, or -1. */
int gk_model_set_windows(struct gk_model *m, double from, double to, struct gk_err *err);

struct gk_live;
/* GIVEN [d] holds the features that are not measured on the curve. SINCE is where the first window
 * begins, or where the first column is read. */
int gk_live_new(struct gk_live **out, const struct gk_model *m, const double *given,
                const struct gk_conditioning *c, double *since, struct gk_err *err);
void gk_live_free(struct gk_live *l);
/* Call before the first sample: requests from S, the curve, the columns and steps that features
 * need. *BOTH (NULL: none) is a feature "COLUMN_STEP" of a curve that also has a column of that
 * whole name. */
int gk_live_watch(struct gk_live *l, struct gk_signal *s, const struct gk_feature **both,
                  struct gk_err *err);

/* The probability from the samples so far of S, which was opened at SINCE without an end: nan while
 * a window holds fewer than three samples, or the step of a column is still to come. In a window
 * that continues, sums are scaled up to its whole length. *OVER: every window has ended, and the
 * probability is final. */
int gk_live_update(struct gk_live *l, const struct gk_signal *s, double *p, bool *over,
                   struct gk_err *err);

/* The first feature from number FROM on whose value, *X, is outside its range among the runs that
 * the model was fitted to; NULL: none. */
const struct gk_term *gk_live_beyond(const struct gk_live *l, size_t from, double *x);

/* The first measure whose window began more than a sample before S did; NULL: none. */
const struct gk_feature *gk_live_late(const struct gk_live *l, const struct gk_signal *s);

struct gk_live_end {
    double step, p; /* of the last row */
    bool over, gave_up;
};
/* Writes a row (step, probability) for each sample of S as it comes. END, {.p = NAN} at first, is
 * the state from one call to the next.
 *
 * Returns 1 when the last window has just ended. If the probability is then below GIVE_UP (nan:
 * never), the run is given up, and the next call writes nothing; otherwise the next call goes on to
 * the end of the curve. Returns 0 at that end, or if the run was given up; or -1. A window that
 * ends with fewer than three samples is an error. */
int gk_live_follow(struct gk_live *l, struct gk_signal *s, struct gk_out *out, double give_up,
                   struct gk_live_end *end, struct gk_err *err);

#endif
