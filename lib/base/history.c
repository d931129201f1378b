/* How a result was made: lines of text, the oldest first. */
#include "gk/history.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"

/* The search for repeated lines is quadratic, so their number is limited against hostile input. */
enum { MOST_LINES = 10000 };

static bool has(const struct gk_history *h, const char *line)
{
    for (size_t i = 0; i < h->n; i++)
        if (!strcmp(h->line[i], line))
            return true;
    return false;
}

static int make_room(struct gk_history *h, struct gk_err *err)
{
    if (h->n >= MOST_LINES)
        return gk_fail(err, "the history has more than %d lines", MOST_LINES);
    return gk_grow(&h->line, &h->cap, h->n + 1, sizeof *h->line, err);
}

/* Adds the LEN bytes of S as a line. ONCE: only if it is not there yet. */
static int add(struct gk_history *h, const char *s, size_t len, bool once, struct gk_err *err)
{
    char *line = gk_format(err, "%.*s", (int)len, s);
    if (!line)
        return -1;
    /* A control character could end the comment line that carries this, or steer a terminal. */
    gk_make_printable(line, ' ');
    const bool known = once && has(h, line);
    const int rc = known ? 0 : make_room(h, err);
    if (known || rc)
        free(line);
    else
        h->line[h->n++] = line;
    return rc;
}

int gk_history_add(struct gk_history *h, const char *line, struct gk_err *err)
{
    return add(h, line, strlen(line), false, err);
}

int gk_history_add_text(struct gk_history *h, const char *text, struct gk_err *err)
{
    while (text && *text) {
        size_t len = strcspn(text, "\n"), used = len;
        if (used && text[used - 1] == '\r')
            used--;
        if (used && add(h, text, used, true, err))
            return -1;
        text += len + (text[len] == '\n');
    }
    return 0;
}

int gk_history_join(struct gk_history *h, const struct gk_history *from, struct gk_err *err)
{
    for (size_t i = 0; i < from->n; i++)
        if (gk_history_add_text(h, from->line[i], err))
            return -1;
    return 0;
}

char *gk_history_text(const struct gk_history *h, struct gk_err *err)
{
    size_t len = 1;
    for (size_t i = 0; i < h->n; i++)
        len += strlen(h->line[i]) + 1;
    char *text = malloc(len), *end = text;
    if (!text) {
        gk_fail(err, "no memory for %zu bytes", len);
        return NULL;
    }
    for (size_t i = 0; i < h->n; i++) {
        if (i)
            *end++ = '\n';
        end = stpcpy(end, h->line[i]);
    }
    *end = '\0';
    return text;
}

void gk_history_free(struct gk_history *h)
{
    for (size_t i = 0; i < h->n; i++)
        free(h->line[i]);
    free(h->line);
    *h = (struct gk_history){0};
}
