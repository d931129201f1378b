/* A description that is put together: some entries of the table are given, some come from a preset
 * or a checkpoint, and all others have the model's defaults. */
#include "gk/arch.h"

bool gk_arch_has_vectors(const struct gk_arch *a)
{
    return a->bias != GK_BIAS_NONE || (a->model == GK_TRANSFORMER && a->norm != GK_NORM_LESS);
}

static void put(struct gk_arch_setting *s, int value)
{
    s->size = s->choice = value;
    s->recorded = true;
}

void gk_arch_take(struct gk_arch_setting net[GK_ARCH_ITEMS], const struct gk_arch *a)
{
    const struct gk_arch_item *item;
    for (size_t i = 0; (item = gk_arch_item(i)); i++)
        if (!net[i].given && gk_arch_has(a, item))
            put(&net[i], gk_arch_get(a, item));
}

struct gk_arch gk_arch_settle(struct gk_arch_setting net[GK_ARCH_ITEMS], enum gk_model model)
{
    const struct gk_arch_item *item;
    struct gk_arch a = gk_arch_defaults(model);
    for (size_t i = 0; (item = gk_arch_item(i)); i++)
        if ((net[i].given || net[i].recorded) && item->models & 1u << model)
            gk_arch_set(&a, item, item->choices ? net[i].choice : (int)net[i].size);
    for (size_t i = 0; (item = gk_arch_item(i)); i++) {
        const bool has = gk_arch_has(&a, item);
        const int v = gk_arch_get(&a, item);
        put(&net[i], v);
        net[i].recorded = has && !(item->choices && v == item->def[model]);
        net[i].idle = net[i].given && !has;
    }
    if (a.inputs == GK_INPUTS_ONEHOT)
        a.dim = 0;
    return a;
}
