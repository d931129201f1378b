/* One signal: a column of a curve in a window of steps, prepared for a transform. */
#ifndef GK_SIGNAL_H
#define GK_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "gk/err.h"
#include "gk/history.h"
#include "gk/dft.h"
#include "gk/table.h"

struct gk_signal {
    size_t n;
    double *v;          /* [n], the samples so far, all finite */
    double first;       /* the step of v[0] */
    double spacing;     /* steps from one sample to the next; 1 while n < 2 */
    const char *column; /* the column's name in the table, or the tensor's; NULL: none */
    bool any_steps;     /* set after opening: samples need not be evenly spaced */
    struct gk_history history;
    struct gk_signal_priv *priv;
};

/* Opens PATH (NULL or "-": standard input) up to its first row. In a table it reads COLUMN (NULL:
 * train_loss, or the only column of a table without a header), in safetensors the tensor COLUMN
 * (NULL: the only one), in .npy the array, which must be one column or one row. The samples are
 * those with FROM <= step < TO. STEP names the step column (NULL: gk_rows_use_steps); samples of an
 * array count from 0. A name that the kind of input cannot have is a usage error. */
int gk_signal_open(struct gk_signal *s, const char *path, const char *column, const char *step,
                   double from, double to, struct gk_err *err);

/* Appends one sample: 1; 0 at the end of the input or of the window; -1. Of rows outside the window
 * only the step is read. Within it, steps must be evenly spaced and values finite; rows whose value
 * is nan are skipped. */
int gk_signal_next(struct gk_signal *s, struct gk_err *err);

/* Call before the first sample: requests column NAME at step AT, within the window, as number
 * *NUMBER of these requests. 1, or 0 if there is no such column, or -1. From then on it is an error
 * if no row has that step, or if the value there is not finite. */
int gk_signal_also(struct gk_signal *s, const char *name, double at, size_t *number,
                   struct gk_err *err);
bool gk_signal_has(const struct gk_signal *s, const char *name);  /* Does column NAME exist? */
double gk_signal_other(const struct gk_signal *s, size_t number); /* nan before it was read */
double gk_signal_step(const struct gk_signal *s);                 /* of the last sample */

/* All samples; an empty signal is an error. */
int gk_signal_read(struct gk_signal *s, struct gk_err *err);

/* After the last sample: what is to be said of a curve that covers a part of the window only, with
 * room for one gap between samples at each end; NULL: it covers it all. */
const char *gk_signal_doubt(struct gk_signal *s);

/* Notes about the table, and the input's name. */
const struct gk_table_notes *gk_signal_notes(const struct gk_signal *s);
const char *gk_signal_file(const struct gk_signal *s);

/* The error for a window without a sample. */
int gk_signal_empty(const struct gk_signal *s, struct gk_err *err);

/* Also closes the input, so that its writer ends. {0} is allowed. */
void gk_signal_close(struct gk_signal *s);

enum gk_detrend { GK_DETREND_NONE, GK_DETREND_MEAN, GK_DETREND_LINEAR, GK_DETREND_HIGHPASS };
enum gk_taper { GK_TAPER_NONE, GK_TAPER_HANN, GK_TAPER_HAMMING, GK_TAPER_BLACKMAN };
#define GK_TAPER_NAMES "none|hann|hamming|blackman" /* in the order of enum gk_taper */

struct gk_conditioning {
    enum gk_detrend detrend;
    double cutoff; /* of the high-pass, in cycles per step: lower bins are removed */
    int taper;     /* enum gk_taper */
};

/* "none", "mean", "linear" or "highpass=F" with F > 0; other fields are unchanged. */
int gk_conditioning_parse(struct gk_conditioning *c, const char *detrend, struct gk_err *err);

/* y [n] = x [n] without its trend (the mean, the least-squares line, or the slow bins of its DFT),
 * times the taper w_t, a periodic function of t/n; all divided by 2^EXPONENT, which scales the
 * largest |x| to near 1. y may be x. */
int gk_condition(const struct gk_conditioning *c, struct gk_dft *d, const double *x, size_t n,
                 double spacing, double *y, int *exponent, struct gk_err *err);

#endif
