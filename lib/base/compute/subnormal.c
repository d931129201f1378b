/* The control registers of the processor that decide about subnormal numbers. */
#include "gk/subnormal.h"

#if defined(__x86_64__)
#include <xmmintrin.h>

enum { SUBNORMAL_OPERANDS = 1 << 6, SUBNORMAL_RESULTS = 1 << 15, EXCEPTIONS_SEEN = 63 };

gk_fpmode gk_fpmode_get(void)
{
    return _mm_getcsr() & ~(unsigned)EXCEPTIONS_SEEN;
}

void gk_fpmode_set(gk_fpmode mode)
{
    _mm_setcsr((unsigned)mode);
}

gk_fpmode gk_fpmode_flushing(gk_fpmode mode)
{
    return mode | SUBNORMAL_OPERANDS | SUBNORMAL_RESULTS;
}

#elif defined(__aarch64__)

enum { FZ = 1 << 24 }; /* operands and results */

gk_fpmode gk_fpmode_get(void)
{
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}

void gk_fpmode_set(gk_fpmode mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory");
}

gk_fpmode gk_fpmode_flushing(gk_fpmode mode)
{
    return mode | FZ;
}

#else

gk_fpmode gk_fpmode_get(void)
{
    return 0;
}

void gk_fpmode_set(gk_fpmode mode)
{
    (void)mode;
}

gk_fpmode gk_fpmode_flushing(gk_fpmode mode)
{
    return mode;
}

#endif
