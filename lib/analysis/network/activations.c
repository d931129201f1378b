/* Activations as points: the engine's [rows, positions, width], reduced to what was requested. */
#include "gk/activations.h"

#include <string.h>

#include "gk/mem.h"
#include "gk/number.h"

/* Below a million, unsigned. */
static bool whole(const char *s, int *v)
{
    int64_t n;
    if (*s == '+' || gk_number_integer(s, strlen(s), &n) != GK_NUMBER_FINITE || n < 0 || n > 999999)
        return false;
    *v = (int)n;
    return true;
}

int gk_activations_parse(struct gk_activations *a, const char *layer, const char *position,
                         struct gk_err *err)
{
    int l = 0;
    *a = (struct gk_activations){.model = GK_TRANSFORMER, .position = GK_POSITION_LAST};
    if (strncmp(layer, "layer", 5) == 0)
        a->model = GK_MLP;
    if (strcmp(layer, "embed") != 0) {
        if ((strncmp(layer, "block", 5) != 0 && a->model != GK_MLP) || !whole(layer + 5, &l)) {
            gk_fail_usage(err,
                          "'%s': embed, block0, block1, ... (transformer) or layer0, layer1, ... "
                          "(mlp) is wanted",
                          gk_show(layer).s);
            return gk_fail_about(err, "activations");
        }
        a->layer = l + 1;
    }
    if (strcmp(position, "all") == 0) {
        a->position = GK_POSITION_ALL;
    } else if (strcmp(position, "last") != 0 && !whole(position, &a->position)) {
        gk_fail_usage(err, "'%s': last, all or a number from 0 is wanted", gk_show(position).s);
        return gk_fail_about(err, "position");
    }
    return 0;
}

static const char *part_name(enum gk_model model)
{
    return model == GK_MLP ? "layer" : "block";
}

static int check(const struct gk_activations *a, const struct gk_arch *arch, int positions,
                 struct gk_err *err)
{
    const char *part = part_name(arch->model);
    if ((a->layer > 0 && a->model != arch->model) || a->layer > arch->layers)
        return gk_fail(err, "there is no %s%d: the network has embed and %s0 to %s%d",
                       part_name(a->model), a->layer - 1, part, part, arch->layers - 1);
    if (a->position >= positions)
        return gk_fail(err, "there is no position %d: a row has positions 0 to %d", a->position,
                       positions - 1);
    return 0;
}

/* Appends the points of one split to *TO: all of its positions, or one position of each row. */
static int append(const struct gk_activations *a, struct gk_study *s, struct gk_engine *e,
                  char **to, struct gk_err *err)
{
    const size_t n = gk_engine_rows(e), T = (size_t)gk_engine_activation_positions(e);
    const size_t point = gk_engine_activation_width(e, a->layer) * gk_dtype_size(s->real);
    size_t count;
    if (n == 0)
        return 0;
    if (a->position == GK_POSITION_ALL) {
        if (gk_engine_activations(e, s->theta, a->layer, *to, err))
            return -1;
        *to += n * T * point;
        return 0;
    }
    char *all = gk_mul(n, T, &count) ? gk_alloc(count, point, err) : NULL; /* [n, T] points */
    if (!all || gk_engine_activations(e, s->theta, a->layer, all, err)) {
        gk_free(all);
        return -1;
    }
    const size_t at = a->position == GK_POSITION_LAST ? T - 1 : (size_t)a->position;
    for (size_t i = 0; i < n; i++, *to += point)
        memcpy(*to, all + (i * T + at) * point, point);
    gk_free(all);
    return 0;
}

static int fill(const struct gk_activations *a, struct gk_study *s, struct gk_frame *f,
                struct gk_err *err)
{
    struct gk_engine *const any = s->engine[GK_TRAIN] ? s->engine[GK_TRAIN] : s->engine[GK_VAL];
    const int positions = gk_engine_activation_positions(any);
    uint64_t shape[2] = {0, gk_engine_activation_width(any, a->layer)};
    size_t count;
    if (check(a, &s->ckpt.arch, positions, err))
        return -1;
    for (int i = 0; i < 2; i++)
        shape[0] += s->engine[i] ? gk_engine_rows(s->engine[i]) : 0;
    if (shape[0] == 0)
        return gk_fail(err, "the split has no rows");
    if (a->position == GK_POSITION_ALL)
        shape[0] *= (uint64_t)positions;
    if (!gk_mul(shape[0], shape[1], &count))
        return gk_fail(err, "too many activations");
    char *const points = gk_alloc(count, gk_dtype_size(s->real), err);
    char *to = points;
    int rc = points ? 0 : -1;
    for (int i = 0; i < 2 && !rc; i++)
        rc = s->engine[i] ? append(a, s, s->engine[i], &to, err) : 0;
    if (!rc)
        rc = gk_frame_add(f, "activations", s->real, 2, shape, points, err);
    gk_free(points);
    return rc;
}

int gk_activations_take(const struct gk_activations *a, struct gk_study *s, struct gk_frame *f,
                        struct gk_err *err)
{
    if (fill(a, s, f, err) || gk_frame_set_meta(f, "gk.kind", "activations", err))
        return -1;
    return s->ckpt.step < 0 ? 0 : gk_frame_set_meta_int(f, "step", s->ckpt.step, err);
}
