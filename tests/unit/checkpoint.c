/* Checkpoints: a network's parameters go into a frame and come back; an architecture is found from
 * the tensors alone; what is no network is refused by name. */
#include "frames.h"
#include "gk/checkpoint.h"
#include "gk/mem.h"

static struct gk_err err;
static const struct gk_arch transformer = {
    .model = GK_TRANSFORMER, .layers = 2, .dim = 8, .heads = 2, .ff = 32, .vocab = 9};
static const struct gk_arch mlp = {.model = GK_MLP,
                                   .layers = 2,
                                   .dim = 6,
                                   .heads = 1,
                                   .ff = 12,
                                   .vocab = 11,
                                   .activation = GK_LEAKY,
                                   .bias = GK_BIAS_ALL};

/* A frame with the parameters of A: the i-th number of the flat vector is i / 4. */
static struct gk_frame make(const struct gk_arch *a, enum gk_dtype dtype, bool with_meta)
{
    struct gk_frame f = {.file = "c", .number = 1};
    struct gk_checkpoint c = {.arch = *a, .dtype = dtype, .step = 5, .seed = 3};
    CHECK_INT_EQ(gk_params_init(&c.params, a, &err), 0);
    double *theta = gk_alloc(c.params.total, sizeof *theta, &err);
    float *narrow = gk_alloc(c.params.total, sizeof *narrow, &err);
    for (size_t i = 0; i < c.params.total; i++)
        narrow[i] = (float)(theta[i] = (double)i / 4);
    const void *vec = dtype == GK_F64 ? (void *)theta : (void *)narrow;
    CHECK_INT_EQ(gk_checkpoint_put_vector(&f, &c.params, "", dtype, vec, &err), 0);
    if (with_meta)
        CHECK_INT_EQ(gk_checkpoint_put_meta(&f, &c, &err), 0);
    gk_free(theta);
    gk_free(narrow);
    gk_checkpoint_free(&c);
    return f;
}

static void check_arch(const struct gk_arch *a, const struct gk_arch *b)
{
    CHECK_INT_EQ(a->model, b->model);
    CHECK_INT_EQ(a->layers, b->layers);
    CHECK_INT_EQ(a->dim, b->dim);
    CHECK_INT_EQ(a->heads, b->heads);
    CHECK_INT_EQ(a->ff, b->ff);
    CHECK_INT_EQ(a->vocab, b->vocab);
}

static void roundtrip(const struct gk_arch *a, enum gk_dtype dtype, bool with_meta)
{
    struct gk_frame f = make(a, dtype, with_meta);
    struct gk_checkpoint c;
    if (!with_meta && a->model == GK_TRANSFORMER)
        CHECK_INT_EQ(gk_frame_set_meta(&f, "heads", "2", &err), 0);
    if (gk_checkpoint_parse(&c, &f, &err)) {
        CHECK_FAILED("%s", err.msg);
        gk_frame_free(&f);
        return;
    }
    check_arch(&c.arch, a);
    CHECK_INT_EQ(c.dtype, dtype);
    CHECK(!c.heads_assumed);
    CHECK_INT_EQ(c.step, with_meta ? 5 : -1);
    CHECK_INT_EQ(c.seed, with_meta ? 3 : -1);
    double *theta = gk_alloc(c.params.total, sizeof *theta, &err);
    float *narrow = gk_alloc(c.params.total, sizeof *narrow, &err);
    CHECK_INT_EQ(gk_checkpoint_vector(&f, &c.params, "", GK_F64, theta, &err), 0);
    CHECK_INT_EQ(gk_checkpoint_vector(&f, &c.params, "", GK_F32, narrow, &err), 0);
    for (size_t i = 0; i < c.params.total; i++)
        CHECK(theta[i] == (double)i / 4 && narrow[i] == (float)i / 4);
    CHECK_INT_EQ(gk_checkpoint_put_vector(&f, &c.params, "optim.m.", GK_F64, theta, &err), 0);
    memset(theta, 0, c.params.total * sizeof *theta);
    CHECK_INT_EQ(gk_checkpoint_vector(&f, &c.params, "optim.m.", GK_F64, theta, &err), 0);
    CHECK(theta[c.params.total - 1] == (double)(c.params.total - 1) / 4);
    CHECK_INT_EQ(gk_checkpoint_vector(&f, &c.params, "hv.", GK_F64, theta, &err), -1);
    CHECK_STR_HAS(err.msg, "c: frame 1: tensor 'hv.");
    CHECK_STR_HAS(err.msg, "is missing");
    gk_free(theta);
    gk_free(narrow);
    gk_checkpoint_free(&c);
    CHECK_INT_EQ(gk_checkpoint_parse(&c, &f, &err), 0); /* optimiser state is no stranger */
    gk_checkpoint_free(&c);
    gk_frame_free(&f);
}

/* Metadata without the number of heads: 4 are assumed if that divides the width. */
static void default_heads(void)
{
    struct gk_frame f = make(&transformer, GK_F32, false);
    struct gk_checkpoint c;
    CHECK_INT_EQ(gk_checkpoint_parse(&c, &f, &err), 0);
    CHECK_INT_EQ(c.arch.heads, 4);
    CHECK(c.heads_assumed);
    gk_checkpoint_free(&c);
    gk_frame_free(&f);
    const struct gk_arch odd = {
        .model = GK_TRANSFORMER, .layers = 1, .dim = 6, .heads = 3, .ff = 5, .vocab = 7};
    f = make(&odd, GK_F32, false);
    CHECK_INT_EQ(gk_checkpoint_parse(&c, &f, &err), -1);
    CHECK_STR_HAS(err.msg, "c: frame 1: 4 heads do not divide the width 6");
    gk_frame_free(&f);
}

/* F is refused with PART in the message; F is freed. */
static void refuses(struct gk_frame f, const char *part)
{
    struct gk_checkpoint c;
    CHECK_INT_EQ(gk_checkpoint_parse(&c, &f, &err), -1);
    CHECK_STR_HAS(err.msg, "c: frame 1: ");
    CHECK_STR_HAS(err.msg, part);
    gk_frame_free(&f);
}

static struct gk_frame with_meta(const char *key, const char *value)
{
    struct gk_frame f = make(&transformer, GK_F32, true);
    CHECK_INT_EQ(gk_frame_set_meta(&f, key, value, &err), 0);
    return f;
}

/* A transformer that says that it is an mlp. */
static struct gk_frame bare_mlp(void)
{
    struct gk_frame f = make(&transformer, GK_F32, false);
    CHECK_INT_EQ(gk_frame_set_meta(&f, "model", "mlp", &err), 0);
    return f;
}

static struct gk_frame without(const struct gk_arch *a, const char *name, const char *rename)
{
    struct gk_frame f = make(a, GK_F32, false), g = {.file = "c", .number = 1};
    for (size_t i = 0; i < f.ntensor; i++) {
        const struct gk_tensor *t = &f.tensor[i];
        const char *as = strcmp(t->name, name) == 0 ? rename : t->name;
        if (as)
            CHECK_INT_EQ(gk_frame_add(&g, as, t->dtype, t->rank, t->shape, t->data, &err), 0);
    }
    gk_frame_free(&f);
    return g;
}

static struct gk_frame reshaped(const char *name, unsigned rank, uint64_t a, uint64_t b)
{
    struct gk_frame f = without(&transformer, name, NULL);
    const uint64_t shape[2] = {a, b};
    float *zero = gk_alloc(a * b, sizeof *zero, &err);
    CHECK_INT_EQ(gk_frame_add(&f, name, GK_F32, rank, shape, zero, &err), 0);
    gk_free(zero);
    return f;
}

static void strangers(void)
{
    refuses(with_meta("gk.kind", "dataset"), "a checkpoint is wanted, its gk.kind is 'dataset'");
    refuses(with_meta("model", "rnn"), "metadata 'model' is 'rnn': transformer or mlp is wanted");
    refuses(with_meta("model", "mlp"), "metadata 'heads' is '2': model mlp has no such setting");
    refuses(with_meta("inputs", "concat"),
            "metadata 'inputs' is 'concat': model transformer has no such setting");
    refuses(bare_mlp(), "tensor 'layers.0.weight' is missing");
    refuses(with_meta("layers", "3"), "metadata 'layers' is 3, but the tensors make it 2");
    refuses(with_meta("layers", "999999999999"), "metadata 'layers' is '999999999999': an integer");
    refuses(with_meta("dim", "16"), "metadata 'dim' is 16, but the tensors make it 8");
    refuses(with_meta("vocab", "x"), "metadata 'vocab' is 'x': an integer");
    refuses(with_meta("ff", "31"), "metadata 'ff' is 31, but the tensors make it 32");
    refuses(with_meta("heads", "3"), "3 heads do not divide the width 8");
    refuses(with_meta("heads", "0"), "metadata 'heads' is '0': an integer from 1");
    refuses(with_meta("dtype", "f16"), "metadata 'dtype' is 'f16': f32 or f64 is wanted");
    refuses(with_meta("step", "-1"), "metadata 'step' is '-1': an integer");
    refuses(with_meta("seed", "1.5"), "metadata 'seed' is '1.5': an integer");
    refuses((struct gk_frame){.file = "c", .number = 1}, "no checkpoint");
    refuses(without(&transformer, "embed.weight", NULL), "tensor 'embed.weight' is missing");
    refuses(without(&transformer, "blocks.1.norm1.bias", NULL),
            "tensor 'blocks.1.norm1.bias' is missing");
    refuses(without(&mlp, "unembed.bias", NULL), "tensor 'unembed.bias' is missing");
    refuses(without(&mlp, "unembed.bias", "head.bias"), "tensor 'unembed.bias' is missing");
    refuses(without(&mlp, "layers.1.bias", "layers.7.bias"), "tensor 'layers.1.bias' is missing");
    refuses(without(&mlp, "layers.1.bias", "layers.99999999999999999999.bias"),
            "layers = 1048576 is not in [1, 64]");
    refuses(reshaped("embed.weight", 1, 9, 1), "tensor 'embed.weight' is no matrix");
    refuses(reshaped("embed.weight", 2, 0, 8), "vocab = 0 is not in");
    refuses(reshaped("blocks.0.attn.q.weight", 2, 4, 16),
            "tensor 'blocks.0.attn.q.weight': the shape [8, 8] is wanted");
    refuses(reshaped("blocks.0.norm1.bias", 2, 8, 1),
            "tensor 'blocks.0.norm1.bias': the shape [8] is wanted");
    struct gk_frame f = make(&transformer, GK_F32, false);
    CHECK_INT_EQ(gk_frame_add(&f, "blocks.0.attn.q.bias", GK_F32, 0, NULL, &(float){1}, &err), 0);
    refuses(f, "tensor 'blocks.0.attn.q.bias' is none of a transformer of 2 layers");
    f = make(&transformer, GK_F64, true);
    ((double *)gk_frame_tensor(&f, "unembed.weight")->data)[7] = NAN;
    refuses(f, "tensor 'unembed.weight': element 7 is nan");
    f = make(&mlp, GK_F32, true);
    ((float *)gk_frame_tensor(&f, "layers.1.bias")->data)[0] = -INFINITY;
    refuses(f, "tensor 'layers.1.bias': element 0 is -inf");
}

/* A number that is finite in f64 alone. */
static void too_large(void)
{
    struct gk_frame f = make(&mlp, GK_F64, true);
    struct gk_checkpoint c;
    float theta[1024];
    ((double *)gk_frame_tensor(&f, "embed.weight")->data)[1] = 1e300;
    CHECK_INT_EQ(gk_checkpoint_parse(&c, &f, &err), 0);
    CHECK_INT_EQ(gk_checkpoint_vector(&f, &c.params, "", GK_F32, theta, &err), -1);
    CHECK_STR_HAS(err.msg, "tensor 'embed.weight': element 1 is too large for f32");
    gk_checkpoint_free(&c);
    gk_frame_free(&f);
}

int main(void)
{
    for (int meta = 0; meta < 2; meta++) {
        roundtrip(&transformer, GK_F32, meta);
        roundtrip(&transformer, GK_F64, meta);
        roundtrip(&mlp, GK_F32, meta);
        roundtrip(&mlp, GK_F64, meta);
    }
    default_heads();
    strangers();
    too_large();
    return check_status();
}
