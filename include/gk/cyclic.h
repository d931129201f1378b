/* Operations that are addition in a cyclic group Z_n if each element is numbered by an exponent:
 *
 *   add   a + b mod p            n = p,      element x has the exponent x
 *   sub   a - b mod p            the same; b counts as -b
 *   mul   a b mod p, p prime     n = p - 1,  element g^i has the exponent i; 0 has none
 *   div   a / b mod p, p prime   the same; b counts as -b
 *
 * where g is the smallest primitive root of p. */
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
    int32_t *token;    /* [n] the element with exponent i */
    int32_t *exponent; /* [p] the exponent of an element, or -1 */
    bool minus;        /* b counts as -b */
    int first;         /* the token of element 0 */
    int a, b;          /* the operands' positions in a row */
};

/* The operation of D, from its metadata. It is an error if the operation is none of these, if
 * metadata are missing or contradict each other, or if rows are not two operands and an answer. */
int gk_cyclic_init(struct gk_cyclic *c, const struct gk_dataset *d, struct gk_err *err);
void gk_cyclic_free(struct gk_cyclic *c);

/* Sets *ALL to the n^2 pairs of operands as training rows that end at D's scored position: the
 * operands of row i n + j have the exponents i and j. It has no history. */
int gk_cyclic_inputs(const struct gk_cyclic *c, const struct gk_dataset *d, struct gk_dataset *all,
                     struct gk_err *err);

/* For row R of S, a split of the dataset of C: the row of *ALL and, in *ANSWER, the exponent of the
 * label; -1 if an operand or the label is 0, which has none. */
int64_t gk_cyclic_row(const struct gk_cyclic *c, const struct gk_dataset *d,
                      const struct gk_rowset *s, size_t r, size_t *answer);

#endif
