/* What a process must be allowed before it can work: a stack, and room for its libraries. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gk/blas.h"
#include "options.h"

/* The least limit of the first thread's stack, and how much of it is there from the start: LIBXSMM
 * takes 128 KiB in one step. */
enum { LIMIT = 1 << 20, ROOM = LIMIT / 2 };

/* The system makes this stack larger when a page below it is used, down to that page. */
static __attribute__((noinline)) void use_stack(void)
{
    volatile char room[ROOM];
    room[0] = 0;
    (void)room[0];
}

/* Two things end a program without a word when a library needs more stack: a limit that is too low,
 * and memory that is not there. The system looks at the limit only when the stack grows, so it is
 * raised here. Then the stack grows at once, after mmap, which can say no, has found the memory. */
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

/* BLAS takes memory while it is loaded, and without it crashes or waits for ever. So this runs
 * before any library is set up: the C library has no memory to give and no stdio yet. */
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
