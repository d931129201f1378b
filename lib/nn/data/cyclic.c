/* Operations as addition: exponents, and the group's whole table as rows. */
#include "gk/cyclic.h"

#include <inttypes.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/operation.h"

/* The positions of a layout's operands, and the token of its element 0. */
static const struct place {
    const char *layout;
    int a, b, first;
} places[] = {{"paper", 0, 2, 0}, {"nanda", 0, 1, 0}, {"openai", 1, 3, GK_OPENAI_NUMBERS}};

static const struct group {
    const char *op;
    bool times, minus;
} groups[] = {
    {"add", false, false}, {"sub", false, true}, {"mul", true, false}, {"div", true, true}};

static const struct group *find_group(const struct gk_dataset *d, struct gk_err *err)
{
    for (size_t i = 0; d->op && i < sizeof groups / sizeof *groups; i++)
        if (strcmp(d->op, groups[i].op) == 0)
            return &groups[i];
    if (d->op)
        gk_fail(err,
                "operation '%s' is no addition of a cyclic group: frequencies need add, sub, mul "
                "or div",
                gk_show(d->op).s);
    else
        gk_fail(err, "no metadata 'op' in the dataset: frequencies need add, sub, mul or div");
    return NULL;
}

static int find_place(struct gk_cyclic *c, const struct gk_dataset *d, struct gk_err *err)
{
    for (size_t i = 0; d->layout && i < sizeof places / sizeof *places; i++) {
        const struct place *l = &places[i];
        if (strcmp(d->layout, l->layout) != 0)
            continue;
        if (d->score[0] <= l->b || (size_t)l->first + c->p > (size_t)d->vocab)
            return gk_fail(err, "the dataset's rows are not those of layout %s with %zu elements",
                           l->layout, c->p);
        c->a = l->a;
        c->b = l->b;
        c->first = l->first;
        return 0;
    }
    return gk_fail(err, "the dataset's layout is '%s': paper, nanda or openai is wanted",
                   d->layout ? gk_show(d->layout).s : "");
}

/* The modulus, which all answers share. */
static int find_modulus(struct gk_cyclic *c, const struct gk_dataset *d, struct gk_err *err)
{
    if (d->p < 2 || d->p > GK_OP_MAX_P)
        return gk_fail(err, "the dataset's metadata 'p' is no modulus in [2, %d]", GK_OP_MAX_P);
    if (d->q >= 0 && d->q != d->p)
        return gk_fail(err,
                       "answers mod %" PRId64 " of operands mod %" PRId64
                       " are no addition of a cyclic group: frequencies need p = q",
                       d->q, d->p);
    c->p = (size_t)d->p;
    return 0;
}

/* Fills element with the powers of G until they return to 1; returns their number. */
static size_t powers(size_t g, size_t p, int32_t *element)
{
    size_t n = 0, x = 1;
    do {
        element[n++] = (int32_t)x;
        x = x * g % p;
    } while (x > 1 && n < p - 1);
    return n;
}

static bool is_prime(size_t p)
{
    for (size_t i = 2; i * i <= p; i++)
        if (p % i == 0)
            return false;
    return p > 1;
}

/* Fills token with the elements in the order of their exponents. */
static int put_in_order(struct gk_cyclic *c, bool times, struct gk_err *err)
{
    if (times && !is_prime(c->p))
        return gk_fail(err, "%zu is no prime: its nonzero elements are no cyclic group", c->p);
    c->n = times ? c->p - 1 : c->p;
    if (c->n < 2)
        return gk_fail(err, "one element alone has no frequencies");
    for (size_t i = 0; i < c->n && !times; i++)
        c->token[i] = (int32_t)i;
    for (size_t g = 2; times && powers(g, c->p, c->token) < c->n; g++)
        ;
    return 0;
}

/* All pairs are evaluated, so a claim in the metadata must fit the file: gk-data writes every pair,
 * or one of each two that commute. */
static int check_count(const struct gk_cyclic *c, const struct gk_dataset *d, struct gk_err *err)
{
    const size_t rows = d->split[GK_TRAIN].n + d->split[GK_VAL].n;
    if (rows >= c->p * (c->p - 1) / 2)
        return 0;
    return gk_fail(err, "the dataset has %zu rows, too few for the pairs of %zu elements", rows,
                   c->p);
}

static int check_rows(const struct gk_cyclic *c, const struct gk_dataset *d, struct gk_err *err)
{
    for (int i = 0; i < 2; i++) {
        const struct gk_rowset *s = &d->split[i];
        for (size_t r = 0; r < s->n; r++) {
            const int32_t *t = s->tokens + r * (size_t)d->T;
            const int32_t v[] = {t[c->a], t[c->b], s->labels[r * (size_t)d->k]};
            for (int j = 0; j < 3; j++)
                if (v[j] < c->first || (size_t)(v[j] - c->first) >= c->p)
                    return gk_fail(err, "%s row %zu: token %d is none of the %zu elements",
                                   i == GK_TRAIN ? "train" : "val", r, v[j], c->p);
        }
    }
    return 0;
}

int gk_cyclic_init(struct gk_cyclic *c, const struct gk_dataset *d, struct gk_err *err)
{
    *c = (struct gk_cyclic){0};
    const struct group *g = find_group(d, err);
    if (!g || find_modulus(c, d, err) || find_place(c, d, err) || check_count(c, d, err) ||
        check_rows(c, d, err))
        return -1;
    c->minus = g->minus;
    c->token = gk_alloc(c->p, sizeof *c->token, err);
    c->exponent = gk_alloc(c->p, sizeof *c->exponent, err);
    if (!c->token || !c->exponent || put_in_order(c, g->times, err)) {
        gk_cyclic_free(c);
        return -1;
    }
    for (size_t x = 0; x < c->p; x++)
        c->exponent[x] = -1;
    for (size_t i = 0; i < c->n; i++) {
        c->exponent[c->token[i]] = (int32_t)i;
        c->token[i] += c->first;
    }
    return 0;
}

void gk_cyclic_free(struct gk_cyclic *c)
{
    gk_free(c->token);
    gk_free(c->exponent);
    *c = (struct gk_cyclic){0};
}

int gk_cyclic_inputs(const struct gk_cyclic *c, const struct gk_dataset *d, struct gk_dataset *all,
                     struct gk_err *err)
{
    const size_t n = c->n, T = (size_t)d->score[0] + 1;
    struct gk_rowset *s = &all->split[GK_TRAIN];
    *all = (struct gk_dataset){.T = (int)T,
                               .k = 1,
                               .score = {d->score[0]},
                               .vocab = d->vocab,
                               .elements = d->elements,
                               .p = d->p,
                               .q = d->q};
    all->layout = gk_strdup(d->layout, err);
    s->tokens = gk_alloc(n * n, T * sizeof *s->tokens, err);
    s->labels = gk_alloc(n * n, sizeof *s->labels, err);
    if (!all->layout || !s->tokens || !s->labels) {
        gk_dataset_free(all);
        return -1;
    }
    s->n = n * n;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            int32_t *t = s->tokens + (i * n + j) * T;
            memcpy(t, d->split[GK_TRAIN].tokens, T * sizeof *t);
            t[c->a] = c->token[i];
            t[c->b] = c->token[j];
            s->labels[i * n + j] = c->token[(c->minus ? i + n - j : i + j) % n];
        }
    }
    return 0;
}

int64_t gk_cyclic_row(const struct gk_cyclic *c, const struct gk_dataset *d,
                      const struct gk_rowset *s, size_t r, size_t *answer)
{
    const int32_t *t = s->tokens + r * (size_t)d->T;
    const int32_t i = c->exponent[t[c->a] - c->first], j = c->exponent[t[c->b] - c->first];
    const int32_t y = c->exponent[s->labels[r * (size_t)d->k] - c->first];
    if (i < 0 || j < 0 || y < 0)
        return -1;
    *answer = (size_t)y;
    return (int64_t)i * (int64_t)c->n + j;
}
