/* Datasets: rows of tokens, with some next tokens scored (gk-data(1), gk-formats(5)). */
#ifndef GK_DATASET_H
#define GK_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"
#include "gk/frame.h"
#include "gk/history.h"
#include "gk/notes.h"

enum gk_split { GK_TRAIN, GK_VAL };
enum { GK_MAX_TOKENS = 64, GK_MAX_VOCAB = 1 << 20 };

struct gk_rowset {
    size_t n;
    int32_t *tokens; /* [n, T] */
    int32_t *labels; /* [n, k] */
};

struct gk_dataset {
    struct gk_rowset split[2]; /* by enum gk_split */
    int T;                     /* tokens per row */
    int k;                     /* scored positions */
    int score[GK_MAX_TOKENS];  /* [k] increasing input positions whose next token is scored */
    int vocab;                 /* every token and label is in 0..vocab-1 */
    int elements; /* layouts paper and nanda: tokens 0..elements-1 are operands and answers */
    char *layout; /* "paper", "nanda", "openai", or a foreign file's layout; may be NULL */
    char *op;     /* the operation's name in the file; may be NULL */
    int64_t p, q; /* its operands are mod p, its answers mod q; -1: unknown */
    struct gk_history history;
};

/* Checks everything that a network relies on: dtypes, shapes that agree, tokens and labels in the
 * vocabulary, score positions in range and increasing, at least one training row. val may be empty.
 * "vocab" and "score_positions" are required. */
int gk_dataset_from_frame(struct gk_dataset *d, const struct gk_frame *f, struct gk_err *err);
/* From FILE ("-" or NULL: standard input). */
int gk_dataset_read(struct gk_dataset *d, const char *file, struct gk_err *err);
void gk_dataset_free(struct gk_dataset *d);

/* Notes how many validation rows of D, which is in FILE, are training rows, too. */
int gk_dataset_remark(const struct gk_dataset *d, const char *file, struct gk_notes *notes,
                      struct gk_err *err);

/* The position of the second operand, if a row is two operands and one answer (layouts paper and
 * nanda; the first is at 0); otherwise -1. */
int gk_dataset_second_operand(const struct gk_dataset *d);

#endif
