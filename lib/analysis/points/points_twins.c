/* Tensors that hold the same numbers in all of a trajectory, such as tied weights, count twice. */
#include <string.h>

#include "gk/mem.h"
#include "points_priv.h"

enum { HEAD = 16, PART = 512 };

static const struct gk_tensor *tensor_of(const struct gk_points *p, size_t part)
{
    return &p->first.tensor[p->part[part].tensor];
}

static bool are_same(const double *a, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* 1: part I and part K are the same at point T, 0, or -1. */
static int is_same(const struct gk_points *p, size_t t, size_t i, size_t k, struct gk_err *err)
{
    const size_t n = p->part[i].count;
    double a[PART], b[PART];
    for (size_t from = 0; from < n; from += PART) {
        const size_t m = n - from < PART ? n - from : PART;
        if (gk_points_read(p, t, p->part[i].column + from, m, a, err) ||
            gk_points_read(p, t, p->part[k].column + from, m, b, err))
            return -1;
        if (!are_same(a, b, m))
            return 0;
    }
    return 1;
}

/* Numbers that are not all one, as zeros and ones at the start are. */
static bool differ(const double *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (v[i] != v[0])
            return true;
    return false;
}

static int note(struct gk_points *p, size_t i, size_t k, struct gk_err *err)
{
    const struct gk_tensor *a = tensor_of(p, i), *b = tensor_of(p, k);
    if (a->rank != b->rank || memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) != 0)
        return 0;
    int rc = is_same(p, 0, i, k, err);
    if (rc == 1)
        rc = is_same(p, p->n - 1, i, k, err);
    return rc == 1 ? gk_note_twins(p->name, a->name, b->name, &p->doubts, err) : rc;
}

int gk_points_note_twins(struct gk_points *p, struct gk_err *err)
{
    if (p->nparts < 2)
        return 0;
    double(*head)[HEAD] = gk_alloc(p->nparts, sizeof *head, err);
    int rc = head ? 0 : -1;
    for (size_t i = 0; rc == 0 && i < p->nparts; i++) {
        const size_t n = p->part[i].count < HEAD ? p->part[i].count : HEAD;
        memset(head[i], 0, sizeof head[i]);
        rc = gk_points_read(p, 0, p->part[i].column, n, head[i], err);
    }
    for (size_t i = 0; rc == 0 && i < p->nparts; i++)
        for (size_t k = i + 1; rc == 0 && k < p->nparts && tensor_of(p, i)->rank >= 2; k++)
            if (p->part[i].count == p->part[k].count && are_same(head[i], head[k], HEAD) &&
                differ(head[i], p->part[i].count < HEAD ? p->part[i].count : HEAD))
                rc = note(p, i, k, err);
    gk_free(head);
    return rc;
}
