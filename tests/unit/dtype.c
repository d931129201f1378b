/* Conversions, against the definition of the formats. */
#include <math.h>
#include <stdint.h>

#include "check.h"
#include "gk/frame.h"

/* sign * 2^e * m for E exponent bits and F fraction bits. */
static double by_definition(unsigned bits, int e_bits, int f_bits)
{
    const int bias = (1 << (e_bits - 1)) - 1;
    const int e = bits >> f_bits & ((1 << e_bits) - 1), m = bits & ((1 << f_bits) - 1);
    const double sign = bits >> (e_bits + f_bits) ? -1 : 1;
    if (e == (1 << e_bits) - 1)
        return m ? (double)NAN : sign * (double)INFINITY;
    return sign * (e ? ldexp(1 + ldexp(m, -f_bits), e - bias) : ldexp(m, 1 - bias - f_bits));
}

static void halves(enum gk_dtype dtype, int e_bits, int f_bits)
{
    static uint16_t x[1 << 16];
    static double d[1 << 16];
    static float s[1 << 16];
    const struct gk_tensor t = {.dtype = dtype, .rank = 1, .count = 1 << 16, .data = x};
    for (int i = 0; i < 1 << 16; i++)
        x[i] = (uint16_t)i;
    gk_tensor_f64(&t, d);
    gk_tensor_f32(&t, s);
    for (unsigned i = 0; i < 1 << 16; i++) {
        const double v = by_definition(i, e_bits, f_bits);
        CHECK(isnan(v) ? isnan(d[i]) : d[i] == v && !signbit(d[i]) == !signbit(v));
        CHECK(isnan(v) ? isnan(s[i]) : s[i] == (float)v && !signbit(s[i]) == !signbit(v));
    }
}

#define ALL(dtype_, ...)                                                                           \
    do {                                                                                           \
        const struct gk_tensor t = {                                                               \
            .dtype = dtype_, .count = sizeof x / sizeof *x, .data = (void *)x, .name = name};      \
        double d[sizeof x / sizeof *x];                                                            \
        float s[sizeof x / sizeof *x];                                                             \
        gk_tensor_f64(&t, d);                                                                      \
        gk_tensor_f32(&t, s);                                                                      \
        for (size_t i = 0; i < t.count; i++) {                                                     \
            double part;                                                                           \
            gk_tensor_part(&t, i, 1, &part);                                                       \
            CHECK(d[i] == (double)x[i] && part == d[i]);                                           \
            CHECK(s[i] == (float)x[i]);                                                            \
        }                                                                                          \
    } while (0)

static char name[] = "w";

static void wide(void)
{
    {
        const double x[] = {0, -1.5, 1e300, 0x1p-1074, INFINITY, 0.1};
        ALL(GK_F64);
    }
    {
        const float x[] = {0, -1.5f, 3e38f, 0x1p-149f, INFINITY, 0.1f};
        ALL(GK_F32);
    }
    {
        const int64_t x[] = {0, -1, INT64_MAX, INT64_MIN, (1ll << 53) + 1};
        ALL(GK_I64);
    }
    {
        const int32_t x[] = {0, -1, INT32_MAX, INT32_MIN};
        ALL(GK_I32);
    }
    {
        const uint8_t x[] = {0, 1, 127, 128, 255};
        ALL(GK_U8);
    }
    {
        const int8_t x[] = {0, 1, 127, -128};
        ALL(GK_I8);
    }
    {
        const int16_t x[] = {0, 1, INT16_MAX, INT16_MIN};
        ALL(GK_I16);
    }
    {
        const uint16_t x[] = {0, 1, UINT16_MAX};
        ALL(GK_U16);
    }
    {
        const uint32_t x[] = {0, 1, UINT32_MAX};
        ALL(GK_U32);
    }
    {
        const uint64_t x[] = {0, 1, UINT64_MAX, (1ull << 63) + 1};
        ALL(GK_U64);
    }
    {
        const uint8_t x[] = {0, 1};
        ALL(GK_BOOL);
    }
}

/* The eight-bit formats: E5M2 is as IEEE has it; E4M3 has no infinity, and its largest exponent
 * holds numbers but for the last code; E8M0 is 2^(x - 127). The FNUZ formats have a bias one
 * larger, which halves a number, and nan instead of -0; all other codes are numbers. */
static void eights(void)
{
    uint8_t x[256];
    double d[256];
    struct gk_tensor t = {.dtype = GK_F8_E5M2, .rank = 1, .count = 256, .data = x};
    for (int i = 0; i < 256; i++)
        x[i] = (uint8_t)i;
    gk_tensor_f64(&t, d);
    for (unsigned i = 0; i < 256; i++) {
        const double v = by_definition(i, 5, 2);
        CHECK(isnan(v) ? isnan(d[i]) : d[i] == v);
    }
    t.dtype = GK_F8_E4M3;
    gk_tensor_f64(&t, d);
    for (unsigned i = 0; i < 256; i++) {
        const int e = i >> 3 & 15, m = i & 7;
        const double v = (i & 128 ? -1 : 1) * (e ? ldexp(1 + m / 8.0, e - 7) : ldexp(m, -9));
        CHECK((i & 127) == 127 ? isnan(d[i]) : d[i] == v);
    }
    CHECK(d[0x7e] == 448);
    t.dtype = GK_F8_E8M0;
    gk_tensor_f64(&t, d);
    CHECK(d[0] == 0x1p-127 && d[127] == 1 && d[254] == 0x1p127 && isnan(d[255]));
    for (int f_bits = 2; f_bits <= 3; f_bits++) {
        t.dtype = f_bits == 2 ? GK_F8_E5M2FNUZ : GK_F8_E4M3FNUZ;
        gk_tensor_f64(&t, d);
        for (unsigned i = 0; i < 256; i++) {
            const int bias = 1 << (6 - f_bits), e = (int)(i & 127) >> f_bits;
            const double m = ldexp(i & ((1u << f_bits) - 1), -f_bits);
            const double v = (i & 128 ? -1 : 1) * (e ? ldexp(1 + m, e - bias) : ldexp(m, 1 - bias));
            CHECK(i == 128 ? isnan(d[i]) : d[i] == v);
        }
        CHECK(d[127] == (f_bits == 2 ? 57344 : 240) && !signbit(d[0]));
    }
}

/* What does not convert is refused by name. */
static void opaque(void)
{
    static const enum gk_dtype dtype[] = {GK_C64, GK_F6_E2M3, GK_F6_E3M2, GK_F4};
    for (int i = 0; i < 4; i++) {
        const struct gk_tensor t = {.name = name, .dtype = dtype[i], .count = 8};
        struct gk_err err = {0};
        char want[100];
        snprintf(want, sizeof want,
                 "tensor 'w' is %s, which gk lists and copies but does not compute with",
                 gk_dtype_name(dtype[i]));
        CHECK_INT_EQ(gk_tensor_check(&t, &err), -1);
        CHECK_STR_EQ(err.msg, want);
        CHECK(!gk_is_parameter(&t));
        CHECK(gk_tensor_bytes(&t) == ((const size_t[]){64, 6, 6, 4})[i]);
    }
}

static void refuses_i32(enum gk_dtype dtype, void *x, const char *message)
{
    const struct gk_tensor t = {.name = name, .dtype = dtype, .count = 2, .data = x};
    struct gk_err err = {0};
    int32_t out[2];
    CHECK_INT_EQ(gk_tensor_i32(&t, out, &err), -1);
    CHECK_STR_EQ(err.msg, message);
}

static void integers(void)
{
    int32_t out[4];
    int64_t i64[] = {7, INT32_MIN, INT32_MAX, -1};
    double f64[] = {7, INT32_MIN, INT32_MAX, -1};
    int32_t i32[] = {7, INT32_MIN, INT32_MAX, -1};
    struct gk_err err = {0};
    const struct gk_tensor t[] = {{.dtype = GK_I64, .count = 4, .data = i64},
                                  {.dtype = GK_F64, .count = 4, .data = f64},
                                  {.dtype = GK_I32, .count = 4, .data = i32}};
    for (int k = 0; k < 3; k++) {
        memset(out, 0, sizeof out);
        CHECK_INT_EQ(gk_tensor_i32(&t[k], out, &err), 0);
        CHECK(memcmp(out, i32, sizeof out) == 0);
    }
    refuses_i32(GK_I64, (int64_t[]){7, 2147483648},
                "tensor 'w': element 1 is 2147483648, not a 32-bit integer");
    refuses_i32(GK_I64, (int64_t[]){-2147483649, 0},
                "tensor 'w': element 0 is -2147483649, not a 32-bit integer");
    refuses_i32(GK_F64, (double[]){7, 1.5}, "tensor 'w': element 1 is 1.5, not a 32-bit integer");
    refuses_i32(GK_F32, (float[]){7, (float)NAN},
                "tensor 'w': element 1 is nan, not a 32-bit integer");
    refuses_i32(GK_F16, (uint16_t[]){0x7c00, 0},
                "tensor 'w': element 0 is inf, not a 32-bit integer");
}

int main(void)
{
    halves(GK_F16, 5, 10);
    halves(GK_BF16, 8, 7);
    wide();
    eights();
    opaque();
    integers();
    return check_status();
}
