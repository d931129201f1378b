/* Runs a command under one limit of the system's, and for ten seconds at most.
 *
 *   limit KIND VALUE COMMAND [ARGUMENT]...
 *
 * KIND is v, d, s (VALUE in KiB) or n, as the shell's ulimit has them, or one of these, whose VALUE
 * does not matter:
 *   mdwe     no memory may be executed that could be written: PR_SET_MDWE (status 77 if the kernel
 *            does not have it)
 *   wx       the same by a filter of system calls, as systemd's MemoryDenyWriteExecute
 *   threads  no thread can be started, as where ulimit -u is reached; holds for root, too
 *   none     no limit */
#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#define NUMBER                 offsetof(struct seccomp_data, nr)
#define ARGUMENT(i)            (offsetof(struct seccomp_data, args) + 8 * (i))
#define LOAD(what)             BPF_STMT(BPF_LD | BPF_W | BPF_ABS, what)
#define UNLESS_EQUAL(k, skip)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, skip)
#define UNLESS_ANY_OF(k, skip) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, k, 0, skip)
#define KEEP_BITS(k)           BPF_STMT(BPF_ALU | BPF_AND | BPF_K, k)
#define REFUSE(error)          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int filter(struct sock_filter *code, size_t n)
{
    struct sock_fprog program = {(unsigned short)n, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int refuse_code(void)
{
    struct sock_filter code[] = {LOAD(NUMBER),
                                 UNLESS_EQUAL(SYS_mmap, 4),
                                 LOAD(ARGUMENT(2)),
                                 KEEP_BITS(PROT_WRITE | PROT_EXEC),
                                 UNLESS_EQUAL(PROT_WRITE | PROT_EXEC, 1),
                                 REFUSE(EPERM),
                                 LOAD(NUMBER),
                                 UNLESS_EQUAL(SYS_mprotect, 3),
                                 LOAD(ARGUMENT(2)),
                                 UNLESS_ANY_OF(PROT_EXEC, 1),
                                 REFUSE(EPERM),
                                 ALLOW};
    return filter(code, sizeof code / sizeof *code);
}

static int refuse_threads(void)
{
    struct sock_filter code[] = {LOAD(NUMBER),      UNLESS_EQUAL(SYS_clone3, 1),
                                 REFUSE(EAGAIN),    UNLESS_EQUAL(SYS_clone, 3),
                                 LOAD(ARGUMENT(0)), UNLESS_ANY_OF(CLONE_THREAD, 1),
                                 REFUSE(EAGAIN),    ALLOW};
    return filter(code, sizeof code / sizeof *code);
}

static int set(int resource, rlim_t value)
{
    struct rlimit limit = {value, value};
    return setrlimit((__rlimit_resource_t)resource, &limit);
}

static int impose(const char *kind, rlim_t value)
{
    static const struct {
        const char *kind;
        int resource;
        rlim_t unit;
    } limits[] = {{"v", RLIMIT_AS, 1024},
                  {"d", RLIMIT_DATA, 1024},
                  {"s", RLIMIT_STACK, 1024},
                  {"n", RLIMIT_NOFILE, 1}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (!strcmp(kind, limits[i].kind))
            return set(limits[i].resource, value * limits[i].unit);
    if (!strcmp(kind, "mdwe")) {
        if (!prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
            return 0;
        if (errno == EINVAL)
            _exit(77);
        return -1;
    }
    if (!strcmp(kind, "wx"))
        return refuse_code();
    if (!strcmp(kind, "threads"))
        return refuse_threads();
    return strcmp(kind, "none");
}

int main(int argc, char **argv)
{
    if (argc < 4 || set(RLIMIT_CORE, 0) || impose(argv[1], strtoul(argv[2], NULL, 10))) {
        perror("limit");
        return 99;
    }
    signal(SIGALRM, SIG_DFL); /* the caller may ignore it, as GNU parallel does */
    alarm(10);                /* the timer survives exec, and kills a command that hangs */
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 98;
}
