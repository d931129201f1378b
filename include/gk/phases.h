/* When a run memorised and when it generalised: t1..t4, the phase it ended in, and its slingshots,
 * computed from its curve row by row. */
#ifndef GK_PHASES_H
#define GK_PHASES_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"

/* An event that must last: a condition that held at HOLD consecutive evaluations. */
struct gk_event {
    size_t met;         /* consecutive evaluations at which it held */
    double since, when; /* the first of these; the first of HOLD of them, or NAN */
};

/* A slingshot (Thilak et al. 2022): a spike of the training loss after memorisation. From a floor,
 * the lowest loss since t2 or since the last spike ended, the loss climbs to at least FACTOR times
 * the floor and at least RISE above it, and later falls to or below its peak / FACTOR. A rise that
 * has not fallen again by the last row does not count. */
struct gk_spike {
    double start, peak,
        end;              /* steps: where it crossed the threshold, its top, where it fell again */
    double floor, height; /* losses: the floor, the top */
};

struct gk_phases_opts {
    double low,
        high;    /* accuracies: t1, t3 are the first above LOW; t2, t4 the first to reach HIGH */
    size_t hold; /* the number of evaluations that an event must last, 1 or more */
    double gap;  /* a delay t4 - t2 of more steps than this is grokking */
    double factor, rise; /* of slingshots */
};

enum gk_phase { GK_CONFUSION, GK_MEMORIZATION, GK_COMPREHENSION, GK_GROKKING };
const char *gk_phase_name(enum gk_phase p);

/* The search for spikes with one factor. */
struct gk_spikes {
    double factor;
    size_t n, cap; /* n: completed spikes since a memorisation that may not have lasted yet */
    struct gk_spike *spike;
    double floor;  /* the lowest loss since memorisation or the last spike; NAN before */
    bool climbing; /* SPIKE[n] has not ended yet */
};

enum { GK_LOW_FACTOR = 2 }; /* lower rises are noise of the loss */

struct gk_phases {
    struct gk_phases_opts opts;
    struct gk_event
        t[4];      /* t1 and t2 of the training accuracy, t3 and t4 of the validation accuracy */
    double stable; /* the first step from which every evaluation of the validation accuracy up to
                      the last is at least HIGH; NAN */
    struct gk_spikes high, low; /* for opts.factor; for GK_LOW_FACTOR, if that is lower */
};

/* The slingshots: none before a memorisation has lasted. */
size_t gk_phases_slingshots(const struct gk_phases *p);
/* The spikes that reach GK_LOW_FACTOR times their floor, if opts.factor finds no slingshot. */
size_t gk_phases_missed(const struct gk_phases *p);

void gk_phases_init(struct gk_phases *p, const struct gk_phases_opts *opts);
/* One row; a value that was not computed is NAN. Steps must increase. */
int gk_phases_row(struct gk_phases *p, double step, double train_acc, double val_acc,
                  double train_loss, struct gk_err *err);
/* t4 - t2; NAN if either was not reached. */
double gk_phases_delay(const struct gk_phases *p);
/* After Liu et al. 2022, table 1. Confusion: the training set was not fitted. Memorization: it was
 * fitted, without generalisation. Comprehension: the run generalised with a delay up to GAP.
 * Grokking: the delay was longer. */
enum gk_phase gk_phases_which(const struct gk_phases *p);
void gk_phases_free(struct gk_phases *p);

#endif
