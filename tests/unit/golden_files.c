/* The golden files as files that the tools read:
 *
 *     golden_files FILE checkpoint|dataset|v.|grad.|act.NAME > out.safetensors
 *
 * the parameters with their metadata, the rows, the tensors of one prefix under the parameters'
 * names, or one tensor of activations as `activations` [points, width]. In precision F64; a
 * checkpoint also as "checkpoint32". Without arguments it checks that a checkpoint made so is the
 * golden one. */
#include "golden.h"

static void put_meta(const struct golden *g, struct gk_frame *f, enum gk_dtype real)
{
    struct gk_err err = {0};
    struct gk_checkpoint c = {.arch = g->arch, .dtype = real, .step = 7, .seed = -1};
    golden_must(gk_checkpoint_put_meta(f, &c, &err), &err);
}

static void put_vector(const struct golden *g, struct gk_frame *f, const char *prefix,
                       enum gk_dtype real)
{
    struct gk_err err = {0};
    double *v = golden_vector(g, prefix);
    float *single = gk_alloc(g->params.total, sizeof *single, NULL);
    for (size_t i = 0; i < g->params.total; i++)
        single[i] = (float)v[i];
    golden_must(gk_checkpoint_put_vector(f, &g->params, "", real,
                                         real == GK_F64 ? (void *)v : (void *)single, &err),
                &err);
    gk_free(v);
    gk_free(single);
}

/* Layout paper as a file has it: "a op b =", the tokens op and = after the elements. */
static void put_paper_tokens(const struct golden *g, struct gk_frame *f, const char *name,
                             const struct gk_rowset *r, int elements)
{
    struct gk_err err = {0};
    const uint64_t shape[] = {r->n, 4};
    int32_t *tokens = gk_alloc(4 * r->n, sizeof *tokens, NULL);
    for (size_t i = 0; i < r->n; i++) {
        const int32_t *row = r->tokens + i * (size_t)g->data.T;
        const int32_t paper[] = {row[0], elements, row[2], elements + 1};
        memcpy(tokens + 4 * i, paper, sizeof paper);
    }
    golden_must(gk_frame_add(f, name, GK_I32, 2, shape, tokens, &err), &err);
    gk_free(tokens);
}

static void put_rows(const struct golden *g, struct gk_frame *f)
{
    struct gk_err err = {0};
    static const char *const name[2][2] = {{"train.tokens", "train.labels"},
                                           {"val.tokens", "val.labels"}};
    const bool openai = g->data.k == 2, nanda = strcmp(g->data.layout, "nanda") == 0;
    const char *layout = openai ? "openai" : nanda ? "nanda" : "paper";
    const char *score = openai ? "4,5" : nanda ? "2" : "3";
    const int marks = openai ? 0 : nanda ? 1 : 2;
    const int vocab = g->arch.vocab + (g->arch.model == GK_MLP ? marks : 0);
    for (int s = 0; s < 2; s++) {
        const struct gk_rowset *r = &g->data.split[s];
        const uint64_t tokens[] = {r->n, (uint64_t)g->data.T};
        const uint64_t labels[] = {r->n, (uint64_t)g->data.k};
        if (marks == 2)
            put_paper_tokens(g, f, name[s][0], r, vocab - 2);
        else
            golden_must(gk_frame_add(f, name[s][0], GK_I32, 2, tokens, r->tokens, &err), &err);
        golden_must(gk_frame_add(f, name[s][1], GK_I32, 2, labels, r->labels, &err), &err);
    }
    golden_must(gk_frame_set_meta(f, "gk.kind", "dataset", &err), &err);
    golden_must(gk_frame_set_meta(f, "score_positions", score, &err), &err);
    golden_must(gk_frame_set_meta(f, "layout", layout, &err), &err);
    golden_must(gk_frame_set_meta_int(f, "vocab", vocab, &err), &err);
}

static void put_activations(const struct golden *g, struct gk_frame *f, const char *name)
{
    struct gk_err err = {0};
    const struct gk_tensor *t = gk_frame_tensor(&g->f, name);
    if (!t) {
        fprintf(stderr, "golden_files: no tensor %s\n", name);
        exit(1);
    }
    const uint64_t width = t->shape[t->rank - 1], shape[] = {t->count / width, width};
    golden_must(gk_frame_add(f, "activations", t->dtype, 2, shape, t->data, &err), &err);
}

static void make(const struct golden *g, const char *what, struct gk_frame *f)
{
    *f = (struct gk_frame){0};
    if (strcmp(what, "dataset") == 0) {
        put_rows(g, f);
    } else if (strncmp(what, "act.", 4) == 0) {
        put_activations(g, f, what);
    } else if (strncmp(what, "checkpoint", 10) == 0) {
        const enum gk_dtype real = strcmp(what, "checkpoint32") == 0 ? GK_F32 : GK_F64;
        put_vector(g, f, "param.", real);
        put_meta(g, f, real);
    } else {
        put_vector(g, f, what, GK_F64);
    }
}

static void check_itself(void)
{
    struct gk_err err = {0};
    struct golden g;
    struct gk_frame f;
    struct gk_checkpoint c;
    golden_open(&g, "tests/golden/transformer_paper.safetensors");
    make(&g, "checkpoint", &f);
    golden_must(gk_checkpoint_parse(&c, &f, &err), &err);
    CHECK_INT_EQ(c.params.total, g.params.total);
    CHECK_INT_EQ(c.step, 7);
    double *want = golden_vector(&g, "param."), *got = gk_alloc(c.params.total, sizeof *got, NULL);
    golden_must(gk_checkpoint_vector(&f, &c.params, "", GK_F64, got, &err), &err);
    CHECK(memcmp(want, got, c.params.total * sizeof *got) == 0);
    gk_free(want);
    gk_free(got);
    gk_checkpoint_free(&c);
    gk_frame_free(&f);
    golden_close(&g);
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct golden g;
    struct gk_frame f;
    if (argc != 3) {
        check_itself();
        return check_status();
    }
    golden_open(&g, argv[1]);
    make(&g, argv[2], &f);
    golden_must(gk_frame_write(&f, stdout, &err), &err);
    gk_frame_free(&f);
    golden_close(&g);
    return 0;
}
