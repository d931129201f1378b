/* Output that is complete or absent.
 *
 * The lifecycle of a file result: gk_out_open makes a temporary file beside PATH; the caller writes
 * to out.fp; gk_out_commit flushes, fsyncs, renames it over PATH and fsyncs the folder. A failure
 * before the rename leaves the old file unchanged: gk_out_discard, or a fatal signal (SIGINT,
 * SIGTERM, SIGHUP unless the tool handles them), removes the temporary. With PATH NULL or "-", fp
 * is standard output and commit flushes and checks it: a full disk is an error, a closed pipe sets
 * kind GK_ERR_CLOSED. */
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
    double flushed; /* when rows were last flushed, in seconds */
};

/* Checks the outputs of a command before it begins to work: OPTION names each, PATH NULL is
 * standard output. It is an error if two of them are the same place, however spelled, if a file
 * cannot be written, or if BINARY output goes to a terminal. From here on a regular file that is
 * written through a descriptor, such as standard output, cannot be an input: it would grow while it
 * is read. (An input that is replaced is first read to its end.) */
struct gk_out_arg {
    const char *option, *path;
    bool binary;
};
int gk_out_check(const struct gk_out_arg *a, size_t n, struct gk_err *err);

/* BINARY refuses a terminal. */
int gk_out_open(struct gk_out *out, const char *path, bool binary, struct gk_err *err);
/* Flushes what is written so far to the reader; for live curves. */
int gk_out_flush(struct gk_out *out, struct gk_err *err);
/* Likewise, but at most twenty times per second. Called after each row, so that a reader sees a
 * table grow, and so that a lost reader or a full disk ends the work. */
int gk_out_row(struct gk_out *out, struct gk_err *err);
int gk_out_commit(struct gk_out *out, struct gk_err *err);
void gk_out_discard(struct gk_out *out);
/* Makes fatal signals with their default action remove temporaries first; gk_out_open calls it. A
 * tool that handles signals itself calls it, too, and passes the second signal on to the handler
 * that it found. */
void gk_out_catch_signals(void);
/* Writes N bytes to FD, and waits for room if FD is non-blocking. Returns the number written; if
 * that is less than N, errno says why. Output to FP passes through this. */
size_t gk_write(int fd, const void *bytes, size_t n);
/* Discards every open output, for a program that is about to end (gk_die). */
void gk_out_discard_all(void);

#endif
