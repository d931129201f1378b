/* Powers of two that bring numbers near 1: exponents, scaling, norms. */
#include "gk/scale.h"

#include <float.h>

#include "check.h"

static void test_exponents(void)
{
    CHECK_INT_EQ(gk_exponent(NULL, 0), 0);
    CHECK_INT_EQ(gk_exponent((double[]){0, -0.0}, 2), 0);
    CHECK_INT_EQ(gk_exponent((double[]){0.5, -3, 1}, 3), 1);
    CHECK_INT_EQ(gk_exponent((double[]){NAN, 4}, 2), 2);
    CHECK_INT_EQ(gk_exponent_of(DBL_MAX), 1023);
    CHECK_INT_EQ(gk_exponent_of(INFINITY), 1024);
    CHECK_INT_EQ(gk_exponent_of(DBL_MIN), -1022);
    CHECK_INT_EQ(gk_exponent_of(DBL_TRUE_MIN), -1022); /* 2^1074 is no number */
    for (int e = -1022; e < 1024; e++)
        CHECK_INT_EQ(gk_exponent_of(ldexp(1.7, e)), e);
}

static void test_scaling(void)
{
    const double v[] = {1.5, -2.25, 0, 3};
    double to[4], back[4];
    for (int e = -1030; e <= 1022; e++) {
        gk_scale(to, v, 4, e);
        for (int i = 0; i < 4; i++)
            CHECK(to[i] == ldexp(v[i], e));
        gk_scale(back, to, 4, -e);
        CHECK(memcmp(back, v, sizeof v) == 0);
    }
    gk_scale(to, v, 4, 3000);
    CHECK(isinf(to[0]) && to[2] == 0);
}

static void test_norms(void)
{
    const double v[] = {3, -4, 12, 84}; /* 85 */
    double w[4];
    for (int e = -1022; e <= 1017; e++) {
        gk_scale(w, v, 4, e);
        CHECK(gk_norm2(w, 4) == ldexp(85, e));
    }
    CHECK(gk_norm2(v, 0) == 0 && gk_norm2((double[]){0, 0}, 2) == 0);
    CHECK(gk_norm2((double[]){DBL_TRUE_MIN, 0}, 2) == DBL_TRUE_MIN);
    CHECK(isinf(gk_norm2((double[]){DBL_MAX, DBL_MAX}, 2)));
    CHECK(gk_norm2((double[]){1e300, 1e-300}, 2) == 1e300);
}

int main(void)
{
    test_exponents();
    test_scaling();
    test_norms();
    return check_status();
}
