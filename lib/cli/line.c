/* The provenance line: a tool's resolved options as a command. */
#include "options.h"

#include <stdlib.h>

#include "gk/mem.h"
#include "gk/version.h"

static bool is_recorded(const struct gk_opt *o)
{
    if (o->flags & GK_OPT_SILENT)
        return false;
    return o->recorded ? *o->recorded : o->def || !o->given || *o->given;
}

int gk_cli_each(const struct gk_tool *tool,
                int (*put)(void *ctx, const char *name, const char *value, struct gk_err *err),
                void *ctx, struct gk_err *err)
{
    const struct gk_opt *o;
    for (size_t i = 0; (o = gk_option(tool, i)); i++) {
        char *value;
        if (!is_recorded(o))
            continue;
        if (gk_option_format(o, &value, err))
            return -1;
        int rc = value ? put(ctx, o->name, value, err) : 0;
        free(value);
        if (rc)
            return -1;
    }
    return 0;
}

int gk_cli_inherit(const struct gk_tool *tool, const char *(*get)(void *ctx, const char *name),
                   void *ctx, struct gk_err *err)
{
    const struct gk_opt *o;
    for (size_t i = 0; (o = gk_option(tool, i)); i++) {
        if (!o->recorded || *o->given)
            continue;
        const char *text = get(ctx, o->name);
        if (!text)
            continue;
        if (gk_option_parse(o, text, err))
            return -1;
        *o->recorded = true;
    }
    return 0;
}

static int append(void *ctx, const char *name, const char *value, struct gk_err *err)
{
    char **line = ctx, *longer = NULL, *quoted = gk_shell_quote(value, err);
    if (quoted)
        longer = value[0] ? gk_format(err, "%s --%s %s", *line, name, quoted)
                          : gk_format(err, "%s --%s", *line, name);
    free(quoted);
    if (!longer)
        return -1;
    free(*line);
    *line = longer;
    return 0;
}

char *gk_cli_line(const struct gk_tool *tool, struct gk_err *err)
{
    char *line = gk_format(err, "%s %s", tool->name, GK_VERSION);
    if (line && gk_cli_each(tool, append, &line, err)) {
        free(line);
        return NULL;
    }
    return line;
}

int gk_cli_history(const struct gk_tool *tool, struct gk_history *h, struct gk_err *err)
{
    char *line = gk_cli_line(tool, err);
    int rc = line ? gk_history_add(h, line, err) : -1;
    free(line);
    return rc;
}
