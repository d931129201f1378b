/* --help and the completion scripts, both from the option table. */
#include "options.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 79, INDENT = 26 };

/* Prints words of TEXT from column COL on, wrapped at WIDTH; further lines are indented to column
 * INDENT. */
static void wrap(FILE *fp, const char *text, int col, int indent)
{
    for (bool first = true; *text; first = false) {
        int n = (int)strcspn(text, " ");
        if (!first && col + 1 + n > WIDTH) {
            fprintf(fp, "\n%*s", indent, "");
            col = indent;
        } else if (!first) {
            putc(' ', fp);
            col++;
        }
        fprintf(fp, "%.*s", n, text);
        col += n;
        text += n;
        text += strspn(text, " ");
    }
    putc('\n', fp);
}

enum { LONGEST_CHOICES = 40 }; /* a longer list is printed in the text */

static bool choices_in_text(const struct gk_opt *o)
{
    return o->type == GK_CHOICE && strlen(o->choices) > LONGEST_CHOICES;
}

/* " (integer in [1, 9]; default 3)", or nothing. DEF describes the default: the help's own words
 * ("default: the other"), the option's default, or NULL. */
static void type_text(const struct gk_opt *o, const char *def, char *buf, size_t size)
{
    char range[80];
    const char *type = o->type == GK_INT ? "integer" : o->type == GK_REAL ? "real" : "";
    gk_option_range(o, range, sizeof range);
    snprintf(buf, size, "%s%s%s%s%s%s%s", type[0] || def ? " (" : "", type, range[0] ? " in " : "",
             range, type[0] && def ? "; " : "", def ? def : "", type[0] || def ? ")" : "");
}

static void print_option(FILE *fp, const struct gk_opt *o)
{
    char left[512], def[256] = "", type[512], text[2048], letter[5] = "    ";
    const char *metavar = o->type == GK_FLAG ? "" : gk_option_metavar(o);
    bool listed = choices_in_text(o);
    if (listed)
        metavar = "NAME";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    int n = snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name, metavar[0] ? " " : "",
                     metavar);
    /* A help that ends in "(default: the other)" shares its brackets with the type. */
    const char *told = strrchr(o->help, '('), *end = o->help + strlen(o->help);
    int len = (int)(end - o->help);
    if (told > o->help && !strncmp(told, "(default", 8) && strchr(told, ')') == end - 1) {
        len = (int)(told - o->help) - 1;
        snprintf(def, sizeof def, "%.*s", (int)(end - told) - 2, told + 1);
    } else if (o->def) {
        snprintf(def, sizeof def, "default %s", o->def);
    }
    type_text(o, def[0] ? def : NULL, type, sizeof type);
    snprintf(text, sizeof text, "%.*s%s%s%s", len, o->help, type, listed ? ": " : "",
             listed ? o->choices : "");
    for (char *p = strchr(text, '|'); listed && p; p = strchr(p, '|'))
        *p = ' ';
    fputs(left, fp);
    if (n + 2 > INDENT)
        fprintf(fp, "\n%*s", INDENT, "");
    else
        fprintf(fp, "%*s", INDENT - n, "");
    wrap(fp, text, INDENT, INDENT);
}

void gk_print_help(FILE *fp, const struct gk_tool *tool)
{
    const struct gk_opt *o;
    fprintf(fp, "Usage: %s %s\n", tool->name, tool->synopsis);
    wrap(fp, tool->summary, 0, 0);
    fputs("\nOptions:\n", fp);
    for (size_t i = 0; (o = gk_option(tool, i)); i++)
        print_option(fp, o);
    fprintf(fp, "\nExample:\n  %s\n", tool->example);
}

/* CHOICES with blanks between. */
static void put_choices(FILE *fp, const char *choices)
{
    for (; *choices; choices++)
        putc(*choices == '|' ? ' ' : *choices, fp);
}

static void bash_completion(FILE *fp, const struct gk_tool *tool)
{
    const struct gk_opt *o;
    char id[64];
    snprintf(id, sizeof id, "%s", tool->name);
    for (char *p = id; *p; p++)
        if (*p == '-')
            *p = '_';
    fprintf(fp,
            "# bash completion for %s\n_%s() {\n"
            "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
            "    case $prev in\n",
            tool->name, id);
    for (size_t i = 0; (o = gk_option(tool, i)); i++) {
        if (o->type == GK_FLAG)
            continue;
        fprintf(fp, "    --%s", o->name);
        if (o->letter)
            fprintf(fp, "|-%c", o->letter);
        if (o->type == GK_CHOICE) {
            fputs(") COMPREPLY=($(compgen -W '", fp);
            put_choices(fp, o->choices);
            fputs("' -- \"$cur\")); return ;;\n", fp);
        } else if (gk_option_takes_path(o)) {
            fputs(") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", fp);
        } else {
            fputs(") COMPREPLY=(); return ;;\n", fp);
        }
    }
    fputs("    esac\n    case $cur in\n    -*) COMPREPLY=($(compgen -W '", fp);
    for (size_t i = 0; (o = gk_option(tool, i)); i++)
        fprintf(fp, "%s--%s", i ? " " : "", o->name);
    fputs("' -- \"$cur\")) ;;\n", fp);
    if (tool->commands) { /* until one of them is given */
        fprintf(fp, "    *) if [[ ! \" ${COMP_WORDS[*]:1:COMP_CWORD-1} \" =~ ' '(%s)' ' ]]; then\n",
                tool->commands);
        fputs("           COMPREPLY=($(compgen -W '", fp);
        put_choices(fp, tool->commands);
        fputs("' -- \"$cur\")); return\n       fi\n       ", fp);
    } else {
        fputs("    *) ", fp);
    }
    fprintf(fp,
            "COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n    esac\n}\n"
            "complete -o filenames -F _%s %s\n",
            id, tool->name);
}

/* TEXT inside '...[...]' of an _arguments specification. */
static void put_zsh(FILE *fp, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", fp);
        else if (strchr("[]:\\", *text))
            fprintf(fp, "\\%c", *text);
        else
            putc(*text, fp);
    }
}

static void zsh_completion(FILE *fp, const struct gk_tool *tool)
{
    const struct gk_opt *o;
    fprintf(fp, "#compdef %s\n# zsh completion for %s\n_arguments -s -S \\\n", tool->name,
            tool->name);
    for (size_t i = 0; (o = gk_option(tool, i)); i++) {
        if (o->letter)
            fprintf(fp, "  '(-%c --%s)'{-%c,--%s}'[", o->letter, o->name, o->letter, o->name);
        else
            fprintf(fp, "  '--%s[", o->name);
        put_zsh(fp, o->help);
        putc(']', fp);
        if (o->type == GK_CHOICE) {
            fprintf(fp, ":%s:(", o->name);
            put_choices(fp, o->choices);
            putc(')', fp);
        } else if (o->type != GK_FLAG) {
            putc(':', fp);
            put_zsh(fp, gk_option_metavar(o));
            putc(':', fp);
            if (gk_option_takes_path(o))
                fputs("_files", fp);
        }
        fputs("' \\\n", fp);
    }
    if (tool->commands) {
        fputs("  '1:command:(", fp);
        put_choices(fp, tool->commands);
        fputs(")' \\\n", fp);
    }
    fputs("  '*:file:_files'\n", fp);
}

int gk_print_completion(FILE *fp, const struct gk_tool *tool, const char *shell, struct gk_err *err)
{
    if (shell && !strcmp(shell, "bash"))
        bash_completion(fp, tool);
    else if (shell && !strcmp(shell, "zsh"))
        zsh_completion(fp, tool);
    else
        return gk_fail_usage(err, "--completion needs a value (bash|zsh)");
    return 0;
}
