/* What tells networks apart, as metadata have it. */
#include "gk/network.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gk/number.h"

enum key { MODEL, LAYERS, DIM, HEADS, FF, HIDDEN, VOCAB };
static const char *const keys[GK_NETWORK_KEYS] = {
    [MODEL] = "model", [LAYERS] = "layers", [DIM] = "dim",    [HEADS] = "heads",
    [FF] = "ff",       [HIDDEN] = "hidden", [VOCAB] = "vocab"};

static const char *const models[] = {[GK_TRANSFORMER] = "transformer", [GK_MLP] = "mlp"};

const char *gk_model_name(enum gk_model model)
{
    return models[model];
}

static void say(struct gk_network *n, enum key key, int64_t value)
{
    snprintf(n->value[key], sizeof n->value[key], "%" PRId64, value);
}

struct gk_network gk_network_of(const struct gk_checkpoint *c)
{
    const struct gk_arch *a = &c->arch;
    struct gk_network n = {.heads_assumed = c->heads_assumed};
    snprintf(n.value[MODEL], sizeof n.value[MODEL], "%s", models[a->model]);
    say(&n, LAYERS, a->layers);
    say(&n, DIM, a->dim);
    say(&n, a->model == GK_MLP ? HIDDEN : FF, a->ff);
    say(&n, VOCAB, a->vocab);
    if (a->model == GK_TRANSFORMER)
        say(&n, HEADS, a->heads);
    return n;
}

struct gk_network gk_network_said(const struct gk_frame *f)
{
    struct gk_network n = {0};
    const char *model = gk_frame_meta(f, keys[MODEL]);
    for (int m = GK_TRANSFORMER; model && m <= GK_MLP; m++)
        if (strcmp(model, models[m]) == 0)
            snprintf(n.value[MODEL], sizeof n.value[MODEL], "%s", model);
    for (enum key k = LAYERS; k <= VOCAB; k++) {
        const char *text = gk_frame_meta(f, keys[k]);
        int64_t v;
        if (text && gk_number_integer(text, strlen(text), &v) == GK_NUMBER_FINITE)
            say(&n, k, v);
    }
    return n;
}

int gk_network_check(const struct gk_frame *f, const struct gk_network *got,
                     const struct gk_network *want, const char *whose, struct gk_err *err)
{
    for (int k = 0; k < GK_NETWORK_KEYS; k++) {
        const char *a = got->value[k], *b = want->value[k];
        if (!*a || !*b || strcmp(a, b) == 0)
            continue;
        if (!f)
            return -1;
        return gk_frame_fail(f, err, "this is another network than %s: %s %s%s, not %s", whose,
                             keys[k], a, k == HEADS && got->heads_assumed ? " (assumed)" : "", b);
    }
    return 0;
}

int gk_network_put(struct gk_frame *f, const struct gk_network *n, struct gk_err *err)
{
    for (int k = 0; k < GK_NETWORK_KEYS; k++)
        if (*n->value[k] && gk_frame_set_meta(f, keys[k], n->value[k], err))
            return -1;
    return 0;
}
