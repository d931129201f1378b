/* Shared by the files that make up an output: the bytes on their way (sink.c), whole or not at all
 * (out.c). */
#ifndef GK_OUT_PRIV_H
#define GK_OUT_PRIV_H

#include <stdbool.h>

#include "gk/out.h"

/* A stream whose bytes gk_write writes. */
struct gk_sink {
    int fd, error; /* error: the errno of the first failure, or 0 */
    bool keep;     /* closing the stream leaves FD open */
};
/* NULL: no memory. *SINK lives until the stream is closed. */
FILE *gk_sink_open(struct gk_sink **sink, int fd, bool keep, struct gk_err *err);

#endif
