/* Rows that are in both splits of a dataset: a network knows them by heart. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gk/dataset.h"
#include "gk/fnv.h"
#include "gk/mem.h"

static uint64_t key(const int32_t *tokens, int n)
{
    uint64_t h = GK_FNV_START;
    for (int i = 0; i < n; i++)
        h = gk_fnv(h, (uint32_t)tokens[i]);
    return h;
}

/* The validation rows that are training rows, too. -1: no memory. */
static int64_t count_shared(const struct gk_dataset *d, struct gk_err *err)
{
    const struct gk_rowset *train = &d->split[GK_TRAIN], *val = &d->split[GK_VAL];
    int64_t shared = 0;
    uint64_t *known = gk_alloc(train->n, sizeof *known, err);
    if (!known)
        return -1;
    for (size_t i = 0; i < train->n; i++)
        known[i] = key(train->tokens + i * (size_t)d->T, d->T);
    qsort(known, train->n, sizeof *known, gk_by_hash);
    for (size_t i = 0; i < val->n; i++) {
        const uint64_t k = key(val->tokens + i * (size_t)d->T, d->T);
        shared += bsearch(&k, known, train->n, sizeof *known, gk_by_hash) != NULL;
    }
    gk_free(known);
    return shared;
}

int gk_dataset_remark(const struct gk_dataset *d, const char *file, struct gk_notes *notes,
                      struct gk_err *err)
{
    const int64_t shared = count_shared(d, err);
    if (shared <= 0)
        return (int)shared;
    return gk_notes_add(
        notes, NULL, err, "%s: %" PRId64 " of %zu validation rows are training rows, too",
        !file || strcmp(file, "-") == 0 ? "standard input" : file, shared, d->split[GK_VAL].n);
}
