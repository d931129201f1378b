/* Chooses a compilation of the numeric core, once per process. */
#include "dispatch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef GK_LIBXSMM
#define GK_LIBXSMM 0
#endif

#define HAS(feature) (__builtin_cpu_supports(feature) != 0)
#if defined(__clang__) /* clang 14 lacks the levels; the features listed imply the rest */
#define HAS_V3 (HAS("avx2") && HAS("fma") && HAS("bmi") && HAS("bmi2"))
#define HAS_V4                                                                                     \
    (HAS_V3 && HAS("avx512f") && HAS("avx512bw") && HAS("avx512cd") && HAS("avx512dq") &&          \
     HAS("avx512vl"))
#else
#define HAS_V3 HAS("x86-64-v3")
#define HAS_V4 HAS("x86-64-v4")
#endif

#if defined(__x86_64__)
/* LIBXSMM generates the products of v4 at run time. systemd's MemoryDenyWriteExecute, SELinux and
 * others refuse executable memory; LIBXSMM does not check, and would jump into memory that must not
 * be executed. A lack of memory is different: that is an error (multiply.c). */
static bool may_make_code(void)
{
    enum { SIZE = 4096 };
    if (!GK_LIBXSMM)
        return true;
    void *p =
        mmap(NULL, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return errno == ENOMEM || errno == EAGAIN;
    munmap(p, SIZE);
    return true;
}
#endif

static enum gk_isa best(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (HAS_V4 && may_make_code())
        return GK_ISA_V4;
    if (HAS_V3)
        return GK_ISA_V3;
#endif
    return GK_ISA_V1;
}

enum gk_isa gk_isa_choice(void)
{
    static const char *const names[] = {"v1", "v3", "v4"};
    static int choice = -1; /* every thread that races here computes the same value */
    if (choice < 0) {
        int isa = best();
        const char *wish = getenv("GK_CPU");
        for (int i = 0; wish && i < isa; i++)
            if (strcmp(wish, names[i]) == 0)
                isa = i;
        choice = isa;
    }
    return choice;
}
