/* Output that is whole or not there.
 *
 * The lifecycle of a file result: gk_out_open makes a temporary file beside PATH; the caller writes
 * to out.fp; gk_out_commit flushes, fsyncs, renames it over PATH and fsyncs the folder. Whatever
 * goes wrong before the rename leaves the old file as it was: gk_out_discard, or a fatal signal
 * (SIGINT, SIGTERM, SIGHUP while the tool has not taken them over), removes the temporary. With
 * PATH NULL or "-", fp is standard output and commit flushes and checks it: a full disk is an
 * error, a closed pipe sets kind GK_ERR_CLOSED. */
#ifndef GK_OUT_H
#define GK_OUT_H

#include <stdbool.h>
#include <stdio.h>

#include "gk/err.h"

struct gk_sink;

struct gk_out {
    FILE *fp;
    const char *name; /* for messages: the path or "standard output" */
    char *path, *tmp; /* NULL for standard output */
    struct gk_sink *sink;
    double flushed; /* when rows were last pushed, in seconds */
};

/* The outputs of a command, before it begins to work: OPTION names each, PATH NULL is standard
 * output. An error if two of them are one place, however that is spelled, if no file can be
 * written where one is to be, or if what is BINARY goes to a terminal. From here on a regular file
 * that is written through a descriptor, as standard output is, is no input: it would be read while
 * it grows. (An input that is also replaced is read to its end first.) */
struct gk_out_arg {
    const char *option, *path;
    bool binary;
};
int gk_out_check(const struct gk_out_arg *a, size_t n, struct gk_err *err);

/* BINARY refuses a terminal. */
int gk_out_open(struct gk_out *out, const char *path, bool binary, struct gk_err *err);
/* Pushes what is written so far to the reader; for live curves. */
int gk_out_flush(struct gk_out *out, struct gk_err *err);
/* Likewise, but at most twenty times a second: after each row, so that a reader sees a table grow,
 * and a reader that has gone or a full disk ends the work. */
int gk_out_row(struct gk_out *out, struct gk_err *err);
int gk_out_commit(struct gk_out *out, struct gk_err *err);
void gk_out_discard(struct gk_out *out);
/* Makes the fatal signals that still have their default action remove temporaries first;
 * gk_out_open does so. For a tool that takes signals over by itself, and hands the second one on to
 * the handler it found. */
void gk_out_catch_signals(void);
/* Writes N bytes to FD, waiting where it has no room for them and would not wait by itself. Returns
 * how many it wrote; if they are fewer, errno says why. What goes to FP passes through this. */
size_t gk_write(int fd, const void *bytes, size_t n);
/* Every output still open, for a program about to end (gk_die). */
void gk_out_discard_all(void);

#endif
