/* gk-fourier: the frequencies that a network has learned, and its performance with only these and
 * without them.
 *
 *     gk-train -d add.data --arch nanda --trajectory - -o run.tsv | gk-fourier -d add.data
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/cli.h"
#include "gk/fourier.h"
#include "gk/list.h"
#include "gk/mem.h"
#include "gk/number.h"
#include "gk/out.h"
#include "gk/study_opts.h"
#include "gk/table.h"

enum view { MEASURES, EMBEDDING, LOGITS };

static struct gk_common common;
static const char *data, *keys_text;
static int view, precision;

static const struct gk_opt opts[] = {
    GK_OPT_TEXT('d', "data", &data, "FILE", "the dataset (required)", .flags = GK_OPT_SILENT),
    GK_OPT_TEXT(0, "keys", &keys_text, "N|K1,K2,...",
                "the N frequencies of largest energy in each frame, or these; '14,' is one "
                "(default: 5, or as many as there are)"),
    GK_OPT_CHOICE(
        0, "view", &view, "measures|embedding|logits",
        "progress measures, or the energy of each frequency in the embedding or the logits",
        .def = "measures"),
    GK_PRECISION_OPT(&precision),
    GK_THREADS_OPT(&common),
    GK_DIGITS_OPT(&common),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-fourier",
    .synopsis = "-d DATA [options] [CHECKPOINT...]",
    .summary = "Print the frequencies that a network has learned, and progress measures.",
    .example =
        "gk-train -d add.data --arch nanda --trajectory - -o run.tsv | gk-fourier -d add.data",
    .max_operands = -1,
    .opts = opts,
    .common = &common,
};

struct run {
    struct gk_study study;
    struct gk_fourier *fourier;
    size_t *keys, nkeys;
    bool largest; /* each frame's */
    struct gk_progress progress;
    struct gk_out out;
};

static const char *data_name(void)
{
    return strcmp(data, "-") == 0 ? "standard input" : data;
}

/* A list of frequencies, increasing. */
static int list_keys(struct run *run, size_t most, struct gk_err *err)
{
    char *text = gk_strdup(keys_text, err), **word;
    const size_t end = text ? strlen(text) - 1 : 0;
    if (!text)
        return -1;
    if (text[end] == ',') /* a single one has a trailing comma to make it a list */
        text[end] = '\0';
    int rc = gk_list_words("keys", text, &word, &run->nkeys, err);
    free(text);
    if (rc)
        return -1;
    bool *is_key = gk_alloc(most + 1, sizeof *is_key, err);
    run->keys = gk_alloc(run->nkeys, sizeof *run->keys, err);
    rc = is_key && run->keys ? 0 : -1;
    for (size_t i = 0; i < run->nkeys && !rc; i++) {
        int64_t k = 0;
        if (gk_number_integer(word[i], strlen(word[i]), &k) != GK_NUMBER_FINITE || k < 1 ||
            (uint64_t)k > most)
            rc = gk_fail_usage(err, "--keys: '%s': a frequency of 1 to %zu is wanted",
                               gk_show(word[i]).s, most);
        else if (is_key[k])
            rc = gk_fail_usage(err, "--keys: %" PRId64 " is there twice", k);
        else
            is_key[k] = true;
    }
    run->nkeys = 0;
    for (size_t k = 1; k <= most && !rc; k++)
        if (is_key[k])
            run->keys[run->nkeys++] = k;
    gk_free(is_key);
    free(word);
    return rc;
}

static int choose_keys(struct run *run, struct gk_err *err)
{
    const size_t most = gk_fourier_frequencies(run->fourier);
    int64_t n = most < 5 ? (int64_t)most : 5;
    if (keys_text && strchr(keys_text, ','))
        return list_keys(run, most, err);
    if (keys_text && (gk_number_integer(keys_text, strlen(keys_text), &n) != GK_NUMBER_FINITE ||
                      n < 1 || (uint64_t)n > most))
        return gk_fail_usage(err, "--keys: '%s': a number of 1 to %zu frequencies is wanted",
                             gk_show(keys_text).s, most);
    run->largest = true;
    run->nkeys = (size_t)n;
    run->keys = gk_alloc(run->nkeys, sizeof *run->keys, err);
    return run->keys ? 0 : -1;
}

static int begin(struct run *run, const struct gk_frame *f, struct gk_err *err)
{
    static const char *const measures[] = {
        "step",         "keys",      "restricted_train", "restricted_val", "excluded_train",
        "excluded_val", "sum_share", "key_share",        "embed_gini",     "embed_ipr"};
    static const char *const energies[] = {"step", "k", "energy", "share"};
    struct gk_history h = {0};
    if (f->index > 0)
        return 0;
    int rc = gk_study_history(&run->study, f, &h, err) || gk_cli_history(&tool, &h, err) ||
             (view == MEASURES ? gk_table_begin(run->out.fp, &h, measures, 10, err)
                               : gk_table_begin(run->out.fp, &h, energies, 4, err));
    gk_history_free(&h);
    return rc ? -1 : 0;
}

static int put_measures(struct run *run, struct gk_err *err)
{
    struct gk_measures m;
    FILE *fp = run->out.fp;
    const bool single = run->study.real == GK_F32;
    if (gk_fourier_measure(run->fourier, &run->study, run->keys, run->nkeys, run->largest, &m, err))
        return -1;
    gk_study_put_step(&run->study, fp);
    for (size_t i = 0; i < run->nkeys; i++)
        fprintf(fp, "%s%zu", i ? "+" : "", run->keys[i]);
    const double value[] = {m.restricted[0], m.restricted[1], m.excluded[0], m.excluded[1],
                            m.sum_share,     m.key_share,     m.embed_gini,  m.embed_ipr};
    putc('\t', fp);
    for (int i = 0; i < 8; i++)
        gk_put_number(fp, value[i], single, i < 7 ? '\t' : '\n');
    return 0;
}

static int put_energies(struct run *run, struct gk_err *err)
{
    const double *energy, *norms;
    double total;
    FILE *fp = run->out.fp;
    const bool single = run->study.real == GK_F32;
    if (view == LOGITS
            ? gk_fourier_logits(run->fourier, &run->study, &energy, &total, err)
            : gk_fourier_embedding(run->fourier, &run->study, &energy, &total, &norms, err))
        return -1;
    if (!energy)
        return gk_fail(err, "the network has no embedding");
    for (size_t k = 1; k <= gk_fourier_frequencies(run->fourier); k++) {
        gk_study_put_step(&run->study, fp);
        fprintf(fp, "%zu\t", k);
        gk_put_number(fp, energy[k - 1], single, '\t');
        gk_put_number(fp, energy[k - 1] / total, single, '\n');
    }
    return 0;
}

static int put_frame(void *ctx, struct gk_frame *f, struct gk_err *err)
{
    struct run *run = ctx;
    if (gk_study_take(&run->study, f, err) || begin(run, f, err))
        return -1;
    gk_note_all(&tool, &run->study.notes, &run->study.said);
    if (view == MEASURES ? put_measures(run, err) : put_energies(run, err))
        return gk_frame_fail_at(f, err);
    gk_progress_tick(&run->progress, (double)f->index + 1);
    return gk_out_row(&run->out, err);
}

static int put_all(struct run *run, char *const *files, int n, struct gk_err *err)
{
    struct gk_source *source;
    gk_progress_start(&run->progress, &tool, "frame", 0);
    if (run->progress.on)
        run->progress.total = (double)gk_source_count(files, (size_t)n);
    if (gk_out_open(&run->out, common.output, false, err) ||
        gk_source_open(&source, files, (size_t)n, err) ||
        gk_source_each(source, put_frame, run, err))
        return -1;
    gk_progress_end(&run->progress);
    return gk_out_commit(&run->out, err);
}

static int open_study(struct run *run, char *const *files, int n, struct gk_err *err)
{
    struct gk_study *s = &run->study;
    if (keys_text && view != MEASURES)
        return gk_fail_usage(err, "--keys: only measures have keys");
    if (gk_study_open(s, data, files, n, (int)common.threads, true, err))
        return -1;
    s->precision = (enum gk_precision)precision;
    s->wanted[GK_TRAIN] = s->wanted[GK_VAL] = false; /* all inputs instead */
    if (gk_fourier_new(&run->fourier, &s->data, s->pool, err))
        return gk_fail_at(err, "%s", data_name());
    const struct gk_fourier_labels labels = gk_fourier_labels(run->fourier);
    if (labels.others)
        gk_note(&tool,
                "%s: %zu of %zu labels are not the answers of %s; the losses take them as they are",
                data_name(), labels.others, labels.rows, s->data.op);
    return choose_keys(run, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct run run = {0};
    gk_cli_start(&tool, &argc, &argv);
    if (open_study(&run, argv, argc, &err) || put_all(&run, argv, argc, &err))
        gk_die(&tool, &err);
    gk_fourier_free(run.fourier);
    gk_free(run.keys);
    gk_study_close(&run.study);
    return 0;
}
