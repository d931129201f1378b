/* The command line: one table of options gives parsing, range checks, --help, shell completion and
 * the provenance line. A tool is: its tables, gk_cli_start, work, gk_out_commit, return 0; or
 * gk_die(&err) on failure. */
#ifndef GK_CLI_H
#define GK_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"
#include "gk/grid.h"
#include "gk/history.h"

enum gk_opt_type {
    GK_FLAG,   /* bool */
    GK_INT,    /* int64_t in [min, max], or 0 for WORD */
    GK_REAL,   /* double in [min, max], finite */
    GK_TEXT,   /* const char *: any text; METAVAR names it in --help */
    GK_CHOICE, /* int: the index in CHOICES, "adamw|adam|sgd" */
    GK_GRID,   /* struct gk_grid: A:B:N */
    GK_WINDOW  /* struct gk_window: A:B, each end optional */
};

struct gk_window { /* a <= step < b; absent ends are -inf, inf */
    double a, b;
};

enum {
    GK_OPT_SILENT = 1,   /* changes no number: omitted from the provenance line */
    GK_OPT_OPEN_MIN = 2, /* the minimum itself is excluded */
    GK_OPT_BARE = 4, /* GK_INT: may have no value (*value is then unchanged); the next word is its
                      * value only if it is an integer */
    /* GK_TEXT: names what is written beside -o, a binary file (or a folder: "DIR") */
    GK_OPT_OUTPUT = 8
};

struct gk_opt {
    const char *name; /* NULL ends the table */
    char letter;      /* 0: none */
    enum gk_opt_type type;
    void *value;
    const char *help;
    const char *choices; /* GK_CHOICE: "a|b"; otherwise the metavar, or NULL for the type's */
    const char *def;     /* parsed before the command line; NULL: *value is unchanged */
    double min, max;     /* GK_INT, GK_REAL; equal: no limits */
    const char *word;    /* GK_INT: a word allowed instead of a number, or NULL */
    unsigned flags;
    unsigned commands; /* a bit for each command that takes it, as the tool numbers them; 0: all */
    bool *given;       /* set when the option is on the command line; may be NULL */
    bool *recorded; /* is it in the provenance line? NULL: gk_cli_line decides. Set by the tool and
                     * by gk_cli_inherit */
};

/* Rows of an option table: the letter or 0, the name, the variable for the value, its type, the
 * help; then any further fields, as in
 *     GK_OPT_INT('k', "neighbours", &k, "the neighbours of a point", .min = 1, .max = 100)
 * CHOICES is the list of a choice, METAVAR the name of a text in --help. */
#define GK_OPT_FLAG(l, n, v, h, ...)                                                               \
    {                                                                                              \
        .letter = (l), .name = (n), .type = GK_FLAG, .value = (v), .help = (h), __VA_ARGS__        \
    }
#define GK_OPT_INT(l, n, v, h, ...)                                                                \
    {                                                                                              \
        .letter = (l), .name = (n), .type = GK_INT, .value = (v), .help = (h), __VA_ARGS__         \
    }
#define GK_OPT_REAL(l, n, v, h, ...)                                                               \
    {                                                                                              \
        .letter = (l), .name = (n), .type = GK_REAL, .value = (v), .help = (h), __VA_ARGS__        \
    }
#define GK_OPT_GRID(l, n, v, h, ...)                                                               \
    {                                                                                              \
        .letter = (l), .name = (n), .type = GK_GRID, .value = (v), .help = (h), __VA_ARGS__        \
    }
#define GK_OPT_WINDOW(l, n, v, h, ...)                                                             \
    {                                                                                              \
        .letter = (l), .name = (n), .type = GK_WINDOW, .value = (v), .help = (h), __VA_ARGS__      \
    }
#define GK_OPT_TEXT(l, n, v, metavar, h, ...)                                                      \
    {                                                                                              \
        .letter = (l), .name = (n), .type = GK_TEXT, .value = (v), .choices = (metavar),           \
        .help = (h), __VA_ARGS__                                                                   \
    }
#define GK_OPT_CHOICE(l, n, v, list, h, ...)                                                       \
    {                                                                                              \
        .letter = (l), .name = (n), .type = GK_CHOICE, .value = (v), .choices = (list),            \
        .help = (h), __VA_ARGS__                                                                   \
    }

/* What every tool has. --threads, --seed and --digits only where the tool lists GK_THREADS_OPT,
 * GK_SEED_OPT, GK_DIGITS_OPT. */
struct gk_common {
    bool quiet;
    const char *output; /* -o FILE, or NULL */
    int64_t threads;    /* default: the cores available to this process */
    bool threads_given;
    int64_t seed;
    int64_t digits; /* 0: all */
    bool digits_given;
};

/* GK_FEW_THREADS_OPT: of a tool that takes as many as make its network faster (gk_engine_threads).
 */
#define GK_THREADS_OPT(c)     GK_THREADS_OPT_(c, "threads (default: all cores)")
#define GK_FEW_THREADS_OPT(c) GK_THREADS_OPT_(c, "threads (default: as many as help)")
#define GK_THREADS_OPT_(c, h)                                                                      \
    GK_OPT_INT(0, "threads", &(c)->threads, h, .min = 1, .max = 1024, .flags = GK_OPT_SILENT,      \
               .given = &(c)->threads_given)
#define GK_SEED_MOST 9007199254740992.0 /* 2^53: a double holds every integer up to it */
#define GK_SEED_OPT(c)                                                                             \
    GK_OPT_INT(0, "seed", &(c)->seed, "seed of every random choice", .max = GK_SEED_MOST,          \
               .def = "0")

/* How many digits gk_put_number prints; gk_cli_start sets it. */
#define GK_DIGITS_OPT(c)                                                                           \
    GK_OPT_INT(0, "digits", &(c)->digits,                                                          \
               "significant digits to print (default: all, which read back exactly)", .min = 1,    \
               .max = 17, .given = &(c)->digits_given)

struct gk_tool {
    const char *name;     /* "gk-fft" */
    const char *synopsis; /* "[options] [FILE]" */
    const char *summary;  /* one sentence */
    const char *example;  /* one pipe, shown in --help */
    const char *input;    /* the content of standard input, "a dataset"; NULL: "input" */
    const char
        *commands;    /* the choices for the first operand, "fit|score", for completion; or NULL */
    int max_operands; /* -1: any number */
    const struct gk_opt *opts;
    struct gk_common *common;
};

/* Parses; on return argv[0..*argc) are the operands. -h, -V and wrong usage end the program (status
 * 0, 0, 2). Long options may be abbreviated uniquely and take "--name value" or "--name=value"; a
 * value may begin with '-'; "--" ends options; options and operands mix. Also ignores SIGPIPE and
 * SIGXFSZ, so that a closed pipe is an error of kind GK_ERR_CLOSED and a file too large one like
 * others. The hidden option --completion bash|zsh prints the completion script. If an output cannot
 * be written, or two are the same file, the program ends here, before any work (gk_out_check). If
 * standard output is the only output, the program from here on ends quietly when its reader goes
 * away, even while there is nothing to write. */
void gk_cli_start(const struct gk_tool *tool, int *argc, char ***argv);

/* The same checks of outputs, for a tool in which PATH, the value of OPTION, is only sometimes an
 * output. Both may be NULL. */
int gk_cli_outputs(const struct gk_tool *tool, const char *option, const char *path,
                   struct gk_err *err);

/* "gk-train 1.0 --steps 400 ...": the recorded options with their current values, in table order.
 * free() it. An option is recorded if it is not silent, has a value and, if RECORDED is NULL, has a
 * DEF, has no GIVEN, or was given. These are not values: a flag that is off, a NULL text, a real
 * that is NAN, a grid of 0 points, a window without ends. */
char *gk_cli_line(const struct gk_tool *tool, struct gk_err *err);

/* Passes the same options and values to PUT one by one, a text unquoted. PUT returns 0 or -1. */
int gk_cli_each(const struct gk_tool *tool,
                int (*put)(void *ctx, const char *name, const char *value, struct gk_err *err),
                void *ctx, struct gk_err *err);
/* The inverse: every option that has RECORDED and was not given takes the value GET(ctx, name)
 * unless that is NULL, and its RECORDED is set. The texts must live as long as the options. */
int gk_cli_inherit(const struct gk_tool *tool, const char *(*get)(void *ctx, const char *name),
                   void *ctx, struct gk_err *err);

/* Appends that line to H. */
int gk_cli_history(const struct gk_tool *tool, struct gk_history *h, struct gk_err *err);

/* For long work with a clean end: from now on the first SIGINT, SIGTERM or SIGHUP only sets the
 * returned flag to its number; code that sees the flag ends with GK_ERR_SIGNAL. A second signal
 * ends the program. Ignored signals stay ignored. */
const volatile sig_atomic_t *gk_cli_catch_stop(void);

/* "gk-fft: MESSAGE" to stderr, and the exit status of err->kind (GK_ERR_CLOSED: 0, silently;
 * GK_ERR_SIGNAL: the message is a note, and the program ends by the signal that was caught).
 * Removes temporary files. */
_Noreturn void gk_die(const struct gk_tool *tool, const struct gk_err *err);

/* "gk-fft: note: MESSAGE", unless --quiet. */
void gk_note(const struct gk_tool *tool, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

struct gk_notes;
/* Prints each of NOTES from number *SAID on, and sets *SAID to their number. */
void gk_note_all(const struct gk_tool *tool, const struct gk_notes *notes, size_t *said);

/* Notes on how the table FILE was read (gk/table.h): that rows count for lack of a column of steps,
 * that rows were merged or left out. */
struct gk_table_notes;
void gk_note_table(const struct gk_tool *tool, const char *file, const struct gk_table_notes *n);
/* The same without the first, for a tool to which steps do not matter. */
void gk_note_matrix(const struct gk_tool *tool, const char *file, const struct gk_table_notes *n);

/* A progress line with rate and time left (unless TOTAL is 0: unknown), on stderr if that is a
 * terminal, and not with --quiet; at most ten updates per second. */
struct gk_progress {
    const char *what; /* "step" */
    double total, start, last;
    bool on;
};
void gk_progress_start(struct gk_progress *p, const struct gk_tool *tool, const char *what,
                       double total);
void gk_progress_tick(struct gk_progress *p, double done);
void gk_progress_end(struct gk_progress *p);

#endif
