/* Shared inside lib/cli: a tool's own options and the common ones as one sequence. */
#ifndef GK_CLI_OPTIONS_H
#define GK_CLI_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "gk/cli.h"

/* Option I of TOOL, the tool's own first, then the common ones; NULL after the last. */
const struct gk_opt *gk_option(const struct gk_tool *tool, size_t i);

/* The name of the option's value, "N" or "FILE"; for a choice, its choices. */
const char *gk_option_metavar(const struct gk_opt *o);

/* Does it take the name of a file or folder? Completion asks. */
bool gk_option_takes_path(const struct gk_opt *o);

/* Stores the value written in TEXT, checked against the option's type and range. Messages name the
 * option. */
int gk_option_parse(const struct gk_opt *o, const char *text, struct gk_err *err);

/* The current value as text that gk_option_parse reads back unchanged; *OUT is NULL if there is
 * none. free() it. */
int gk_option_format(const struct gk_opt *o, char **out, struct gk_err *err);

/* Twice the edits from TYPED to NAME, plus one if their first letters differ. */
int gk_unlike(const char *typed, const char *name);

/* TEXT quoted for a shell, on one line whatever it holds. free() it. */
char *gk_shell_quote(const char *text, struct gk_err *err);

/* "[0, 1]", "(0, inf)", or "" without limits. */
void gk_option_range(const struct gk_opt *o, char *buf, size_t size);

void gk_print_help(FILE *fp, const struct gk_tool *tool);
int gk_print_completion(FILE *fp, const struct gk_tool *tool, const char *shell,
                        struct gk_err *err);

/* Makes sure that the first thread's stack is large enough for the libraries. */
int gk_need_stack(struct gk_err *err);

/* If gk_cli_catch_stop has caught a signal, ends the program by it. */
void gk_end_by_signal(void);

/* From here on a write reports that the reader of standard output has gone. */
void gk_stop_watching(void);

/* Erases a progress line on display, so that a message gets a line of its own. */
void gk_progress_clear(void);

#endif
