/* The pickle machine, without the opcodes that run code.
 *
 * An opcode is a byte followed by its arguments. Values are on a stack; a mark on it shows where
 * the items of a tuple, a list or a dict begin; the memo keeps values that are used again.
 * pickle_call.c handles names and calls. */
#include <string.h>

#include "pickle_ops.h"

/* A real pickle keeps far fewer values. */
enum { MOST_MEMO = 1 << 21 };

static struct gk_pickle_value mark = {.kind = GK_PICKLE_MARK};

/* A line: the argument of the oldest opcodes. */
static int take_line(struct gk_pickle *p, struct gk_pickle_text *line, struct gk_err *err)
{
    const char *at = (const char *)p->bytes + p->at, *end = memchr(at, '\n', p->size - p->at);
    if (!end)
        return gk_pickle_fail(p, err, "truncated: a line has no end");
    *line = (struct gk_pickle_text){at, (size_t)(end - at)};
    p->at += line->n + 1;
    return 0;
}

/* ---- the stack ---- */

static struct gk_pickle_value *top(struct gk_pickle *p, struct gk_err *err)
{
    struct gk_pickle_value *v = p->stack.n > 0 ? p->stack.item[p->stack.n - 1] : NULL;
    if (v && v->kind != GK_PICKLE_MARK)
        return v;
    gk_pickle_fail(p, err, "no value is there for it");
    return NULL;
}

static struct gk_pickle_value *pop(struct gk_pickle *p, struct gk_err *err)
{
    struct gk_pickle_value *v = top(p, err);
    p->stack.n -= v != NULL;
    return v;
}

/* Pops the last mark and what is above it. */
static int pop_marked(struct gk_pickle *p, struct gk_pickle_value ***item, size_t *n,
                      struct gk_err *err)
{
    size_t at = p->stack.n;
    *item = NULL;
    *n = 0;
    while (at > 0 && p->stack.item[at - 1]->kind != GK_PICKLE_MARK)
        at--;
    if (at == 0)
        return gk_pickle_fail(p, err, "no mark is there for it");
    *item = p->stack.item + at;
    *n = p->stack.n - at;
    p->stack.n = at - 1;
    return 0;
}

static int add_items(struct gk_pickle *p, struct gk_pickle_value *to,
                     struct gk_pickle_value *const *item, size_t n, struct gk_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (gk_pickle_append(p, &to->u.list, item[i], err))
            return -1;
    return 0;
}

static int push_tuple(struct gk_pickle *p, struct gk_pickle_value *const *item, size_t n,
                      struct gk_err *err)
{
    struct gk_pickle_value *v = gk_pickle_new(p, GK_PICKLE_TUPLE, err);
    return !v || add_items(p, v, item, n, err) ? -1 : gk_pickle_push(p, v, err);
}

static int push_last(struct gk_pickle *p, size_t n, struct gk_err *err)
{
    struct gk_pickle_value *item[3];
    for (size_t i = n; i-- > 0;)
        if (!(item[i] = pop(p, err)))
            return -1;
    return push_tuple(p, item, n, err);
}

/* ---- opcodes: containers ---- */

static int run_mark(struct gk_pickle *p, struct gk_err *err)
{
    return gk_pickle_push(p, &mark, err);
}

static int run_empty_tuple(struct gk_pickle *p, struct gk_err *err)
{
    return push_tuple(p, NULL, 0, err);
}

static int run_tuple1(struct gk_pickle *p, struct gk_err *err)
{
    return push_last(p, 1, err);
}

static int run_tuple2(struct gk_pickle *p, struct gk_err *err)
{
    return push_last(p, 2, err);
}

static int run_tuple3(struct gk_pickle *p, struct gk_err *err)
{
    return push_last(p, 3, err);
}

static int run_tuple(struct gk_pickle *p, struct gk_err *err)
{
    struct gk_pickle_value **item;
    size_t n;
    return pop_marked(p, &item, &n, err) ? -1 : push_tuple(p, item, n, err);
}

static int run_empty_list(struct gk_pickle *p, struct gk_err *err)
{
    return gk_pickle_push(p, gk_pickle_new(p, GK_PICKLE_LIST, err), err);
}

static int run_empty_dict(struct gk_pickle *p, struct gk_err *err)
{
    return gk_pickle_push(p, gk_pickle_new(p, GK_PICKLE_DICT, err), err);
}

/* Adds the top N items to the list or, in pairs, to the dict below them. */
static int add(struct gk_pickle *p, bool pairs, struct gk_pickle_value *const *item, size_t n,
               struct gk_err *err)
{
    struct gk_pickle_value *to = top(p, err);
    if (!to)
        return -1;
    if (pairs ? to->kind != GK_PICKLE_DICT && to->kind != GK_PICKLE_ORDERED
              : to->kind != GK_PICKLE_LIST)
        return gk_pickle_fail(p, err, "items go to %s, not to %s", pairs ? "a dict" : "a list",
                              gk_pickle_kind_name(to->kind));
    if (pairs && n % 2)
        return gk_pickle_fail(p, err, "a key has no value");
    return add_items(p, to, item, n, err);
}

static int run_append(struct gk_pickle *p, struct gk_err *err)
{
    struct gk_pickle_value *v = pop(p, err);
    return v ? add(p, false, &v, 1, err) : -1;
}

static int run_setitem(struct gk_pickle *p, struct gk_err *err)
{
    struct gk_pickle_value *pair[2];
    if (!(pair[1] = pop(p, err)) || !(pair[0] = pop(p, err)))
        return -1;
    return add(p, true, pair, 2, err);
}

static int run_appends(struct gk_pickle *p, struct gk_err *err)
{
    struct gk_pickle_value **item;
    size_t n;
    return pop_marked(p, &item, &n, err) ? -1 : add(p, false, item, n, err);
}

static int run_setitems(struct gk_pickle *p, struct gk_err *err)
{
    struct gk_pickle_value **item;
    size_t n;
    return pop_marked(p, &item, &n, err) ? -1 : add(p, true, item, n, err);
}

/* ---- opcodes: the memo ---- */

static int put(struct gk_pickle *p, uint64_t at, struct gk_err *err)
{
    struct gk_pickle_value *v = top(p, err);
    if (!v)
        return -1;
    if (at >= MOST_MEMO)
        return gk_pickle_fail(p, err, "place %llu of the memo is over %d", (unsigned long long)at,
                              MOST_MEMO);
    while (p->memo.n <= at)
        if (gk_pickle_append(p, &p->memo, NULL, err))
            return -1;
    p->memo.item[at] = v;
    return 0;
}

static int get(struct gk_pickle *p, uint64_t at, struct gk_err *err)
{
    if (at >= p->memo.n || !p->memo.item[at])
        return gk_pickle_fail(p, err, "place %llu of the memo is empty", (unsigned long long)at);
    return gk_pickle_push(p, p->memo.item[at], err);
}

static int run_binput(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t at;
    return gk_pickle_take_number(p, 1, &at, err) ? -1 : put(p, at, err);
}

static int run_long_binput(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t at;
    return gk_pickle_take_number(p, 4, &at, err) ? -1 : put(p, at, err);
}

static int run_memoize(struct gk_pickle *p, struct gk_err *err)
{
    return put(p, p->memo.n, err);
}

static int run_binget(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t at;
    return gk_pickle_take_number(p, 1, &at, err) ? -1 : get(p, at, err);
}

static int run_long_binget(struct gk_pickle *p, struct gk_err *err)
{
    uint64_t at;
    return gk_pickle_take_number(p, 4, &at, err) ? -1 : get(p, at, err);
}

/* ---- opcodes: names ---- */

static int run_global(struct gk_pickle *p, struct gk_err *err)
{
    struct gk_pickle_text module = {NULL, 0}, name = {NULL, 0};
    if (take_line(p, &module, err) || take_line(p, &name, err))
        return -1;
    return gk_pickle_push(p, gk_pickle_find(p, module, name, err), err);
}

static int run_stack_global(struct gk_pickle *p, struct gk_err *err)
{
    const struct gk_pickle_value *name = pop(p, err), *module = name ? pop(p, err) : NULL;
    if (!module)
        return -1;
    if (name->kind != GK_PICKLE_TEXT || module->kind != GK_PICKLE_TEXT)
        return gk_pickle_fail(
            p, err, "a name is a string, not %s",
            gk_pickle_kind_name(name->kind == GK_PICKLE_TEXT ? module->kind : name->kind));
    return gk_pickle_push(p, gk_pickle_find(p, module->u.text, name->u.text, err), err);
}

static int run_reduce(struct gk_pickle *p, struct gk_err *err)
{
    const struct gk_pickle_value *args = pop(p, err), *function = args ? pop(p, err) : NULL;
    return function ? gk_pickle_push(p, gk_pickle_call(p, function, args, err), err) : -1;
}

static int run_build(struct gk_pickle *p, struct gk_err *err)
{
    const struct gk_pickle_value *state = pop(p, err), *object = state ? top(p, err) : NULL;
    return object ? gk_pickle_build(p, object, state, err) : -1;
}

static int run_binpersid(struct gk_pickle *p, struct gk_err *err)
{
    const struct gk_pickle_value *id = pop(p, err);
    return id ? gk_pickle_push(p, gk_pickle_persistent(p, id, err), err) : -1;
}

static int run_stop(struct gk_pickle *p, struct gk_err *err)
{
    p->result = pop(p, err);
    if (!p->result)
        return -1;
    if (p->stack.n > 0)
        return gk_pickle_fail(p, err, "it ends with more than one value");
    if (p->at < p->size)
        return gk_pickle_fail(p, err, "%zu bytes follow its end", p->size - p->at);
    return 0;
}

/* All of Python's opcodes. Those without a function are refused. */
static const struct {
    const char *name;
    gk_pickle_op *run;
} ops[256] = {
    ['('] = {"MARK", run_mark},
    ['.'] = {"STOP", run_stop},
    ['0'] = {"POP", NULL},
    ['1'] = {"POP_MARK", NULL},
    ['2'] = {"DUP", NULL},
    ['F'] = {"FLOAT", NULL},
    ['I'] = {"INT", NULL},
    ['J'] = {"BININT", gk_pickle_run_binint},
    ['K'] = {"BININT1", gk_pickle_run_binint1},
    ['L'] = {"LONG", NULL},
    ['M'] = {"BININT2", gk_pickle_run_binint2},
    ['N'] = {"NONE", gk_pickle_run_none},
    ['P'] = {"PERSID", NULL},
    ['Q'] = {"BINPERSID", run_binpersid},
    ['R'] = {"REDUCE", run_reduce},
    ['S'] = {"STRING", NULL},
    ['T'] = {"BINSTRING", NULL},
    ['U'] = {"SHORT_BINSTRING", NULL},
    ['V'] = {"UNICODE", NULL},
    ['X'] = {"BINUNICODE", gk_pickle_run_binunicode},
    ['a'] = {"APPEND", run_append},
    ['b'] = {"BUILD", run_build},
    ['c'] = {"GLOBAL", run_global},
    ['d'] = {"DICT", NULL},
    ['}'] = {"EMPTY_DICT", run_empty_dict},
    ['e'] = {"APPENDS", run_appends},
    ['g'] = {"GET", NULL},
    ['h'] = {"BINGET", run_binget},
    ['i'] = {"INST", NULL},
    ['j'] = {"LONG_BINGET", run_long_binget},
    ['l'] = {"LIST", NULL},
    [']'] = {"EMPTY_LIST", run_empty_list},
    ['o'] = {"OBJ", NULL},
    ['p'] = {"PUT", NULL},
    ['q'] = {"BINPUT", run_binput},
    ['r'] = {"LONG_BINPUT", run_long_binput},
    ['s'] = {"SETITEM", run_setitem},
    ['t'] = {"TUPLE", run_tuple},
    [')'] = {"EMPTY_TUPLE", run_empty_tuple},
    ['u'] = {"SETITEMS", run_setitems},
    ['G'] = {"BINFLOAT", gk_pickle_run_binfloat},
    ['B'] = {"BINBYTES", NULL},
    ['C'] = {"SHORT_BINBYTES", NULL},
    [0x80] = {"PROTO", gk_pickle_run_proto},
    [0x81] = {"NEWOBJ", NULL},
    [0x82] = {"EXT1", NULL},
    [0x83] = {"EXT2", NULL},
    [0x84] = {"EXT4", NULL},
    [0x85] = {"TUPLE1", run_tuple1},
    [0x86] = {"TUPLE2", run_tuple2},
    [0x87] = {"TUPLE3", run_tuple3},
    [0x88] = {"NEWTRUE", gk_pickle_run_true},
    [0x89] = {"NEWFALSE", gk_pickle_run_false},
    [0x8a] = {"LONG1", gk_pickle_run_long1},
    [0x8b] = {"LONG4", gk_pickle_run_long4},
    [0x8c] = {"SHORT_BINUNICODE", gk_pickle_run_short_binunicode},
    [0x8d] = {"BINUNICODE8", gk_pickle_run_binunicode8},
    [0x8e] = {"BINBYTES8", NULL},
    [0x8f] = {"EMPTY_SET", NULL},
    [0x90] = {"ADDITEMS", NULL},
    [0x91] = {"FROZENSET", NULL},
    [0x92] = {"NEWOBJ_EX", NULL},
    [0x93] = {"STACK_GLOBAL", run_stack_global},
    [0x94] = {"MEMOIZE", run_memoize},
    [0x95] = {"FRAME", gk_pickle_run_frame},
    [0x96] = {"BYTEARRAY8", NULL},
    [0x97] = {"NEXT_BUFFER", NULL},
    [0x98] = {"READONLY_BUFFER", NULL},
};

int gk_pickle_read(struct gk_pickle *p, const void *bytes, size_t size, struct gk_err *err)
{
    *p = (struct gk_pickle){.bytes = bytes, .size = size};
    while (!p->result) {
        p->op = p->at;
        if (p->at == p->size)
            return gk_pickle_fail(p, err, "truncated: it has no end");
        const unsigned op = p->bytes[p->at++];
        if (!ops[op].name)
            return gk_pickle_fail(p, err, "0x%02x is no opcode", op);
        if (!ops[op].run)
            return gk_pickle_fail(p, err, "opcode %s is refused: " GK_PICKLE_KNOWN, ops[op].name);
        if (ops[op].run(p, err))
            return -1;
    }
    return 0;
}
