/* Runs a command and measures its memory:
 *
 *     peak MIB COMMAND...
 *
 * ends as COMMAND does (128 + N by signal N), but with 99 and a word on standard error if its
 * resident memory was ever above MIB. Without arguments it checks itself. */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { TOO_MUCH = 99, NOT_RUN = 127 };

static int status_of(pid_t pid, long mib)
{
    int status;
    struct rusage use;
    while (wait4(pid, &status, 0, &use) < 0)
        if (errno != EINTR)
            return NOT_RUN;
    if (use.ru_maxrss / 1024 > mib) {
        fprintf(stderr, "peak: %ld MiB, more than %ld\n", use.ru_maxrss / 1024, mib);
        return TOO_MUCH;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run(char **command, long mib)
{
    pid_t pid = fork();
    if (pid == 0) {
        execvp(command[0], command);
        perror(command[0]);
        _exit(NOT_RUN);
    }
    return pid < 0 ? NOT_RUN : status_of(pid, mib);
}

static int touch(size_t bytes)
{
    pid_t pid = fork();
    if (pid == 0) {
        volatile char *p = malloc(bytes);
        for (size_t i = 0; i < bytes; i += 1024)
            p[i] = 1;
        _exit(0);
    }
    return status_of(pid, 200);
}

static void check_itself(void)
{
    char shell[] = "sh", c[] = "-c", three[] = "exit 3", killed[] = "kill -9 $$",
         none[] = "/none/x";
    CHECK_INT_EQ(run((char *[]){shell, c, three, NULL}, 500), 3);
    CHECK_INT_EQ(run((char *[]){shell, c, killed, NULL}, 500), 128 + 9);
    CHECK_INT_EQ(run((char *[]){none, NULL}, 500), NOT_RUN);
    CHECK_INT_EQ(run((char *[]){shell, c, three, NULL}, 0), TOO_MUCH);
    CHECK_INT_EQ(touch(1 << 20), 0);
    CHECK_INT_EQ(touch(250 << 20), TOO_MUCH);
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return run(argv + 2, atol(argv[1]));
    check_itself();
    return check_status();
}
