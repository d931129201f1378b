/* A tool with an option of each type that prints what it got; tests/cli.bats runs it with every
 * kind of command line. Without arguments it is a unit test of the defaults. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "gk/cli.h"

static struct gk_common common;
static bool flag, count_given, rows_given;
static int64_t steps, count, free_int, ticks, rows;
static double rate, unset = NAN, free_real;
static const char *note, *file;
static int choice;
static struct gk_grid grid, no_grid;
static struct gk_window window, whole = {-INFINITY, INFINITY};

static const struct gk_opt opts[] = {
    GK_OPT_FLAG('f', "flag", &flag, "a flag"),
    GK_OPT_INT('n', "steps", &steps, "how many", .min = 0, .max = 9007199254740992.0, .def = "10"),
    GK_OPT_INT(0, "count", &count, "no default", .min = 1, .max = 5, .given = &count_given),
    GK_OPT_INT(0, "any-integer", &free_int, "no limits", .def = "-3"),
    GK_OPT_INT(0, "rows", &rows, "a number or a word", .min = 1, .max = 9, .choices = "all|N",
               .word = "all", .given = &rows_given),
    GK_OPT_REAL(0, "rate", &rate, "above 0", .min = 0, .max = INFINITY, .def = "1e-3",
                .choices = "R", .flags = GK_OPT_OPEN_MIN),
    GK_OPT_REAL(0, "any-real", &free_real, "no limits", .def = "0.1", .choices = "R"),
    GK_OPT_REAL(0, "unset", &unset, "no value", .min = 0, .max = 1, .choices = "R"),
    GK_OPT_TEXT(0, "note", &note, "TEXT", "any text"),
    GK_OPT_TEXT(0, "file", &file, "FILE", "silent", .flags = GK_OPT_SILENT),
    GK_OPT_CHOICE(0, "choice", &choice, "one|two|three", "one of three", .def = "two"),
    GK_OPT_GRID(0, "grid", &grid, "points", .def = "-1:1:5"),
    GK_OPT_GRID(0, "no-grid", &no_grid, "no points"),
    GK_OPT_WINDOW(0, "window", &window, "steps", .def = "0:400"),
    GK_OPT_WINDOW(0, "whole", &whole, "all steps"),
    GK_OPT_INT(0, "ticks", &ticks, "steps of progress", .min = 0, .max = 100, .def = "0",
               .flags = GK_OPT_SILENT),
    GK_THREADS_OPT(&common),
    GK_SEED_OPT(&common),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-try",
    .synopsis = "[options] [FILE [FILE]]",
    .summary = "Print what the command line says.",
    .example = "gk-try --steps 3 | cat",
    .max_operands = 2,
    .opts = opts,
    .common = &common,
};

static void check_defaults(void)
{
    struct gk_grid g = {-0.3, 0.3, 7};
    CHECK(gk_grid_at(&g, 0) == -0.3 && gk_grid_at(&g, 3) == 0 && gk_grid_at(&g, 6) == 0.3);
    CHECK(gk_grid_at(&(struct gk_grid){2, 9, 1}, 0) == 2);
    CHECK(gk_grid_at(&(struct gk_grid){0, 1, 11}, 3) == 0.3);
    /* decimals are the ones that are meant */
    CHECK(gk_grid_at(&(struct gk_grid){-1, 5, 4}, 1) == 1);
    CHECK(gk_grid_at(&(struct gk_grid){-2, 3, 6}, 2) == 0 &&
          gk_grid_at(&(struct gk_grid){-2, 3, 6}, 3) == 1);
    CHECK(gk_grid_at(&(struct gk_grid){-0.2, 1.2, 8}, 1) == 0 &&
          gk_grid_at(&(struct gk_grid){-0.2, 1.2, 8}, 6) == 1);
    CHECK(gk_grid_at(&(struct gk_grid){-3e-200, 5e-200, 9}, 3) == 0);
    CHECK_CLOSE(gk_grid_at(&(struct gk_grid){0, 1, 4}, 1), 1 / 3.0, 2e-16);
    CHECK_CLOSE(gk_grid_at(&(struct gk_grid){1e15, 1e15 + 3, 4}, 1), 1e15 + 1, 2e-16);
    CHECK_INT_EQ(steps, 10);
    CHECK_INT_EQ(choice, 1);
    CHECK_CLOSE(rate, 1e-3, 0);
    CHECK(grid.a == -1 && grid.b == 1 && grid.n == 5);
    CHECK(window.a == 0 && window.b == 400 && !flag && !note && !common.output);
    CHECK(common.threads >= 1);
}

static void show_progress(void)
{
    struct gk_progress p;
    gk_progress_start(&p, &tool, "tick", (double)ticks);
    for (int i = 1; i <= ticks; i++) {
        usleep(30000);
        gk_progress_tick(&p, i);
    }
    gk_progress_end(&p);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    bool as_test = argc == 1;
    gk_cli_start(&tool, &argc, &argv);
    if (as_test)
        check_defaults();
    char *line = gk_cli_line(&tool, &err);
    if (!line)
        gk_die(&tool, &err);
    puts(line);
    free(line);
    for (int i = 0; i < argc; i++)
        printf("operand %s\n", argv[i]);
    printf("output %s, file %s, threads %d\n", common.output ? common.output : "-",
           file ? file : "-", (int)common.threads);
    show_progress();
    gk_note(&tool, "%d operands", argc);
    struct gk_history h = {0};
    CHECK(!gk_cli_history(&tool, &h, &err) && h.n == 1);
    gk_history_free(&h);
    return check_status();
}
