/* The names that pickles of torch.save use, and the results of calling them. */
#include <stdio.h>
#include <string.h>

#include "pickle.h"

typedef struct gk_pickle_value *make(struct gk_pickle *p, const struct gk_pickle_list *args,
                                     struct gk_err *err);

static make make_ordered, make_default, make_counter, make_tensor, make_typed, make_parameter,
    make_size, make_device;

/* A function, the type of a storage, or a dtype. */
struct gk_pickle_name {
    const char *module, *name;
    make *call;           /* NULL: not a function */
    unsigned least, most; /* arguments */
    bool storage, untyped;
    enum gk_dtype dtype;
};
#define CALL(module, name, call, least, most)                                                      \
    {                                                                                              \
        module, name, call, least, most, false, false, 0                                           \
    }
#define STORAGE(name, type)                                                                        \
    {                                                                                              \
        "torch", name, NULL, 0, 0, true, false, type                                               \
    }
/* What a defaultdict makes of a key that it lacks. Protocol 2 has Python 2's name of the module. */
#define FACTORY(name) CALL("__builtin__", name, NULL, 0, 0), CALL("builtins", name, NULL, 0, 0)
#define DTYPE(name, type)                                                                          \
    {                                                                                              \
        "torch", name, NULL, 0, 0, false, false, type                                              \
    }

static const struct gk_pickle_name known[] = {
    CALL("collections", "OrderedDict", make_ordered, 0, 0),
    CALL("collections", "Counter", make_counter, 1, 1),
    CALL("collections", "defaultdict", make_default, 0, 1),
    FACTORY("list"),
    FACTORY("dict"),
    FACTORY("int"),
    FACTORY("long"), /* the int of protocol 2 */
    FACTORY("float"),
    CALL("torch._utils", "_rebuild_tensor_v2", make_tensor, 6, 7),
    CALL("torch._utils", "_rebuild_tensor_v3", make_typed, 7, 8),
    CALL("torch._utils", "_rebuild_parameter", make_parameter, 3, 3),
    CALL("torch._utils", "_rebuild_parameter_with_state", make_parameter, 4, 4),
    CALL("torch", "Size", make_size, 1, 1),
    CALL("torch", "device", make_device, 1, 2),
    STORAGE("DoubleStorage", GK_F64),
    STORAGE("FloatStorage", GK_F32),
    STORAGE("HalfStorage", GK_F16),
    STORAGE("BFloat16Storage", GK_BF16),
    STORAGE("LongStorage", GK_I64),
    STORAGE("IntStorage", GK_I32),
    STORAGE("ShortStorage", GK_I16),
    STORAGE("CharStorage", GK_I8),
    STORAGE("ByteStorage", GK_U8),
    STORAGE("BoolStorage", GK_BOOL),
    STORAGE("ComplexFloatStorage", GK_C64),
    {"torch.storage", "UntypedStorage", NULL, 0, 0, true, true, GK_U8},
    DTYPE("float64", GK_F64),
    DTYPE("float32", GK_F32),
    DTYPE("float16", GK_F16),
    DTYPE("bfloat16", GK_BF16),
    DTYPE("int64", GK_I64),
    DTYPE("int32", GK_I32),
    DTYPE("int16", GK_I16),
    DTYPE("int8", GK_I8),
    DTYPE("uint8", GK_U8),
    DTYPE("bool", GK_BOOL),
    DTYPE("uint16", GK_U16),
    DTYPE("uint32", GK_U32),
    DTYPE("uint64", GK_U64),
    DTYPE("float8_e4m3fn", GK_F8_E4M3),
    DTYPE("float8_e5m2", GK_F8_E5M2),
    DTYPE("float8_e8m0fnu", GK_F8_E8M0),
    DTYPE("float8_e4m3fnuz", GK_F8_E4M3FNUZ),
    DTYPE("float8_e5m2fnuz", GK_F8_E5M2FNUZ),
    DTYPE("complex64", GK_C64),
};

/* What to do about a name of MODULE. A file that begins with a class is a whole object. */
static const char *remedy(const struct gk_pickle *p, struct gk_pickle_text module,
                          struct gk_pickle_text name)
{
    static const char numpy[] = "numpy.";
    if (p->op <= 2)
        return "; if this is a whole module that you trust, save its parameters: "
               "torch.save(torch.load(\"FILE\", weights_only=False).state_dict(), \"new.pt\")";
    if (gk_pickle_is(name, "_rebuild_from_type_v2"))
        return "; if this is a DTensor of FSDP, save the whole tensors: "
               "get_model_state_dict(net, options=StateDictOptions(full_state_dict=True)) of "
               "torch.distributed.checkpoint.state_dict";
    if (module.n >= sizeof numpy - 1 && !memcmp(module.s, numpy, sizeof numpy - 1))
        return "; save numbers of NumPy with .item(), and arrays with torch.from_numpy";
    return "; save the part that has the tensors by itself: "
           "d = torch.load(\"FILE\", weights_only=False) if you trust it, then "
           "torch.save(d[\"KEY\"], \"new.pt\"), or of a module d[\"KEY\"].state_dict()";
}

struct gk_pickle_value *gk_pickle_find(struct gk_pickle *p, struct gk_pickle_text module,
                                       struct gk_pickle_text name, struct gk_err *err)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!gk_pickle_is(module, known[i].module) || !gk_pickle_is(name, known[i].name))
            continue;
        struct gk_pickle_value *v = gk_pickle_new(p, GK_PICKLE_GLOBAL, err);
        if (v)
            v->u.global = &known[i];
        return v;
    }
    gk_pickle_fail(p, err, "%s.%s is refused: " GK_PICKLE_KNOWN "%s", gk_pickle_show(module).s,
                   gk_pickle_show(name).s, remedy(p, module, name));
    return NULL;
}

static struct gk_pickle_value *wrong(struct gk_pickle *p, struct gk_err *err, const char *what,
                                     const struct gk_pickle_value *v)
{
    gk_pickle_fail(p, err, "%s is wanted, this is %s", what, gk_pickle_kind_name(v->kind));
    return NULL;
}

struct gk_pickle_value *gk_pickle_call(struct gk_pickle *p, const struct gk_pickle_value *function,
                                       const struct gk_pickle_value *args, struct gk_err *err)
{
    if (function->kind != GK_PICKLE_GLOBAL)
        return wrong(p, err, "a function", function);
    const struct gk_pickle_name *f = function->u.global;
    if (!f->call) {
        gk_pickle_fail(p, err, "%s.%s is no function", f->module, f->name);
        return NULL;
    }
    if (args->kind != GK_PICKLE_TUPLE)
        return wrong(p, err, "a tuple of arguments", args);
    const size_t n = args->u.list.n;
    if (n < f->least || n > f->most) {
        gk_pickle_fail(p, err, "%s.%s has %zu arguments", f->module, f->name, n);
        return NULL;
    }
    return f->call(p, &args->u.list, err);
}

static struct gk_pickle_value *make_ordered(struct gk_pickle *p, const struct gk_pickle_list *args,
                                            struct gk_err *err)
{
    (void)args;
    return gk_pickle_new(p, GK_PICKLE_ORDERED, err);
}

/* Its items follow. */
static struct gk_pickle_value *make_default(struct gk_pickle *p, const struct gk_pickle_list *args,
                                            struct gk_err *err)
{
    if (args->n > 0 && args->item[0]->kind != GK_PICKLE_NONE &&
        (args->item[0]->kind != GK_PICKLE_GLOBAL || args->item[0]->u.global->call))
        return wrong(p, err, "a type of values", args->item[0]);
    return gk_pickle_new(p, GK_PICKLE_DICT, err);
}

/* The dict of its counts. */
static struct gk_pickle_value *make_counter(struct gk_pickle *p, const struct gk_pickle_list *args,
                                            struct gk_err *err)
{
    struct gk_pickle_value *v = args->item[0];
    return v->kind == GK_PICKLE_DICT ? v : wrong(p, err, "a dict of counts", v);
}

/* ---- tensors ---- */

static int take_count(struct gk_pickle *p, const struct gk_pickle_value *v, uint64_t *count,
                      struct gk_err *err)
{
    if (v->kind != GK_PICKLE_INT || v->u.i < 0)
        return gk_pickle_fail(p, err, "a size, an offset or a stride is no integer from 0");
    *count = (uint64_t)v->u.i;
    return 0;
}

static int take_axes(struct gk_pickle *p, const struct gk_pickle_value *v, unsigned *rank,
                     uint64_t *axis, struct gk_err *err)
{
    if (v->kind != GK_PICKLE_TUPLE)
        return gk_pickle_fail(p, err, "sizes and strides are a tuple, not %s",
                              gk_pickle_kind_name(v->kind));
    if (v->u.list.n > GK_MAX_RANK)
        return gk_pickle_fail(p, err, "a tensor of rank %zu is over %d", v->u.list.n, GK_MAX_RANK);
    *rank = (unsigned)v->u.list.n;
    for (unsigned i = 0; i < *rank; i++)
        if (take_count(p, v->u.list.item[i], &axis[i], err))
            return -1;
    return 0;
}

/* The flags in a tensor's metadata: its numbers are to be negated or conjugated. */
static int check_bits(struct gk_pickle *p, const struct gk_pickle_value *bits, struct gk_err *err)
{
    if (bits->kind == GK_PICKLE_NONE)
        return 0;
    if (bits->kind != GK_PICKLE_DICT && bits->kind != GK_PICKLE_ORDERED)
        return gk_pickle_fail(p, err, "the bits of a tensor are a dict, not %s",
                              gk_pickle_kind_name(bits->kind));
    for (size_t i = 0; i < bits->u.list.n; i += 2) {
        const struct gk_pickle_value *key = bits->u.list.item[i], *v = bits->u.list.item[i + 1];
        if (v->kind == GK_PICKLE_BOOL && !v->u.b)
            continue;
        return gk_pickle_fail(p, err,
                              "a tensor with the bit '%s' is refused: call resolve_conj() "
                              "and resolve_neg() before torch.save",
                              key->kind == GK_PICKLE_TEXT ? gk_pickle_show(key->u.text).s : "?");
    }
    return 0;
}

/* storage, offset, shape, strides, requires_grad, hooks */
static struct gk_pickle_value *take_tensor(struct gk_pickle *p, const struct gk_pickle_list *args,
                                           struct gk_err *err)
{
    const struct gk_pickle_value *storage = args->item[0];
    struct gk_pickle_value *v = gk_pickle_new(p, GK_PICKLE_TENSOR, err);
    unsigned strides = 0;
    if (!v)
        return NULL;
    struct gk_pickle_tensor *t = &v->u.tensor;
    if (storage->kind != GK_PICKLE_STORAGE)
        return wrong(p, err, "a storage", storage);
    t->storage = &storage->u.storage;
    t->dtype = t->storage->dtype;
    if (take_count(p, args->item[1], &t->offset, err) ||
        take_axes(p, args->item[2], &t->rank, t->shape, err) ||
        take_axes(p, args->item[3], &strides, t->stride, err))
        return NULL;
    if (strides == t->rank)
        return v;
    gk_pickle_fail(p, err, "a tensor has %u sizes and %u strides", t->rank, strides);
    return NULL;
}

static struct gk_pickle_value *make_tensor(struct gk_pickle *p, const struct gk_pickle_list *args,
                                           struct gk_err *err)
{
    struct gk_pickle_value *v = take_tensor(p, args, err);
    return !v || (args->n == 7 && check_bits(p, args->item[6], err)) ? NULL : v;
}

/* As before, with a dtype and perhaps flags. */
static struct gk_pickle_value *make_typed(struct gk_pickle *p, const struct gk_pickle_list *args,
                                          struct gk_err *err)
{
    const struct gk_pickle_value *type = args->item[6];
    struct gk_pickle_value *v = take_tensor(p, args, err);
    if (!v || (args->n == 8 && check_bits(p, args->item[7], err)))
        return NULL;
    if (!gk_pickle_dtype(type))
        return wrong(p, err, "a dtype", type);
    if (!v->u.tensor.storage->untyped) {
        gk_pickle_fail(p, err, "a tensor and its storage both say a dtype");
        return NULL;
    }
    v->u.tensor.dtype = type->u.global->dtype;
    return v;
}

/* data, requires_grad, hooks and perhaps a state: the result is the data. */
static struct gk_pickle_value *make_parameter(struct gk_pickle *p,
                                              const struct gk_pickle_list *args, struct gk_err *err)
{
    struct gk_pickle_value *v = args->item[0];
    return v->kind == GK_PICKLE_TENSOR ? v : wrong(p, err, "a tensor", v);
}

static struct gk_pickle_value *make_size(struct gk_pickle *p, const struct gk_pickle_list *args,
                                         struct gk_err *err)
{
    struct gk_pickle_value *v = args->item[0];
    return v->kind == GK_PICKLE_TUPLE ? v : wrong(p, err, "a tuple of sizes", v);
}

/* 'cuda' and perhaps 0: only the kind matters. */
static struct gk_pickle_value *make_device(struct gk_pickle *p, const struct gk_pickle_list *args,
                                           struct gk_err *err)
{
    struct gk_pickle_value *v = args->item[0];
    return v->kind == GK_PICKLE_TEXT ? v : wrong(p, err, "the name of a device", v);
}

struct gk_pickle_value *gk_pickle_persistent(struct gk_pickle *p, const struct gk_pickle_value *id,
                                             struct gk_err *err)
{
    if (id->kind != GK_PICKLE_TUPLE || id->u.list.n != 5)
        return wrong(p, err, "('storage', type, key, place, count)", id);
    struct gk_pickle_value *const *item = id->u.list.item;
    if (item[0]->kind != GK_PICKLE_TEXT || !gk_pickle_is(item[0]->u.text, "storage"))
        return wrong(p, err, "the word 'storage'", item[0]);
    if (item[1]->kind != GK_PICKLE_GLOBAL || !item[1]->u.global->storage)
        return wrong(p, err, "the type of a storage", item[1]);
    if (item[2]->kind != GK_PICKLE_TEXT)
        return wrong(p, err, "the key of a storage", item[2]);
    struct gk_pickle_value *v = gk_pickle_new(p, GK_PICKLE_STORAGE, err);
    if (!v || take_count(p, item[4], &v->u.storage.count, err))
        return NULL;
    v->u.storage.key = item[2]->u.text;
    v->u.storage.dtype = item[1]->u.global->dtype;
    v->u.storage.untyped = item[1]->u.global->untyped;
    return v;
}

const char *gk_pickle_dtype(const struct gk_pickle_value *v)
{
    const struct gk_pickle_name *g = v->kind == GK_PICKLE_GLOBAL ? v->u.global : NULL;
    return g && !g->call && !g->storage && !strcmp(g->module, "torch") ? g->name : NULL;
}

int gk_pickle_build(struct gk_pickle *p, const struct gk_pickle_value *object,
                    const struct gk_pickle_value *state, struct gk_err *err)
{
    if (object->kind != GK_PICKLE_ORDERED)
        return gk_pickle_fail(p, err, "opcode BUILD is refused for %s: " GK_PICKLE_KNOWN,
                              gk_pickle_kind_name(object->kind));
    if (state->kind != GK_PICKLE_DICT)
        return gk_pickle_fail(p, err, "attributes are a dict, not %s",
                              gk_pickle_kind_name(state->kind));
    return 0;
}
