/* Messages on standard error, and exit statuses. */
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gk/notes.h"
#include "gk/out.h"
#include "gk/table.h"

/* Writes all of it, even if standard error is full and non-blocking. */
static void say(const struct gk_tool *tool, const char *kind, const char *fmt, va_list ap)
{
    char text[8192];
    size_t n = (size_t)snprintf(text, sizeof text / 2, "%s: %s", tool->name, kind);
    vsnprintf(text + n, sizeof text - 1 - n, fmt, ap);
    gk_make_printable(text, '?');
    n = strlen(text);
    text[n++] = '\n';
    (void)gk_write(STDERR_FILENO, text, n); /* a failure cannot be reported anywhere */
}

static void complain(const struct gk_tool *tool, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(tool, "", fmt, ap);
    va_end(ap);
}

_Noreturn void gk_die(const struct gk_tool *tool, const struct gk_err *err)
{
    gk_stop_watching();
    gk_progress_clear();
    gk_out_discard_all();
    if (err->kind == GK_ERR_CLOSED)
        exit(0);
    if (err->kind == GK_ERR_SIGNAL) {
        gk_note(tool, "%s", err->msg);
        gk_end_by_signal();
    }
    if (err->setting)
        complain(tool, "--%s: %s", err->setting, err->msg);
    else
        complain(tool, "%s", err->msg);
    exit(err->kind == GK_ERR_USAGE ? 2 : 1);
}

void gk_note(const struct gk_tool *tool, const char *fmt, ...)
{
    if (tool->common->quiet)
        return;
    gk_progress_clear();
    va_list ap;
    va_start(ap, fmt);
    say(tool, "note: ", fmt, ap);
    va_end(ap);
}

void gk_note_table(const struct gk_tool *tool, const char *file, const struct gk_table_notes *n)
{
    if (n->counted)
        gk_note(tool, GK_NOTE_COUNTED, file);
    if (n->merged)
        gk_note(tool, "%s: %zu row%s merged with the row before, of the same step", file, n->merged,
                n->merged == 1 ? " is" : "s are");
    if (n->left_out)
        gk_note(tool, "%s: %zu row%s left out: no value in column %s", file, n->left_out,
                n->left_out == 1 ? " is" : "s are", n->column ? n->column : "1");
    if (n->numbers)
        gk_note(tool, "%s: column %zu counts the rows, and is a coordinate", file, n->numbers);
    if (n->whole)
        gk_note(tool, "%s: column %zu holds whole numbers alone, and is a coordinate", file,
                n->whole);
    if (n->columns)
        gk_note(tool,
                "%s: line %zu is 0, 1, 2 ... and counts as a row: names of columns, as pandas "
                "writes them, must be taken away (tail -n +2)",
                file, n->columns);
    if (n->unended)
        gk_note(tool, GK_NOTE_UNENDED, file, n->unended);
}

void gk_note_matrix(const struct gk_tool *tool, const char *file, const struct gk_table_notes *n)
{
    struct gk_table_notes notes = *n;
    notes.counted = false;
    gk_note_table(tool, file, &notes);
}

void gk_note_all(const struct gk_tool *tool, const struct gk_notes *notes, size_t *said)
{
    for (; *said < notes->n; ++*said) {
        const struct gk_remark *r = &notes->remark[*said];
        gk_note(tool, r->setting ? "--%s: %s" : "%s%s", r->setting ? r->setting : "", r->text);
    }
}
