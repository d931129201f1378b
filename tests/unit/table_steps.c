/* Which column holds a table's steps, and rows of one step that are merged. */
#include <ctype.h>
#include <string.h>

#include "rows.h"

static struct gk_err err;

/* The steps' column by each header; -1: none; -2: an error. */
static int steps_of(const char *header, const char *name)
{
    char text[256];
    struct gk_rows r;
    const int n = snprintf(text, sizeof text, "%s\n1\t2\t3\n", header);
    CHECK(!gk_rows_open(&r, text_of(text, (size_t)n), "t", false, &err));
    const int col = gk_rows_use_steps(&r, name, &err) ? -2 : r.step;
    CHECK(col == -2 || r.notes.counted == (col == -1));
    gk_rows_close(&r);
    return col;
}

static void test_steps(void)
{
    static const char *const names[] = {"step",      "_step", "global_step", "trainer/global_step",
                                        "iteration", "iter",  "epoch"};
    for (int i = 0; i < 7; i++) {
        char header[100], upper[100];
        snprintf(header, sizeof header, "loss\t%s\tx", names[i]);
        CHECK_INT_EQ(steps_of(header, NULL), 1);
        for (int j = 0; (upper[j] = (char)toupper((unsigned char)header[j])); j++)
            continue;
        CHECK_INT_EQ(steps_of(upper, NULL), 1);
        CHECK(gk_is_step_name(names[i]));
        if (i > 0) { /* an earlier one wins, wherever it stands */
            snprintf(header, sizeof header, "%s\tx\t%s", names[i], names[i - 1]);
            CHECK_INT_EQ(steps_of(header, NULL), 2);
        }
    }
    CHECK_INT_EQ(steps_of("a\tsteps\tloss", NULL), -1);
    CHECK_INT_EQ(steps_of("a\tsteps\tloss", "steps"), 1);
    CHECK_INT_EQ(steps_of("a\tstep\tloss", "a"), 0);
    CHECK_INT_EQ(steps_of("a\tstep\tloss", "no"), -2);
    CHECK_INT_EQ(steps_of("Step\ta\tSTEP", NULL), -2);
    CHECK_STR_EQ(err.msg,
                 "t: two columns are called 'step', in any case of letters: say which holds "
                 "the steps");
    CHECK_INT_EQ(steps_of("Step\ta\tSTEP", "STEP"), 2);
}

/* The rows with the steps' column in use, or the message. */
static const char *merged(const char *text, size_t *n)
{
    static char out[1024];
    struct gk_rows r;
    CHECK(!gk_rows_open(&r, text_of(text, strlen(text)), "t", false, &err));
    CHECK(!gk_rows_use_steps(&r, NULL, &err));
    const int rc = show_rows(&r, out, &err);
    *n = r.notes.merged;
    gk_rows_close(&r);
    return rc ? err.msg : out;
}

static void test_merge(void)
{
    size_t n;
    CHECK_STR_EQ(merged("step,a,b\n0,1,\n0,,2\n1,3,4\n", &n), "0|1|2;1|3|4;");
    CHECK_INT_EQ(n, 1);
    CHECK_STR_EQ(merged("step,a,b,c\n5,1,,\n5,,2,\n5.0,,,3\n6,,,\n", &n), "5|1|2|3;6|||;");
    CHECK_INT_EQ(n, 2);
    CHECK_STR_EQ(merged("step,a,b\n0,1,\n1,2,\n2,,\n", &n), "0|1|;1|2|;2||;");
    CHECK_INT_EQ(n, 0);
    CHECK_STR_EQ(merged("step,a,b\n0,1,\n0,1.0,2\n", &n), "0|1|2;"); /* the same value */
    CHECK_STR_EQ(merged("step,a,b\n0,1,\n0,7,2\n", &n),
                 "t: line 3: step 0 stands in line 2, too, with another 'a'");
    CHECK_STR_EQ(merged("step,a,b\n,1,\n,,2\n", &n), "|1|;||2;"); /* no step, nothing in common */
    CHECK_STR_EQ(merged("a,b\n0,\n0,\n", &n), "0|;0|;");
}

int main(void)
{
    test_steps();
    test_merge();
    return check_status();
}
