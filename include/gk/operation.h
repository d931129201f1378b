/* Finite binary operations as lists of equations, and datasets made of them (gk-data(1),
 * gk-formats(5)). */
#ifndef GK_OPERATION_H
#define GK_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/history.h"

/* The operations by number, as choices of an option. */
#define GK_OP_CHOICES                                                                              \
    "add|sub|mul|div|x2+y2|x2+xy+y2|x2+xy+y2+x|x3+xy|x3+xy2+y|x2+y|x3+y|add-mul|add-sub|div-sub|"  \
    "s3|s4|s5|s5conj|s5aba"

enum { GK_OP_MAX_P = 4096 }; /* limit on operands: 16.8 million equations */

/* The properties of operation OP; false beyond the last. */
struct gk_op_info {
    const char *name;    /* its name in GK_OP_CHOICES */
    const char *formula; /* a description for people */
    const char *openai;  /* its operator in openai/grok, or NULL */
    bool modular;        /* it has a modulus p; otherwise it acts on permutations */
    bool divides;        /* it needs a prime p, and allows no other modulus q */
};
bool gk_op_info(int op, struct gk_op_info *info);

/* Equations a o b = c in lexicographic order of (a, b), each pair once. */
struct gk_equation {
    int32_t a, b, c;
};
struct gk_operation {
    const char *name;
    struct gk_equation *row; /* [n] */
    size_t n;
    int operands;              /* a and b are in 0..operands-1 */
    int elements;              /* a, b and c are in 0..elements-1 */
    int op;                    /* -1: from a table */
    struct gk_history history; /* of its table */
    const char *file;          /* of its table, or NULL */
    size_t unended;            /* the line of the table's last row, if it has no line end */
};

/* Operation OP on residues mod P with the answer mod Q, or, ignoring P and Q, on permutations,
 * which are numbered in lexicographic order and multiplied by c[i] = b[a[i]], a first. Division
 * by y is multiplication by its inverse mod P. Invalid P and Q are usage errors that name --p
 * and --q. */
int gk_operation_make(struct gk_operation *o, int op, int64_t p, int64_t q, struct gk_err *err);
/* From a text table with columns a, b, c, with rows in any order; pairs may be missing. */
int gk_operation_read(struct gk_operation *o, const char *file, struct gk_err *err);
void gk_operation_free(struct gk_operation *o);

/* Does b o a, with the same answer, accompany each a o b? If not, *WITNESS is the first equation
 * whose swap is missing or differs; is the swap THERE? */
bool gk_operation_commutes(const struct gk_operation *o, struct gk_equation *witness, bool *there);
/* Keeps only the equations with a <= b. */
void gk_operation_unordered(struct gk_operation *o);

enum gk_layout { GK_LAYOUT_PAPER, GK_LAYOUT_OPENAI, GK_LAYOUT_NANDA };
#define GK_LAYOUT_CHOICES "paper|openai|nanda"
enum { GK_OPENAI_NUMBERS = 22 }; /* layout openai: the token of the number 0 */

/* The dataset of O in an empty frame: its tensors, and the metadata gk.kind, layout, vocab and
 * score_positions. The rows are shuffled as numpy.random.RandomState(SEED).shuffle does; the first
 * TRAIN of them, 1..n, are training rows. NOISY of those, also drawn from SEED, have another
 * element as their answer, which requires at least two elements. */
int gk_operation_dataset(struct gk_frame *f, const struct gk_operation *o, enum gk_layout which,
                         size_t train, size_t noisy, uint32_t seed, struct gk_err *err);

/* Does openai/grok's vocabulary have a token for the operator and for each element? If not, a usage
 * error says which is missing. */
int gk_operation_fits_openai(const struct gk_operation *o, struct gk_err *err);

#endif
