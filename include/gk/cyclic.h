/* Operations that are the addition of a cyclic group Z_n, once their elements are numbered so:
 *
 *   add   a + b mod p            n = p,      element x has the exponent x
 *   sub   a - b mod p            likewise, and b counts as -b
 *   mul   a b mod p, p prime     n = p - 1,  element g^i has the exponent i; 0 has none
 *   div   a / b mod p, p prime   likewise, and b counts as -b
 *
 * with g the smallest primitive root of p. */
#ifndef GK_CYCLIC_H
#define GK_CYCLIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/dataset.h"
#include "gk/err.h"

struct gk_cyclic {
    size_t n;          /* elements of the group, 2 or more */
    size_t p;          /* elements of the operation */
    int32_t *token;    /* [n] of the element with exponent i */
    int32_t *exponent; /* [p] of an element, or -1 */
    bool minus;        /* b counts as -b */
    int first;         /* the token of element 0 */
    int a, b;          /* the operands' positions in a row */
};

/* The operation of D, by its metadata. One that is none of these, metadata that do not say or do
 * not fit each other, and rows that are not of two operands and an answer, are errors. */
int gk_cyclic_init(struct gk_cyclic *c, const struct gk_dataset *d, struct gk_err *err);
void gk_cyclic_free(struct gk_cyclic *c);

/* In *ALL the n^2 pairs of operands as training rows that end where D's answer is scored: row
 * i n + j has operands with the exponents i and j. Without a history. */
int gk_cyclic_inputs(const struct gk_cyclic *c, const struct gk_dataset *d, struct gk_dataset *all,
                     struct gk_err *err);

/* The row of *ALL and (in *ANSWER) the exponent of the label of row R of S, which is a split of the
 * dataset of C; -1 where an operand or the label is 0 and has none. */
int64_t gk_cyclic_row(const struct gk_cyclic *c, const struct gk_dataset *d,
                      const struct gk_rowset *s, size_t r, size_t *answer);

#endif
