/* The contents of a pickle of torch.save as values in memory. Nothing that a pickle names is looked
 * up, imported or run: the machine (pickle.c) implements the opcodes that make data, and
 * pickle_call.c the few names that stand for tensors and containers. Any other name is refused.
 *
 *   pickle_value.c  values, and the one budget of memory for them
 *   pickle_atoms.c  opcodes of numbers and strings
 *   pickle.c        the others: the stack, containers, the memo, names
 *   pickle_call.c   names, and the results of calling them
 *   tree.c          values -> names joined by '.'
 *   gather.c        a storage's bytes -> the numbers of a tensor
 *   archive.c       the zip archive around the pickle
 *   torch_file.c    all of it together
 */
#ifndef GK_PICKLE_H
#define GK_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/err.h"
#include "gk/frame.h"

enum gk_pickle_kind {
    GK_PICKLE_NONE,
    GK_PICKLE_BOOL,
    GK_PICKLE_INT,
    GK_PICKLE_LONG, /* beyond 64 bits: its digits as text */
    GK_PICKLE_REAL,
    GK_PICKLE_TEXT,
    GK_PICKLE_TUPLE,
    GK_PICKLE_LIST,
    GK_PICKLE_DICT,
    GK_PICKLE_ORDERED, /* collections.OrderedDict */
    GK_PICKLE_GLOBAL,  /* a name that pickle_call.c knows */
    GK_PICKLE_STORAGE,
    GK_PICKLE_TENSOR,
    GK_PICKLE_MARK /* only on the stack */
};

struct gk_pickle_text { /* in the pickle's own bytes, or in the machine's memory; UTF-8 without NUL
                         */
    const char *s;
    size_t n;
};

struct gk_pickle_value;
struct gk_pickle_list { /* a dict's keys and values alternate */
    struct gk_pickle_value **item;
    size_t n, cap;
};

struct gk_pickle_storage {
    struct gk_pickle_text key; /* the member data/KEY of the archive */
    enum gk_dtype dtype;
    bool untyped;   /* count is in bytes, and the tensor gives the dtype */
    uint64_t count; /* elements */
};

struct gk_pickle_tensor {
    const struct gk_pickle_storage *storage;
    enum gk_dtype dtype;
    unsigned rank;
    uint64_t offset, shape[GK_MAX_RANK], stride[GK_MAX_RANK]; /* in elements */
};

struct gk_pickle_value {
    enum gk_pickle_kind kind;
    union {
        bool b;
        int64_t i;
        double real;
        struct gk_pickle_text text;
        struct gk_pickle_list list;
        const struct gk_pickle_name *global;
        struct gk_pickle_storage storage;
        struct gk_pickle_tensor tensor;
    } u;
};

struct gk_pickle {
    const unsigned char *bytes;
    size_t size, at;             /* at: the offset of the next opcode or argument */
    size_t op;                   /* of this opcode, for messages */
    struct gk_pickle_list stack; /* with marks */
    struct gk_pickle_list memo;  /* NULL: an empty slot */
    struct gk_pickle_value *result;
    struct gk_pickle_chunk *chunk; /* memory of values */
    size_t used;                   /* of the budget */
};

/* Reads the SIZE bytes of a pickle, which must outlive P. Frees nothing on failure: call
 * gk_pickle_free in any case. */
int gk_pickle_read(struct gk_pickle *p, const void *bytes, size_t size, struct gk_err *err);
void gk_pickle_free(struct gk_pickle *p);

/* The error for an opcode or name that a file of numbers does not need. */
#define GK_PICKLE_KNOWN                                                                            \
    "only tensors, dicts, lists, numbers and strings are read, and nothing is ever run"

/* "byte 17 of its pickle: MESSAGE". */
int gk_pickle_fail(const struct gk_pickle *p, struct gk_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Memory that gk_pickle_free frees; NULL and a message beyond the budget. */
void *gk_pickle_alloc(struct gk_pickle *p, size_t n, struct gk_err *err);
struct gk_pickle_value *gk_pickle_new(struct gk_pickle *p, enum gk_pickle_kind kind,
                                      struct gk_err *err);
int gk_pickle_append(struct gk_pickle *p, struct gk_pickle_list *list, struct gk_pickle_value *v,
                     struct gk_err *err);
/* For messages: "a tuple". */
const char *gk_pickle_kind_name(enum gk_pickle_kind kind);
struct gk_shown gk_pickle_show(struct gk_pickle_text text);
bool gk_pickle_is(struct gk_pickle_text text, const char *word);
/* "float32" if V is torch.float32; NULL: not a dtype. */
const char *gk_pickle_dtype(const struct gk_pickle_value *v);

/* The name NAME of module MODULE. */
struct gk_pickle_value *gk_pickle_find(struct gk_pickle *p, struct gk_pickle_text module,
                                       struct gk_pickle_text name, struct gk_err *err);
/* The result of calling FUNCTION with the tuple ARGS. */
struct gk_pickle_value *gk_pickle_call(struct gk_pickle *p, const struct gk_pickle_value *function,
                                       const struct gk_pickle_value *args, struct gk_err *err);
/* A reference to data outside the pickle: ('storage', type, key, device, count). */
struct gk_pickle_value *gk_pickle_persistent(struct gk_pickle *p, const struct gk_pickle_value *id,
                                             struct gk_err *err);
/* Gives OBJECT the attributes STATE: those of an OrderedDict are skipped. */
int gk_pickle_build(struct gk_pickle *p, const struct gk_pickle_value *object,
                    const struct gk_pickle_value *state, struct gk_err *err);

#endif
