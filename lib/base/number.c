/* Text to numbers, and back. */
#include "gk/number.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
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

/* strtod and strtoll also read blanks, hexadecimal and nan(...). Only text of these letters is a
 * number here. */
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

/* "1e4", "2.5e3": digits and a power of ten that leave no fraction. The digits are shifted as text,
 * because a double would round them. */
static enum gk_number read_power(const char *text, size_t len, int64_t *v)
{
    static const char digit[] = "0123456789";
    const bool negative = *text == '-';
    const char *p = text + (*text == '-' || *text == '+'), *whole = p, *part;
    const size_t nwhole = strspn(p, digit);
    size_t npart = 0;
    part = whole + nwhole + 1;
    if (whole[nwhole] == '.')
        npart = strspn(part, digit);
    p = whole + nwhole + (whole[nwhole] == '.' ? 1 + npart : 0);
    if (nwhole == 0 || (part == p && whole[nwhole] == '.') || (*p != 'e' && *p != 'E'))
        return GK_NUMBER_NONE;
    p += 1 + (p[1] == '+');
    if (strspn(p, digit) == 0 || p + strspn(p, digit) != text + len)
        return GK_NUMBER_NONE;
    while (npart > 0 && part[npart - 1] == '0')
        npart--;
    const unsigned long power = strtoul(p, NULL, 10);
    if (power < npart)
        return GK_NUMBER_NONE;
    int64_t n = 0;
    bool large = false;
    for (size_t i = 0; i < nwhole + npart; i++) {
        const int next = (i < nwhole ? whole[i] : part[i - nwhole]) - '0';
        large |= __builtin_mul_overflow(n, 10, &n) ||
                 __builtin_add_overflow(n, negative ? -next : next, &n);
    }
    for (unsigned long i = npart; i < power && n != 0 && !large; i++)
        large = __builtin_mul_overflow(n, 10, &n);
    *v = !large ? n : negative ? INT64_MIN : INT64_MAX;
    return large ? GK_NUMBER_LARGE : GK_NUMBER_FINITE;
}

enum gk_number gk_number_integer(const char *text, size_t len, int64_t *v)
{
    char *end;
    if (len > 0 && strcspn(text, "eE") < len)
        return read_power(text, len, v);
    if (len == 0 || strspn(text, "+-0123456789") < len)
        return GK_NUMBER_NONE;
    errno = 0;
    const long long n = strtoll(text, &end, 10);
    if (end != text + len)
        return GK_NUMBER_NONE;
    *v = n;
    return errno == ERANGE ? GK_NUMBER_LARGE : GK_NUMBER_FINITE;
}

static int read_option(const char *text, double *v, struct gk_err *err)
{
    switch (gk_number_real(text, strlen(text), v)) {
    case GK_NUMBER_FINITE:
        return 0;
    case GK_NUMBER_WORD:
    case GK_NUMBER_LARGE:
        return gk_fail_usage(err, "%s is not finite", text);
    case GK_NUMBER_SMALL:
        return gk_fail_usage(err, "%s is nearer to 0 than the smallest number, 2.225e-308", text);
    case GK_NUMBER_NONE:
        break;
    }
    return gk_fail_usage(err, "'%s' is not a number", text);
}

int gk_number_option(const char *option, const char *text, double *v, struct gk_err *err)
{
    return read_option(text, v, err) ? gk_fail_about(err, option) : 0;
}

void gk_real_text(double v, char *buf, size_t size)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buf, size, "%.*g", digits, v);
        if (strtod(buf, NULL) == v)
            return;
    }
}
