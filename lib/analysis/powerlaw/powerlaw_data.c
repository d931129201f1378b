/* Memory for the runs of a fit, and for a few runs that represent them: each is the mean of runs at
 * neighbouring x. Some hundred of these suffice to find where a fit may start. */
#include <math.h>
#include <stdlib.h>

#include "gk/mem.h"
#include "powerlaw_solve.h"

enum { GROUPS = 256 }; /* of the runs that grokked, and of the censored ones */

static int by_place(const void *a, const void *b, void *ctx)
{
    const struct pl_data *d = ctx;
    const size_t i = *(const size_t *)a, j = *(const size_t *)b;
    if (d->censored[i] != d->censored[j])
        return d->censored[i] ? 1 : -1;
    if (d->u[i] != d->u[j])
        return d->u[i] < d->u[j] ? -1 : 1;
    return i < j ? -1 : i > j;
}

/* Appends to FEW the runs at ORDER [n] as one, with their mean u and z and their total weight. */
static void add_group(struct pl_data *few, const struct pl_data *d, const size_t *order, size_t n)
{
    const size_t k = few->n++;
    double weight = 0, u = 0, z = 0;
    for (size_t i = 0; i < n; i++) {
        const double w = d->root[order[i]] * d->root[order[i]];
        weight += w;
        u += w * d->u[order[i]];
        z += w * d->z[order[i]];
    }
    few->u[k] = u / weight;
    few->z[k] = z / weight;
    few->root[k] = sqrt(weight);
    few->censored[k] = d->censored[order[0]];
}

/* The N runs at ORDER in groups of nearly equal size. */
static void add_groups(struct pl_data *few, const struct pl_data *d, const size_t *order, size_t n)
{
    const size_t groups = n < GROUPS ? n : GROUPS;
    for (size_t g = 0; g < groups; g++) {
        const size_t from = n * g / groups, to = n * (g + 1) / groups;
        add_group(few, d, order + from, to - from);
    }
}

int pl_data_room(struct pl_data *d, size_t n, struct gk_err *err)
{
    d->u = gk_alloc(n, sizeof *d->u, err);
    d->z = gk_alloc(n, sizeof *d->z, err);
    d->root = gk_alloc(n, sizeof *d->root, err);
    d->censored = gk_alloc(n, sizeof *d->censored, err);
    d->e = gk_alloc(n, 3 * sizeof *d->e, err);
    d->jac = gk_alloc(n, 3 * sizeof *d->jac, err);
    return d->u && d->z && d->root && d->censored && d->e && d->jac ? 0 : -1;
}

int pl_few_new(struct pl_data *d, struct gk_err *err)
{
    d->few = d;
    if (d->n <= (size_t)2 * GROUPS)
        return 0;
    d->few = gk_alloc(1, sizeof *d->few, err);
    size_t *order = d->few ? gk_alloc(d->n, sizeof *order, err) : NULL;
    if (!order || pl_data_room(d->few, (size_t)2 * GROUPS, err)) {
        gk_free(order);
        return -1;
    }
    for (size_t i = 0; i < d->n; i++)
        order[i] = i;
    qsort_r(order, d->n, sizeof *order, by_place, d);
    add_groups(d->few, d, order, d->observed);
    add_groups(d->few, d, order + d->observed, d->n - d->observed);
    gk_free(order);
    return 0;
}

static void free_vectors(struct pl_data *d)
{
    gk_free(d->u);
    gk_free(d->z);
    gk_free(d->root);
    gk_free(d->censored);
    gk_free(d->e);
    gk_free(d->jac);
    gk_nlfit_free(d->lm);
}

void pl_data_free(struct pl_data *d)
{
    if (d->few && d->few != d) {
        free_vectors(d->few);
        gk_free(d->few);
    }
    free_vectors(d);
    *d = (struct pl_data){0};
}
