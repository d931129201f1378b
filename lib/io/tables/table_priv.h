/* What the files of the table reader share. */
#ifndef GK_TABLE_PRIV_H
#define GK_TABLE_PRIV_H

#include <stdbool.h>

enum { GK_SHOWN = 40 }; /* bytes of a cell in a message */

/* A number written out in full: decimal, or nan, inf, infinity. */
bool gk_parse_number(const char *s, double *v);
/* The value of a cell: a number, nan where it is empty, 1 or 0 for a true or false. */
bool gk_parse_cell(const char *s, double *v);

#endif
