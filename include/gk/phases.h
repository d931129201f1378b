/* When a run memorised and when it generalised: t1..t4, the phase it ended in, and its slingshots,
 * all from its curve, row by row. */
#ifndef GK_PHASES_H
#define GK_PHASES_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"

/* An event that has to last: a condition that was true at HOLD evaluations in a row. */
struct gk_event {
    size_t met;         /* evaluations in a row at which it was true */
    double since, when; /* the first of these; the first of HOLD of them, or NAN */
};

/* A slingshot (Thilak et al. 2022): a spike of the training loss after memorisation. From a floor,
 * the lowest loss since t2 or since the last spike ended, the loss climbs to at least FACTOR times
 * the floor and at least RISE above it, and later falls to or below its peak / FACTOR. A rise that
 * has not come down by the last row is none. */
struct gk_spike {
    double start, peak, end; /* steps: where it crossed that bar, its top, back down */
    double floor, height;    /* losses: before it, at its top */
};

struct gk_phases_opts {
    double low,
        high;    /* accuracies: t1, t3 are the first above LOW, t2, t4 the first to reach HIGH */
    size_t hold; /* evaluations that an event must last, 1 or more */
    double gap;  /* a delay t4 - t2 of more steps than this is grokking */
    double factor, rise; /* of a slingshot */
};

enum gk_phase { GK_CONFUSION, GK_MEMORIZATION, GK_COMPREHENSION, GK_GROKKING };
const char *gk_phase_name(enum gk_phase p);

/* The search for spikes of one factor. */
struct gk_spikes {
    double factor;
    size_t n, cap; /* n: that ended, since a memorisation that may not have lasted yet */
    struct gk_spike *spike;
    double floor;  /* lowest loss since memorisation or the last spike; NAN before */
    bool climbing; /* SPIKE[n] is one that has not ended yet */
};

enum { GK_LOW_FACTOR = 2 }; /* rises below it are taken for the noise of the loss */

struct gk_phases {
    struct gk_phases_opts opts;
    struct gk_event t[4]; /* t1 and t2 on the training accuracy, t3 and t4 on validation's */
    double stable; /* the first step from which validation accuracy stays at HIGH to the last row
                      that has one; NAN */
    struct gk_spikes high, low; /* of opts.factor; of GK_LOW_FACTOR, where that is lower */
};

/* The slingshots: none before a memorisation has lasted. */
size_t gk_phases_slingshots(const struct gk_phases *p);
/* The spikes that reach GK_LOW_FACTOR times their floor, while opts.factor finds no slingshot. */
size_t gk_phases_missed(const struct gk_phases *p);

void gk_phases_init(struct gk_phases *p, const struct gk_phases_opts *opts);
/* One row; a value that was not computed is NAN. Steps must rise. */
int gk_phases_row(struct gk_phases *p, double step, double train_acc, double val_acc,
                  double train_loss, struct gk_err *err);
/* t4 - t2, NAN if either was not reached. */
double gk_phases_delay(const struct gk_phases *p);
/* After Liu et al. 2022, table 1: confusion did not fit the training set, memorization did but does
 * not generalise, comprehension generalised with a delay up to GAP, grokking with a longer one. */
enum gk_phase gk_phases_which(const struct gk_phases *p);
void gk_phases_free(struct gk_phases *p);

#endif
