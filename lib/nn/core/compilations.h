/* Declares what the numeric core exports for each precision and instruction set (real.h). */
#ifndef GK_CORE_COMPILATIONS_H
#define GK_CORE_COMPILATIONS_H

/* Constants NAME_f32_v1, NAME_f64_v1 and so on. */
#define GK_DECLARE_LEVEL(type, name, isa) extern const type name##_f32_##isa, name##_f64_##isa
#ifdef __x86_64__
#define GK_DECLARE_COMPILATIONS(type, name)                                                        \
    GK_DECLARE_LEVEL(type, name, v1);                                                              \
    GK_DECLARE_LEVEL(type, name, v3);                                                              \
    GK_DECLARE_LEVEL(type, name, v4)
#else
#define GK_DECLARE_COMPILATIONS(type, name) GK_DECLARE_LEVEL(type, name, v1)
#endif

#endif
