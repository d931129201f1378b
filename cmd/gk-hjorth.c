/* gk-hjorth: activity, mobility and complexity of a curve, from its values and from its spectrum.
 */
#include <stdlib.h>

#include "gk/cli.h"
#include "gk/hjorth.h"
#include "gk/mem.h"
#include "gk/out.h"
#include "gk/signal_opts.h"
#include "gk/table.h"

static struct gk_common common;
static struct gk_signal_opts in = GK_SIGNAL_OPTS_INIT;
static bool follow;

static const struct gk_opt opts[] = {
    GK_SIGNAL_OPTS(&in),
    GK_OPT_FLAG(0, "follow", &follow, "a row for every row of the curve so far, as they come"),
    GK_DIGITS_OPT(&common),
    {0},
};

static const struct gk_tool tool = {
    .name = "gk-hjorth",
    .synopsis = "[options] [FILE]",
    .summary = "Measure how strongly a curve varies, how fast, and how far it is from a sine.",
    .example = "gk-data | gk-train --steps 400 | gk-hjorth --window 0:400",
    .max_operands = 1,
    .opts = opts,
    .common = &common,
};

struct work {
    struct gk_signal signal;
    struct gk_dft *dft;
    struct gk_out out;
    double *y; /* [signal.n], conditioned */
    size_t cap;
};

static int open_input(struct work *w, const char *path, struct gk_err *err)
{
    if (gk_conditioning_parse(&in.conditioning, in.detrend, err) || gk_dft_new(&w->dft, err) ||
        gk_signal_open(&w->signal, path, in.column, in.step, in.window.a, in.window.b, err))
        return -1;
    in.column = w->signal.column;
    return gk_cli_history(&tool, &w->signal.history, err);
}

static int begin_output(struct work *w, struct gk_err *err)
{
    static const char *const names[] = {
        "n",  "activity", "mobility",          "complexity",         "m0",
        "m2", "m4",       "spectral_mobility", "spectral_complexity"};
    if (gk_out_open(&w->out, common.output, false, err))
        return -1;
    return gk_table_begin(w->out.fp, &w->signal.history, names, 9, err);
}

/* Of the samples so far. */
static int measure(struct work *w, struct gk_hjorth *h, struct gk_err *err)
{
    const struct gk_signal *s = &w->signal;
    int exponent;
    if (gk_grow(&w->y, &w->cap, s->n, sizeof *w->y, err) ||
        gk_condition(&in.conditioning, w->dft, s->v, s->n, s->spacing, w->y, &exponent, err))
        return -1;
    return gk_hjorth(w->dft, w->y, s->n, exponent, gk_magnitude(s->v, s->n), h, err);
}

static void put_row(FILE *fp, const struct gk_hjorth *h)
{
    const double row[] = {
        (double)h->n, h->activity, h->mobility,          h->complexity,         h->m0,
        h->m2,        h->m4,       h->spectral_mobility, h->spectral_complexity};
    for (int i = 0; i < 9; i++)
        gk_put_number(fp, row[i], false, i < 8 ? '\t' : '\n');
}

static int once(struct work *w, struct gk_err *err)
{
    struct gk_hjorth h;
    if (gk_signal_read(&w->signal, err) || measure(w, &h, err) || begin_output(w, err))
        return -1;
    put_row(w->out.fp, &h);
    return gk_out_commit(&w->out, err);
}

static int live(struct work *w, struct gk_err *err)
{
    struct gk_hjorth h;
    int rc = begin_output(w, err) || gk_out_flush(&w->out, err) ? -1 : 1;
    while (rc == 1 && (rc = gk_signal_next(&w->signal, err)) == 1) {
        if (measure(w, &h, err))
            return -1;
        put_row(w->out.fp, &h);
        if (gk_out_flush(&w->out, err))
            return -1;
    }
    if (rc == 0 && w->signal.n == 0)
        rc = gk_signal_empty(&w->signal, err);
    return rc ? -1 : gk_out_commit(&w->out, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct work w = {0};
    gk_cli_start(&tool, &argc, &argv);
    if (open_input(&w, argc ? argv[0] : NULL, &err) || (follow ? live : once)(&w, &err))
        gk_die(&tool, &err);
    const char *doubt = gk_signal_doubt(&w.signal);
    if (doubt)
        gk_note(&tool, "%s", doubt);
    gk_note_table(&tool, gk_signal_file(&w.signal), gk_signal_notes(&w.signal));
    gk_signal_close(&w.signal);
    gk_dft_free(w.dft);
    free(w.y);
    return 0;
}
