/* Writing text tables. */
#include "gk/table.h"

#include <math.h>
#include <string.h>

int gk_table_begin(FILE *fp, const struct gk_history *h, const char *const *names, size_t n,
                   struct gk_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!*names[i] || names[i][strcspn(names[i], "\t\r\n")] || (i == 0 && *names[i] == '#'))
            return gk_fail(err, "'%.*s' cannot be the name of a column", 40, names[i]);
    for (size_t i = 0; h && i < h->n; i++)
        fprintf(fp, "# %s\n", h->line[i]);
    for (size_t i = 0; i < n; i++)
        fprintf(fp, "%s%c", names[i], i + 1 < n ? '\t' : '\n');
    return 0;
}

void gk_put_number(FILE *fp, double v, bool single, char end)
{
    if (isnan(v))
        fputs("nan", fp);
    else if (isinf(v))
        fputs(v < 0 ? "-inf" : "inf", fp);
    else
        fprintf(fp, "%.*g", single ? 9 : 17, v);
    putc(end, fp);
}

void gk_put_text(FILE *fp, const char *s, char end)
{
    for (const char *p = s; *p; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c == '\\' || c == '\n' || c == '\t')
            fprintf(fp, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : '\\');
        else if (c < ' ' || c == 0x7f || (c == '#' && p == s))
            fprintf(fp, "\\x%02x", c);
        else
            putc(c, fp);
    }
    putc(end, fp);
}
