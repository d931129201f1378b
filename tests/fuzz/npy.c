/* .npy arrays: written again they read back as they were, with the same bytes each time. */
#include "fuzz.h"
#include "gk/input.h"

static struct bytes written(const struct gk_tensor *t)
{
    struct bytes b;
    struct gk_err err = {0};
    FILE *fp = begin_bytes(&b);
    MUST(gk_npy_write(fp, t, &err));
    fclose(fp);
    return b;
}

static int read_npy(const void *p, size_t n, struct gk_tensor *t, struct gk_err *err)
{
    FILE *fp = open_bytes(p, n);
    int rc = gk_npy_read(fp, "input", t, err);
    fclose(fp);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gk_err err = {0};
    struct gk_tensor t, again;
    if (read_npy(data, size, &t, &err) != 0) {
        refused(&err);
        REQUIRE(!t.data);
        return 0;
    }
    struct bytes b = written(&t);
    MUST(read_npy(b.p, b.n, &again, &err));
    REQUIRE(t.dtype == again.dtype && t.rank == again.rank && t.count == again.count);
    REQUIRE(memcmp(t.shape, again.shape, t.rank * sizeof *t.shape) == 0);
    REQUIRE(memcmp(t.data, again.data, t.count * gk_dtype_size(t.dtype)) == 0);
    struct bytes c = written(&again);
    same_bytes(b, c);
    free(t.data);
    free(again.data);
    free(b.p);
    free(c.p);
    return 0;
}
