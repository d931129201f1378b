/* Descriptions: each is written to a checkpoint's metadata and read back, the defaults are left
 * out, what contradicts itself is refused by name; initial values have the moments they should. */
#include "check.h"
#include "gk/checkpoint.h"
#include "gk/mem.h"

static struct gk_err err;

/* Description I of all that the choices make of MODEL; false beyond the last. */
static bool nth(enum gk_model model, size_t i, struct gk_arch *a)
{
    const struct gk_arch_item *item;
    *a = gk_arch_defaults(model);
    a->layers = 1;
    a->dim = 8;
    a->heads = model == GK_MLP ? 1 : 2;
    a->ff = 6;
    a->vocab = 5;
    for (size_t j = 0; (item = gk_arch_item(j)); j++) {
        size_t n = 0;
        if (!item->choices || !(item->models & 1u << model))
            continue;
        while (gk_choice_word(item->choices, (int)n).s[0])
            n++;
        gk_arch_set(a, item, (int)(i % n));
        i /= n;
    }
    a->tokens = a->positions == GK_POSITIONS_LEARNED ? 3 : 0;
    if (a->inputs == GK_INPUTS_ONEHOT)
        a->dim = 0;
    return i == 0;
}

static struct gk_frame frame_of(const struct gk_arch *a)
{
    struct gk_frame f = {.file = "c", .number = 1};
    struct gk_checkpoint c = {.arch = *a, .dtype = GK_F32, .step = -1, .seed = -1};
    CHECK_INT_EQ(gk_params_init(&c.params, a, &err), 0);
    float *theta = gk_alloc(c.params.total, sizeof *theta, &err);
    CHECK_INT_EQ(gk_checkpoint_put_vector(&f, &c.params, "", GK_F32, theta, &err), 0);
    CHECK_INT_EQ(gk_checkpoint_put_meta(&f, &c, &err), 0);
    gk_free(theta);
    gk_checkpoint_free(&c);
    return f;
}

/* The metadata ITEM, whose value is one that other networks have, with a network A without it. */
static void strange(const struct gk_arch *a, const struct gk_arch_item *item)
{
    const struct gk_word word =
        item->choices ? gk_choice_word(item->choices, 0) : (struct gk_word){"1"};
    char want[128];
    struct gk_frame f = frame_of(a);
    struct gk_checkpoint c;
    snprintf(want, sizeof want, "c: frame 1: metadata '%s' is '%s': model %s%s has no such setting",
             item->name, word.s, a->model == GK_MLP ? "mlp" : "transformer",
             a->inputs == GK_INPUTS_ONEHOT ? ", inputs onehot," : "");
    CHECK_INT_EQ(gk_frame_set_meta(&f, item->name, word.s, &err), 0);
    CHECK_INT_EQ(gk_checkpoint_parse(&c, &f, &err), -1);
    CHECK_STR_HAS(err.msg, want);
    gk_frame_free(&f);
}

static void roundtrip(const struct gk_arch *a)
{
    const struct gk_arch_item *item;
    struct gk_frame f = frame_of(a);
    struct gk_checkpoint c;
    for (size_t i = 0; (item = gk_arch_item(i)); i++)
        CHECK_INT_EQ(gk_frame_meta(&f, item->name) != NULL,
                     gk_arch_has(a, item) &&
                         (!item->choices || gk_arch_get(a, item) != item->def[a->model]));
    if (gk_checkpoint_parse(&c, &f, &err)) {
        CHECK_FAILED("%s", err.msg);
    } else {
        CHECK(memcmp(&c.arch, a, sizeof *a) == 0);
        for (size_t i = 1; i < c.params.n; i++)
            CHECK(strcmp(c.params.p[i - 1].name, c.params.p[i].name) < 0);
        gk_checkpoint_free(&c);
    }
    gk_frame_free(&f);
    for (size_t i = 0; (item = gk_arch_item(i)); i++)
        if (!gk_arch_has(a, item))
            strange(a, item);
}

static void all_descriptions(void)
{
    size_t n = 0, refused = 0;
    struct gk_arch a;
    for (int model = 0; model < GK_MODELS; model++)
        for (size_t i = 0; nth(model, i, &a); i++, n++) {
            struct gk_params ps;
            if (a.model == GK_MLP && (a.bias == GK_BIAS_FFN || a.bias == GK_BIAS_BLOCKS)) {
                CHECK_INT_EQ(gk_params_init(&ps, &a, &err), -1);
                CHECK_STR_EQ(err.msg, a.bias == GK_BIAS_FFN ? "ffn: model mlp has none or all"
                                                            : "blocks: model mlp has none or all");
                CHECK_STR_EQ(err.setting, "bias");
                refused++;
                continue;
            }
            roundtrip(&a);
        }
    CHECK_INT_EQ(n, 4 * 3 * 6 * 4 * GK_LOSSES + 6 * 4 * 3 * GK_LOSSES);
    CHECK_INT_EQ(refused, 6 * 2 * 3 * GK_LOSSES);
}

static void presets(void)
{
    for (int i = 0; gk_choice_word(GK_PRESET_CHOICES, i).s[0]; i++) {
        struct gk_arch a = gk_preset(i)->arch;
        struct gk_init in = {.scale = 1};
        a.vocab = 7;
        a.tokens = a.positions == GK_POSITIONS_LEARNED ? 3 : 0;
        CHECK_INT_EQ(gk_arch_check(&a, &err), 0);
        CHECK_INT_EQ(gk_init_parse(&in, gk_preset(i)->init, &err), 0);
    }
    struct gk_arch a = gk_preset(0)->arch, b = gk_arch_defaults(GK_TRANSFORMER);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
    a = gk_preset(3)->arch;
    b = gk_arch_defaults(GK_MLP);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
}

/* ---- initial values ---- */

static const double *drawn(const struct gk_params *ps, const double *theta, const char *name,
                           size_t *n)
{
    const struct gk_param *p = gk_params_find(ps, name);
    *n = p->count;
    return theta + p->offset;
}

/* Mean 0 and deviation STD; UNIFORM: within sqrt(3) of it, or else beyond. */
static void moments(const struct gk_params *ps, const double *theta, const char *name, double std,
                    bool uniform)
{
    size_t n;
    const double *w = drawn(ps, theta, name, &n);
    double sum = 0, squares = 0, top = 0;
    for (size_t i = 0; i < n; i++) {
        sum += w[i];
        squares += w[i] * w[i];
        top = fmax(top, fabs(w[i]));
    }
    CHECK_NEAR(sum / (double)n, 0, 5 * std / sqrt((double)n));
    CHECK_CLOSE(sqrt(squares / (double)n), std, 4 / sqrt((double)n));
    CHECK((top < std * sqrt(3) * (1 + 1e-12)) == uniform);
}

static void constant(const struct gk_params *ps, const double *theta, const char *name, double v)
{
    size_t n;
    const double *w = drawn(ps, theta, name, &n);
    for (size_t i = 0; i < n; i++)
        CHECK(w[i] == v);
}

static void transformer_values(const char *text, double scale, const double std[4], bool uniform)
{
    struct gk_arch a = {.model = GK_TRANSFORMER, .layers = 1, .dim = 48, .heads = 4, .ff = 80};
    struct gk_init in = {.scale = scale};
    struct gk_params ps;
    a.vocab = 100;
    a.tokens = 40;
    a.norm = GK_NORM_PRE;
    a.positions = GK_POSITIONS_LEARNED;
    a.bias = GK_BIAS_ALL;
    CHECK_INT_EQ(gk_init_parse(&in, text, &err), 0);
    CHECK_INT_EQ(gk_params_init(&ps, &a, &err), 0);
    double *theta = gk_alloc(ps.total, sizeof *theta, NULL);
    gk_params_draw(&ps, &a, &in, 3, theta);
    moments(&ps, theta, "embed.weight", scale * std[0], false);
    moments(&ps, theta, "positions.weight", scale * std[0], false);
    moments(&ps, theta, "unembed.weight", scale * std[1], uniform);
    moments(&ps, theta, "blocks.0.attn.q.weight", scale * std[2], uniform);
    moments(&ps, theta, "blocks.0.ffn.down.weight", scale * std[3], uniform);
    if (uniform)
        moments(&ps, theta, "blocks.0.ffn.up.bias", std[2], true);
    else
        constant(&ps, theta, "blocks.0.ffn.up.bias", 0);
    constant(&ps, theta, "blocks.0.norm1.weight", 1);
    constant(&ps, theta, "final_norm.weight", 1);
    constant(&ps, theta, "final_norm.bias", 0);
    gk_free(theta);
    gk_params_free(&ps);
}

/* As nn.Embedding, nn.Linear and nn.MultiheadAttention draw: the latter's q, k and v as one matrix
 * (3 dim, dim) by Xavier's rule, its biases 0. */
static void torch_values(void)
{
    struct gk_arch a = gk_preset(6)->arch;
    struct gk_init in = {.scale = 1};
    struct gk_params ps;
    a.dim = 48;
    a.ff = 80;
    a.vocab = 100;
    a.tokens = 40;
    CHECK_INT_EQ(gk_init_parse(&in, gk_preset(6)->init, &err), 0);
    CHECK_INT_EQ(gk_params_init(&ps, &a, &err), 0);
    double *theta = gk_alloc(ps.total, sizeof *theta, NULL);
    gk_params_draw(&ps, &a, &in, 3, theta);
    moments(&ps, theta, "embed.weight", 1, false);
    moments(&ps, theta, "positions.weight", 1, false);
    for (const char *m = "qkv"; *m; m++) {
        char name[64];
        snprintf(name, sizeof name, "blocks.1.attn.%c.weight", *m);
        moments(&ps, theta, name, sqrt(2.0 / (3 * 48 + 48)), true);
        snprintf(name, sizeof name, "blocks.1.attn.%c.bias", *m);
        constant(&ps, theta, name, 0);
    }
    moments(&ps, theta, "blocks.1.attn.o.weight", 1 / sqrt(3 * 48), true);
    constant(&ps, theta, "blocks.1.attn.o.bias", 0);
    moments(&ps, theta, "blocks.1.ffn.up.bias", 1 / sqrt(3 * 48), true);
    moments(&ps, theta, "blocks.1.ffn.down.bias", 1 / sqrt(3 * 80), true);
    moments(&ps, theta, "unembed.weight", 1 / sqrt(3 * 48), true);
    constant(&ps, theta, "final_norm.weight", 1);
    CHECK(!gk_params_find(&ps, "unembed.bias"));
    gk_free(theta);
    gk_params_free(&ps);
}

static void mlp_values(void)
{
    struct gk_arch a = {.model = GK_MLP, .layers = 1, .ff = 90, .vocab = 60, .heads = 1};
    const struct gk_init in = {.kind = GK_INIT_FAN_IN, .scale = 1};
    struct gk_params ps;
    a.inputs = GK_INPUTS_ONEHOT;
    CHECK_INT_EQ(gk_params_init(&ps, &a, &err), 0);
    double *theta = gk_alloc(ps.total, sizeof *theta, NULL);
    gk_params_draw(&ps, &a, &in, 3, theta);
    moments(&ps, theta, "layers.0.weight", 1 / sqrt(120), false);
    moments(&ps, theta, "unembed.weight", 1 / sqrt(90), false);
    gk_free(theta);
    gk_params_free(&ps);
}

static void init_text(const char *text, const char *want)
{
    struct gk_init in = {.scale = 1};
    char again[48];
    const int rc = gk_init_parse(&in, text, &err);
    CHECK_INT_EQ(rc, want ? 0 : -1);
    if (!want) {
        CHECK_STR_HAS(err.msg, "paper, nanda, normal:STD with STD > 0, fan-in or torch is wanted");
        CHECK_STR_HAS(err.msg, text);
        return;
    }
    gk_init_text(&in, again, sizeof again);
    CHECK_STR_EQ(again, want);
}

int main(void)
{
    const double d = 48, ff = 80, vocab = 100;
    all_descriptions();
    presets();
    transformer_values("paper", 1,
                       (double[]){1, 1 / sqrt(3 * d), 1 / sqrt(3 * d), 1 / sqrt(3 * ff)}, true);
    transformer_values("nanda", 2,
                       (double[]){1 / sqrt(d), 1 / sqrt(vocab), 1 / sqrt(d), 1 / sqrt(d)}, false);
    transformer_values("normal:0.02", 1, (double[]){0.02, 0.02, 0.02, 0.02}, false);
    transformer_values("fan-in", 0.5,
                       (double[]){1 / sqrt(d), 1 / sqrt(d), 1 / sqrt(d), 1 / sqrt(ff)}, false);
    torch_values();
    mlp_values();
    init_text("paper", "paper");
    init_text("normal:2e-2", "normal:0.02");
    init_text("fan-in", "fan-in");
    init_text("normal:+.5", "normal:0.5");
    const char *const wrong[] = {"",           "normal",     "normal:",      "normal:0",
                                 "normal:-1",  "normal:inf", "normal:nan",   "normal:1x",
                                 "normal:0x1", "normal: 1",  "normal:1e999", "normal:1e-320",
                                 "fan",        "xavier"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        init_text(wrong[i], NULL);
    return check_status();
}
