/* Text tables: writing. */
#include <math.h>
#include <string.h>

#include "gk/table.h"
#include "table_priv.h"

int gk_table_begin(FILE *fp, const struct gk_history *h, const char *const *names, size_t n,
                   struct gk_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!*names[i] || names[i][strcspn(names[i], "\t\r\n")] || (i == 0 && *names[i] == '#'))
            return gk_fail(err, "'%.*s' cannot be the name of a column", GK_SHOWN, names[i]);
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
