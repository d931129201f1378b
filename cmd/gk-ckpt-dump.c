/* gk-ckpt-dump: the contents of a checkpoint, a dataset or a stream, as lists, text, .npy or
 * frames.
 *
 *     gk-ckpt-dump --tensor embed.weight --format npy -o embed.npy final.safetensors
 */
#include <stdio.h>
#include <stdlib.h>

#include "gk/cli.h"
#include "gk/dump.h"
#include "gk/out.h"
#include "gk/rename.h"
#include "gk/torch.h"

static struct gk_common common;
static bool list, meta, flat, format_given;
static const char *tensor, *exclude, *steps_text, *split_to, *table, *set;
static int format;

static const struct gk_opt opts[] = {
    GK_OPT_FLAG(0, "list", &list,
                "a row for each tensor (the default without another view or --format)"),
    GK_OPT_FLAG(0, "meta", &meta, "a row for each entry of the metadata"),
    GK_OPT_TEXT(0, "tensor", &tensor, "GLOB",
                "the values of one tensor; with --format safetensors of all that match"),
    GK_OPT_TEXT(0, "exclude", &exclude, "GLOB", "leave these tensors out, such as 'optim.*'"),
    GK_OPT_FLAG(0, "flat", &flat, "the parameters as one vector a frame, in name order"),
    GK_OPT_CHOICE(0, "format", &format, "tsv|npy|safetensors",
                  "of --tensor and --flat; safetensors alone writes the frames themselves",
                  .def = "tsv", .flags = GK_OPT_SILENT, .given = &format_given),
    GK_OPT_TEXT(0, "steps", &steps_text, "A:B:K",
                "only the frames of steps A, A + K, ... up to B, both ends included",
                .flags = GK_OPT_SILENT),
    GK_OPT_TEXT(0, "rename", &table, "TABLE",
                "checkpoints of another implementation under gk's names: nanda, transformer_lens, "
                "torch_encoder, gpt2, lee, gk, or a file"),
    GK_OPT_TEXT(0, "set", &set, "KEY=VALUE,...",
                "with --rename: what neither tensors nor table tell, such as heads=4"),
    GK_OPT_TEXT(0, "split-to", &split_to, "DIR", "write each frame as DIR/step-NNNNNN.safetensors",
                .flags = GK_OPT_SILENT | GK_OPT_OUTPUT),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-ckpt-dump",
    .synopsis = "[options] [FILE...]",
    .summary = "Show, extract and convert what checkpoints, datasets and streams hold.",
    .example = "gk-ckpt-dump --steps 0:2000:100 --format safetensors run.gks | gk-pca",
    .max_operands = -1,
    .opts = opts,
    .common = &common,
};

static int choose(struct gk_dump *d, struct gk_err *err)
{
    if (list + meta + flat + (tensor != NULL) + (split_to != NULL) > 1)
        return gk_fail_usage(err,
                             "--list, --meta, --tensor, --flat and --split-to exclude each other");
    d->format = (enum gk_dump_format)format;
    d->tensor = tensor;
    d->exclude = exclude;
    d->view = tensor                                  ? GK_DUMP_TENSOR
              : flat                                  ? GK_DUMP_FLAT
              : meta                                  ? GK_DUMP_META
              : list || format != GK_DUMP_SAFETENSORS ? GK_DUMP_LIST
                                                      : GK_DUMP_FRAMES;
    if ((d->view == GK_DUMP_LIST || d->view == GK_DUMP_META) && format != GK_DUMP_TSV)
        return gk_fail_usage(err, "--format: a list is text; --tensor or --flat have formats");
    if (set && !table)
        return gk_fail_usage(err, "--set: only --rename makes metadata");
    if (split_to && table)
        return gk_fail_usage(err, "--split-to and --rename exclude each other");
    if (split_to && exclude)
        return gk_fail_usage(err, "--split-to and --exclude exclude each other");
    if (split_to && (common.output || format_given))
        return gk_fail_usage(err, "--split-to writes checkpoints to a folder: no -o, no --format");
    return 0;
}

static struct gk_rename *names;

static void note_skipped(const char *file, const struct gk_rename_skipped *s, const char *what)
{
    if (s->n > 0)
        gk_note(&tool, "%s: no line of the table names %zu tensor%s %s: left out ('%s'%s)", file,
                s->n, s->n > 1 ? "s" : "", what, s->first.s, s->n > 1 ? ", ..." : "");
}

static int rename_frame(struct gk_frame *f, const char *line, struct gk_err *err)
{
    struct gk_rename_notes notes;
    const char *file = f->file;
    if (gk_rename_checkpoint(names, f, line, &notes, err))
        return -1;
    if (*notes.missing.s)
        gk_note(&tool, "%s: no tensor is '%s': '%s' stands in for it, as in a tied network", file,
                notes.missing.s, notes.instead.s);
    note_skipped(file, &notes.beside, "beside the state_dict of Lightning");
    note_skipped(file, &notes.integers, "without floating-point numbers");
    return 0;
}

static int dump(char **files, int n, struct gk_err *err)
{
    struct gk_source *source;
    struct gk_steps steps;
    struct gk_out out;
    struct gk_notes notes = {0};
    size_t said = 0;
    struct gk_dump d = {.steps = &steps, .notes = &notes};
    if (choose(&d, err) || gk_steps_parse(&steps, steps_text, err) ||
        (table && gk_rename_open(&names, table, set, err)))
        return -1;
    d.change = table ? rename_frame : NULL;
    if (table)
        table = gk_rename_recorded(names);
    if (split_to) {
        if (gk_source_open_torch(&source, files, (size_t)n, err) ||
            gk_dump_split(source, &steps, split_to, err))
            return -1;
        gk_source_close(source);
        return 0;
    }
    char *line = gk_cli_line(&tool, err);
    d.line = line;
    if (!line || gk_out_open(&out, common.output, format != GK_DUMP_TSV, err) ||
        gk_source_open_torch(&source, files, (size_t)n, err) || gk_dump(&d, source, &out, err))
        return -1;
    gk_source_close(source);
    gk_rename_close(names);
    gk_note_all(&tool, &notes, &said);
    gk_notes_free(&notes);
    free(line);
    return gk_out_commit(&out, err);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    gk_cli_start(&tool, &argc, &argv);
    if (dump(argv, argc, &err))
        gk_die(&tool, &err);
    return 0;
}
