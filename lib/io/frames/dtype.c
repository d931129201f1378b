/* Element types and their conversion. F16 and BF16 widen exactly; narrowing to float rounds to
 * nearest, as a cast does. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "frame_priv.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are little-endian, as is npy");

static const struct {
    const char *name;
    size_t size;
} DTYPE[] = {
    [GK_F64] = {"F64", 8}, [GK_F32] = {"F32", 4}, [GK_F16] = {"F16", 2}, [GK_BF16] = {"BF16", 2},
    [GK_I64] = {"I64", 8}, [GK_I32] = {"I32", 4}, [GK_U8] = {"U8", 1},
};

size_t gk_dtype_size(enum gk_dtype t)
{
    return DTYPE[t].size;
}

bool gk_dtype_is_single(enum gk_dtype t)
{
    return t == GK_F32 || t == GK_F16 || t == GK_BF16;
}

const char *gk_dtype_name(enum gk_dtype t)
{
    return DTYPE[t].name;
}

bool gk_dtype_find(const char *name, enum gk_dtype *t)
{
    for (size_t i = 0; i < sizeof DTYPE / sizeof *DTYPE; i++) {
        if (strcmp(name, DTYPE[i].name) == 0) {
            *t = (enum gk_dtype)i;
            return true;
        }
    }
    return false;
}

static float from_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static float from_bf16(uint16_t h)
{
    return from_bits((uint32_t)h << 16);
}

/* 1 sign, 5 exponent (bias 15), 10 fraction bits. */
static float from_f16(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    uint32_t exponent = h >> 10 & 0x1f, fraction = h & 0x3ff;
    if (exponent == 0x1f) /* infinity, nan */
        return from_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) { /* zero, subnormal: fraction * 2^-24, exact in float */
        float f = (float)fraction * 0x1p-24f;
        return sign ? -f : f;
    }
    return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

#define CONVERT(TO, FROM, expr)                                                                    \
    do {                                                                                           \
        const FROM *x = t->data;                                                                   \
        for (size_t i = 0; i < t->count; i++)                                                      \
            dst[i] = (TO)(expr);                                                                   \
    } while (0)

#define CONVERT_ANY(TO)                                                                            \
    switch (t->dtype) {                                                                            \
    case GK_F64:                                                                                   \
        CONVERT(TO, double, x[i]);                                                                 \
        break;                                                                                     \
    case GK_F32:                                                                                   \
        CONVERT(TO, float, x[i]);                                                                  \
        break;                                                                                     \
    case GK_F16:                                                                                   \
        CONVERT(TO, uint16_t, from_f16(x[i]));                                                     \
        break;                                                                                     \
    case GK_BF16:                                                                                  \
        CONVERT(TO, uint16_t, from_bf16(x[i]));                                                    \
        break;                                                                                     \
    case GK_I64:                                                                                   \
        CONVERT(TO, int64_t, x[i]);                                                                \
        break;                                                                                     \
    case GK_I32:                                                                                   \
        CONVERT(TO, int32_t, x[i]);                                                                \
        break;                                                                                     \
    case GK_U8:                                                                                    \
        CONVERT(TO, uint8_t, x[i]);                                                                \
        break;                                                                                     \
    }

void gk_tensor_f64(const struct gk_tensor *t, double *dst)
{
    CONVERT_ANY(double)
}

void gk_tensor_f32(const struct gk_tensor *t, float *dst)
{
    CONVERT_ANY(float)
}

void gk_tensor_part(const struct gk_tensor *t, size_t from, size_t n, double *dst)
{
    struct gk_tensor part = *t;
    part.data = (char *)t->data + from * gk_dtype_size(t->dtype);
    part.count = n;
    gk_tensor_f64(&part, dst);
}

int gk_tensor_i32(const struct gk_tensor *t, int32_t *dst, struct gk_err *err)
{
    if (t->dtype == GK_I32) {
        memcpy(dst, t->data, t->count * sizeof *dst);
        return 0;
    }
    /* Every 32-bit integer is exact in double, and no 64-bit one outside rounds into the range. */
    for (size_t i = 0; i < t->count; i++) {
        double v = 0;
        gk_tensor_part(t, i, 1, &v);
        if (!(v >= INT32_MIN && v <= INT32_MAX) || v != trunc(v))
            return gk_fail(err, "tensor '%s': element %zu is %.17g, not a 32-bit integer",
                           gk_show(t->name).s, i, v);
        dst[i] = (int32_t)v;
    }
    return 0;
}

void gk_reals_widen(enum gk_dtype real, size_t n, const void *from, double *to)
{
    const float *single = from;
    if (real == GK_F64)
        memcpy(to, from, n * sizeof *to);
    for (size_t i = 0; i < n && real == GK_F32; i++)
        to[i] = (double)single[i];
}

void gk_reals_narrow(enum gk_dtype real, size_t n, const double *from, void *to)
{
    float *single = to;
    if (real == GK_F64)
        memcpy(to, from, n * sizeof *from);
    for (size_t i = 0; i < n && real == GK_F32; i++)
        single[i] = (float)from[i];
}
