/* Logs of any kind as curves: gk-curve turns its own curve into the same curve. */
#include <unistd.h>

#include "fuzz.h"
#include "gk/curve.h"

/* The curve of the bytes B; -1: an error. */
static int curve(struct bytes b, const char *map, bool list, struct bytes *to, struct gk_err *err)
{
    const struct gk_curve_conf conf = {.map = map};
    char path[64], *files[] = {path};
    struct gk_curve *c;
    FILE *fp = open_file(b.p, b.n), *out = begin_bytes(to);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(fp));
    int rc = gk_curve_open(&c, files, 1, &conf, err);
    if (rc == 0)
        rc = gk_curve_choose(c, list, err);
    if (rc == 0)
        rc = list ? gk_curve_list(c, out, NULL, err) : gk_curve_write(c, out, NULL, err);
    gk_curve_close(c);
    fclose(out);
    fclose(fp);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const maps[] = {NULL, "x=a", "x=train/loss,y\\,=train/loss"};
    struct bytes b = {(char *)data, size}, all, one, two = {0}, three = {0};
    struct gk_err err = {0};
    if (size == 0)
        return 0;
    if (curve(b, NULL, true, &all, &err))
        refused(&err);
    free(all.p);
    if (curve(b, maps[size % 3], false, &one, &err) == 0 &&
        curve(one, NULL, false, &two, &err) == 0) {
        MUST(curve(two, NULL, false, &three, &err));
        same_bytes(two, three);
    } else {
        refused(&err);
    }
    free(one.p);
    free(two.p);
    free(three.p);
    return 0;
}
