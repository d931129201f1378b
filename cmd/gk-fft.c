/* gk-fft: the spectrum of a curve, as one energy per frequency. */
#include <math.h>

#include "gk/cli.h"
#include "gk/out.h"
#include "gk/signal_opts.h"
#include "gk/table.h"

static struct gk_common common;
static struct gk_signal_opts in = GK_SIGNAL_OPTS_INIT;

static const struct gk_opt opts[] = {
    GK_SIGNAL_OPTS(&in),
    GK_DIGITS_OPT(&common),
    {0},
};

static const struct gk_tool tool = {
    .name = "gk-fft",
    .synopsis = "[options] [FILE]",
    .summary = "Print the energy of a curve at each frequency; the energies sum to its squares.",
    .example = "gk-data | gk-train --steps 400 | gk-fft --window 0:400 --detrend mean",
    .max_operands = 1,
    .opts = opts,
    .common = &common,
};

/* E holds the energies of the signal over 2^EXPONENT. */
static int print(const struct gk_signal *s, const double *e, int exponent, struct gk_err *err)
{
    static const char *const names[] = {"k", "frequency", "omega", "energy"};
    struct gk_out out;
    if (gk_out_open(&out, common.output, false, err) ||
        gk_table_begin(out.fp, &s->history, names, 4, err))
        return -1;
    for (size_t k = 0; k < s->n && !ferror(out.fp); k++) {
        double f = gk_dft_frequency(k, s->n);
        gk_put_number(out.fp, (double)k, false, '\t');
        gk_put_number(out.fp, f / s->spacing, false, '\t');
        gk_put_number(out.fp, 2 * M_PI * f, false, '\t');
        gk_put_number(out.fp, ldexp(e[k <= s->n / 2 ? k : s->n - k], 2 * exponent), false, '\n');
    }
    return gk_out_commit(&out, err);
}

static int transform(struct gk_signal *s, const char *path, struct gk_dft *dft, struct gk_err *err)
{
    const double *e;
    int exponent;
    if (gk_conditioning_parse(&in.conditioning, in.detrend, err) ||
        gk_signal_open(s, path, in.column, in.step, in.window.a, in.window.b, err) ||
        gk_signal_read(s, err) ||
        gk_condition(&in.conditioning, dft, s->v, s->n, s->spacing, s->v, &exponent, err) ||
        gk_dft_energies(dft, s->v, s->n, exponent, &e, err))
        return -1;
    const char *doubt = gk_signal_doubt(s);
    if (doubt)
        gk_note(&tool, "%s", doubt);
    gk_note_table(&tool, gk_signal_file(s), gk_signal_notes(s));
    in.column = s->column;
    return gk_cli_history(&tool, &s->history, err) ? -1 : print(s, e, exponent, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct gk_signal s = {0};
    struct gk_dft *dft;
    gk_cli_start(&tool, &argc, &argv);
    if (gk_dft_new(&dft, &err) || transform(&s, argc ? argv[0] : NULL, dft, &err))
        gk_die(&tool, &err);
    gk_signal_close(&s);
    gk_dft_free(dft);
    return 0;
}
