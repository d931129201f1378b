/* Allocation with checked arithmetic. */
#include "gk/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

bool gk_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool gk_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

/* calloc, not aligned_alloc and memset: the system zeroes a large block page by page when it is
 * first touched. The word in front of the block holds calloc's pointer. */
void *gk_alloc(size_t n, size_t size, struct gk_err *err)
{
    size_t bytes, total;
    char *base;
    if (!gk_mul(n, size, &bytes) || !gk_add(bytes, ALIGNMENT + sizeof base, &total)) {
        gk_fail(err, "%zu objects of %zu bytes are more than memory can hold", n, size);
        return NULL;
    }
    base = calloc(1, total);
    if (!base) {
        gk_fail(err, "no memory for %zu bytes", bytes);
        return NULL;
    }
    uintptr_t first = (uintptr_t)base + sizeof base;
    char *p = base + sizeof base + (ALIGNMENT - first % ALIGNMENT) % ALIGNMENT;
    memcpy(p - sizeof base, &base, sizeof base);
    return p;
}

void gk_free(void *p)
{
    char *base;
    if (!p)
        return;
    memcpy(&base, (char *)p - sizeof base, sizeof base);
    free(base);
}

int gk_grow(void *p, size_t *cap, size_t need, size_t size, struct gk_err *err)
{
    void *block;
    size_t bytes, room = *cap;
    memcpy(&block, p, sizeof block);
    if (block && need <= room)
        return 0;
    if (!gk_add(room, room / 2 + 8, &room) || room < need)
        room = need > 0 ? need : 1;
    if (!gk_mul(room, size, &bytes))
        return gk_fail(err, "%zu objects of %zu bytes are more than memory can hold", room, size);
    block = realloc(block, bytes);
    if (!block)
        return gk_fail(err, "no memory for %zu bytes", bytes);
    memcpy(p, &block, sizeof block);
    *cap = room;
    return 0;
}

char *gk_strdup(const char *s, struct gk_err *err)
{
    char *copy = strdup(s);
    if (!copy)
        gk_fail(err, "no memory for %zu bytes", strlen(s) + 1);
    return copy;
}

char *gk_format(struct gk_err *err, const char *fmt, ...)
{
    char *text;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0) {
        gk_fail(err, "no memory for a line of text");
        return NULL;
    }
    return text;
}
