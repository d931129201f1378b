#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

static enum gk_isa best(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4"))
        return GK_ISA_V4;
    if (__builtin_cpu_supports("x86-64-v3"))
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
