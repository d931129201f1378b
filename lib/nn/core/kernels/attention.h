/* What the two versions of the attention share (attention.c, attention_four.c). */
#ifndef GK_CORE_ATTENTION_H
#define GK_CORE_ATTENTION_H

#include "gk/dataset.h"
#include "kernels.h"
#include "vec.h"

/* The query of row R in one of the paired arrays. */
ALWAYS_INLINE const real *query_row(const struct attention *at, size_t r, const real *shared,
                                    const real *own)
{
    return at->qrow ? shared + (size_t)at->qrow[r] * 3 * at->d : own + r * 3 * at->d;
}

/* The row that REF names: one of the shared rows, or of the tile's own. */
ALWAYS_INLINE const real *key_row(int32_t ref, size_t ld, const real *shared, const real *own)
{
    return ref >= 0 ? shared + (size_t)ref * ld : own + (size_t)~ref * ld;
}

/* Each pass is written for any widths, and inlined for the common ones, so that the compiler knows
 * the loops' lengths. */
#define FOR_WIDTHS(call, at)                                                                       \
    const size_t width = (at)->d / (at)->heads;                                                    \
    if (width == 32 && (at)->vwidth == 32)                                                         \
        call(32, 32);                                                                              \
    else if (width == 32 && (at)->vwidth == 128)                                                   \
        call(32, 128);                                                                             \
    else if (width == 8 && (at)->vwidth == 8)                                                      \
        call(8, 8);                                                                                \
    else if (width == 8 && (at)->vwidth == 32)                                                     \
        call(8, 32);                                                                               \
    else                                                                                           \
        call(width, (at)->vwidth)

/* attention_four.c computes the same with several heads in one vector. It can do so only if rows
 * have at most four keys and widths fit; attention_four() tells. */
#if HAS_QUARTERS
bool X(attention_four)(const struct attention *at);
void X(attention_four_forward)(const struct attention *at, size_t row0, size_t row1, real *p,
                               real *a);
void X(attention_four_backward)(const struct attention *at, size_t row0, size_t row1, const real *p,
                                const real *da, const struct attention_sums *sums);
#endif

#endif
