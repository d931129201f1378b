/* Shared inside lib/cli: the options of a tool, its own and the common ones, as one sequence. */
#ifndef GK_CLI_OPTIONS_H
#define GK_CLI_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "gk/cli.h"

/* Option I of TOOL, the tool's own first, then the common ones; NULL after the last. */
const struct gk_opt *gk_option(const struct gk_tool *tool, size_t i);

/* The name of what the option takes, "N" or "FILE"; for a choice its choices. */
const char *gk_option_metavar(const struct gk_opt *o);

/* Does it take the name of a file or folder? (for completion) */
bool gk_option_takes_path(const struct gk_opt *o);

/* Stores the value written in TEXT, checked against the option's type and range. A message begins
 * with "--name: ". */
int gk_option_parse(const struct gk_opt *o, const char *text, struct gk_err *err);

/* The value as it stands now, written so that gk_option_parse reads the same back; NULL in *OUT if
 * there is none. free() it. */
int gk_option_format(const struct gk_opt *o, char **out, struct gk_err *err);

/* TEXT as a shell would read it back, on one line whatever it holds. free() it. */
char *gk_shell_quote(const char *text, struct gk_err *err);

/* "[0, 1]", "(0, inf)", or "" where there are no limits. */
void gk_option_range(const struct gk_opt *o, char *buf, size_t size);

void gk_print_help(FILE *fp, const struct gk_tool *tool);
int gk_print_completion(FILE *fp, const struct gk_tool *tool, const char *shell,
                        struct gk_err *err);

/* Makes sure that the first thread's stack suffices for what the libraries put there. */
int gk_need_stack(struct gk_err *err);

/* If gk_cli_catch_stop has caught a signal, ends the program by it. */
void gk_end_by_signal(void);

/* From here on a reader of standard output that goes away is found out by who writes. */
void gk_stop_watching(void);

/* Takes a progress line that is on display away, so that a message gets a line of its own. */
void gk_progress_clear(void);

#endif
