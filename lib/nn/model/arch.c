/* The description of a network as data, and what follows from it without tensors. */
#include "gk/arch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/dataset.h"
#include "gk/number.h"

#define SIZE(name, field, models, t, m, most, help)                                                \
    {#name, NULL, offsetof(struct gk_arch, field), models, {t, m}, most},
#define CHOICE(name, models, t, m, values, help)                                                   \
    {#name, values, offsetof(struct gk_arch, name), models, {t, m}, 0},
static const struct gk_arch_item table[] = {GK_ARCH_TABLE(SIZE, CHOICE)};

const struct gk_arch_item *gk_arch_item(size_t i)
{
    return i < GK_ARCH_ITEMS ? &table[i] : NULL;
}

int gk_arch_get(const struct gk_arch *a, const struct gk_arch_item *item)
{
    int v;
    memcpy(&v, (const char *)a + item->at, sizeof v);
    return v;
}

void gk_arch_set(struct gk_arch *a, const struct gk_arch_item *item, int value)
{
    memcpy((char *)a + item->at, &value, sizeof value);
}

bool gk_arch_has(const struct gk_arch *a, const struct gk_arch_item *item)
{
    if (item->at == offsetof(struct gk_arch, dim) && a->inputs == GK_INPUTS_ONEHOT)
        return false;
    return item->models & 1u << a->model;
}

struct gk_arch gk_arch_defaults(enum gk_model model)
{
    struct gk_arch a = {.model = model};
    for (size_t i = 0; i < GK_ARCH_ITEMS; i++)
        if (table[i].def[model])
            gk_arch_set(&a, &table[i], table[i].def[model]);
    return a;
}

bool gk_arch_same(const struct gk_arch *a, const struct gk_arch *b)
{
    bool same = a->model == b->model && a->vocab == b->vocab && a->tokens == b->tokens;
    for (size_t i = 0; i < GK_ARCH_ITEMS && same; i++)
        same = !gk_arch_has(a, &table[i]) || gk_arch_get(a, &table[i]) == gk_arch_get(b, &table[i]);
    return same;
}

int gk_arch_check(const struct gk_arch *a, struct gk_err *err)
{
    for (size_t i = 0; i < GK_ARCH_ITEMS; i++) {
        const int v = gk_arch_get(a, &table[i]);
        const bool size = !table[i].choices && table[i].at != offsetof(struct gk_arch, heads);
        if (gk_arch_has(a, &table[i]) && size && (v < 1 || v > table[i].most))
            return gk_fail_usage(err, "%s = %d is not in [1, %d]", table[i].name, v, table[i].most);
    }
    if (a->vocab < 1 || a->vocab > GK_MAX_VOCAB)
        return gk_fail_usage(err, "vocab = %d is not in [1, %d]", a->vocab, GK_MAX_VOCAB);
    if (a->model == GK_TRANSFORMER && (a->heads < 1 || a->dim % a->heads != 0)) {
        gk_fail_usage(err, "%d heads do not divide the width %d", a->heads, a->dim);
        return gk_fail_about(err, "heads");
    }
    if (a->model == GK_TRANSFORMER && a->positions == GK_POSITIONS_LEARNED && a->tokens < 1)
        return gk_fail_usage(err, "positions learned: of how many tokens?");
    if (a->model == GK_MLP && a->bias != GK_BIAS_NONE && a->bias != GK_BIAS_ALL) {
        gk_fail_usage(err, "%s: model mlp has none or all",
                      gk_choice_word(table[GK_AT_bias].choices, a->bias).s);
        return gk_fail_about(err, "bias");
    }
    return 0;
}

int gk_init_parse(struct gk_init *in, const char *text, struct gk_err *err)
{
    static const char *const names[] = {[GK_INIT_PAPER] = "paper",
                                        [GK_INIT_NANDA] = "nanda",
                                        [GK_INIT_NORMAL] = "normal:",
                                        [GK_INIT_FAN_IN] = "fan-in",
                                        [GK_INIT_TORCH] = "torch"};
    static const char weights[] = "weights:";
    const char *hex = text + strlen(weights);
    if (strncmp(text, weights, strlen(weights)) == 0 && strlen(hex) == 16 &&
        strspn(hex, "0123456789abcdef") == 16) {
        in->kind = GK_INIT_WEIGHTS;
        in->digest = strtoull(hex, NULL, 16);
        return 0;
    }
    for (int i = 0; i < GK_INIT_WEIGHTS; i++)
        if (strcmp(text, names[i]) == 0 && i != GK_INIT_NORMAL) {
            in->kind = (enum gk_init_kind)i;
            return 0;
        }
    const size_t word = strlen(names[GK_INIT_NORMAL]);
    const char *std = strncmp(text, names[GK_INIT_NORMAL], word) == 0 ? text + word : "";
    if (gk_number_real(std, strlen(std), &in->std) == GK_NUMBER_FINITE && in->std > 0) {
        in->kind = GK_INIT_NORMAL;
        return 0;
    }
    gk_fail_usage(err, "'%.40s': paper, nanda, normal:STD with STD > 0, fan-in or torch is wanted",
                  text);
    return gk_fail_about(err, "init");
}

/* The standard deviation in the fewest digits that read back exactly. */
void gk_init_text(const struct gk_init *in, char *buf, size_t size)
{
    static const char *const names[] = {"paper", "nanda", "normal", "fan-in", "torch", "weights"};
    snprintf(buf, size, "%s", names[in->kind]);
    if (in->kind == GK_INIT_WEIGHTS)
        snprintf(buf, size, "weights:%016" PRIx64, in->digest);
    for (int digits = 1; in->kind == GK_INIT_NORMAL && digits <= 17; digits++) {
        snprintf(buf, size, "normal:%.*g", digits, in->std);
        if (strtod(strchr(buf, ':') + 1, NULL) == in->std)
            break;
    }
}

static const struct gk_preset presets[] = {
    {{.model = GK_TRANSFORMER, .layers = 2, .dim = 128, .heads = 4, .ff = 512}, "paper"},
    {{.model = GK_TRANSFORMER,
      .layers = 1,
      .dim = 128,
      .heads = 4,
      .ff = 512,
      .norm = GK_NORM_LESS,
      .positions = GK_POSITIONS_LEARNED,
      .bias = GK_BIAS_FFN},
     "nanda"},
    {{.model = GK_TRANSFORMER,
      .layers = 2,
      .dim = 128,
      .heads = 4,
      .ff = 512,
      .norm = GK_NORM_PRE,
      .positions = GK_POSITIONS_LEARNED,
      .activation = GK_GELU,
      .bias = GK_BIAS_ALL},
     "normal:0.02"},
    {{.model = GK_MLP,
      .layers = 2,
      .dim = 128,
      .heads = 1,
      .ff = 200,
      .activation = GK_LEAKY,
      .bias = GK_BIAS_ALL},
     "paper"},
    {{.model = GK_MLP,
      .layers = 2,
      .heads = 1,
      .ff = 200,
      .activation = GK_RELU,
      .bias = GK_BIAS_ALL,
      .inputs = GK_INPUTS_ONEHOT},
     "paper"},
    {{.model = GK_MLP,
      .layers = 1,
      .heads = 1,
      .ff = 500,
      .activation = GK_SQUARE,
      .bias = GK_BIAS_NONE,
      .inputs = GK_INPUTS_ONEHOT,
      .loss = GK_MSE},
     "fan-in"},
    {{.model = GK_TRANSFORMER,
      .layers = 2,
      .dim = 128,
      .heads = 4,
      .ff = 512,
      .norm = GK_NORM_BLOCK,
      .positions = GK_POSITIONS_LEARNED,
      .activation = GK_GELU,
      .bias = GK_BIAS_BLOCKS},
     "torch"},
};

const struct gk_preset *gk_preset(int i)
{
    return &presets[i];
}
