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

/* Does its value name columns of the table that is read? */
static bool takes_columns(const struct gk_opt *o)
{
    const char *m = gk_option_metavar(o);
    return o->type == GK_TEXT &&
           ((strstr(m, "COLUMN") && !strchr(m, '=')) || !strcmp(o->name, "column") ||
            !strcmp(o->name, "step") || !strcmp(o->name, "features"));
}

static bool has_columns(const struct gk_tool *tool)
{
    const struct gk_opt *o;
    for (size_t i = 0; (o = gk_option(tool, i)); i++)
        if (takes_columns(o))
            return true;
    return false;
}

/* The columns of the text tables among the words. A word is taken as it is typed but for its
 * quotes; nothing of a word or a file is ever expanded. What is no regular file is not opened. */
static const char bash_columns[] =
    "__gk_columns() {\n"
    "    local word file c line name sep before='' cur=${COMP_WORDS[COMP_CWORD]}\n"
    "    cur=${cur#[\\\"\\']}\n"
    "    [[ $cur != *,* ]] || before=${cur%,*},\n"
    "    COMPREPLY=()\n"
    "    for word in \"${COMP_WORDS[@]:1}\"; do\n"
    "        file=''\n"
    "        case $word in\n"
    "        \\'*\\' | \\\"*\\\") file=${word:1:${#word}-2} ;;\n"
    "        *) while [[ $word ]]; do\n"
    "               c=${word:0:1} word=${word:1}\n"
    "               [[ $c != \\\\ ]] || { c=${word:0:1} word=${word:1}; }\n"
    "               file+=$c\n"
    "           done ;;\n"
    "        esac\n"
    "        [[ -f $file && -r $file ]] || continue\n"
    "        line=''\n"
    "        while IFS= read -r -n 65536 line && [[ ! $line || $line == '#'* ]]; do :; done "
    "<\"$file\"\n"
    "        [[ $line != ['{[']* ]] || continue\n"
    "        sep=, line=${line%$'\\r'}\n"
    "        [[ $line != *$'\\t'* ]] || sep=$'\\t'\n"
    "        while [[ $line ]]; do\n"
    "            name=${line%%\"$sep\"*}\n"
    "            line=${line:${#name}+1}\n"
    "            name=${name#[\\\"]} name=${name%[\\\"]}\n"
    "            [[ ! $name || $name == *[[:cntrl:]]* || $before$name != \"$cur\"* ]] ||\n"
    "                COMPREPLY+=(\"$before$name\")\n"
    "        done\n"
    "    done\n"
    "}\n";

static const char zsh_columns[] =
    "_gk_columns() {\n"
    "  local word line\n"
    "  local -a names\n"
    "  for word in \"${(@Q)words[2,-1]}\"; do\n"
    "    [[ -f $word && -r $word ]] || continue\n"
    "    line=''\n"
    "    while IFS= read -r line && [[ -z $line || $line == '#'* ]]; do :; done <\"$word\"\n"
    "    [[ $line != '{'* && $line != '['* ]] || continue\n"
    "    line=${line%$'\\r'}\n"
    "    if [[ $line == *$'\\t'* ]]; then names+=(\"${(@ps:\\t:)line}\")\n"
    "    else names+=(\"${(@s:,:)line}\"); fi\n"
    "  done\n"
    "  names=(\"${(@)${(@)names#\\\"}%\\\"}\")\n"
    "  names=(\"${(@)names:#*[[:cntrl:]]*}\")\n"
    "  compset -P '*,'\n"
    "  compadd -- \"${(@)names:#}\"\n"
    "}\n";

static void bash_completion(FILE *fp, const struct gk_tool *tool)
{
    const struct gk_opt *o;
    char id[64];
    snprintf(id, sizeof id, "%s", tool->name);
    for (char *p = id; *p; p++)
        if (*p == '-')
            *p = '_';
    fprintf(fp, "# bash completion for %s\n", tool->name);
    if (has_columns(tool))
        fputs(bash_columns, fp);
    fprintf(fp,
            "_%s() {\n"
            "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
            "    case $prev in\n",
            id);
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
        } else if (takes_columns(o)) {
            fputs(") __gk_columns; return ;;\n", fp);
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
    fprintf(fp, "#compdef %s\n# zsh completion for %s\n", tool->name, tool->name);
    if (has_columns(tool))
        fputs(zsh_columns, fp);
    fputs("_arguments -s -S \\\n", fp);
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
            if (takes_columns(o))
                fputs("_gk_columns", fp);
            else if (gk_option_takes_path(o))
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
