/* Parses the command line against the option table. */
#include "options.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/input.h"
#include "gk/number.h"
#include "gk/out.h"
#include "gk/version.h"

static int unknown(const struct gk_tool *tool, const char *name, struct gk_err *err)
{
    const struct gk_opt *o, *nearest = NULL;
    int best = (int)strlen(name) + 2; /* edits to over half the letters: no suggestion */
    for (size_t i = 0; (o = gk_option(tool, i)); i++) {
        int d = gk_unlike(name, o->name);
        if (d < best) {
            best = d;
            nearest = o;
        }
    }
    if (nearest)
        return gk_fail_usage(err, "unknown option --%s; did you mean --%s?", name, nearest->name);
    return gk_fail_usage(err, "unknown option --%s; %s --help lists them", name, tool->name);
}

/* The option called NAME, or the only one whose name begins with it. */
static const struct gk_opt *find_long(const struct gk_tool *tool, const char *name,
                                      struct gk_err *err)
{
    const struct gk_opt *o, *found = NULL;
    size_t len = strlen(name);
    for (size_t i = 0; (o = gk_option(tool, i)); i++) {
        if (!strcmp(o->name, name))
            return o;
        if (len && !strncmp(o->name, name, len)) {
            if (found) {
                gk_fail_usage(err, "--%s may be --%s or --%s", name, found->name, o->name);
                return NULL;
            }
            found = o;
        }
    }
    if (!found)
        unknown(tool, name, err);
    return found;
}

/* Prints what was asked for instead of results, and exits: WHAT is "help", "version" or
 * "completion" for SHELL. */
static int tell(const struct gk_tool *tool, const char *what, const char *shell, struct gk_err *err)
{
    struct gk_out out;
    if (gk_out_open(&out, NULL, false, err))
        return -1;
    if (*what == 'h')
        gk_print_help(out.fp, tool);
    else if (*what == 'v')
        fprintf(out.fp, "%s %s\n", tool->name, GK_VERSION);
    else if (gk_print_completion(out.fp, tool, shell, err))
        return -1;
    if (gk_out_commit(&out, err))
        return -1;
    exit(0);
}

static int set(const struct gk_tool *tool, const struct gk_opt *o, const char *text,
               struct gk_err *err)
{
    if (o->type == GK_FLAG && (!strcmp(o->name, "help") || !strcmp(o->name, "version")))
        return tell(tool, o->name, NULL, err);
    if (o->given)
        *o->given = true;
    return gk_option_parse(o, text, err);
}

static bool is_integer(const char *word)
{
    int64_t v;
    return word && gk_number_integer(word, strlen(word), &v) != GK_NUMBER_NONE;
}

/* One word "--name", "--name=value" or "--name value"; NEXT is the word after it or NULL. Returns
 * how many words it took, or -1. */
static int long_option(const struct gk_tool *tool, char *word, char *next, struct gk_err *err)
{
    char *value = strchr(word, '=');
    if (value)
        *value++ = '\0';
    const char *name = word + 2;
    if (!strcmp(name, "completion"))
        return tell(tool, name, value ? value : next, err);
    const struct gk_opt *o = find_long(tool, name, err);
    if (!o)
        return -1;
    if (o->type == GK_FLAG) {
        if (value)
            return gk_fail_usage(err, "--%s takes no value", o->name);
        return set(tool, o, "", err) ? -1 : 1;
    }
    if (value)
        return set(tool, o, value, err) ? -1 : 1;
    if ((o->flags & GK_OPT_BARE) && !is_integer(next)) {
        if (o->given)
            *o->given = true;
        return 1;
    }
    if (!next)
        return gk_fail_usage(err, "--%s needs a value (%s)", o->name, gk_option_metavar(o));
    return set(tool, o, next, err) ? -1 : 2;
}

/* A word of letters: flags, and perhaps a last option with its value after it. */
static int letters(const struct gk_tool *tool, const char *word, const char *next,
                   struct gk_err *err)
{
    for (const char *p = word + 1; *p; p++) {
        const struct gk_opt *o = NULL;
        for (size_t i = 0; (o = gk_option(tool, i)); i++)
            if (o->letter == *p)
                break;
        if (!o) {
            const size_t len = gk_printable(p);
            return gk_fail_usage(err, "unknown option -%.*s; %s --help lists them",
                                 len ? (int)len : 1, p, tool->name);
        }
        if (o->type != GK_FLAG) {
            if (!p[1] && !next)
                return gk_fail_usage(err, "-%c needs a value (%s)", *p, gk_option_metavar(o));
            return set(tool, o, p[1] ? p + 1 : next, err) ? -1 : (p[1] ? 1 : 2);
        }
        if (set(tool, o, "", err))
            return -1;
    }
    return 1;
}

static int64_t usable_cores(void)
{
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof cores, &cores) ? 1 : CPU_COUNT(&cores);
}

static int defaults(const struct gk_tool *tool, struct gk_err *err)
{
    const struct gk_opt *o;
    tool->common->threads = usable_cores();
    for (size_t i = 0; (o = gk_option(tool, i)); i++)
        if (o->def && gk_option_parse(o, o->def, err))
            return -1;
    return 0;
}

static int parse(const struct gk_tool *tool, int *argc, char **argv, struct gk_err *err)
{
    int kept = 0;
    bool options = true;
    for (int i = 1; i < *argc;) {
        char *word = argv[i], *next = i + 1 < *argc ? argv[i + 1] : NULL;
        int took = 1;
        if (!options || word[0] != '-' || !word[1])
            argv[kept++] = word;
        else if (!strcmp(word, "--"))
            options = false;
        else
            took = word[1] == '-' ? long_option(tool, word, next, err)
                                  : letters(tool, word, next, err);
        if (took < 0)
            return -1;
        i += took;
    }
    *argc = kept;
    if (tool->max_operands >= 0 && kept > tool->max_operands)
        return gk_fail_usage(err, "unexpected operand '%s'", argv[tool->max_operands]);
    return 0;
}

/* If a standard stream is closed, the next file that is opened takes its descriptor, and gets what
 * is meant for the stream. So a descriptor that refuses takes its place. */
static void fill_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
            return;
}

static const struct gk_tool *waiting;

/* A tool that was called without its input would wait for it in silence. */
static void say_waiting(void)
{
    gk_note(waiting, "waiting for %s from the terminal; more usual is: %s",
            waiting->input ? waiting->input : "input", waiting->example);
}

void gk_cli_start(const struct gk_tool *tool, int *argc, char ***argv)
{
    struct gk_err err = {0};
    waiting = tool;
    gk_input_waits = say_waiting;
    fill_standard_streams();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (defaults(tool, &err) || parse(tool, argc, *argv, &err) || gk_need_stack(&err) ||
        gk_cli_outputs(tool, NULL, NULL, &err))
        gk_die(tool, &err);
}
