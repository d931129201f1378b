/* Numbers as options, metadata and tables write them: one reader for all of them. A number is
 * decimal, with an optional sign, point and exponent, and nothing around it: no blanks, no
 * hexadecimal. */
#ifndef GK_NUMBER_H
#define GK_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"

enum gk_number {
    GK_NUMBER_FINITE,
    GK_NUMBER_WORD,  /* nan, inf or infinity, in any case of letters */
    GK_NUMBER_LARGE, /* beyond the largest of its type */
    GK_NUMBER_SMALL, /* not 0, but nearer to it than the smallest normal double, and rounded */
    GK_NUMBER_NONE   /* TEXT is something else */
};

/* The LEN bytes of TEXT, which end it or come before a delimiter, as a double. *V is the nearest
 * one: +-inf if LARGE, a subnormal number or 0 if SMALL; not set if NONE. */
enum gk_number gk_number_real(const char *text, size_t len, double *v);
/* Likewise a sign and digits alone, as an integer: FINITE, LARGE (*V is the nearest) or NONE. */
enum gk_number gk_number_integer(const char *text, size_t len, int64_t *v);

/* The value of --OPTION. A real is finite; what a double would round to 0 or to fewer digits is
 * refused. A message begins with "--OPTION: " and is of wrong usage. */
int gk_number_option(const char *option, const char *text, double *v, struct gk_err *err);

#endif
