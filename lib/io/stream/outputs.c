/* Checks all outputs of a command before it begins to work. */
#include <string.h>

#include "out_priv.h"

enum { MOST = 8 };

static struct stat written[MOST]; /* regular files that are written through a descriptor */
static size_t nwritten;

/* Opens and discards an output, so that an unwritable place is found now, not hours later. A pipe
 * is skipped: opening it would already affect its reader. So is a device, unless it may be a
 * terminal, to which bytes are not written. */
static int try_to_open(const struct gk_place *p, const struct gk_out_arg *a, struct gk_err *err)
{
    struct gk_out out;
    const mode_t mode = p->st.st_mode;
    const bool file = p->fd < 0 && (!p->exists || S_ISREG(mode) || S_ISDIR(mode));
    if (!file && !(a->binary && S_ISCHR(mode)))
        return 0;
    if (gk_out_open(&out, a->path, a->binary, err))
        return -1;
    gk_out_discard(&out);
    return 0;
}

static bool is_standard(const char *path)
{
    return !path || !strcmp(path, "-");
}

/* Checks output I against those before it. Standard output may be closed if nothing is written to
 * it. */
static int check(const struct gk_out_arg *a, struct gk_place *p, size_t i, struct gk_err *err)
{
    if (gk_place_find(&p[i], a[i].path, is_standard(a[i].path) ? NULL : err) &&
        !is_standard(a[i].path))
        return -1;
    for (size_t j = 0; j < i; j++)
        if (gk_place_same(&p[j], &p[i]))
            return gk_fail_usage(err, "%s: %s goes to %s already", a[i].option, a[j].option,
                                 is_standard(a[j].path) ? "standard output" : a[j].path);
    if (p[i].fd >= 0 && S_ISREG(p[i].st.st_mode))
        written[nwritten++] = p[i].st;
    return 0;
}

int gk_out_check(const struct gk_out_arg *a, size_t n, struct gk_err *err)
{
    struct gk_place p[MOST] = {0};
    nwritten = 0;
    int rc = n > MOST ? gk_fail(err, "more than %d outputs", MOST) : 0;
    for (size_t i = 0; i < n && !rc; i++)
        rc = check(a, p, i, err);
    for (size_t i = 0; i < n && !rc; i++)
        rc = try_to_open(&p[i], &a[i], err);
    for (size_t i = 0; i < n && i < MOST; i++)
        gk_place_free(&p[i]);
    return rc;
}

bool gk_out_goes_to(const struct stat *file)
{
    for (size_t i = 0; i < nwritten; i++)
        if (gk_same_file(&written[i], file))
            return true;
    return false;
}
