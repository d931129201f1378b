/* Builds the prefix plan: a trie of the rows' prefixes, then tables and stem; tiles.c cuts the
 * tiles. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"

/* What holds for all rows, whatever the subset. */
struct gk_plan_trie {
    const struct gk_rowset *rows;
    int vocab;
    uint32_t *sorted; /* [n] the rows in lexicographic order */
    uint32_t *chosen; /* [n] how often a row is in the subset */
    size_t nnode;     /* distinct prefixes of 1..s tokens */
    int32_t *node;    /* [n, s] the node of the prefix that ends at position t */
    int32_t *parent;  /* [nnode] or -1 */
    int32_t *token;   /* [nnode] its last token */
    int32_t *depth;   /* [nnode] its position */
    int32_t *tab;     /* [T, vocab] row in this plan's table, or -1 */
    int32_t *stem;    /* [nnode] row in this plan's stem, or -1 */
};

struct order {
    const int32_t *tokens;
    int T;
    int second; /* GK_PLAN_PAIRS: of the second operand; else -1 */
};

/* By the operands, the smaller one first. */
static int by_pair(const int32_t *x, const int32_t *y, int b)
{
    const int32_t least = x[0] < x[b] ? x[0] : x[b], other = y[0] < y[b] ? y[0] : y[b];
    return least != other ? least - other : (x[0] - y[0]) + (x[b] - y[b]);
}

static int by_prefix(const void *a, const void *b, void *arg)
{
    const struct order *o = arg;
    const int32_t *x = o->tokens + *(const uint32_t *)a * (size_t)o->T;
    const int32_t *y = o->tokens + *(const uint32_t *)b * (size_t)o->T;
    const int pair = o->second < 0 ? 0 : by_pair(x, y, o->second);
    for (int t = 0; t < o->T && !pair; t++)
        if (x[t] != y[t])
            return x[t] < y[t] ? -1 : 1;
    return pair;
}

/* The first position at which two rows differ. */
static int differ(const struct order *o, uint32_t a, uint32_t b)
{
    int t = 0;
    while (t < o->T &&
           o->tokens[a * (size_t)o->T + (size_t)t] == o->tokens[b * (size_t)o->T + (size_t)t])
        t++;
    return t;
}

/* The deepest stem that is worthwhile: on average two or more examples share each of its last
 * prefixes. A scored position is never in the stem. */
static int stem_depth(const struct order *o, const uint32_t *sorted, size_t n, int most)
{
    size_t distinct[GK_MAX_TOKENS] = {0};
    for (size_t i = 0; i < n; i++)
        for (int t = i == 0 ? 0 : differ(o, sorted[i - 1], sorted[i]); t < o->T; t++)
            distinct[t]++;
    int s = 0;
    while (s < most && 2 * distinct[s] <= n)
        s++;
    return s;
}

static int trie_nodes(struct gk_plan *p, const struct order *o, const uint32_t *sorted, size_t n,
                      struct gk_err *err)
{
    struct gk_plan_trie *tr = p->trie;
    const size_t s = (size_t)p->s;
    tr->node = gk_alloc(n * s, sizeof *tr->node, err);
    tr->parent = gk_alloc(n * s, sizeof *tr->parent, err);
    tr->token = gk_alloc(n * s, sizeof *tr->token, err);
    tr->depth = gk_alloc(n * s, sizeof *tr->depth, err);
    tr->stem = gk_alloc(n * s, sizeof *tr->stem, err);
    if (!tr->node || !tr->parent || !tr->token || !tr->depth || !tr->stem)
        return -1;
    for (int t = 0; t < p->s; t++)
        for (size_t i = 0; i < n; i++) {
            const size_t row = sorted[i];
            if (i == 0 || differ(o, sorted[i - 1], sorted[i]) <= t) {
                const size_t id = tr->nnode++;
                tr->token[id] = o->tokens[row * (size_t)o->T + (size_t)t];
                tr->depth[id] = t;
                tr->parent[id] = t ? tr->node[row * s + (size_t)t - 1] : -1;
                tr->stem[id] = -1;
            }
            tr->node[row * s + (size_t)t] = (int32_t)tr->nnode - 1;
        }
    return 0;
}

static int trie_new(struct gk_plan *p, const struct gk_dataset *d, const struct gk_rowset *r,
                    struct gk_err *err)
{
    const struct order o = {r->tokens, d->T, p->kind == GK_PLAN_PAIRS ? p->second : -1};
    struct gk_plan_trie *tr = p->trie = gk_alloc(1, sizeof *p->trie, err);
    if (!tr)
        return -1;
    tr->rows = r;
    tr->vocab = d->vocab;
    tr->sorted = gk_alloc(r->n, sizeof *tr->sorted, err);
    tr->chosen = gk_alloc(r->n, sizeof *tr->chosen, err);
    if (!tr->sorted || !tr->chosen)
        return -1;
    for (size_t i = 0; i < r->n; i++)
        tr->sorted[i] = (uint32_t)i;
    qsort_r(tr->sorted, r->n, sizeof *tr->sorted, by_prefix, (void *)&o);
    p->first = p->kind == GK_PLAN_FULL ? 0 : d->score[0];
    p->s = p->kind != GK_PLAN_SHARED ? 0 : stem_depth(&o, tr->sorted, r->n, p->first);
    if (trie_nodes(p, &o, tr->sorted, r->n, err))
        return -1;
    tr->tab = gk_alloc((size_t)d->T * (size_t)d->vocab, sizeof *tr->tab, err);
    if (!tr->tab)
        return -1;
    memset(tr->tab, -1, (size_t)d->T * (size_t)d->vocab * sizeof *tr->tab);
    return 0;
}

static int32_t *ints(size_t n, size_t each, struct gk_err *err)
{
    size_t total;
    if (!gk_mul(n, each, &total)) {
        gk_fail(err, "a plan of %zu rows is too large", n);
        return NULL;
    }
    return gk_alloc(total, sizeof(int32_t), err);
}

static int plan_room(struct gk_plan *p, struct gk_err *err)
{
    const struct gk_plan_trie *tr = p->trie;
    const size_t n = tr->rows->n, T = (size_t)p->T, P = (size_t)(p->T - p->s);
    size_t pairs = T * (size_t)tr->vocab;
    if (pairs > n * T)
        pairs = n * T;
    p->tile = gk_alloc(n + 2, sizeof *p->tile, err);
    p->lane = gk_alloc(GK_MAX_LANES + 1, sizeof *p->lane, err);
    p->example = gk_alloc(n, sizeof *p->example, err);
    if (!p->tile || !p->lane || !p->example)
        return -1;
    int32_t *stem[4];
    const size_t width[4] = {1, 1, T, T};
    for (int i = 0; i < 4; i++)
        if (!(stem[i] = ints(tr->nnode, width[i], err)))
            return -1;
    p->stem = (struct gk_rowgroup){0, stem[0], stem[1], stem[2], stem[3]};
    p->tab_token = ints(pairs, 1, err);
    p->tab_pos = ints(pairs, 1, err);
    p->labels = ints(n, (size_t)p->k, err);
    p->leaf_tab = ints(n, P, err);
    p->leaf_nkeys = ints(n, P, err);
    p->leaf_ref0 = ints(n, P * T, err);
    p->leaf_ref = ints(n, P * T, err);
    return p->tab_token && p->tab_pos && p->labels && p->leaf_tab && p->leaf_nkeys &&
                   p->leaf_ref0 && p->leaf_ref
               ? 0
               : -1;
}

int gk_plan_new(struct gk_plan *p, const struct gk_dataset *d, const struct gk_rowset *r,
                enum gk_plan_kind kind, size_t tile, struct gk_err *err)
{
    *p = (struct gk_plan){.kind = kind, .T = d->T, .k = d->k, .tile_most = tile};
    p->second = gk_dataset_second_operand(d);
    for (int j = 0; j < d->k; j++)
        p->score[j] = d->score[j];
    if (r->n > INT32_MAX / 2 / (size_t)d->T)
        return gk_fail(err, "%zu rows are too many", r->n);
    if (trie_new(p, d, r, err) || plan_room(p, err)) {
        gk_plan_free(p);
        return -1;
    }
    p->tile_cap = gk_plan_tile_cap(r->n, tile);
    gk_plan_select(p, NULL, r->n);
    return 0;
}

void gk_plan_free(struct gk_plan *p)
{
    if (p->trie) {
        gk_free(p->trie->sorted);
        gk_free(p->trie->chosen);
        gk_free(p->trie->node);
        gk_free(p->trie->parent);
        gk_free(p->trie->token);
        gk_free(p->trie->depth);
        gk_free(p->trie->stem);
        gk_free(p->trie->tab);
        gk_free(p->trie);
    }
    gk_free((void *)p->stem.tab);
    gk_free((void *)p->stem.nkeys);
    gk_free((void *)p->stem.ref0);
    gk_free((void *)p->stem.ref);
    void *own[] = {p->tile,   p->lane,     p->example,    p->tab_token, p->tab_pos,
                   p->labels, p->leaf_tab, p->leaf_nkeys, p->leaf_ref0, p->leaf_ref};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        gk_free(own[i]);
    *p = (struct gk_plan){0};
}

static int32_t table_row(struct gk_plan *p, int32_t pos, int32_t token)
{
    int32_t *row = &p->trie->tab[(size_t)pos * (size_t)p->trie->vocab + (size_t)token];
    if (*row < 0) {
        p->tab_pos[p->ntab] = pos;
        p->tab_token[p->ntab] = token;
        *row = (int32_t)p->ntab++;
    }
    return *row;
}

/* Clears the table and stem rows of the previous plan one by one: clearing the whole maps would
 * cost more than a small batch. */
static void forget(struct gk_plan *p)
{
    struct gk_plan_trie *tr = p->trie;
    for (size_t i = 0; i < p->ntab; i++)
        tr->tab[(size_t)p->tab_pos[i] * (size_t)tr->vocab + (size_t)p->tab_token[i]] = -1;
    for (size_t i = 0; i < tr->nnode; i++)
        tr->stem[i] = -1;
    p->ntab = p->nstem = p->stem.rows = 0;
}

/* Adds the prefixes of the chosen examples, shallow ones first. */
static void select_stem(struct gk_plan *p)
{
    struct gk_plan_trie *tr = p->trie;
    const size_t T = (size_t)p->T, s = (size_t)p->s;
    int32_t *tab = (int32_t *)p->stem.tab, *nkeys = (int32_t *)p->stem.nkeys;
    int32_t *ref0 = (int32_t *)p->stem.ref0, *ref = (int32_t *)p->stem.ref;
    for (size_t t = 0; t < s; t++)
        for (size_t i = 0; i < p->n; i++) {
            const int32_t node = tr->node[p->example[i] * s + t];
            if (tr->stem[node] >= 0)
                continue;
            const size_t row = p->nstem++;
            tr->stem[node] = (int32_t)row;
            tab[row] = table_row(p, (int32_t)t, tr->token[node]);
            nkeys[row] = (int32_t)t + 1;
            if (t) {
                const size_t up = (size_t)tr->stem[tr->parent[node]];
                memcpy(ref0 + row * T, ref0 + up * T, t * sizeof *ref0);
                memcpy(ref + row * T, ref + up * T, t * sizeof *ref);
            }
            ref0[row * T + t] = tab[row];
            ref[row * T + t] = (int32_t)row;
        }
    p->stem.rows = p->nstem;
}

/* The leaf rows of one example: column i of a tile of m that begins at leaf row BASE. */
static void select_leaf(struct gk_plan *p, size_t base, size_t i, size_t m, size_t example)
{
    const struct gk_plan_trie *tr = p->trie;
    const size_t T = (size_t)p->T, s = (size_t)p->s;
    const int32_t *tokens = tr->rows->tokens + example * T;
    int32_t ref0[GK_MAX_TOKENS], ref[GK_MAX_TOKENS];
    for (size_t t = 0; t < s; t++) {
        const int32_t row = tr->stem[tr->node[example * s + t]];
        ref0[t] = p->stem.tab[row];
        ref[t] = row;
    }
    for (size_t t = s; t < T; t++) {
        const size_t own = (t - s) * m + i;
        ref0[t] = table_row(p, (int32_t)t, tokens[t]);
        ref[t] = ~(int32_t)own;
        p->leaf_tab[base + own] = ref0[t];
        p->leaf_nkeys[base + own] = (int32_t)t + 1;
        memcpy(p->leaf_ref0 + (base + own) * T, ref0, (t + 1) * sizeof *ref0);
        memcpy(p->leaf_ref + (base + own) * T, ref, (t + 1) * sizeof *ref);
    }
}

/* Examples are in lexicographic order, so that one finds in the cache the keys that its neighbour
 * used. Those of a full plan are in the dataset's order. */
static void select_examples(struct gk_plan *p, const uint32_t *subset, size_t n)
{
    struct gk_plan_trie *tr = p->trie;
    p->n = 0;
    for (size_t i = 0; subset && i < n; i++)
        tr->chosen[subset[i]]++;
    for (size_t i = 0; i < tr->rows->n; i++) {
        const uint32_t row = p->kind == GK_PLAN_FULL ? (uint32_t)i : tr->sorted[i];
        for (size_t times = subset ? tr->chosen[row] : 1; times > 0; times--)
            p->example[p->n++] = row;
        tr->chosen[row] = 0;
    }
}

void gk_plan_select(struct gk_plan *p, const uint32_t *subset, size_t n)
{
    const size_t k = (size_t)p->k, P = (size_t)(p->T - p->s);
    p->selection++;
    forget(p);
    select_examples(p, subset, n);
    for (size_t i = 0; i < n; i++)
        memcpy(p->labels + i * k, p->trie->rows->labels + p->example[i] * k, k * sizeof *p->labels);
    gk_plan_cut(p);
    select_stem(p);
    for (size_t t = 0; t < p->ntile; t++)
        for (size_t i = p->tile[t]; i < p->tile[t + 1]; i++)
            select_leaf(p, p->tile[t] * P, i - p->tile[t], p->tile[t + 1] - p->tile[t],
                        p->example[i]);
}

const int32_t *gk_plan_tokens(const struct gk_plan *p, size_t i)
{
    return p->trie->rows->tokens + p->example[i] * (size_t)p->T;
}

struct gk_score gk_plan_score(const struct gk_plan *p, const double *tile_loss,
                              const unsigned char *right)
{
    const size_t k = (size_t)p->k;
    double loss = 0;
    size_t good = 0;
    for (size_t t = 0; t < p->ntile; t++)
        loss += tile_loss[t];
    for (size_t i = 0; i < p->n; i++)
        good += !memchr(right + i * k, 0, k);
    return (struct gk_score){loss / (double)(p->n * k), (double)good / (double)p->n};
}

struct gk_rowgroup gk_plan_leaf(const struct gk_plan *p, size_t tile)
{
    const size_t P = (size_t)(p->T - p->s), base = p->tile[tile] * P;
    return (struct gk_rowgroup){(p->tile[tile + 1] - p->tile[tile]) * P, p->leaf_tab + base,
                                p->leaf_nkeys + base, p->leaf_ref0 + base * (size_t)p->T,
                                p->leaf_ref + base * (size_t)p->T};
}
