/* Text to numbers: what is one, and how near. */
#include <float.h>
#include <math.h>
#include <stdint.h>

#include "check.h"
#include "gk/cli.h"
#include "gk/number.h"

static enum gk_number real(const char *text, double *v)
{
    *v = 7; /* stays if there is no number */
    return gk_number_real(text, strlen(text), v);
}

static void test_reals(void)
{
    static const struct {
        const char *text;
        enum gk_number kind;
        double v;
    } t[] = {{"0", GK_NUMBER_FINITE, 0},
             {"-0.0", GK_NUMBER_FINITE, -0.0},
             {"0e-999", GK_NUMBER_FINITE, 0},
             {"+1.5e+2", GK_NUMBER_FINITE, 150},
             {".25", GK_NUMBER_FINITE, 0.25},
             {"5.", GK_NUMBER_FINITE, 5},
             {"1.7976931348623157e308", GK_NUMBER_FINITE, DBL_MAX},
             {"2.2250738585072014e-308", GK_NUMBER_FINITE, DBL_MIN},
             {"1.8e308", GK_NUMBER_LARGE, INFINITY},
             {"-1e999", GK_NUMBER_LARGE, -INFINITY},
             {"1e-310", GK_NUMBER_SMALL, 1e-310},
             {"-1e-999", GK_NUMBER_SMALL, -0.0},
             {"NaN", GK_NUMBER_WORD, NAN},
             {"-inf", GK_NUMBER_WORD, -INFINITY},
             {"+INFINITY", GK_NUMBER_WORD, INFINITY},
             {"", GK_NUMBER_NONE, 7},
             {" 1", GK_NUMBER_NONE, 7},
             {"1 ", GK_NUMBER_NONE, 7},
             {"\t1", GK_NUMBER_NONE, 7},
             {"0x1", GK_NUMBER_NONE, 7},
             {"1,5", GK_NUMBER_NONE, 7},
             {"nan(1)", GK_NUMBER_NONE, 7},
             {"infi", GK_NUMBER_NONE, 7},
             {"- inf", GK_NUMBER_NONE, 7},
             {".", GK_NUMBER_NONE, 7},
             {"e5", GK_NUMBER_NONE, 7},
             {"1e", GK_NUMBER_NONE, 7},
             {"1e+", GK_NUMBER_NONE, 7},
             {"1e5.5", GK_NUMBER_NONE, 7},
             {"1.2.3", GK_NUMBER_NONE, 7},
             {"+-1", GK_NUMBER_NONE, 7},
             {"1-1", GK_NUMBER_NONE, 7}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        double v;
        if (real(t[i].text, &v) != t[i].kind)
            CHECK_FAILED("'%s' is not of kind %d", t[i].text, t[i].kind);
        CHECK_CLOSE(v, t[i].v, 0);
        CHECK(signbit(v) == signbit(t[i].v) || isnan(v));
    }
}

static void test_integers(void)
{
    static const struct {
        const char *text;
        enum gk_number kind;
        int64_t v;
    } t[] = {{"0", GK_NUMBER_FINITE, 0},
             {"-0", GK_NUMBER_FINITE, 0},
             {"+007", GK_NUMBER_FINITE, 7},
             {"9223372036854775807", GK_NUMBER_FINITE, INT64_MAX},
             {"-9223372036854775808", GK_NUMBER_FINITE, INT64_MIN},
             {"9223372036854775808", GK_NUMBER_LARGE, INT64_MAX},
             {"-9223372036854775809", GK_NUMBER_LARGE, INT64_MIN},
             {"", GK_NUMBER_NONE, 5},
             {" 1", GK_NUMBER_NONE, 5},
             {"1\n", GK_NUMBER_NONE, 5},
             {"0x1", GK_NUMBER_NONE, 5},
             {"1.", GK_NUMBER_NONE, 5},
             {"1e3", GK_NUMBER_FINITE, 1000},
             {"7e0", GK_NUMBER_FINITE, 7},
             {"-2.50E+1", GK_NUMBER_FINITE, -25},
             {"1.000e0", GK_NUMBER_FINITE, 1},
             {"0e99999999999999999999", GK_NUMBER_FINITE, 0},
             {"9.223372036854775807e18", GK_NUMBER_FINITE, INT64_MAX},
             {"-9223372036854775.808e3", GK_NUMBER_FINITE, INT64_MIN},
             {"9.223372036854775808e18", GK_NUMBER_LARGE, INT64_MAX},
             {"-1e19", GK_NUMBER_LARGE, INT64_MIN},
             {"1e99999999999999999999", GK_NUMBER_LARGE, INT64_MAX},
             {"1.5e0", GK_NUMBER_NONE, 5},
             {"1.25e1", GK_NUMBER_NONE, 5},
             {"1e-0", GK_NUMBER_NONE, 5},
             {"10e-1", GK_NUMBER_NONE, 5},
             {"e3", GK_NUMBER_NONE, 5},
             {".5e1", GK_NUMBER_NONE, 5},
             {"1.e1", GK_NUMBER_NONE, 5},
             {"1e", GK_NUMBER_NONE, 5},
             {"1e+", GK_NUMBER_NONE, 5},
             {"1e2e3", GK_NUMBER_NONE, 5},
             {"1e2.0", GK_NUMBER_NONE, 5},
             {"1 e2", GK_NUMBER_NONE, 5},
             {"0x1e3", GK_NUMBER_NONE, 5},
             {"-", GK_NUMBER_NONE, 5},
             {"1-", GK_NUMBER_NONE, 5},
             {"nan", GK_NUMBER_NONE, 5}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        int64_t v = 5;
        if (gk_number_integer(t[i].text, strlen(t[i].text), &v) != t[i].kind)
            CHECK_FAILED("'%s' is not of kind %d", t[i].text, t[i].kind);
        CHECK_INT_EQ(v, t[i].v);
    }
}

/* What stands before a delimiter. */
static void test_parts(void)
{
    int64_t n = 0;
    double x = 0;
    CHECK_INT_EQ(gk_number_integer("12:34", 2, &n), GK_NUMBER_FINITE);
    CHECK_INT_EQ(n, 12);
    CHECK_INT_EQ(gk_number_integer("12:34", 3, &n), GK_NUMBER_NONE);
    CHECK_INT_EQ(gk_number_integer(":34", 0, &n), GK_NUMBER_NONE);
    CHECK_INT_EQ(gk_number_integer("2e3:456", 3, &n), GK_NUMBER_FINITE);
    CHECK_INT_EQ(n, 2000);
    CHECK_INT_EQ(gk_number_integer("12e", 2, &n), GK_NUMBER_FINITE);
    CHECK_INT_EQ(n, 12);
    CHECK_INT_EQ(gk_number_real("1.5_2", 3, &x), GK_NUMBER_FINITE);
    CHECK_CLOSE(x, 1.5, 0);
    CHECK_INT_EQ(gk_number_real("inf,1", 3, &x), GK_NUMBER_WORD);
    CHECK_INT_EQ(gk_number_real("inf,1", 4, &x), GK_NUMBER_NONE);
}

/* Every finite normal number that the line of history writes is read as itself. */
static void test_round_trip(void)
{
    uint64_t bits = 1;
    for (int i = 0; i < 20000; i++) {
        double v, back;
        char text[32];
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&v, &bits, sizeof v);
        if (!isnormal(v))
            continue;
        gk_real_text(v, text, sizeof text);
        CHECK_INT_EQ(real(text, &back), GK_NUMBER_FINITE);
        CHECK_CLOSE(v, back, 0);
    }
}

int main(void)
{
    test_reals();
    test_integers();
    test_parts();
    test_round_trip();
    return check_status();
}
