/* Operations as lists of equations: from a table, without swaps, as the rows of a dataset. */
#include "gk/operation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/rng.h"
#include "gk/table.h"

static int by_operands(const void *x, const void *y)
{
    const struct gk_equation *e = x, *f = y;
    int d = (e->a > f->a) - (e->a < f->a);
    return d ? d : (e->b > f->b) - (e->b < f->b);
}

/* The equation of (A, B), or NULL. In a complete table its index is known. */
static const struct gk_equation *equation_of(const struct gk_operation *o, int32_t a, int32_t b)
{
    const struct gk_equation key = {a, b, 0};
    size_t n = (size_t)o->operands, place = (size_t)a * n + (size_t)b;
    if (o->n == n * n)
        return &o->row[place];
    return bsearch(&key, o->row, o->n, sizeof key, by_operands);
}

bool gk_operation_commutes(const struct gk_operation *o, struct gk_equation *witness, bool *there)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct gk_equation *e = &o->row[i], *swap = equation_of(o, e->b, e->a);
        if (swap && swap->c == e->c)
            continue;
        *witness = *e;
        *there = swap != NULL;
        return false;
    }
    return true;
}

void gk_operation_unordered(struct gk_operation *o)
{
    size_t kept = 0;
    for (size_t i = 0; i < o->n; i++)
        if (o->row[i].a <= o->row[i].b)
            o->row[kept++] = o->row[i];
    o->n = kept;
}

/* The element in column COL of the current row. */
static int element(const struct gk_rows *r, int col, int32_t *v, struct gk_err *err)
{
    double x;
    if (gk_rows_number(r, col, &x, err))
        return -1;
    if (!(x >= 0 && x < GK_OP_MAX_P && x == floor(x)))
        return gk_rows_fail(r, err, "column %s: '%.40s' is no integer in [0, %d]", r->name[col],
                            r->cell[col], GK_OP_MAX_P - 1);
    *v = (int32_t)x;
    return 0;
}

static int read_rows(struct gk_operation *o, struct gk_rows *r, struct gk_err *err)
{
    int col[3], rc;
    size_t cap = 0;
    for (int i = 0; i < 3; i++)
        if ((col[i] = gk_rows_need(r, (const char *const[]){"a", "b", "c"}[i], err)) < 0)
            return -1;
    while ((rc = gk_rows_next(r, err)) > 0) {
        if (gk_grow(&o->row, &cap, o->n + 1, sizeof *o->row, err))
            return -1;
        struct gk_equation *e = &o->row[o->n++];
        if (element(r, col[0], &e->a, err) || element(r, col[1], &e->b, err) ||
            element(r, col[2], &e->c, err))
            return -1;
        int operand = e->a > e->b ? e->a : e->b;
        if (operand >= o->operands)
            o->operands = operand + 1;
        if (e->c >= o->elements)
            o->elements = e->c + 1;
    }
    if (rc < 0)
        return -1;
    if (o->n == 0)
        return gk_rows_fail(r, err, "a table without rows");
    if (o->elements < o->operands)
        o->elements = o->operands;
    qsort(o->row, o->n, sizeof *o->row, by_operands);
    for (size_t i = 1; i < o->n; i++)
        if (by_operands(&o->row[i - 1], &o->row[i]) == 0)
            return gk_fail(err, "%s: a = %d, b = %d is there twice", r->file, o->row[i].a,
                           o->row[i].b);
    return 0;
}

int gk_operation_read(struct gk_operation *o, const char *file, struct gk_err *err)
{
    struct gk_rows r;
    *o = (struct gk_operation){.name = "table", .op = -1};
    if (gk_rows_open_input(&r, file, err))
        return -1;
    int rc = read_rows(o, &r, err);
    o->history = r.history;
    r.history = (struct gk_history){0};
    o->file = r.file;
    o->unended = r.notes.unended;
    gk_rows_close(&r);
    if (rc)
        gk_operation_free(o);
    return rc;
}

/* openai/grok's vocabulary of 239: the end of sequence, '=', its operators in ASCII order, the
 * numbers, the permutations. */
enum {
    OPENAI_EOS,
    OPENAI_EQUAL,
    OPENAI_OPERATORS,
    OPENAI_NUMBERS = GK_OPENAI_NUMBERS,
    OPENAI_PERMUTATIONS = 119
};
enum { OPENAI_VOCAB = 239, OPENAI_P = OPENAI_PERMUTATIONS - OPENAI_NUMBERS };
static const char *const openai_operators[OPENAI_NUMBERS - OPENAI_OPERATORS] = {
    "(x._value//y)if(y._value%2==1)else(x-y)_mod_97",
    "*",
    "**2+",
    "**3+",
    "+",
    "+*",
    "+-",
    "-",
    "/",
    "copy",
    "reverse",
    "s5",
    "s5aba",
    "s5conj",
    "sort",
    "x**2+y**2+x*y+x_mod_97",
    "x**2+y**2+x*y_mod_97",
    "x**2+y**2_mod_97",
    "x**3+x*y**2+y_mod_97",
    "x**3+x*y_mod_97",
};

int gk_operation_fits_openai(const struct gk_operation *o, struct gk_err *err)
{
    struct gk_op_info info;
    if (!gk_op_info(o->op, &info) || !info.openai)
        gk_fail_usage(err, "openai has no token for %s", o->name);
    else if (info.modular && o->elements > OPENAI_P)
        gk_fail_usage(err, "openai has tokens for %d numbers, not %d", OPENAI_P, o->elements);
    else
        return 0;
    return gk_fail_about(err, "layout");
}

/* How rows are written as tokens: these places of EOS a op b = c EOS, the last K of them as
 * labels. */
struct layout {
    const char *name, *score_positions;
    int T, k; /* tokens and labels per row */
    int place[6];
    int first;            /* the token of element 0 */
    int op, equal, vocab; /* the tokens of the operation and of '=' */
};

static struct layout layout_of(const struct gk_operation *o, enum gk_layout which)
{
    int n = o->elements;
    if (which == GK_LAYOUT_PAPER)
        return (struct layout){"paper", "3", 4, 1, {1, 2, 3, 4}, 0, n, n + 1, n + 2};
    if (which == GK_LAYOUT_NANDA)
        return (struct layout){"nanda", "2", 3, 1, {1, 3, 4}, 0, n, n, n + 1};
    struct gk_op_info info = {0};
    struct layout l = {"openai",         "4,5",        6,           2, {0, 1, 2, 3, 4, 5}, 0,
                       OPENAI_OPERATORS, OPENAI_EQUAL, OPENAI_VOCAB};
    gk_op_info(o->op, &info);
    l.first = info.modular ? OPENAI_NUMBERS : OPENAI_PERMUTATIONS;
    while (strcmp(openai_operators[l.op - OPENAI_OPERATORS], info.openai) != 0)
        l.op++;
    return l;
}

static void encode(const struct layout *l, const struct gk_equation *e, int32_t *tokens,
                   int32_t *labels)
{
    const int32_t equation[] = {OPENAI_EOS, l->first + e->a, l->op,     l->first + e->b,
                                l->equal,   l->first + e->c, OPENAI_EOS};
    for (int t = 0; t < l->T; t++)
        tokens[t] = equation[l->place[t]];
    memcpy(labels, equation + 5, (size_t)l->k * sizeof *labels);
}

/* Writes ROW [n] as tensors SPLIT.tokens and SPLIT.labels. */
static int add_split(struct gk_frame *f, const struct layout *l, const char *split,
                     const struct gk_equation *row, size_t n, struct gk_err *err)
{
    bool train = split[0] == 't';
    int32_t *tokens = gk_alloc(n * (size_t)l->T, sizeof *tokens, err);
    int32_t *labels = gk_alloc(n * (size_t)l->k, sizeof *labels, err);
    int rc = tokens && labels ? 0 : -1;
    for (size_t i = 0; !rc && i < n; i++)
        encode(l, &row[i], tokens + i * (size_t)l->T, labels + i * (size_t)l->k);
    if (!rc)
        rc = gk_frame_add(f, train ? "train.tokens" : "val.tokens", GK_I32, 2,
                          (const uint64_t[]){n, (uint64_t)l->T}, tokens, err);
    if (!rc)
        rc = gk_frame_add(f, train ? "train.labels" : "val.labels", GK_I32, 2,
                          (const uint64_t[]){n, (uint64_t)l->k}, labels, err);
    gk_free(tokens);
    gk_free(labels);
    return rc;
}

static int fill(struct gk_frame *f, const struct layout *l, const struct gk_equation *row, size_t n,
                size_t train, struct gk_err *err)
{
    if (add_split(f, l, "train", row, train, err) ||
        add_split(f, l, "val", row + train, n - train, err) ||
        gk_frame_set_meta(f, "gk.kind", "dataset", err) ||
        gk_frame_set_meta(f, "layout", l->name, err) ||
        gk_frame_set_meta(f, "score_positions", l->score_positions, err))
        return -1;
    return gk_frame_set_meta_int(f, "vocab", l->vocab, err);
}

/* Gives NOISY of ROW [n] another of the ELEMENTS as their answer. ORDER [n]: scratch. */
static void mislabel(struct gk_equation *row, size_t n, size_t noisy, int elements, uint32_t seed,
                     uint32_t *order)
{
    struct gk_rng rng;
    gk_rng_seed(&rng, seed, GK_RNG_LABELS);
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    gk_rng_shuffle(&rng, order, n);
    for (size_t i = 0; i < noisy; i++) {
        int32_t *c = &row[order[i]].c;
        const int32_t other = (int32_t)gk_rng_below(&rng, (uint64_t)elements - 1);
        *c = other + (other >= *c);
    }
}

int gk_operation_dataset(struct gk_frame *f, const struct gk_operation *o, enum gk_layout which,
                         size_t train, size_t noisy, uint32_t seed, struct gk_err *err)
{
    struct gk_mt mt;
    struct layout l = layout_of(o, which);
    uint32_t *order = gk_alloc(o->n, sizeof *order, err);
    struct gk_equation *row = gk_alloc(o->n, sizeof *row, err);
    int rc = order && row ? 0 : -1;
    for (size_t i = 0; !rc && i < o->n; i++)
        order[i] = (uint32_t)i;
    if (!rc) {
        gk_mt_seed(&mt, seed);
        gk_mt_shuffle(&mt, order, o->n);
        for (size_t i = 0; i < o->n; i++)
            row[i] = o->row[order[i]];
        if (noisy)
            mislabel(row, train, noisy, o->elements, seed, order);
        rc = fill(f, &l, row, o->n, train, err);
    }
    gk_free(order);
    gk_free(row);
    return rc;
}
