/* The values of options: text to value, checked, and back. */
#include "options.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/choice.h"
#include "gk/mem.h"
#include "gk/number.h"

/* V is wide enough to hold every int64_t. */
static int check_range(const struct gk_opt *o, const char *text, long double v, struct gk_err *err)
{
    if (o->min == o->max)
        return 0;
    bool low = (o->flags & GK_OPT_OPEN_MIN) ? v <= o->min : v < o->min;
    if (!low && v <= o->max)
        return 0;
    char range[80];
    gk_option_range(o, range, sizeof range);
    return gk_fail_usage(err, "%s is not in %s", text, range);
}

/* An integer in the option's range; in a grid, which has no range, any integer. */
static int parse_int(const struct gk_opt *o, const char *text, int64_t *v, struct gk_err *err)
{
    switch (gk_number_integer(text, strlen(text), v)) {
    case GK_NUMBER_FINITE:
        return check_range(o, text, *v, err);
    case GK_NUMBER_LARGE:
        if (check_range(o, text, *v < 0 ? -HUGE_VALL : HUGE_VALL, err))
            return -1;
        return gk_fail_usage(err, "%s is too large", text);
    default:
        break;
    }
    if (o->word)
        return gk_fail_usage(err, "'%s' is neither %s nor an integer", text, o->word);
    return gk_fail_usage(err, "'%s' is not an integer", text);
}

static int parse_choice(const struct gk_opt *o, const char *text, int *v, struct gk_err *err)
{
    const int found = gk_choice_index(o->choices, text);
    if (found >= 0) {
        *v = found;
        return 0;
    }
    int best = (int)strlen(text); /* at least half its letters must be right */
    struct gk_word nearest = {""}, word;
    for (int i = 0; (word = gk_choice_word(o->choices, i)).s[0]; i++) {
        const int unlike = gk_unlike(text, word.s);
        if (unlike < best) {
            best = unlike;
            nearest = word;
        }
    }
    char *list = gk_strdup(o->choices, err);
    if (!list)
        return -1;
    for (char *bar = list; (bar = strchr(bar, '|'));)
        *bar = ' ';
    gk_fail_usage(err, "'%s' is none of: %s%s%s%s", text, list, *nearest.s ? "; did you mean " : "",
                  nearest.s, *nearest.s ? "?" : "");
    free(list);
    return -1;
}

/* Cuts TEXT at its colons into exactly N parts. free() part[0]. */
static int split(const struct gk_opt *o, const char *text, char **part, int n, struct gk_err *err)
{
    part[0] = gk_strdup(text, err);
    if (!part[0])
        return -1;
    int k = 1;
    for (char *p = part[0]; (p = strchr(p, ':')); k++) {
        *p++ = '\0';
        if (k < n)
            part[k] = p;
    }
    if (k == n)
        return 0;
    gk_fail_usage(err, "'%s' is not of the form %s", text, o->type == GK_GRID ? "A:B:N" : "A:B");
    free(part[0]);
    return -1;
}

static int parse_grid(const struct gk_opt *o, const char *text, struct gk_grid *g,
                      struct gk_err *err)
{
    char *part[3];
    struct gk_grid new = {0};
    if (split(o, text, part, 3, err))
        return -1;
    int rc = gk_number_option(o->name, part[0], &new.a, err);
    if (!rc)
        rc = gk_number_option(o->name, part[1], &new.b, err);
    if (!rc)
        rc = parse_int(o, part[2], &new.n, err);
    if (!rc && (new.n < 1 || new.n > 1000000000))
        rc = gk_fail_usage(err, "%s points are not in [1, 1000000000]", part[2]);
    if (!rc && new.n == 1 && new.a != new.b)
        rc = gk_fail_usage(err, "'%s' has one point for two ends", text);
    if (!rc && new.n > 1 && new.a == new.b)
        rc = gk_fail_usage(err, "'%s' has %s times the same point", text, part[2]);
    free(part[0]);
    if (!rc)
        *g = new;
    return rc;
}

static int parse_window(const struct gk_opt *o, const char *text, struct gk_window *w,
                        struct gk_err *err)
{
    char *part[2];
    struct gk_window new = {-INFINITY, INFINITY};
    if (split(o, text, part, 2, err))
        return -1;
    int rc = part[0][0] ? gk_number_option(o->name, part[0], &new.a, err) : 0;
    if (!rc && part[1][0])
        rc = gk_number_option(o->name, part[1], &new.b, err);
    if (!rc && !(new.a < new.b))
        rc = gk_fail_usage(err, "%s is empty: it holds A <= step < B", text);
    free(part[0]);
    if (!rc)
        *w = new;
    return rc;
}

static int parse(const struct gk_opt *o, const char *text, struct gk_err *err)
{
    int64_t i = 0;
    double x = 0;
    switch (o->type) {
    case GK_FLAG: /* in a checkpoint, too */
        if (text[0])
            return gk_fail_usage(err, "takes no value");
        *(bool *)o->value = true;
        return 0;
    case GK_INT:
        if (!(o->word && strcmp(text, o->word) == 0) && parse_int(o, text, &i, err))
            return -1;
        *(int64_t *)o->value = i;
        return 0;
    case GK_REAL:
        if (gk_number_option(o->name, text, &x, err) || check_range(o, text, x, err))
            return -1;
        *(double *)o->value = x;
        return 0;
    case GK_TEXT:
        if (!text[0])
            return gk_fail_usage(err, "the value is empty");
        *(const char **)o->value = text;
        return 0;
    case GK_CHOICE:
        return parse_choice(o, text, o->value, err);
    case GK_GRID:
        return parse_grid(o, text, o->value, err);
    case GK_WINDOW:
        return parse_window(o, text, o->value, err);
    }
    return gk_fail(err, "unknown type of option");
}

int gk_option_parse(const struct gk_opt *o, const char *text, struct gk_err *err)
{
    return parse(o, text, err) ? gk_fail_about(err, o->name) : 0;
}

char *gk_shell_quote(const char *text, struct gk_err *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";
    size_t len = strlen(text);
    if (len && strspn(text, plain) == len)
        return gk_strdup(text, err);
    size_t cap = 0;
    char *out = NULL;
    if (gk_grow(&out, &cap, 4 * len + 4, 1, err))
        return NULL;
    size_t n, at = 0;
    while ((n = gk_printable(text + at)))
        at += n;
    const bool control = at < len; /* bytes that no terminal should get are written in octal */
    char *p = stpcpy(out, control ? "$'" : "'");
    for (; *text; text += n ? n : 1) {
        n = gk_printable(text);
        if (n > 1)
            p = mempcpy(p, text, n);
        else if (n == 0)
            p += sprintf(p, "\\%03o", (unsigned char)*text);
        else if (control && (*text == '\'' || *text == '\\'))
            p += sprintf(p, "\\%c", *text);
        else if (*text == '\'')
            p = stpcpy(p, "'\\''");
        else
            *p++ = *text;
    }
    stpcpy(p, "'");
    return out;
}

int gk_option_format(const struct gk_opt *o, char **out, struct gk_err *err)
{
    char a[32] = "", b[32] = "";
    *out = NULL;
    switch (o->type) {
    case GK_FLAG:
        if (!*(const bool *)o->value)
            return 0;
        *out = gk_strdup("", err);
        break;
    case GK_INT:
        *out = o->word && *(const int64_t *)o->value == 0
                   ? gk_strdup(o->word, err)
                   : gk_format(err, "%lld", (long long)*(const int64_t *)o->value);
        break;
    case GK_REAL:
        if (isnan(*(const double *)o->value))
            return 0;
        gk_real_text(*(const double *)o->value, a, sizeof a);
        *out = gk_strdup(a, err);
        break;
    case GK_TEXT:
        if (!*(const char *const *)o->value)
            return 0;
        *out = gk_strdup(*(const char *const *)o->value, err);
        break;
    case GK_CHOICE:
        *out = gk_strdup(gk_choice_word(o->choices, *(const int *)o->value).s, err);
        break;
    case GK_GRID: {
        const struct gk_grid *g = o->value;
        if (g->n < 1)
            return 0;
        gk_real_text(g->a, a, sizeof a);
        gk_real_text(g->b, b, sizeof b);
        *out = gk_format(err, "%s:%s:%lld", a, b, (long long)g->n);
        break;
    }
    case GK_WINDOW: {
        const struct gk_window *w = o->value;
        if (isinf(w->a) && isinf(w->b))
            return 0;
        if (isfinite(w->a))
            gk_real_text(w->a, a, sizeof a);
        if (isfinite(w->b))
            gk_real_text(w->b, b, sizeof b);
        *out = gk_format(err, "%s:%s", a, b);
        break;
    }
    }
    return *out ? 0 : -1;
}
