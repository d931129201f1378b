/* Text to numbers. */
#include "gk/number.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum gk_number read_word(const char *text, size_t len, double *v)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"nan", NAN}, {"inf", INFINITY}, {"infinity", INFINITY}};
    const bool sign = len > 0 && (*text == '-' || *text == '+');
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].word) == len - sign &&
            strncasecmp(text + sign, words[i].word, len - sign) == 0) {
            *v = *text == '-' ? -words[i].value : words[i].value;
            return GK_NUMBER_WORD;
        }
    return GK_NUMBER_NONE;
}

/* Of what strtod and strtoll take (blanks, hexadecimal, nan(...)), only text of these letters is a
 * number. */
enum gk_number gk_number_real(const char *text, size_t len, double *v)
{
    char *end;
    if (len == 0 || strspn(text, "+-.0123456789eE") < len)
        return read_word(text, len, v);
    errno = 0;
    const double x = strtod(text, &end);
    if (end != text + len)
        return GK_NUMBER_NONE;
    *v = x;
    return errno != ERANGE ? GK_NUMBER_FINITE : isinf(x) ? GK_NUMBER_LARGE : GK_NUMBER_SMALL;
}

enum gk_number gk_number_integer(const char *text, size_t len, int64_t *v)
{
    char *end;
    if (len == 0 || strspn(text, "+-0123456789") < len)
        return GK_NUMBER_NONE;
    errno = 0;
    const long long n = strtoll(text, &end, 10);
    if (end != text + len)
        return GK_NUMBER_NONE;
    *v = n;
    return errno == ERANGE ? GK_NUMBER_LARGE : GK_NUMBER_FINITE;
}

int gk_number_option(const char *option, const char *text, double *v, struct gk_err *err)
{
    switch (gk_number_real(text, strlen(text), v)) {
    case GK_NUMBER_FINITE:
        return 0;
    case GK_NUMBER_WORD:
    case GK_NUMBER_LARGE:
        return gk_fail_usage(err, "--%s: %s is not finite", option, text);
    case GK_NUMBER_SMALL:
        return gk_fail_usage(err, "--%s: %s is nearer to 0 than the smallest number, 2.225e-308",
                             option, text);
    case GK_NUMBER_NONE:
        break;
    }
    return gk_fail_usage(err, "--%s: '%s' is not a number", option, text);
}
