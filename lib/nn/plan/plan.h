/* The prefix plan: which rows of a network have to be computed.
 *
 * Under a causal mask the row at position t depends on tokens 0..t only, so each distinct prefix is
 * computed once. The rows fall into three kinds:
 *   table  the distinct (position, token) pairs: embeddings and the first block's q, k, v;
 *   stem   the distinct prefixes that end at positions 0..s-1 and are shared by many examples;
 *   leaf   positions s..T-1 of every example, in tiles of examples.
 *
 * Within a tile rows are position-major: row p*m + i is position s+p of the tile's example i of m.
 * So the rows that continue after the last attention (positions from the first scored one) are the
 * tile's last.
 *
 * A row's keys are references: >= 0 a row of the shared arrays (table rows in the first block, stem
 * rows in the others), < 0 the row ~ref of its own tile.
 *
 * Tiles belong to lanes, and a lane sums its tiles in order into its own accumulators: results
 * depend on the plan, never on which threads ran a lane's tiles (share.h). */
#ifndef GK_PLAN_H
#define GK_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/dataset.h"
#include "gk/err.h"
#include "gk/net.h"

enum { GK_MAX_LANES = 8 };

struct gk_rowgroup {
    size_t rows;
    const int32_t *tab;   /* [rows] the row's own (position, token) in the table */
    const int32_t *nkeys; /* [rows] position + 1 */
    const int32_t *ref0;  /* [rows, T] keys in the first block */
    const int32_t *ref;   /* [rows, T] keys in the others */
};

enum gk_plan_kind {
    GK_PLAN_SHARED, /* as above */
    GK_PLAN_PAIRS,  /* no stem; (a, b) and (b, a) are neighbours */
    GK_PLAN_FULL    /* every position of every example, through every block: for activations */
};

struct gk_plan {
    enum gk_plan_kind kind;
    uint64_t selection; /* counts calls of gk_plan_select */
    int T, k;
    int s;                    /* stem positions */
    int first;                /* rows at positions >= first continue after the last attention */
    int second;               /* position of a second operand (gk/dataset.h), or -1 */
    int score[GK_MAX_TOKENS]; /* [k] scored positions */
    size_t n;                 /* examples */
    size_t ntab, nstem, ntile, nlane;
    int32_t *tab_token, *tab_pos; /* [ntab] */
    struct gk_rowgroup stem;
    size_t *tile;      /* [ntile + 1] first example */
    size_t *lane;      /* [nlane + 1] first tile */
    size_t tile_most;  /* examples per tile */
    size_t tile_cap;   /* the largest number of examples, for any subset */
    uint32_t *example; /* [n] row of the dataset; sorted, except in a full plan */
    int32_t *labels;   /* [n, k] */
    /* of all leaf rows, tile after tile */
    int32_t *leaf_tab, *leaf_nkeys, *leaf_ref0, *leaf_ref;
    struct gk_plan_trie *trie;
};

/* The lanes that N examples go in, and the tiles of about TILE examples: so many threads can share
 * a step. */
size_t gk_plan_lanes(size_t n);
size_t gk_plan_tiles(size_t n, size_t tile);

/* The number of examples per tile: LEAST up to the default size of a network. Every tile reads a
 * block's weights and adds to their gradient. Those of a wide network do not fit in a cache, and a
 * larger tile reads them for more examples, as long as ROWS examples leave many threads a tile
 * each. */
size_t gk_plan_tile(const struct gk_arch *a, size_t rows, size_t least);
/* The most examples in a tile of about TILE, for any subset of N rows. */
size_t gk_plan_tile_cap(size_t n, size_t tile);
/* Lanes get equal shares of P's examples, and split theirs into equal tiles. */
void gk_plan_cut(struct gk_plan *p);

/* Analyses all rows once, for plans of any subset, and allocates room for them. Tiles have about
 * TILE examples. */
int gk_plan_new(struct gk_plan *p, const struct gk_dataset *d, const struct gk_rowset *r,
                enum gk_plan_kind kind, size_t tile, struct gk_err *err);
/* Makes a plan for the rows SUBSET [n], or for all rows (NULL). Allocates nothing. */
void gk_plan_select(struct gk_plan *p, const uint32_t *subset, size_t n);
void gk_plan_free(struct gk_plan *p);

/* The T tokens of the plan's example I. */
const int32_t *gk_plan_tokens(const struct gk_plan *p, size_t i);

/* The score of the plan's examples: adds the tiles' losses and correct scored positions (n, k) in
 * order. */
struct gk_score gk_plan_score(const struct gk_plan *p, const double *tile_loss,
                              const unsigned char *right);

struct gk_rowgroup gk_plan_leaf(const struct gk_plan *p, size_t tile);

#endif
