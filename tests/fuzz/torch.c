/* Pickles of torch.save. The storages are synthetic: byte i of each is i + 1. An accepted file
 * gives a frame that the library writes and reads back, and the same bytes give it again. */
#include "fuzz.h"
#include "io/torch/torch_priv.h"

enum { MOST_STORAGE = 1 << 16, MOST = 1 << 20 };

static int make_storage(void *ctx, const char *key, size_t n, void **data, struct gk_err *err)
{
    (void)ctx;
    *data = NULL;
    if (n > MOST_STORAGE)
        return gk_fail(err, "storage '%s' is not there", key);
    unsigned char *bytes = malloc(n + 1);
    REQUIRE(bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i + 1);
    *data = bytes;
    return 0;
}

static int read_pickle(const uint8_t *data, size_t size, struct gk_frame *f, struct gk_err *err)
{
    const struct gk_torch_store store = {NULL, make_storage, MOST};
    *f = (struct gk_frame){.file = "input", .number = 1};
    return gk_torch_frame(f, data, size, &store, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gk_err err = {0}, no_text = {0};
    struct gk_frame f, again;
    if (read_pickle(data, size, &f, &err) != 0) {
        refused(&err);
        REQUIRE(f.ntensor == 0 && f.nmeta == 0);
        return 0;
    }
    MUST(read_pickle(data, size, &again, &err));
    same_frames(&f, &again);
    gk_frame_free(&again);
    size_t bytes = 0;
    for (size_t i = 0; i < f.ntensor; i++)
        bytes += gk_tensor_bytes(&f.tensor[i]);
    REQUIRE(bytes <= MOST);
    if (f.ntensor + f.nmeta > 1000) { /* the fuzzer of frames writes many */
        gk_frame_free(&f);
        return 0;
    }
    /* the writer refuses names that are not UTF-8 */
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    const int rc = gk_frame_write(&f, fp, &no_text);
    fclose(fp);
    if (rc != 0) {
        refused(&no_text);
    } else {
        struct gk_source *s;
        MUST(gk_source_from(&s, open_bytes(b.p, b.n), "input", &err));
        REQUIRE(gk_source_next(s, &again, &err) == 1);
        same_frames(&f, &again);
        gk_frame_free(&again);
        gk_source_close(s);
    }
    free(b.p);
    gk_frame_free(&f);
    return 0;
}
