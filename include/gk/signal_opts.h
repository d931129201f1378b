/* Options shared by the tools that read one signal. */
#ifndef GK_SIGNAL_OPTS_H
#define GK_SIGNAL_OPTS_H

#include <math.h>

#include "gk/cli.h"
#include "gk/signal.h"

struct gk_signal_opts {
    const char *column, *step, *detrend;
    struct gk_window window;
    struct gk_conditioning conditioning; /* DETREND holds its detrend and cutoff */
};

/* clang-format off */
#define GK_SIGNAL_OPTS_INIT { .window = { -INFINITY, INFINITY } }

/* Rows of an option table, for S of that type. */
#define GK_SIGNAL_OPTS(s)                                                                    \
    GK_OPT_TEXT('c', "column", &(s)->column, "NAME", "the column, or the tensor, to read (default: train_loss)"),                   \
    GK_OPT_TEXT(0, "step", &(s)->step, "NAME", "the column of steps (default: step, or as loggers call it)"), \
    GK_OPT_WINDOW(0, "window", &(s)->window, "only the rows with A <= step < B"),                                           \
    GK_OPT_TEXT(0, "detrend", &(s)->detrend, "none|mean|linear|highpass=F", "take the trend off first; F in cycles per step", .def = "none"),                             \
    GK_OPT_CHOICE(0, "taper", &(s)->conditioning.taper, GK_TAPER_NAMES, "then multiply by this window", .def = "none")
/* clang-format on */

#endif
