/* A library to preload that makes one call of a program fail: an allocation, or a system call.
 *
 * System calls are caught by the kernel (seccomp), not by their C functions, because the standard
 * streams of the C library call the kernel without passing any function that could be replaced. The
 * handler of SIGSYS then does the call itself, from the one place that the filter lets through. All
 * counting begins with main: what the dynamic linker and the constructors of libraries do before is
 * not the program's.
 *
 * The clock advances by a millisecond at each call, so that every run is the same; with GK_CLOCK it
 * jumps an hour forward and back.
 *
 *   GK_FAULTS        the file of struct faults, which says what fails; without it nothing does
 *   GK_FAULTS_TRACE  if set, the failing call's stack goes to standard error */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "inject.h"

void *memalign(size_t alignment, size_t n);
/* glibc's own names of the functions replaced here. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

int __libc_start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                      void (*)(void), void *);

static struct faults *faults; /* NULL until main */
static __thread int busy;     /* this thread is counting a call */
static bool trace, leaps;

/* ---- places ---- */

/* These libraries end the program when an allocation fails, and cannot report it; their allocations
 * never fail here. Nor do those of a function of GSL that does not check its allocation. */
static const char *const excluded[] = {"libopenblas", "libgfortran", "libfftw3"};
static const char excluded_function[] = "gsl_multifit_nlinear_covar";
static struct range {
    uintptr_t begin, end;
} ranges[8];
static int nranges;

static int note_range(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size, (void)data;
    for (size_t i = 0; i < sizeof excluded / sizeof *excluded; i++) {
        if (!strstr(info->dlpi_name, excluded[i]))
            continue;
        for (int j = 0; j < info->dlpi_phnum; j++) {
            const ElfW(Phdr) *h = &info->dlpi_phdr[j];
            if (h->p_type == PT_LOAD && (h->p_flags & PF_X) && nranges < 8) {
                uintptr_t begin = info->dlpi_addr + h->p_vaddr;
                ranges[nranges++] = (struct range){begin, begin + h->p_memsz};
            }
        }
    }
    return 0;
}

static void note_function(const char *name)
{
    Dl_info info;
    ElfW(Sym) *symbol = NULL;
    void *at = dlsym(RTLD_DEFAULT, name);
    if (at && dladdr1(at, &info, (void **)&symbol, RTLD_DL_SYMENT) && symbol && nranges < 8)
        ranges[nranges++] = (struct range){(uintptr_t)at, (uintptr_t)at + symbol->st_size};
}

static bool is_excluded(void *const *frame, int n)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < nranges; j++)
            if ((uintptr_t)frame[i] >= ranges[j].begin && (uintptr_t)frame[i] < ranges[j].end)
                return true;
    return false;
}

static void note_site(enum kind kind, uint32_t number, void *const *frame, int n)
{
    enum { SLOTS = 4 * MOST_SITES };
    uint64_t h = 0xcbf29ce484222325u + kind;
    for (int i = 0; i < n; i++)
        h = (h ^ (uintptr_t)frame[i]) * 0x100000001b3u;
    h += !h;
    for (size_t i = h % SLOTS;; i = (i + 1) % SLOTS) {
        uint64_t was = __sync_val_compare_and_swap(&faults->seen[i], 0, h);
        if (was == h || faults->nsites >= MOST_SITES)
            return;
        if (was == 0)
            break;
    }
    uint32_t at = __sync_fetch_and_add(&faults->nsites, 1);
    if (at < MOST_SITES) {
        faults->site[at].kind = kind;
        faults->site[at].number = number;
    }
}

/* Counts a call. Returns how it must fail, or 0. */
static int failing(enum kind kind)
{
    enum { DEPTH = 16 };
    void *frame[DEPTH];
    int how = 0;
    if (!faults || busy)
        return 0;
    busy = 1;
    int n = backtrace(frame, DEPTH);
    if (kind != ALLOC || !is_excluded(frame, n)) {
        uint32_t number = __sync_add_and_fetch(&faults->count[kind], 1);
        if (!faults->number)
            note_site(kind, number, frame, n);
        else if ((int)kind == faults->kind &&
                 (faults->onward ? number >= faults->number : number == faults->number))
            how = faults->how;
    }
    if (how && !faults->fired++ && trace)
        backtrace_symbols_fd(frame, n, STDERR_FILENO);
    busy = 0;
    return how;
}

/* ---- memory and threads ---- */

static bool no_memory(void)
{
    int how = failing(ALLOC);
    if (how)
        errno = how;
    return how != 0;
}

void *malloc(size_t n)
{
    return no_memory() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return no_memory() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return no_memory() ? NULL : __libc_realloc(p, n);
}

void *memalign(size_t alignment, size_t n)
{
    return no_memory() ? NULL : __libc_memalign(alignment, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    return no_memory() ? NULL : __libc_memalign(alignment, n);
}

int posix_memalign(void **p, size_t alignment, size_t n)
{
    if (no_memory())
        return ENOMEM;
    *p = __libc_memalign(alignment, n);
    return *p ? 0 : ENOMEM;
}

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg)
{
    static __typeof__(&pthread_create) real;
    int how = failing(THREAD);
    if (how)
        return how;
    if (!real)
        real = (__typeof__(&pthread_create))dlsym(RTLD_NEXT, "pthread_create");
    return real(t, a, fn, arg);
}

/* ---- time ---- */

int clock_gettime(clockid_t id, struct timespec *t)
{
    static const long leap[] = {0, 3600, 3600, -3600, 7200, 0, -86400, 86400};
    static unsigned asked;
    const unsigned n = __sync_add_and_fetch(&asked, 1);
    (void)id;
    *t = (struct timespec){1000000 + n / 1000 + (leaps ? leap[n % 8] : 0), n % 1000 * 1000000};
    return 0;
}

/* ---- system calls ---- */

#ifdef __x86_64__
/* The only place from which the calls below reach the kernel. */
long gk_raw_syscall(long nr, const long arg[6]);
extern const char gk_raw_return[];
__asm__(".text\n"
        "gk_raw_syscall:\n"
        "  mov %rdi, %rax\n"
        "  mov %rsi, %r11\n"
        "  mov 0(%r11), %rdi\n"
        "  mov 8(%r11), %rsi\n"
        "  mov 16(%r11), %rdx\n"
        "  mov 24(%r11), %r10\n"
        "  mov 32(%r11), %r8\n"
        "  mov 40(%r11), %r9\n"
        "  syscall\n"
        "gk_raw_return:\n"
        "  ret\n");

static const struct {
    int nr;
    enum kind kind;
} caught[] = {
    {SYS_read, READ},       {SYS_pread64, READ},
    {SYS_write, WRITE},     {SYS_pwrite64, WRITE},
    {SYS_openat, OPEN},     {SYS_open, OPEN},
    {SYS_close, CLOSE},     {SYS_fsync, SYNC},
    {SYS_fdatasync, SYNC},  {SYS_rename, RENAME},
    {SYS_renameat, RENAME}, {SYS_newfstatat, OTHER},
    {SYS_fstat, OTHER},     {SYS_lseek, OTHER},
    {SYS_fcntl, OTHER},     {SYS_dup, OTHER},
    {SYS_ftruncate, OTHER}, {SYS_mkdir, OTHER},
    {SYS_fchmod, OTHER},    {SYS_fchown, OTHER},
    {SYS_rmdir, OTHER},     {SYS_statx, OTHER},
    {SYS_faccessat, OTHER}, {SYS_faccessat2, OTHER},
    {SYS_readlink, OTHER},  {SYS_getcwd, OTHER},
    {SYS_poll, OTHER},      {SYS_sched_getaffinity, OTHER},
};
enum { CAUGHT = sizeof caught / sizeof *caught };

static void on_syscall(int sig, siginfo_t *info, void *context)
{
    greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;
    const int saved = errno;
    long arg[6] = {reg[REG_RDI], reg[REG_RSI], reg[REG_RDX],
                   reg[REG_R10], reg[REG_R8],  reg[REG_R9]};
    enum kind kind = OTHER;
    (void)sig;
    for (int i = 0; i < CAUGHT; i++)
        if (caught[i].nr == info->si_syscall)
            kind = caught[i].kind;
    /* A message must get through; otherwise the failure could not be reported. */
    int how = kind == WRITE && arg[0] == STDERR_FILENO ? 0 : failing(kind);
    if (how == SHORT && arg[2] > 1)
        arg[2] = 1;
    if (how < SIGNALLED)
        raise(SIGNALLED - how);
    if (how <= 0 || kind == CLOSE) /* a close that fails still closes */
        reg[REG_RAX] = gk_raw_syscall(info->si_syscall, arg);
    if (how > 0)
        reg[REG_RAX] = -how;
    errno = saved;
}

static int catch_syscalls(void)
{
    enum { IP = offsetof(struct seccomp_data, instruction_pointer) };
    const uintptr_t ip = (uintptr_t)gk_raw_return;
    struct sock_filter code[CAUGHT + 8] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IP),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)ip, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IP + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(ip >> 32), CAUGHT + 1, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    for (int i = 0; i < CAUGHT; i++)
        code[5 + i] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)caught[i].nr, (uint8_t)(CAUGHT - i), 0);
    code[5 + CAUGHT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[6 + CAUGHT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    struct sock_fprog program = {7 + CAUGHT, code};
    struct sigaction act = {.sa_sigaction = on_syscall, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSYS, &act, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
#else
static int catch_syscalls(void)
{
    return 0; /* only memory and threads */
}
#endif

/* A program that blocks all signals would be killed by the first SIGSYS. */
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    sigset_t mine;
    if (set && how != SIG_UNBLOCK) {
        mine = *set;
        sigdelset(&mine, SIGSYS);
        set = &mine;
    }
    return syscall(SYS_rt_sigprocmask, how, set, old, 8L) ? errno : 0;
}

/* ---- main ---- */

static int (*real_main)(int, char **, char **);

static int main_with_faults(int argc, char **argv, char **envp)
{
    const char *path = getenv("GK_FAULTS");
    leaps = getenv("GK_CLOCK") != NULL;
    if (!path)
        return real_main(argc, argv, envp);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *p =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void *frame[1];
    if (p == MAP_FAILED) {
        perror("GK_FAULTS");
        _exit(99);
    }
    close(fd);
    trace = getenv("GK_FAULTS_TRACE") != NULL;
    backtrace(frame, 1); /* it loads a library on the first call */
    dl_iterate_phdr(note_range, NULL);
    note_function(excluded_function);
    if (catch_syscalls() != 0) {
        perror("seccomp");
        _exit(98);
    }
    faults = p;
    return real_main(argc, argv, envp);
}

int __libc_start_main(int (*fn)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*ldso_fini)(void), void *stack)
{
    __typeof__(&__libc_start_main) next =
        (__typeof__(&__libc_start_main))dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = fn;
    return next(main_with_faults, argc, argv, init, fini, ldso_fini, stack);
}
