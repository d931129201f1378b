/* Text tables: what is read, what is refused and with which words, and that numbers come back. */
#include <stdint.h>
#include <unistd.h>

#include "gk/rng.h"
#include "rows.h"

static struct gk_err err;

/* The table as "name|name;cell|cell;", or "error: MESSAGE". */
static const char *shown(const char *s, size_t n, bool headless)
{
    static char out[4096];
    struct gk_rows r;
    size_t at = 0;
    int rc;
    if (gk_rows_open(&r, text_of(s, n), "t", headless, &err)) {
        snprintf(out, sizeof out, "error: %s", err.msg);
        return out;
    }
    for (size_t i = 0; r.name && i < r.ncol; i++)
        at += (size_t)sprintf(out + at, "%s%c", r.name[i], i + 1 < r.ncol ? '|' : ';');
    rc = show_rows(&r, out + at, &err);
    if (rc)
        snprintf(out, sizeof out, "error: %s", err.msg);
    gk_rows_close(&r);
    return out;
}

#define CHECK_HEADED(text, expected) CHECK_STR_EQ(shown(text, sizeof text - 1, false), expected)
#define CHECK_MATRIX(text, expected) CHECK_STR_EQ(shown(text, sizeof text - 1, true), expected)

static void test_accepted(void)
{
    CHECK_HEADED("a\tb\n1\t2\n3\t4\n", "a|b;1|2;3|4;");
    CHECK_HEADED("a\tb\r\n1\t2\r\n", "a|b;1|2;");
    CHECK_HEADED("a\tb\n1\t2", "a|b;1|2;");
    CHECK_HEADED("a\tb\ta\n1\t2\t3\n", "a|b|a;1|2|3;"); /* an error where it is asked for */
    CHECK_HEADED("a,b\n1,\n", "a|b;1|;");
    CHECK_HEADED("\xef\xbb\xbf"
                 "a\tb\n1\t2\n",
                 "a|b;1|2;");
    CHECK_HEADED("# c\n\n#\na\tb\n#x\n\n  \n1\t2\n\n#", "a|b;1|2;");
    CHECK_HEADED("a, b ,c\n1, 2 ,\n", "a|b|c;1|2|;");
    CHECK_HEADED("a\tb,c\n1\t2,3\n", "a|b,c;1|2,3;");
    CHECK_HEADED("a\n1\n", "a;1;");
    CHECK_HEADED("train loss\n1\n", "train loss;1;");
    CHECK_HEADED(" a \t b\n 1 \t 2\n", "a|b;1|2;");
    CHECK_HEADED("\"a,\"\"b\"\"\" , c\n\"1\",\" 2\"\n\"\",x\n", "a,\"b\"|c;1| 2;|x;");
    CHECK_HEADED("a\tb\n\"x\t2\n", "a|b;\"x|2;"); /* quotes are letters between tabs */
    CHECK_HEADED(",loss\n0,1\n", "|loss;0|1;");
    CHECK_HEADED(",,a\n0,1,2\n", "||a;0|1|2;");
}

static void test_headless(void)
{
    CHECK_MATRIX("1\t2\n3\t4\n", "1|2;3|4;");
    CHECK_MATRIX("1,2\n3,4\n", "1|2;3|4;");
    CHECK_MATRIX("1  2\n 3\t4 \n", "1|2;3|4;");
    CHECK_MATRIX("  1 2   3 \n4  5 6\n", "1|2|3;4|5|6;");
    CHECK_MATRIX("1\n2\n", "1;2;");
    CHECK_MATRIX("nan\n-inf\n", "nan;-inf;");
    /* a number that no double holds is no name */
    CHECK_MATRIX("1e400\t2\n3\t4\n", "1e400|2;3|4;");
    CHECK_MATRIX("-1e999 2\n3 4\n", "-1e999|2;3|4;");
    CHECK_MATRIX("1e-999\n2\n", "1e-999;2;");
    CHECK_MATRIX("0x1\t2\n3\t4\n", "0x1|2;3|4;"); /* a name */
    CHECK_MATRIX("a\tb\n3\t4\n", "a|b;3|4;");
    CHECK_MATRIX("1\t2\n3\n", "error: t: line 2: 1 cell where the first row has 2");
    CHECK_HEADED("1\t2\n", "error: t: line 1: numbers where a header with the columns' names is "
                           "needed");
    CHECK_HEADED("1e400\t2\n1\t2\n", "error: t: line 1: numbers where a header with the columns' "
                                     "names is needed");
    CHECK_HEADED("#\n1 2\n", "error: t: line 2: numbers where a header with the columns' names is "
                             "needed");
}

static void test_refused(void)
{
    CHECK_HEADED("", "error: t: no header and no rows: an empty table");
    CHECK_HEADED("\n# only\n", "error: t: no header and no rows: an empty table");
    CHECK_HEADED("a\tb\n\n", "error: t: a header without a row");
    CHECK_HEADED("a\tb\n1\t2\n1\n", "error: t: line 3: 1 cell where the header has 2");
    CHECK_HEADED("a\tb\n# c\n1\t2\t3", "error: t: line 3: 3 cells where the header has 2");
    CHECK_HEADED("a,b\n1,2\n3,", "error: t: line 3: the file ends in the middle of a row");
    CHECK_HEADED("a\0\tb\n", "error: t: line 1: a NUL byte: this is not a text table");
    CHECK_HEADED("a\tb\n1\t\0\n", "error: t: line 2: a NUL byte: this is not a text table");
    CHECK_HEADED("a,b\n\"1,2\n", "error: t: line 2: a quoted cell does not end on its line");
    CHECK_HEADED("a,b\n\"1\"x,2\n", "error: t: line 2: text behind the closing quote of a cell");
}

static void test_long_lines(void)
{
    enum { LONG = 20 << 20 };
    char *s = malloc(LONG);
    memset(s, 'x', LONG);
    CHECK_STR_EQ(shown(s, LONG, false), "error: t: line 1: longer than 16 MiB");
    memcpy(s, "#\n# gk-", 7);
    CHECK_STR_EQ(shown(s, LONG, false), "error: t: line 2: longer than 16 MiB");
    memset(s, ',', LONG);
    CHECK_STR_EQ(shown(s, 10 << 20, false), "error: t: line 1: more than 2097152 columns");
    free(s);
}

static void test_history(void)
{
    static const char text[] =
        "# gk-data 1.0 --p 97\n# said by hand\n#gk-no 1.0\na\n"
        "# gk-train 1.0\n# not before the header\n1\n# gk-data 1.0 --p 97\r\n";
    struct gk_rows r;
    CHECK(!gk_rows_open(&r, text_of(text, sizeof text - 1), "t", false, &err));
    CHECK_INT_EQ(r.history.n, 3);
    while (gk_rows_next(&r, &err) == 1)
        continue;
    CHECK_INT_EQ(r.history.n, 4);
    CHECK_STR_EQ(r.history.line[0], "gk-data 1.0 --p 97");
    CHECK_STR_EQ(r.history.line[1], "said by hand");
    CHECK_STR_EQ(r.history.line[2], "gk-no 1.0");
    CHECK_STR_EQ(r.history.line[3], "gk-train 1.0");
    gk_rows_close(&r);
}

static void test_columns(void)
{
    struct gk_rows r;
    int col;
    CHECK(!gk_rows_open(&r, text_of("step\tloss\n1\t2\n", 14), "t", false, &err));
    CHECK(!gk_rows_find(&r, "loss", &col, &err) && col == 1);
    CHECK(!gk_rows_find(&r, "los", &col, &err) && col == -1);
    CHECK_INT_EQ(gk_rows_need(&r, "step", &err), 0);
    CHECK_INT_EQ(gk_rows_need(&r, "acc", &err), -1);
    CHECK_STR_EQ(err.msg, "t: no column 'acc'; there are: step, loss");
    gk_rows_close(&r);

    CHECK(!gk_rows_open(&r, text_of("1\t2\n", 4), "t", true, &err));
    CHECK(!gk_rows_find(&r, "1", &col, &err) && col == -1);
    CHECK_INT_EQ(gk_rows_need(&r, "loss", &err), -1);
    CHECK_STR_EQ(err.msg, "t: no column 'loss': the table has no header");
    gk_rows_close(&r);

    CHECK(!gk_rows_open(&r, text_of("a\tb\ta\n1\t2\t3\n", 12), "t", false, &err));
    CHECK_INT_EQ(gk_rows_need(&r, "b", &err), 1);
    CHECK_INT_EQ(gk_rows_need(&r, "a", &err), -1);
    CHECK_STR_EQ(err.msg, "t: two columns are called 'a'");
    CHECK_INT_EQ(gk_rows_find(&r, "a", &col, &err), -1);
    gk_rows_close(&r);

    char many[4000], *end = many;
    for (int i = 0; i < 500; i++)
        end += sprintf(end, "c%d%c", i, i < 499 ? '\t' : '\n');
    CHECK(!gk_rows_open(&r, text_of(many, (size_t)(end - many)), "t", false, &err));
    CHECK_INT_EQ(gk_rows_need(&r, "x", &err), -1);
    CHECK_STR_HAS(err.msg, "there are: c0, c1, c2, ");
    CHECK(!strcmp(err.msg + strlen(err.msg) - 4, " ..."));
    gk_rows_close(&r);
}

/* The number in a cell, or the message. */
static double number(const char *cell, const char **message)
{
    char text[256];
    struct gk_rows r;
    double v = 0;
    int n = snprintf(text, sizeof text, "a\tb\n0\t%s\n", cell);
    *message = NULL;
    CHECK(!gk_rows_open(&r, text_of(text, (size_t)n), "t", false, &err));
    CHECK_INT_EQ(gk_rows_next(&r, &err), 1);
    if (gk_rows_number(&r, 1, &v, &err))
        *message = err.msg;
    gk_rows_close(&r);
    return v;
}

static void test_numbers(void)
{
    static const struct {
        const char *cell;
        double v;
    } good[] = {{"1", 1},
                {"-1.5e-3", -1.5e-3},
                {"+.5", .5},
                {"5.", 5},
                {"1E5", 1e5},
                {"", NAN},
                {"True", 1},
                {"FALSE", 0},
                {"false", 0},
                {"nan", NAN},
                {"NaN", NAN},
                {"-nan", NAN},
                {"inf", INFINITY},
                {"-inf", -INFINITY},
                {"Infinity", INFINITY},
                {"1e-400", 0},
                {"4.9406564584124654e-324", 0x1p-1074},
                {"-1e-320", -0x1.fap-1064},
                {"+.5e+1", 5},
                {"1.7976931348623157e308", 0x1.fffffffffffffp1023}};
    static const char *const bad[] = {"x",      "1x",  "1 2", "0x10", "0X1p3", "nan(1)", "1e999",
                                      "-1e999", "1,5", "--1", "1e",   "e5",    "truth",  ".",
                                      "1e5.",   "+",   "in",  "nanx", "1-2"};
    const char *message;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK_CLOSE(number(good[i].cell, &message), good[i].v, 0);
        CHECK(!message);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char expected[128];
        snprintf(expected, sizeof expected,
                 "t: line 2: column b: '%s' is not a number, or out of range", bad[i]);
        number(bad[i], &message);
        CHECK_STR_EQ(message, expected);
    }
    number("\033[2J", &message);
    CHECK_STR_EQ(message, "t: line 2: column b: '?[2J' is not a number, or out of range");
}

static void test_headless_number(void)
{
    struct gk_rows r;
    double v;
    CHECK(!gk_rows_open(&r, text_of("1\t2\n3\tx\n", 8), "t", true, &err));
    CHECK_INT_EQ(gk_rows_next(&r, &err), 1);
    CHECK(!gk_rows_number(&r, 1, &v, &err) && v == 2);
    CHECK_INT_EQ(gk_rows_next(&r, &err), 1);
    CHECK_INT_EQ(gk_rows_number(&r, 1, &v, &err), -1);
    CHECK_STR_EQ(err.msg, "t: line 2: column 2: 'x' is not a number, or out of range");
    gk_rows_close(&r);
}

/* Any bit pattern that is a number comes back as it was, at 17 digits and (floats) at 9. */
static void test_round_trip(void)
{
    enum { N = 5000 };
    static double wrote[N];
    static float wrote_single[N];
    struct gk_history h = {0};
    struct gk_rng rng;
    struct gk_rows r;
    FILE *fp = tmpfile();
    gk_rng_seed(&rng, 1, 1);
    CHECK(!gk_history_add(&h, "gk-x 1.0 --n 3", &err));
    CHECK(!gk_table_begin(fp, &h, (const char *const[]){"d", "s"}, 2, &err));
    for (int i = 0; i < N; i++) {
        uint64_t bits = gk_rng_u64(&rng);
        uint32_t low = (uint32_t)gk_rng_u64(&rng);
        memcpy(&wrote[i], &bits, sizeof bits);
        memcpy(&wrote_single[i], &low, sizeof low);
        if (i < 6) {
            wrote[i] = (double[]){-0.0, NAN, INFINITY, -INFINITY, 0x1p-1074, 0.1}[i];
            wrote_single[i] = (float[]){-0.0f, NAN, INFINITY, -INFINITY, 0x1p-149f, 0.1f}[i];
        }
        gk_put_number(fp, wrote[i], false, '\t');
        gk_put_number(fp, (double)wrote_single[i], true, '\n');
    }
    rewind(fp);
    CHECK(!gk_rows_open(&r, fp, "t", false, &err));
    CHECK_STR_EQ(r.history.line[0], "gk-x 1.0 --n 3");
    for (int i = 0; i < N; i++) {
        double d = NAN, s = NAN;
        CHECK_INT_EQ(gk_rows_next(&r, &err), 1);
        CHECK(!gk_rows_number(&r, 0, &d, &err) && !gk_rows_number(&r, 1, &s, &err));
        float single = (float)s;
        CHECK(isnan(d) ? isnan(wrote[i]) : !memcmp(&d, &wrote[i], sizeof d));
        CHECK(isnan(s) ? isnan(wrote_single[i])
                       : !memcmp(&single, &wrote_single[i], sizeof single));
    }
    CHECK_INT_EQ(gk_rows_next(&r, &err), 0);
    gk_rows_close(&r);
    gk_history_free(&h);
}

/* Integers take a path of their own: the text must be that of printf. */
static void test_text_of_integers(void)
{
    static const double whole[] = {0,        -0.0,      1,          -1,         10,          99999,
                                   -1234567, 999999999, -999999999, 1000000000, -1000000001, 1e15};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        for (int k = -1; k <= 1; k++)
            for (int single = 0; single < 2; single++) {
                const double v = whole[i] + k * 0.5;
                char got[64] = "", want[64];
                FILE *fp = fmemopen(got, sizeof got, "w");
                gk_put_number(fp, v, single, ';');
                fclose(fp);
                snprintf(want, sizeof want, "%.*g;", single ? 9 : 17, v);
                CHECK_STR_EQ(got, want);
            }
}

static void test_names_that_cannot_be(void)
{
    static const char *const bad[] = {"", "a\tb", "a\n", "#a", "a;b"};
    for (int i = 0; i < 5; i++)
        CHECK_INT_EQ(gk_table_begin(stdout, NULL, &bad[i], 1, &err), -1);
    CHECK_STR_EQ(err.msg, "'a;b' cannot be the name of a column");
}

/* A row is there as soon as its line is: nothing waits for the next one. */
static void test_live(void)
{
    int fd[2];
    struct gk_rows r;
    CHECK(!pipe(fd));
    CHECK(write(fd[1], "a\tb\n", 4) == 4);
    CHECK(!gk_rows_open(&r, fdopen(fd[0], "r"), "t", false, &err));
    for (int i = 0; i < 3; i++) {
        CHECK(write(fd[1], "1\t2\n", 4) == 4);
        CHECK_INT_EQ(gk_rows_next(&r, &err), 1);
    }
    close(fd[1]);
    CHECK_INT_EQ(gk_rows_next(&r, &err), 0);
    gk_rows_close(&r);
}

/* Cut anywhere, and with any one byte replaced, a table is read or refused, never a crash. */
static void test_damaged(void)
{
    static const char csv[] = "# gk-x 1\nstep,\"a\"\"b\",c\r\n1,\"2\",3\n4,5,nan\n";
    char copy[sizeof csv];
    for (size_t n = 0; n < sizeof csv; n++)
        shown(csv, n, n % 2);
    for (size_t i = 0; i + 1 < sizeof csv; i++)
        for (int c = 0; c < 256; c++) {
            memcpy(copy, csv, sizeof csv);
            copy[i] = (char)c;
            shown(copy, sizeof csv - 1, c % 2);
        }
}

int main(void)
{
    test_accepted();
    test_headless();
    test_refused();
    test_long_lines();
    test_history();
    test_columns();
    test_numbers();
    test_headless_number();
    test_round_trip();
    test_text_of_integers();
    test_names_that_cannot_be();
    test_live();
    test_damaged();
    return check_status();
}
