/* The options of the tools that read one signal. */
#ifndef GK_SIGNAL_OPTS_H
#define GK_SIGNAL_OPTS_H

#include <math.h>

#include "gk/cli.h"
#include "gk/signal.h"

struct gk_signal_opts {
    const char *column, *detrend;
    struct gk_window window;
    struct gk_conditioning conditioning; /* its detrend and cutoff are in DETREND */
};

/* clang-format off */
#define GK_SIGNAL_OPTS_INIT { .window = { -INFINITY, INFINITY } }

/* Rows of an option table, for S of that type. */
#define GK_SIGNAL_OPTS(s)                                                                    \
    {'c', "column", GK_TEXT, &(s)->column, NULL, 0, 0, "NAME",                               \
     "the column, or the tensor, to read (default: train_loss)", 0, NULL},                   \
    {0, "window", GK_WINDOW, &(s)->window, NULL, 0, 0, NULL,                                 \
     "only the rows with A <= step < B", 0, NULL},                                           \
    {0, "detrend", GK_TEXT, &(s)->detrend, "none", 0, 0, "none|mean|linear|highpass=F",      \
     "take the trend off first; F in cycles per step", 0, NULL},                             \
    {0, "taper", GK_CHOICE, &(s)->conditioning.taper, "none", 0, 0, GK_TAPER_NAMES,          \
     "then multiply by this window", 0, NULL}
/* clang-format on */

#endif
