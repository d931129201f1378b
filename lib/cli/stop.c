/* Signals that end long work cleanly instead of at once. */
#include <signal.h>
#include <stdlib.h>
#include <stddef.h>

#include "gk/cli.h"
#include "gk/out.h"
#include "options.h"

static volatile sig_atomic_t stop;
static struct sigaction found[NSIG];

static void on_signal(int sig)
{
    stop = sig;
    sigaction(sig, &found[sig], NULL); /* the second signal acts as if nothing had been caught */
}

const volatile sig_atomic_t *gk_cli_catch_stop(void)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction mine = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    gk_out_catch_signals();
    gk_stop_watching(); /* such a tool ends by itself when the reader goes away */
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) {
        struct sigaction *was = &found[caught[i]];
        if (!sigaction(caught[i], NULL, was) && was->sa_handler != SIG_IGN)
            sigaction(caught[i], &mine, NULL);
    }
    return &stop;
}

void gk_end_by_signal(void)
{
    if (!stop)
        return;
    signal(stop, SIG_DFL);
    raise(stop);
}
