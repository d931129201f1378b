/* The values of options. The first byte chooses the type, the rest is the text. An accepted value
 * is in its range; written out it reads back as the same. */
#include <math.h>

#include "fuzz.h"
#include "gk/cli.h"
#include "gk/list.h"

static int64_t integer;
static double real;
static int choice;
static struct gk_grid grid;
static struct gk_window window;
static bool given[7], recorded[7];

static const struct gk_opt opts[] = {
    GK_OPT_INT(0, "integer", &integer, "", .min = -5, .max = 1e15, .given = &given[0],
               .recorded = &recorded[0]),
    GK_OPT_INT(0, "any-integer", &integer, "", .given = &given[1], .recorded = &recorded[1]),
    GK_OPT_REAL(0, "real", &real, "", .min = 0, .max = 2, .flags = GK_OPT_OPEN_MIN,
                .given = &given[2], .recorded = &recorded[2]),
    GK_OPT_CHOICE(0, "choice", &choice, "a|bc|b", "", .given = &given[3], .recorded = &recorded[3]),
    GK_OPT_GRID(0, "grid", &grid, "", .given = &given[4], .recorded = &recorded[4]),
    GK_OPT_WINDOW(0, "window", &window, "", .given = &given[5], .recorded = &recorded[5]),
    GK_OPT_INT(0, "word", &integer, "", .min = 1, .max = 5, .choices = "N|log", .word = "log",
               .given = &given[6], .recorded = &recorded[6]),
    {0}};
static struct gk_common common;
static const struct gk_tool tool = {.name = "gk-fuzz", .opts = opts, .common = &common};

struct text {
    const char *name;
    char *value;
};

static const char *get(void *ctx, const char *name)
{
    const struct text *t = ctx;
    return strcmp(t->name, name) == 0 ? t->value : NULL;
}

static int put(void *ctx, const char *name, const char *value, struct gk_err *err)
{
    struct text *t = ctx;
    (void)err;
    REQUIRE(!t->value && strcmp(t->name, name) == 0);
    t->value = strdup(value);
    return 0;
}

static void check_ranges(void)
{
    REQUIRE(!recorded[0] || (integer >= -5 && integer <= 1000000000000000));
    REQUIRE(!recorded[2] || (real > 0 && real <= 2));
    REQUIRE(!recorded[3] || (choice >= 0 && choice < 3));
    REQUIRE(!recorded[4] || (grid.n >= 1 && isfinite(grid.a) && isfinite(grid.b)));
    REQUIRE(!recorded[5] || window.a < window.b);
    REQUIRE(!recorded[6] || (integer >= 0 && integer <= 5));
}

static void lists(const char *text)
{
    struct gk_err err = {0};
    char **word;
    double *v;
    size_t n = 0;
    if (gk_list_words("list", text, &word, &n, &err) == 0) {
        REQUIRE(n > 0 && word[0][0] && word[n - 1][0]);
        free(word);
    }
    if (gk_list_reals("list", text, &v, &n, &err) == 0) {
        REQUIRE(n > 0 && isfinite(v[0]) && isfinite(v[n - 1]));
        free(v);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gk_err err = {0};
    if (size == 0)
        return 0;
    const char *name = opts[data[0] % 7].name;
    struct text in = {name, strndup((const char *)data + 1, size - 1)}, once = {name, NULL},
                twice = {name, NULL};
    memset(recorded, 0, sizeof recorded);
    lists(in.value);
    if (gk_cli_inherit(&tool, get, &in, &err) == 0) {
        check_ranges();
        MUST(gk_cli_each(&tool, put, &once, &err));
        if (once.value) { /* the window ":" has no end */
            memset(recorded, 0, sizeof recorded);
            MUST(gk_cli_inherit(&tool, get, &once, &err));
            check_ranges();
            MUST(gk_cli_each(&tool, put, &twice, &err));
            REQUIRE(strcmp(once.value, twice.value) == 0);
        }
    } else {
        REQUIRE(err.kind == GK_ERR_USAGE && err.msg[0]);
    }
    free(in.value);
    free(once.value);
    free(twice.value);
    return 0;
}
