/* Text tables: writing. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "gk/table.h"
#include "table_priv.h"

/* A reader takes semicolons on a line without tabs for separators. */
static bool can_be_name(const char *s, bool first, bool alone)
{
    return *s && !s[strcspn(s, "\t\r\n")] && !(first && *s == '#') && !(alone && strchr(s, ';'));
}

int gk_table_begin(FILE *fp, const struct gk_history *h, const char *const *names, size_t n,
                   struct gk_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!can_be_name(names[i], i == 0, n == 1))
            return gk_fail(err, "'%.*s' cannot be the name of a column", GK_SHOWN, names[i]);
    for (size_t i = 0; h && i < h->n; i++)
        fprintf(fp, "# %s\n", h->line[i]);
    for (size_t i = 0; i < n; i++)
        fprintf(fp, "%s%c", names[i], i + 1 < n ? '\t' : '\n');
    return 0;
}

static int shown_digits;

void gk_put_digits(int n)
{
    shown_digits = n;
}

/* An integer of up to nine digits, as %.9g has it, in less time: most cells of a long curve are
 * such steps and counts. */
static bool put_integer(FILE *fp, double v)
{
    char text[10], *p = text + sizeof text;
    if (!(fabs(v) < 1e9) || v != trunc(v) || (v == 0 && signbit(v)))
        return false;
    uint32_t n = (uint32_t)fabs(v);
    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    if (v < 0)
        *--p = '-';
    fwrite(p, 1, (size_t)(text + sizeof text - p), fp);
    return true;
}

static void put(FILE *fp, double v, int digits, char end)
{
    if (isnan(v))
        fputs("nan", fp);
    else if (isinf(v))
        fputs(v < 0 ? "-inf" : "inf", fp);
    else if (digits < 9 || !put_integer(fp, v))
        fprintf(fp, "%.*g", digits, v);
    putc(end, fp);
}

void gk_put_exact(FILE *fp, double v, bool single, char end)
{
    put(fp, v, single ? 9 : 17, end);
}

void gk_put_number(FILE *fp, double v, bool single, char end)
{
    const int most = single ? 9 : 17;
    const bool fewer =
        shown_digits > 0 && shown_digits < most && (v != trunc(v) || fabs(v) >= 1e15);
    put(fp, v, fewer ? shown_digits : most, end);
}

void gk_put_text(FILE *fp, const char *s, char end)
{
    size_t len = 1;
    for (const char *p = s; *p; p += len) {
        const unsigned char c = (unsigned char)*p;
        const size_t printable = gk_printable(p);
        len = printable ? printable : 1;
        if (c == '\\' || c == '\n' || c == '\t')
            fprintf(fp, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : '\\');
        else if (!printable || (c == '#' && p == s))
            fprintf(fp, "\\x%02x", c);
        else
            fwrite(p, 1, len, fp);
    }
    putc(end, fp);
}
