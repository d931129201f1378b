/* What a process needs before it can work: enough stack, and memory for its libraries. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gk/blas.h"
#include "options.h"

/* The least limit of the first thread's stack, and how much of it is mapped at the start: LIBXSMM
 * takes 128 KiB in one step. */
enum { LIMIT = 1 << 20, ROOM = LIMIT / 2 };

/* The kernel grows this stack down to any page that is touched. */
static __attribute__((noinline)) void use_stack(void)
{
    volatile char room[ROOM];
    room[0] = 0;
    (void)room[0];
}

/* A library that needs more stack can end a program without a message: if the limit is too low, or
 * if memory is short. The kernel checks the limit only when the stack grows, so it is raised here.
 * Then the stack grows at once, after mmap, which can report failure, has found the memory. */
int gk_need_stack(struct gk_err *err)
{
    struct rlimit stack;
    if (!getrlimit(RLIMIT_STACK, &stack) && stack.rlim_cur < LIMIT) {
        const rlim_t most = stack.rlim_max;
        stack.rlim_cur = LIMIT;
        if (most < LIMIT || setrlimit(RLIMIT_STACK, &stack))
            return gk_fail(err, "a stack of %lld KiB is too small: %d KiB is needed (ulimit -s)",
                           (long long)most >> 10, LIMIT >> 10);
    }
    void *p = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return gk_fail(err, "no memory for a stack of %d KiB", ROOM >> 10);
    munmap(p, ROOM);
    use_stack();
    return 0;
}

/* Tools without BLAS do not have this function. */
#pragma weak gk_blas_can_load

/* BLAS allocates while it is loaded, and crashes or hangs if it cannot. So this runs before any
 * library is set up: malloc and stdio are not usable yet. */
static void check_libraries(int argc, char **argv, char **envp)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz-";
    (void)envp;
    if (!gk_blas_can_load || gk_blas_can_load())
        return;
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";
    const bool known = !name[strspn(name, plain)]; /* argv[0] may be any text */
    dprintf(STDERR_FILENO, "%s: no memory to set up BLAS\n", known ? name : "gk");
    _exit(1);
}

__attribute__((section(".preinit_array"),
               used)) static void (*const before_libraries)(int, char **,
                                                            char **) = check_libraries;
