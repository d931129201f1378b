/* Element types and their conversion. F16 and BF16 widen exactly; narrowing to float rounds to
 * nearest, as a cast does. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "frame_priv.h"
#include "gk/mem.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are little-endian, as is npy");

enum class { REAL, INTEGER, OPAQUE };

static const struct {
    const char *name;
    unsigned bits;
    enum class class;
} DTYPE[GK_DTYPES] = {
    [GK_F64] = {"F64", 64, REAL},
    [GK_F32] = {"F32", 32, REAL},
    [GK_F16] = {"F16", 16, REAL},
    [GK_BF16] = {"BF16", 16, REAL},
    [GK_I64] = {"I64", 64, INTEGER},
    [GK_I32] = {"I32", 32, INTEGER},
    [GK_U8] = {"U8", 8, INTEGER},
    [GK_BOOL] = {"BOOL", 8, INTEGER},
    [GK_I8] = {"I8", 8, INTEGER},
    [GK_I16] = {"I16", 16, INTEGER},
    [GK_U16] = {"U16", 16, INTEGER},
    [GK_U32] = {"U32", 32, INTEGER},
    [GK_U64] = {"U64", 64, INTEGER},
    [GK_F8_E4M3] = {"F8_E4M3", 8, REAL},
    [GK_F8_E5M2] = {"F8_E5M2", 8, REAL},
    [GK_F8_E8M0] = {"F8_E8M0", 8, REAL},
    [GK_F8_E4M3FNUZ] = {"F8_E4M3FNUZ", 8, REAL},
    [GK_F8_E5M2FNUZ] = {"F8_E5M2FNUZ", 8, REAL},
    [GK_C64] = {"C64", 64, OPAQUE},
    [GK_F6_E2M3] = {"F6_E2M3", 6, OPAQUE},
    [GK_F6_E3M2] = {"F6_E3M2", 6, OPAQUE},
    [GK_F4] = {"F4", 4, OPAQUE},
};

size_t gk_dtype_size(enum gk_dtype t)
{
    return (DTYPE[t].bits + 7) / 8;
}

bool gk_dtype_is_single(enum gk_dtype t)
{
    return DTYPE[t].class == REAL && t != GK_F64;
}

bool gk_dtype_is_float(enum gk_dtype t)
{
    return DTYPE[t].class == REAL;
}

bool gk_dtype_converts(enum gk_dtype t)
{
    return DTYPE[t].class != OPAQUE;
}

const char *gk_dtype_name(enum gk_dtype t)
{
    return DTYPE[t].name;
}

bool gk_dtype_find(const char *name, enum gk_dtype *t)
{
    for (size_t i = 0; i < GK_DTYPES; i++) {
        if (strcmp(name, DTYPE[i].name) == 0) {
            *t = (enum gk_dtype)i;
            return true;
        }
    }
    return false;
}

int gk_dtype_bytes(enum gk_dtype t, size_t count, size_t *bytes, struct gk_err *err)
{
    const unsigned bits = DTYPE[t].bits;
    if (bits % 8 == 0 ? !gk_mul(count, bits / 8, bytes) : !gk_mul(count, bits, bytes))
        return gk_fail(err, "its shape makes more bytes than memory can have");
    if (bits % 8 == 0)
        return 0;
    if (*bytes % 8 != 0)
        return gk_fail(err, "%zu elements of %s do not fill whole bytes", count, DTYPE[t].name);
    *bytes /= 8;
    return 0;
}

size_t gk_tensor_bytes(const struct gk_tensor *t)
{
    size_t bytes = 0;
    return gk_dtype_bytes(t->dtype, t->count, &bytes, NULL) ? 0 : bytes;
}

int gk_tensor_check(const struct gk_tensor *t, struct gk_err *err)
{
    if (gk_dtype_converts(t->dtype))
        return 0;
    return gk_fail(err, "tensor '%s' is %s, which gk lists and copies but does not compute with",
                   gk_show(t->name).s, DTYPE[t->dtype].name);
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

/* The number of an eight-bit code without infinities: 1 sign, BITS fraction bits, the rest an
 * exponent with this BIAS. */
static float from_f8(uint8_t x, int bits, int bias)
{
    const int exponent = (x & 0x7f) >> bits, fraction = x & ((1 << bits) - 1);
    const float f = exponent ? ldexpf((float)((1 << bits) + fraction), exponent - bias - bits)
                             : ldexpf((float)fraction, 1 - bias - bits);
    return x & 0x80 ? -f : f;
}

/* nan has the largest code of each sign (Micikevicius et al. 2022). */
static float from_e4m3(uint8_t x)
{
    return (x & 0x7f) == 0x7f ? NAN : from_f8(x, 3, 7);
}

/* "Finite, nan, unsigned zero": nan has the code of -0, and the bias is one more (Noune et al.
 * 2022). */
static float from_fnuz(uint8_t x, int bits, int bias)
{
    return x == 0x80 ? NAN : from_f8(x, bits, bias);
}

/* A power of two (OCP microscaling formats). */
static float from_e8m0(uint8_t x)
{
    return x == 0xff ? NAN : ldexpf(1, x - 127);
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
    case GK_BOOL:                                                                                  \
        CONVERT(TO, uint8_t, x[i] != 0);                                                           \
        break;                                                                                     \
    case GK_I8:                                                                                    \
        CONVERT(TO, int8_t, x[i]);                                                                 \
        break;                                                                                     \
    case GK_I16:                                                                                   \
        CONVERT(TO, int16_t, x[i]);                                                                \
        break;                                                                                     \
    case GK_U16:                                                                                   \
        CONVERT(TO, uint16_t, x[i]);                                                               \
        break;                                                                                     \
    case GK_U32:                                                                                   \
        CONVERT(TO, uint32_t, x[i]);                                                               \
        break;                                                                                     \
    case GK_U64:                                                                                   \
        CONVERT(TO, uint64_t, x[i]);                                                               \
        break;                                                                                     \
    case GK_F8_E4M3:                                                                               \
        CONVERT(TO, uint8_t, from_e4m3(x[i]));                                                     \
        break;                                                                                     \
    case GK_F8_E5M2: /* the upper half of an F16 */                                                \
        CONVERT(TO, uint8_t, from_f16((uint16_t)(x[i] << 8)));                                     \
        break;                                                                                     \
    case GK_F8_E8M0:                                                                               \
        CONVERT(TO, uint8_t, from_e8m0(x[i]));                                                     \
        break;                                                                                     \
    case GK_F8_E4M3FNUZ:                                                                           \
        CONVERT(TO, uint8_t, from_fnuz(x[i], 3, 8));                                               \
        break;                                                                                     \
    case GK_F8_E5M2FNUZ:                                                                           \
        CONVERT(TO, uint8_t, from_fnuz(x[i], 2, 16));                                              \
        break;                                                                                     \
    case GK_C64:                                                                                   \
    case GK_F6_E2M3:                                                                               \
    case GK_F6_E3M2:                                                                               \
    case GK_F4:                                                                                    \
    case GK_DTYPES: /* gk_tensor_check refuses them */                                             \
        for (size_t i = 0; i < t->count; i++)                                                      \
            dst[i] = (TO)NAN;                                                                      \
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
    if (gk_tensor_check(t, err))
        return -1;
    /* Every 32-bit integer is exact in double, and no 64-bit one outside the range rounds into
     * it. */
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
