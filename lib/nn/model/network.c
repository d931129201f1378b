/* The metadata that distinguish networks. */
#include "gk/network.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gk/number.h"

/* The keys, in the order in which differences are reported. TOKENS, the number of learned
 * positions, is not in the metadata: the tensor has it. */
enum { MODEL, ITEMS, VOCAB = ITEMS + GK_ARCH_ITEMS, TOKENS };

static const char *key_name(int key)
{
    switch (key) {
    case MODEL:
        return "model";
    case VOCAB:
        return "vocab";
    case TOKENS:
        return "positions";
    default:
        return gk_arch_item((size_t)(key - ITEMS))->name;
    }
}

static void say(struct gk_network *n, int key, int64_t value)
{
    snprintf(n->value[key], sizeof n->value[key], "%" PRId64, value);
}

static void say_word(struct gk_network *n, int key, const char *choices, int value)
{
    snprintf(n->value[key], sizeof n->value[key], "%s", gk_choice_word(choices, value).s);
}

struct gk_network gk_network_of(const struct gk_checkpoint *c)
{
    const struct gk_arch *a = &c->arch;
    struct gk_network n = {.heads_assumed = c->heads_assumed};
    const struct gk_arch_item *item;
    say_word(&n, MODEL, GK_MODEL_CHOICES, (int)a->model);
    for (int i = 0; (item = gk_arch_item((size_t)i)); i++) {
        const int v = gk_arch_get(a, item);
        if (gk_arch_has(a, item) && item->choices)
            say_word(&n, ITEMS + i, item->choices, v);
        else if (gk_arch_has(a, item))
            say(&n, ITEMS + i, v);
    }
    say(&n, VOCAB, a->vocab);
    if (a->tokens > 0)
        say(&n, TOKENS, a->tokens);
    return n;
}

struct gk_network gk_network_said(const struct gk_frame *f)
{
    struct gk_network n = {0};
    const char *said = gk_frame_meta(f, key_name(MODEL));
    const int model = said ? gk_choice_index(GK_MODEL_CHOICES, said) : -1;
    if (model >= 0)
        say_word(&n, MODEL, GK_MODEL_CHOICES, model);
    for (int k = ITEMS; k <= VOCAB; k++) {
        const struct gk_arch_item *item = k < VOCAB ? gk_arch_item((size_t)(k - ITEMS)) : NULL;
        const char *text = gk_frame_meta(f, key_name(k));
        int64_t v;
        if (item && item->choices) {
            const int has = text ? gk_choice_index(item->choices, text)
                            : model >= 0 && item->models & 1u << model ? item->def[model]
                                                                       : -1;
            if (has >= 0)
                say_word(&n, k, item->choices, has);
        } else if (text && gk_number_integer(text, strlen(text), &v) == GK_NUMBER_FINITE) {
            say(&n, k, v);
        }
    }
    return n;
}

int gk_network_check(const struct gk_frame *f, const struct gk_network *got,
                     const struct gk_network *want, const char *whose, struct gk_err *err)
{
    for (int k = 0; k < GK_NETWORK_KEYS; k++) {
        const char *a = got->value[k], *b = want->value[k], *name = key_name(k);
        if (!*a || !*b || strcmp(a, b) == 0 || strcmp(name, "loss") == 0)
            continue;
        if (!f)
            return -1;
        return gk_frame_fail(
            f, err, "this is another network than %s: %s %s%s, not %s", whose, name, a,
            strcmp(name, "heads") == 0 && got->heads_assumed ? " (assumed)" : "", b);
    }
    return 0;
}

int gk_network_asked_for(const struct gk_frame *f, const struct gk_checkpoint *c,
                         const struct gk_arch *a, struct gk_err *err)
{
    const struct gk_network got = gk_network_of(c),
                            want = gk_network_of(&(struct gk_checkpoint){.arch = *a});
    return gk_network_check(f, &got, &want, "the one asked for", err);
}

int gk_network_put(struct gk_frame *f, const struct gk_network *n, struct gk_err *err)
{
    const int model = gk_choice_index(GK_MODEL_CHOICES, n->value[MODEL]);
    for (int k = 0; k <= VOCAB; k++) {
        const struct gk_arch_item *item =
            k >= ITEMS && k < VOCAB ? gk_arch_item((size_t)(k - ITEMS)) : NULL;
        const bool is_default = item && item->choices && model >= 0 &&
                                gk_choice_index(item->choices, n->value[k]) == item->def[model];
        if (*n->value[k] && !is_default && gk_frame_set_meta(f, key_name(k), n->value[k], err))
            return -1;
    }
    return 0;
}
