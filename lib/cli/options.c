/* A tool's options as one sequence, and what each takes. */
#include "options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gk/number.h"

static bool help_wanted, version_wanted;

const struct gk_opt *gk_option(const struct gk_tool *tool, size_t i)
{
    enum { COMMON = 4 };
    static struct gk_opt common[COMMON];
    size_t own = 0;
    while (tool->opts && tool->opts[own].name)
        own++;
    if (i < own)
        return &tool->opts[i];
    if (i - own >= COMMON)
        return NULL;
    const struct gk_opt all[COMMON] = {
        GK_OPT_TEXT('o', "output", &tool->common->output, "FILE",
                    "write to FILE, whole or not at all (default: standard output)",
                    .flags = GK_OPT_SILENT),
        GK_OPT_FLAG('q', "quiet", &tool->common->quiet,
                    "no notes and no progress on standard error", .flags = GK_OPT_SILENT),
        GK_OPT_FLAG('h', "help", &help_wanted, "print this help and exit", .flags = GK_OPT_SILENT),
        GK_OPT_FLAG('V', "version", &version_wanted, "print the version and exit",
                    .flags = GK_OPT_SILENT),
    };
    memcpy(common, all, sizeof all);
    return &common[i - own];
}

const char *gk_option_metavar(const struct gk_opt *o)
{
    if (o->choices)
        return o->choices;
    switch (o->type) {
    case GK_INT:
        return "N";
    case GK_REAL:
        return "X";
    case GK_GRID:
        return "A:B:N";
    case GK_WINDOW:
        return "A:B";
    case GK_TEXT:
    case GK_CHOICE:
    case GK_FLAG:
        break;
    }
    return "TEXT";
}

bool gk_option_takes_path(const struct gk_opt *o)
{
    const char *m = gk_option_metavar(o);
    return o->type == GK_TEXT && (strstr(m, "FILE") || strstr(m, "DIR") || strstr(m, "CKPT"));
}

static void bound_text(const struct gk_opt *o, double v, char *buf, size_t size)
{
    if (o->type == GK_INT && isfinite(v))
        snprintf(buf, size, "%.0f", v);
    else
        gk_real_text(v, buf, size);
}

void gk_option_range(const struct gk_opt *o, char *buf, size_t size)
{
    buf[0] = '\0';
    if ((o->type != GK_INT && o->type != GK_REAL) || o->min == o->max)
        return;
    char lo[32], hi[32];
    bound_text(o, o->min, lo, sizeof lo);
    bound_text(o, o->max, hi, sizeof hi);
    bool open_lo = (o->flags & GK_OPT_OPEN_MIN) || isinf(o->min);
    snprintf(buf, size, "%c%s, %s%c", open_lo ? '(' : '[', lo, hi, isinf(o->max) ? ')' : ']');
}
