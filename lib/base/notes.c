/* A list of lines. */
#include "gk/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"

int gk_notes_add(struct gk_notes *notes, struct gk_err *err, const char *fmt, ...)
{
    char *line;
    va_list ap;
    if (!notes)
        return 0;
    va_start(ap, fmt);
    const int n = vasprintf(&line, fmt, ap);
    va_end(ap);
    if (n < 0)
        return gk_fail(err, "no memory for a note");
    for (size_t i = 0; i < notes->n; i++) {
        if (!strcmp(notes->line[i], line)) {
            free(line);
            return 0;
        }
    }
    if (gk_grow(&notes->line, &notes->cap, notes->n + 1, sizeof *notes->line, err)) {
        free(line);
        return -1;
    }
    notes->line[notes->n++] = line;
    return 0;
}

void gk_notes_free(struct gk_notes *notes)
{
    for (size_t i = 0; i < notes->n; i++)
        free(notes->line[i]);
    free(notes->line);
    *notes = (struct gk_notes){0};
}
