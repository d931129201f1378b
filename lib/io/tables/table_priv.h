/* What the files of the table reader share. */
#ifndef GK_TABLE_PRIV_H
#define GK_TABLE_PRIV_H

#include <stdbool.h>

enum { GK_SHOWN = 40 }; /* bytes of a cell in a message */

/* The value of a cell: a number, nan where it is empty, 1 or 0 for a true or false. A number that
 * a double makes inf is none; one that it makes 0 is 0. */
bool gk_parse_cell(const char *s, double *v);

#endif
