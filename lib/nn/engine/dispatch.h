/* Which compilation of the numeric core this machine runs (lib/nn/core/real.h). */
#ifndef GK_DISPATCH_H
#define GK_DISPATCH_H

#include "gk/frame.h"
#include "nn/core/compilations.h"

enum gk_isa { GK_ISA_V1, GK_ISA_V3, GK_ISA_V4 };

/* The best level that the processor has and the system allows; GK_CPU=v1|v3|v4 in the environment
 * can only lower it. The answer never changes within a process. */
enum gk_isa gk_isa_choice(void);

/* The address of the compilation of NAME for this machine and REAL, GK_F32 or GK_F64. */
#ifdef __x86_64__
#define GK_COMPILATION(name, real)                                                                 \
    ((const __typeof__(name##_f32_v1) *const[][2]){                                                \
        {&name##_f32_v1, &name##_f64_v1},                                                          \
        {&name##_f32_v3, &name##_f64_v3},                                                          \
        {&name##_f32_v4, &name##_f64_v4}}[gk_isa_choice()][(real) == GK_F64])
#else
#define GK_COMPILATION(name, real) ((real) == GK_F64 ? &name##_f64_v1 : &name##_f32_v1)
#endif

#endif
