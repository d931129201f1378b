/* The outputs of a tool. */
#include <stdio.h>
#include <string.h>

#include "gk/out.h"
#include "options.h"

int gk_cli_outputs(const struct gk_tool *tool, const char *option, const char *path,
                   struct gk_err *err)
{
    enum { MOST = 8 };
    char name[MOST][32];
    struct gk_out_arg arg[MOST] = {{"-o", tool->common->output, false}};
    const struct gk_opt *o;
    size_t n = 1;
    for (size_t i = 0; (o = gk_option(tool, i)) && n < MOST - 1; i++) {
        const char *value = o->flags & GK_OPT_OUTPUT ? *(const char *const *)o->value : NULL;
        if (!value || !strcmp(gk_option_metavar(o), "DIR"))
            continue;
        snprintf(name[n], sizeof name[n], "--%s", o->name);
        arg[n] = (struct gk_out_arg){name[n], value, true};
        n++;
    }
    if (path)
        arg[n++] = (struct gk_out_arg){option, path, false};
    return gk_out_check(arg, n, err);
}
