/* .npy arrays: written again they read back unchanged, with the same bytes each time. Read by
 * parts, or left in their file, they are the same, and errors have the same words. */
#include "fuzz.h"
#include "gk/npy.h"

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

/* CTX points to the expected bytes; NULL: any. */
static int compare_part(void *ctx, const struct gk_tensor *numbers, struct gk_err *err)
{
    const char **expected = ctx;
    const size_t n = numbers->count * gk_dtype_size(numbers->dtype);
    (void)err;
    if (*expected) {
        REQUIRE(memcmp(*expected, numbers->data, n) == 0);
        *expected += n;
    }
    return 0;
}

/* T: the result of gk_npy_read, or REASON for its failure. */
static void other_ways(const uint8_t *data, size_t size, const struct gk_tensor *t,
                       const struct gk_err *reason)
{
    for (int leave = 0; leave < 2; leave++) {
        struct gk_err err = {0};
        struct gk_tensor head;
        bool fortran;
        FILE *fp = open_file(data, size);
        int rc = gk_npy_header(fp, "input", &head, &fortran, &err);
        const char *expected = t && rc == 0 && !fortran ? t->data : NULL;
        if (rc == 0 && leave)
            rc = gk_npy_skip(fp, "input", &head, &err);
        else if (rc == 0)
            rc = gk_npy_parts(fp, "input", &head, compare_part, &expected, &err);
        fclose(fp);
        REQUIRE(rc == (t ? 0 : -1));
        if (!t) {
            REQUIRE(strcmp(err.msg, reason->msg) == 0);
            continue;
        }
        const size_t n = t->count * gk_dtype_size(t->dtype);
        REQUIRE(head.dtype == t->dtype && head.rank == t->rank && head.count == t->count);
        REQUIRE(fortran || !leave || memcmp(data + head.at, t->data, n) == 0);
        REQUIRE(fortran || leave || expected == (char *)t->data + n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gk_err err = {0};
    struct gk_tensor t, again;
    if (read_npy(data, size, &t, &err) != 0) {
        refused(&err);
        REQUIRE(!t.data);
        other_ways(data, size, NULL, &err);
        return 0;
    }
    other_ways(data, size, &t, NULL);
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
