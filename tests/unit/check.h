/* Asserting macros for the unit tests. A failed check prints its place and the values, and the
 * program goes on; main ends with `return check_status();`. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdio.h>
#include <string.h>

static int check_failures;

#define CHECK_FAILED(...)                                                                          \
    (check_failures++, fprintf(stderr, "%s:%d: ", __FILE__, __LINE__),                             \
     fprintf(stderr, __VA_ARGS__), putc('\n', stderr))

#define CHECK(cond) ((cond) ? 0 : CHECK_FAILED("failed: %s", #cond))

/* |a - b| <= rel * max(|a|, |b|); two nans are equal, and so are two like infinities. */
static inline int check_is_close(double a, double b, double rel)
{
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= rel * fmax(fabs(a), fabs(b));
}
#define CHECK_CLOSE(a, b, rel)                                                                     \
    do {                                                                                           \
        double check_a = (a), check_b = (b);                                                       \
        if (!check_is_close(check_a, check_b, (rel)))                                              \
            CHECK_FAILED("%s = %.17g, but %s = %.17g (within %g)", #a, check_a, #b, check_b,       \
                         (double)(rel));                                                           \
    } while (0)

/* |a - b| <= tol, for values that ought to be 0. */
#define CHECK_NEAR(a, b, tol)                                                                      \
    do {                                                                                           \
        double check_a = (a), check_b = (b);                                                       \
        if (!(fabs(check_a - check_b) <= (tol)))                                                   \
            CHECK_FAILED("%s = %.17g, but %s = %.17g (to %g)", #a, check_a, #b, check_b,           \
                         (double)(tol));                                                           \
    } while (0)

#define CHECK_INT_EQ(a, b)                                                                         \
    do {                                                                                           \
        long long check_a = (long long)(a), check_b = (long long)(b);                              \
        if (check_a != check_b)                                                                    \
            CHECK_FAILED("%s = %lld, but %s = %lld", #a, check_a, #b, check_b);                    \
    } while (0)

#define CHECK_STR_EQ(a, b)                                                                         \
    do {                                                                                           \
        const char *check_a = (a), *check_b = (b);                                                 \
        if (!check_a || !check_b || strcmp(check_a, check_b) != 0)                                 \
            CHECK_FAILED("%s = \"%s\", but %s = \"%s\"", #a, check_a ? check_a : "(null)", #b,     \
                         check_b ? check_b : "(null)");                                            \
    } while (0)

/* TEXT contains PART. */
#define CHECK_STR_HAS(text, part)                                                                  \
    do {                                                                                           \
        const char *check_a = (text), *check_b = (part);                                           \
        if (!check_a || !strstr(check_a, check_b))                                                 \
            CHECK_FAILED("%s = \"%s\" does not contain \"%s\"", #text,                             \
                         check_a ? check_a : "(null)", check_b);                                   \
    } while (0)

static inline int check_status(void)
{
    if (check_failures)
        fprintf(stderr, "%d checks failed\n", check_failures);
    return check_failures != 0;
}

#endif
