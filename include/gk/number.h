/* Numbers in options, metadata and tables: one reader for all of them. A number is decimal, with an
 * optional sign, point and exponent. Blanks and hexadecimal are not allowed. */
#ifndef GK_NUMBER_H
#define GK_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"

enum gk_number {
    GK_NUMBER_FINITE,
    GK_NUMBER_WORD,  /* nan, inf or infinity, ignoring case */
    GK_NUMBER_LARGE, /* beyond the largest of its type */
    GK_NUMBER_SMALL, /* nonzero, but nearer to 0 than the smallest normal double, and rounded */
    GK_NUMBER_NONE   /* TEXT is not a number */
};

/* The LEN bytes of TEXT as a double; a terminator or a delimiter follows them. *V is the nearest
 * double: +-inf if LARGE, a subnormal number or 0 if SMALL; unset if NONE. */
enum gk_number gk_number_real(const char *text, size_t len, double *v);
/* Likewise an integer: a sign and digits, or a number with an exponent that is exactly an integer,
 * such as 1e4 or 2.5e3. Returns FINITE, LARGE (*V is the nearest) or NONE. */
enum gk_number gk_number_integer(const char *text, size_t len, int64_t *v);

/* V in the fewest digits, 15 to 17, that read back exactly. SIZE is 32 or more. */
void gk_real_text(double v, char *buf, size_t size);

/* The finite value of OPTION, which messages name; an error is a usage error. A value that a double
 * would round to 0 or to fewer digits is refused. */
int gk_number_option(const char *option, const char *text, double *v, struct gk_err *err);

#endif
