/* Names in one block of text, found by hashing. */
#include "gk/names.h"

#include <stdlib.h>
#include <string.h>

#include "gk/fnv.h"
#include "gk/mem.h"

enum { MOST_NAMES = 2 << 20, MOST_TEXT = 16 << 20 };

static size_t hash_of(const char *s)
{
    uint64_t h = GK_FNV_START;
    for (; *s; s++)
        h = gk_fnv(h, (unsigned char)*s);
    return (size_t)(h ^ h >> 32);
}

/* Where NAME is in the hash table, or would be. */
static uint32_t *slot_of(const struct gk_names *names, const char *name)
{
    for (size_t i = hash_of(name);; i++) {
        uint32_t *slot = &names->slot[i & (names->slots - 1)];
        if (*slot == 0 || !strcmp(gk_names_get(names, *slot - 1), name))
            return slot;
    }
}

/* Half of the slots stay empty. */
static int grow_slots(struct gk_names *names, struct gk_err *err)
{
    if (2 * (names->n + 1) <= names->slots)
        return 0;
    free(names->slot);
    names->slots = names->slots ? 2 * names->slots : 64;
    names->slot = calloc(names->slots, sizeof *names->slot);
    if (!names->slot) {
        names->slots = 0;
        return gk_fail(err, "no memory for %zu names", names->n);
    }
    for (size_t i = 0; i < names->n; i++)
        *slot_of(names, gk_names_get(names, i)) = (uint32_t)i + 1;
    return 0;
}

int gk_names_add(struct gk_names *names, const char *name, size_t *number, struct gk_err *err)
{
    const size_t len = strlen(name) + 1;
    if (grow_slots(names, err))
        return -1;
    uint32_t *slot = slot_of(names, name);
    if (*slot) {
        *number = *slot - 1;
        return 0;
    }
    if (names->n >= MOST_NAMES)
        return gk_fail(err, "more than %d names", MOST_NAMES);
    if (names->text_n + len > MOST_TEXT)
        return gk_fail(err, "the names are longer than %d MiB together", MOST_TEXT >> 20);
    if (gk_grow(&names->text, &names->text_cap, names->text_n + len, 1, err) ||
        gk_grow(&names->begin, &names->begin_cap, names->n + 1, sizeof *names->begin, err))
        return -1;
    memcpy(names->text + names->text_n, name, len);
    names->begin[names->n] = names->text_n;
    names->text_n += len;
    *number = names->n++;
    *slot = (uint32_t)names->n;
    return 0;
}

ptrdiff_t gk_names_find(const struct gk_names *names, const char *name)
{
    return names->slots ? (ptrdiff_t)*slot_of(names, name) - 1 : -1;
}

const char *gk_names_get(const struct gk_names *names, size_t number)
{
    return names->text + names->begin[number];
}

void gk_names_free(struct gk_names *names)
{
    free(names->text);
    free(names->begin);
    free(names->slot);
    *names = (struct gk_names){0};
}
