/* The operations of Power et al. 2022 (arXiv:2201.02177, appendix A.1.1) and of openai/grok. */
#include "gk/operation.h"

#include <stdlib.h>

#include "gk/mem.h"

enum op {
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_X2_Y2,
    OP_X2_XY_Y2,
    OP_X2_XY_Y2_X,
    OP_X3_XY,
    OP_X3_XY2_Y,
    OP_X2_Y,
    OP_X3_Y,
    OP_ADD_MUL,
    OP_ADD_SUB,
    OP_DIV_SUB,
    OP_S3,
    OP_S4,
    OP_S5,
    OP_S5_CONJ,
    OP_S5_ABA,
    OPS
};

/* In the order of GK_OP_CHOICES. */
static const struct gk_op_info ops[OPS] = {
    [OP_ADD] = {"add", "a + b", "+", true, false},
    [OP_SUB] = {"sub", "a - b", "-", true, false},
    [OP_MUL] = {"mul", "a b", "*", true, false},
    [OP_DIV] = {"div", "a / b, b != 0", "/", true, true},
    [OP_X2_Y2] = {"x2+y2", "a^2 + b^2", "x**2+y**2_mod_97", true, false},
    [OP_X2_XY_Y2] = {"x2+xy+y2", "a^2 + a b + b^2", "x**2+y**2+x*y_mod_97", true, false},
    [OP_X2_XY_Y2_X] = {"x2+xy+y2+x", "a^2 + a b + b^2 + a", "x**2+y**2+x*y+x_mod_97", true, false},
    [OP_X3_XY] = {"x3+xy", "a^3 + a b", "x**3+x*y_mod_97", true, false},
    [OP_X3_XY2_Y] = {"x3+xy2+y", "a^3 + a b^2 + b", "x**3+x*y**2+y_mod_97", true, false},
    [OP_X2_Y] = {"x2+y", "a^2 + b", "**2+", true, false},
    [OP_X3_Y] = {"x3+y", "a^3 + b", "**3+", true, false},
    [OP_ADD_MUL] = {"add-mul", "a + b if a is even, else a b", "+*", true, false},
    [OP_ADD_SUB] = {"add-sub", "a + b if a is even, else a - b", "+-", true, false},
    [OP_DIV_SUB] = {"div-sub", "a / b if b is odd, else a - b",
                    "(x._value//y)if(y._value%2==1)else(x-y)_mod_97", true, true},
    [OP_S3] = {"s3", "a b in S3, a first", NULL, false, false},
    [OP_S4] = {"s4", "a b in S4, a first", NULL, false, false},
    [OP_S5] = {"s5", "a b in S5, a first", "s5", false, false},
    [OP_S5_CONJ] = {"s5conj", "a b a^-1 in S5, a first", "s5conj", false, false},
    [OP_S5_ABA] = {"s5aba", "a b a in S5, a first", "s5aba", false, false},
};

bool gk_op_info(int op, struct gk_op_info *info)
{
    if (op < 0 || op >= OPS)
        return false;
    *info = ops[op];
    return true;
}

/* x o y before reduction; INV[y] is the inverse of y. Below 2^37 in magnitude for x and y below
 * GK_OP_MAX_P. */
static int64_t modular(enum op op, int64_t x, int64_t y, const int32_t *inv)
{
    switch (op) {
    case OP_ADD:
        return x + y;
    case OP_SUB:
        return x - y;
    case OP_MUL:
        return x * y;
    case OP_DIV:
        return x * inv[y];
    case OP_X2_Y2:
        return x * x + y * y;
    case OP_X2_XY_Y2:
        return x * x + x * y + y * y;
    case OP_X2_XY_Y2_X:
        return x * x + x * y + y * y + x;
    case OP_X3_XY:
        return x * x * x + x * y;
    case OP_X3_XY2_Y:
        return x * x * x + x * y * y + y;
    case OP_X2_Y:
        return x * x + y;
    case OP_X3_Y:
        return x * x * x + y;
    case OP_ADD_MUL:
        return x % 2 == 0 ? x + y : x * y;
    case OP_ADD_SUB:
        return x % 2 == 0 ? x + y : x - y;
    default: /* OP_DIV_SUB */
        return y % 2 == 1 ? x * inv[y] : x - y;
    }
}

/* INV[y] y = 1 mod p for y = 1..p-1. */
static int inverses(const char *name, int64_t p, int32_t *inv, struct gk_err *err)
{
    for (int64_t d = 2; d * d <= p; d++)
        if (p % d == 0) {
            gk_fail_usage(err, "%lld is not prime, as %s needs", (long long)p, name);
            return gk_fail_about(err, "p");
        }
    inv[1] = 1;
    for (int64_t y = 2; y < p; y++) /* p = (p / y) y + p % y */
        inv[y] = (int32_t)((p - p / y) * inv[p % y] % p);
    return 0;
}

static int make_modular(struct gk_operation *o, enum op op, int64_t p, int64_t q,
                        struct gk_err *err)
{
    if (ops[op].divides && q != p) {
        gk_fail_usage(err, "%s has no meaning modulo anything but p", ops[op].name);
        return gk_fail_about(err, "q");
    }
    size_t cap = 0;
    int32_t *inv = gk_alloc((size_t)p, sizeof *inv, err);
    if (!inv || (ops[op].divides && inverses(ops[op].name, p, inv, err)) ||
        gk_grow(&o->row, &cap, (size_t)(p * p), sizeof *o->row, err)) {
        gk_free(inv);
        return -1;
    }
    o->operands = (int)p;
    o->elements = (int)(p > q ? p : q);
    for (int64_t a = 0; a < p; a++)
        for (int64_t b = op == OP_DIV; b < p; b++) {
            int64_t c = modular(op, a, b, inv) % q;
            o->row[o->n++] =
                (struct gk_equation){(int32_t)a, (int32_t)b, (int32_t)(c < 0 ? c + q : c)};
        }
    gk_free(inv);
    return 0;
}

enum { MAX_DEGREE = 5, MAX_ORDER = 120 };

struct perm {
    int8_t image[MAX_DEGREE];
};

static struct perm compose(struct perm a, struct perm b, int degree) /* a is applied first */
{
    struct perm c = {{0}};
    for (int i = 0; i < degree; i++)
        c.image[i] = b.image[a.image[i]];
    return c;
}

static struct perm invert(struct perm a, int degree)
{
    struct perm c = {{0}};
    for (int i = 0; i < degree; i++)
        c.image[a.image[i]] = (int8_t)i;
    return c;
}

/* The permutation of number INDEX in lexicographic order: the digits of INDEX in the factorial
 * number system choose among the elements that are left. */
static struct perm unrank(int index, int degree)
{
    struct perm p = {{0}};
    bool used[MAX_DEGREE] = {false};
    int block = 1;
    for (int i = 2; i < degree; i++)
        block *= i;
    for (int i = 0; i < degree; i++) {
        int skip = index / block, v = 0;
        index %= block;
        if (i + 1 < degree)
            block /= degree - 1 - i;
        while (used[v] || skip-- > 0)
            v++;
        used[v] = true;
        p.image[i] = (int8_t)v;
    }
    return p;
}

static int rank_of(struct perm p, int degree)
{
    int r = 0;
    for (int i = 0; i < degree; i++) {
        int smaller = 0;
        for (int j = i + 1; j < degree; j++)
            smaller += p.image[j] < p.image[i];
        r = r * (degree - i) + smaller;
    }
    return r;
}

static int make_permutations(struct gk_operation *o, enum op op, struct gk_err *err)
{
    int degree = op == OP_S3 ? 3 : op == OP_S4 ? 4 : 5, order = 1;
    for (int i = 2; i <= degree; i++)
        order *= i;
    size_t cap = 0;
    if (gk_grow(&o->row, &cap, (size_t)order * (size_t)order, sizeof *o->row, err))
        return -1;
    o->operands = o->elements = order;
    for (int i = 0; i < order; i++)
        for (int j = 0; j < order; j++) {
            struct perm a = unrank(i, degree), c = compose(a, unrank(j, degree), degree);
            if (op == OP_S5_CONJ)
                c = compose(c, invert(a, degree), degree);
            if (op == OP_S5_ABA)
                c = compose(c, a, degree);
            o->row[o->n++] = (struct gk_equation){i, j, rank_of(c, degree)};
        }
    return 0;
}

int gk_operation_make(struct gk_operation *o, int op, int64_t p, int64_t q, struct gk_err *err)
{
    *o = (struct gk_operation){.name = ops[op].name, .op = op};
    if (ops[op].modular ? !make_modular(o, (enum op)op, p, q, err)
                        : !make_permutations(o, (enum op)op, err))
        return 0;
    gk_operation_free(o);
    return -1;
}

void gk_operation_free(struct gk_operation *o)
{
    free(o->row);
    gk_history_free(&o->history);
    *o = (struct gk_operation){0};
}
