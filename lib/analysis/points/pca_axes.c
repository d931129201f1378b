/* Axes as frames that hold a direction with the parameters' names. */
#include <stdio.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/pca.h"

/* Tensor I of the first frame: its coordinates in AXIS, or zeros if it has none. BUFFER has room
 * for as many doubles. */
static int add_tensor(struct gk_frame *f, const struct gk_points *x, size_t i, const double *axis,
                      void *buffer, struct gk_err *err)
{
    const struct gk_tensor *t = &x->first.tensor[i];
    const enum gk_dtype real = x->single ? GK_F32 : GK_F64;
    memset(buffer, 0, t->count * gk_dtype_size(real));
    for (size_t p = 0; p < x->nparts; p++) {
        if (x->part[p].tensor == i)
            gk_reals_narrow(real, t->count, axis + x->part[p].column, buffer);
    }
    return gk_frame_add(f, t->name, real, t->rank, t->shape, buffer, err);
}

/* The trajectory's metadata about its network. */
static int copy_meta(struct gk_frame *f, const struct gk_frame *first, struct gk_err *err)
{
    for (size_t i = 0; i < first->nmeta; i++) {
        const char *key = first->meta[i].key;
        if (strncmp(key, "gk.", 3) != 0 && strcmp(key, "step") != 0 &&
            gk_frame_set_meta(f, key, first->meta[i].value, err) != 0)
            return -1;
    }
    return 0;
}

static int make_axis(struct gk_frame *f, const struct gk_points *x, const struct gk_pca *r,
                     size_t k, const struct gk_history *h, void *buffer, struct gk_err *err)
{
    const double *axis = r->axis + k * x->width;
    char variance[32];
    double v;
    if (gk_pca_variance(r, k, x, &v, err) != 0)
        return -1;
    snprintf(variance, sizeof variance, "%.17g", v);
    for (size_t i = 0; i < x->first.ntensor; i++)
        if (gk_is_parameter(&x->first.tensor[i]) && add_tensor(f, x, i, axis, buffer, err) != 0)
            return -1;
    if (x->nparts == 0 &&
        gk_frame_add(f, "axis", GK_F64, 1, (const uint64_t[]){x->width}, axis, err) != 0)
        return -1;
    if (copy_meta(f, &x->first, err) != 0 || gk_frame_set_meta(f, "gk.kind", "axis", err) != 0 ||
        gk_frame_set_meta_int(f, "component", (int64_t)k + 1, err) != 0 ||
        gk_frame_set_meta(f, "variance", variance, err) != 0)
        return -1;
    return gk_frame_set_history(f, h, err);
}

int gk_pca_write_axes(FILE *fp, const struct gk_points *x, const struct gk_pca *r,
                      const struct gk_history *h, struct gk_err *err)
{
    struct gk_stream stream = {.fp = fp};
    size_t largest = 0;
    for (size_t i = 0; i < x->first.ntensor; i++)
        if (x->first.tensor[i].count > largest)
            largest = x->first.tensor[i].count;
    for (size_t k = 0; k < r->k; k++)
        if (r->variance[k] == 0)
            return gk_fail(err, "%s: the points span %zu axes, not %zu", x->name, k, r->k);
    void *buffer = gk_alloc(largest, sizeof(double), err);
    int rc = buffer ? 0 : -1;
    for (size_t k = 0; k < r->k && rc == 0; k++) {
        struct gk_frame f = {0};
        rc = make_axis(&f, x, r, k, h, buffer, err);
        if (rc == 0)
            rc = gk_stream_write(&stream, &f, err);
        gk_frame_free(&f);
    }
    if (rc == 0)
        rc = gk_stream_end(&stream, err);
    gk_free(buffer);
    return rc;
}
