/* Reads of exact sizes. */
#include "read.h"

#include <sys/stat.h>

#include "gk/mem.h"

int gk_read_exactly(FILE *fp, void **buf, size_t n, const char *what, struct gk_err *err)
{
    enum { FIRST = 1 << 20 };
    char *p = NULL;
    size_t cap = 0, have = 0;
    int rc = gk_grow(&p, &cap, 1, 1, err);
    while (rc == 0 && have < n) {
        size_t want = have < FIRST ? FIRST : have < n / 2 ? 2 * have : n;
        if (want > n)
            want = n;
        rc = gk_grow(&p, &cap, want, 1, err);
        if (rc == 0) {
            have += fread(p + have, 1, want - have, fp);
            if (have < want)
                rc = ferror(fp) ? gk_fail(err, "cannot read:")
                                : gk_fail(err, "truncated: %s has %zu of %zu bytes", what, have, n);
        }
    }
    *buf = p;
    return rc;
}

int gk_skip_exactly(FILE *fp, size_t n, const char *what, struct gk_err *err)
{
    struct stat st;
    const off_t at = ftello(fp);
    if (at < 0 || fstat(fileno(fp), &st) != 0)
        return gk_fail(err, "cannot read:");
    const size_t have = st.st_size > at ? (size_t)(st.st_size - at) : 0;
    if (have < n)
        return gk_fail(err, "truncated: %s has %zu of %zu bytes", what, have, n);
    if (fseeko(fp, (off_t)n, SEEK_CUR) != 0)
        return gk_fail(err, "cannot read:");
    return 0;
}
