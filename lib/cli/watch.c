/* A tool's outputs, and a watch on the reader of standard output. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gk/out.h"
#include "options.h"

static atomic_bool watching;

void gk_stop_watching(void)
{
    watching = false;
}

/* Waits until standard output has no reader. Otherwise a tool notices only when it writes, which
 * may be hours later. Waits a moment first, so that a quick error is still reported. */
static void *watch(void *unused)
{
    struct pollfd output = {.fd = STDOUT_FILENO}; /* POLLERR and POLLHUP come unasked */
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    while (poll(&output, 1, -1) < 0 && errno == EINTR)
        ;
    if ((output.revents & (POLLERR | POLLHUP)) && watching) {
        gk_progress_clear();
        _exit(0);
    }
    return unused;
}

/* A thread that takes no signals and little memory. If it cannot start, the next row notices that
 * the reader has gone. */
static void start_watching(void)
{
    struct stat st;
    sigset_t all, was;
    pthread_t thread;
    pthread_attr_t attr;
    if (watching || fstat(STDOUT_FILENO, &st) || (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)) ||
        pthread_attr_init(&attr))
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &was);
    watching = true;
    if (pthread_attr_setstacksize(&attr, 256 << 10) ||
        pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) ||
        pthread_create(&thread, &attr, watch, NULL))
        watching = false;
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    pthread_attr_destroy(&attr);
}

int gk_cli_outputs(const struct gk_tool *tool, const char *option, const char *path,
                   struct gk_err *err)
{
    enum { MOST = 8 };
    char name[MOST][32];
    struct gk_out_arg arg[MOST] = {{"-o", tool->common->output, false}};
    const struct gk_opt *o;
    size_t n = 1;
    bool others = path != NULL;
    for (size_t i = 0; (o = gk_option(tool, i)) && n < MOST - 1; i++) {
        const char *value = o->flags & GK_OPT_OUTPUT ? *(const char *const *)o->value : NULL;
        others |= value != NULL;
        if (!value || !strcmp(gk_option_metavar(o), "DIR"))
            continue;
        snprintf(name[n], sizeof name[n], "--%s", o->name);
        arg[n] = (struct gk_out_arg){name[n], value, true};
        n++;
    }
    if (path)
        arg[n++] = (struct gk_out_arg){option, path, false};
    if (gk_out_check(arg, n, err))
        return -1;
    if (others)
        gk_stop_watching(); /* the others are written even if the reader goes away */
    else if (!tool->common->output || !strcmp(tool->common->output, "-"))
        start_watching();
    return 0;
}
