/* Shared by the files of an output: its destination (place.c), its bytes (sink.c), and its
 * completion (out.c). */
#ifndef GK_OUT_PRIV_H
#define GK_OUT_PRIV_H

#include <stdbool.h>
#include <sys/stat.h>

#include "gk/out.h"

/* Where a name leads. gk_place_same says whether two names lead to one place, however they are
 * spelled: "./x", a link to it, the file that standard output was redirected to. */
struct gk_place {
    int fd;         /* the descriptor that the name stands for, or -1 */
    bool exists;    /* the file exists, and ST describes it */
    struct stat st; /* otherwise ST describes the folder */
    char *path;     /* the final name after all links; NULL for a descriptor */
};
/* PATH NULL or "-" is standard output. A descriptor that this program did not inherit, or that is
 * open for reading only, is an error. Call gk_place_free, also after an error. */
int gk_place_find(struct gk_place *p, const char *path, struct gk_err *err);
void gk_place_free(struct gk_place *p);
bool gk_same_file(const struct stat *a, const struct stat *b);
bool gk_place_same(const struct gk_place *a, const struct gk_place *b);
/* Can the regular file at P be replaced? */
int gk_place_check(const struct gk_place *p, const char *name, struct gk_err *err);

/* Is FILE a regular file that gk_out_check found to be written through a descriptor? */
bool gk_out_goes_to(const struct stat *file);

/* The folder of PATH, to be freed; NULL: no memory. */
char *gk_folder_of(const char *path);

/* A stream that retries partial writes, and remembers its first failure. */
struct gk_sink {
    int fd, error; /* error: the errno of the first failure, or 0 */
    bool keep;     /* closing the stream leaves FD open */
};
/* NULL: no memory. *SINK lives until the stream is closed. */
FILE *gk_sink_open(struct gk_sink **sink, int fd, bool keep, struct gk_err *err);

#endif
