/* What the tests of tables share: a table in memory, and its rows as text. */
#ifndef TEST_ROWS_H
#define TEST_ROWS_H

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "gk/table.h"

/* A stream of the N bytes at S, which must outlive it. */
static inline FILE *text_of(const char *s, size_t n)
{
    FILE *fp = fmemopen((char *)s, n, "r");
    if (!fp) {
        perror("fmemopen");
        exit(2);
    }
    return fp;
}

/* The rows as "cell|cell;" each, in OUT; what the last gk_rows_next returned. */
static inline int show_rows(struct gk_rows *r, char *out, struct gk_err *err)
{
    size_t at = 0;
    int rc;
    while ((rc = gk_rows_next(r, err)) == 1)
        for (size_t i = 0; i < r->ncol; i++)
            at += (size_t)sprintf(out + at, "%s%c", r->cell[i], i + 1 < r->ncol ? '|' : ';');
    out[at] = '\0';
    return rc;
}

#endif
