/* The provenance line: a tool's resolved options as a command. */
#include "options.h"

#include <stdlib.h>

#include "gk/mem.h"
#include "gk/version.h"

static bool has_value(const struct gk_opt *o)
{
    return !(o->flags & GK_OPT_SILENT) && (o->def || !o->given || *o->given);
}

char *gk_cli_line(const struct gk_tool *tool, struct gk_err *err)
{
    char *line = gk_format(err, "%s %s", tool->name, GK_VERSION);
    const struct gk_opt *o;
    for (size_t i = 0; line && (o = gk_option(tool, i)); i++) {
        char *value;
        if (!has_value(o))
            continue;
        if (gk_option_format(o, &value, err)) {
            free(line);
            return NULL;
        }
        if (!value)
            continue;
        char *longer = gk_format(err, "%s --%s%s%s", line, o->name, value[0] ? " " : "", value);
        free(value);
        free(line);
        line = longer;
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
