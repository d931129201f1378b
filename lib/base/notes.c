/* A list of remarks. */
#include "gk/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"

int gk_notes_add(struct gk_notes *notes, const char *setting, struct gk_err *err, const char *fmt,
                 ...)
{
    char *text;
    va_list ap;
    if (!notes)
        return 0;
    va_start(ap, fmt);
    const int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return gk_fail(err, "no memory for a note");
    for (size_t i = 0; i < notes->n; i++) {
        if (!strcmp(notes->remark[i].text, text)) {
            free(text);
            return 0;
        }
    }
    if (gk_grow(&notes->remark, &notes->cap, notes->n + 1, sizeof *notes->remark, err)) {
        free(text);
        return -1;
    }
    notes->remark[notes->n++] = (struct gk_remark){text, setting};
    return 0;
}

void gk_notes_free(struct gk_notes *notes)
{
    for (size_t i = 0; i < notes->n; i++)
        free(notes->remark[i].text);
    free(notes->remark);
    *notes = (struct gk_notes){0};
}
