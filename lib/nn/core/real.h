/* The numeric core is one source for two precisions and three instruction sets. Each file in
 * lib/nn/core/ is compiled once per (real, isa) with GK_REAL_IS_F64=0|1 and GK_ISA=v1|v3|v4 (x86-64
 * levels; v1 is plain C on any machine); X(name) is name_f32_v3, for example.
 * lib/nn/engine/dispatch.c picks the set when the program starts (GK_CPU=v1|v3|v4 in the
 * environment overrides, for tests). */
#ifndef GK_CORE_REAL_H
#define GK_CORE_REAL_H

#include "gk/blas.h"

#define GK_PASTE_(a, b, c) a##_##b##_##c
#define GK_PASTE(a, b, c)  GK_PASTE_(a, b, c)

#if GK_REAL_IS_F64
typedef double real;
#define X(name)       GK_PASTE(name, f64, GK_ISA)
#define gk_gemm       gk_dgemm
#define GK_REAL_DTYPE GK_F64
#else
typedef float real;
#define X(name)       GK_PASTE(name, f32, GK_ISA)
#define gk_gemm       gk_sgemm
#define GK_REAL_DTYPE GK_F32
#endif

#endif
