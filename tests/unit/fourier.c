/* Frequencies and progress measures against the golden networks, and the group behind an operation.
 */
#include "golden.h"
#include "gk/cyclic.h"
#include "gk/dft.h"
#include "gk/fourier.h"

/* The rows of network PREFIX as a dataset that says what operation it is of. */
static void take_dataset(const struct gk_frame *from, const char *prefix, struct gk_dataset *d)
{
    static const char *const tensors[] = {"train.tokens", "train.labels", "val.tokens",
                                          "val.labels"};
    static const char *const keys[] = {"op", "p", "layout", "score_positions"};
    struct gk_frame f = {.file = prefix, .number = 1};
    struct gk_err err = {0};
    char name[64];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s%s", prefix, tensors[i]);
        const struct gk_tensor *t = gk_frame_tensor(from, name);
        golden_must(gk_frame_add(&f, tensors[i], t->dtype, t->rank, t->shape, t->data, &err), &err);
        snprintf(name, sizeof name, "%s%s", prefix, keys[i]);
        golden_must(gk_frame_set_meta(&f, keys[i], gk_frame_meta(from, name), &err), &err);
    }
    golden_must(gk_frame_set_meta(&f, "vocab", "12", &err), &err);
    golden_must(gk_dataset_from_frame(d, &f, &err), &err);
    gk_frame_free(&f);
}

static void check_values(const struct gk_frame *from, const char *prefix, const char *what,
                         const double *got, size_t n)
{
    const struct golden g = {.f = *from};
    char name[64];
    size_t count;
    snprintf(name, sizeof name, "%s%s", prefix, what);
    double *want = golden_tensor(&g, name, &count);
    CHECK_INT_EQ(count, n);
    for (size_t i = 0; i < n; i++)
        if (!check_is_close(got[i], want[i], 1e-9) && !(fabs(got[i] - want[i]) < 1e-13))
            CHECK_FAILED("%s: entry %zu is %.17g, not %.17g", name, i, got[i], want[i]);
    gk_free(want);
}

static void check_keys(const struct gk_frame *from, const char *prefix, const char *which,
                       struct gk_fourier *f, struct gk_study *s)
{
    const struct golden g = {.f = *from};
    const bool largest = strcmp(which, "top2") == 0;
    struct gk_err err = {0};
    struct gk_measures m;
    char name[64];
    snprintf(name, sizeof name, "%skeys.%s", prefix, which);
    double *want = golden_tensor(&g, name, NULL);
    size_t keys[2] = {(size_t)want[0], (size_t)want[1]};
    if (largest)
        keys[0] = keys[1] = 0;
    golden_must(gk_fourier_measure(f, s, keys, 2, largest, &m, &err), &err);
    CHECK(keys[0] == (size_t)want[0] && keys[1] == (size_t)want[1]);
    const double got[] = {m.restricted[0], m.restricted[1], m.excluded[0], m.excluded[1],
                          m.sum_share,     m.key_share,     m.embed_gini,  m.embed_ipr};
    snprintf(name, sizeof name, "measures.%s", which);
    check_values(from, prefix, name, got, 8);
    if (strcmp(prefix, "closed.") == 0 && largest) {
        CHECK_CLOSE(m.sum_share, 1, 1e-13);
        CHECK_CLOSE(m.key_share, 1, 1e-13);
        check_values(from, prefix, "loss", m.restricted, 2);
    }
    gk_free(want);
}

static void check_network(const struct gk_frame *from, const char *prefix, struct gk_pool *pool)
{
    struct gk_study s = {.loss = GK_LOSS_AS_SAVED, .pool = pool};
    struct gk_err err = {0};
    struct gk_fourier *f;
    struct gk_frame ckpt;
    double share[8], total;
    const double *energy, *norms;
    golden_checkpoint(from, prefix, &ckpt);
    take_dataset(from, prefix, &s.data);
    golden_must(gk_fourier_new(&f, &s.data, pool, &err), &err);
    golden_must(gk_study_take(&s, &ckpt, &err), &err);
    const size_t n = gk_fourier_frequencies(f);
    golden_must(gk_fourier_logits(f, &s, &energy, &total, &err), &err);
    check_values(from, prefix, "logits.energy", energy, n);
    for (size_t k = 0; k < n; k++)
        share[k] = energy[k] / total;
    check_values(from, prefix, "logits.share", share, n);
    golden_must(gk_fourier_embedding(f, &s, &energy, &total, &norms, &err), &err);
    CHECK((strcmp(prefix, "closed.") == 0) == !energy);
    if (energy) {
        check_values(from, prefix, "embedding.energy", energy, n);
        check_values(from, prefix, "embedding.norms", norms, strcmp(prefix, "mul.") ? 11 : 10);
        for (size_t k = 0; k < n; k++)
            share[k] = energy[k] / total;
        check_values(from, prefix, "embedding.share", share, n);
    }
    check_keys(from, prefix, "top2", f, &s);
    check_keys(from, prefix, "given", f, &s);
    gk_fourier_free(f);
    gk_frame_free(&ckpt);
    if (pool) /* else the study has made its own */
        s.pool = NULL;
    gk_study_close(&s);
}

enum { ROWS = 113 * 112 / 2 };

/* Exponents add up wherever an answer has one: for every operation and modulus. */
static void check_group(const char *op, int64_t p, int64_t (*answer)(int64_t, int64_t, int64_t))
{
    struct gk_err err = {0};
    struct gk_cyclic c;
    static int32_t tokens[3 * ROWS], labels[ROWS];
    struct gk_dataset all, d = {.T = 3,
                                .k = 1,
                                .score = {2},
                                .vocab = (int)p + 1,
                                .elements = (int)p,
                                .layout = (char[]){"nanda"},
                                .op = (char *)(uintptr_t)op,
                                .p = p,
                                .q = -1};
    for (size_t i = 0; i < ROWS; i++) {
        tokens[3 * i] = tokens[3 * i + 1] = labels[i] = 1;
        tokens[3 * i + 2] = (int32_t)p;
    }
    d.split[GK_TRAIN] = (struct gk_rowset){ROWS, tokens, labels};
    golden_must(gk_cyclic_init(&c, &d, &err), &err);
    golden_must(gk_cyclic_inputs(&c, &d, &all, &err), &err);
    const struct gk_rowset *s = &all.split[GK_TRAIN];
    CHECK_INT_EQ(s->n, c.n * c.n);
    for (size_t r = 0; r < s->n; r++) {
        size_t y = 0;
        CHECK_INT_EQ(s->labels[r], answer(s->tokens[3 * r], s->tokens[3 * r + 1], p));
        CHECK_INT_EQ(gk_cyclic_row(&c, &all, s, r, &y), r);
        CHECK_INT_EQ(y, (c.minus ? r / c.n + c.n - r % c.n : r / c.n + r % c.n) % c.n);
    }
    gk_dataset_free(&all);
    gk_cyclic_free(&c);
}

static int64_t add(int64_t a, int64_t b, int64_t p)
{
    return (a + b) % p;
}
static int64_t subtract(int64_t a, int64_t b, int64_t p)
{
    return (a - b + p) % p;
}
static int64_t multiply(int64_t a, int64_t b, int64_t p)
{
    return a * b % p;
}
static int64_t divide(int64_t a, int64_t b, int64_t p)
{
    int64_t c = 0;
    while (b * c % p != a)
        c++;
    return c;
}

/* The bins of a cosine and a sine, in any length. */
static void check_bins(void)
{
    struct gk_err err = {0};
    struct gk_dft *d;
    golden_must(gk_dft_new(&d, &err), &err);
    for (size_t n = 2; n < 40; n++) {
        for (size_t k = 1; k <= n / 2; k++) {
            double x[40], re[21], im[21];
            for (size_t t = 0; t < n; t++) {
                const double w = 2 * acos(-1) * (double)(k * t) / (double)n;
                x[t] = 3 + cos(w) - 2 * sin(w);
            }
            golden_must(gk_dft_bins(d, x, n, re, im, 1, &err), &err);
            const double size = (double)n / (2 * k == n ? 1 : 2);
            for (size_t j = 0; j <= n / 2; j++) {
                const double want = j == 0 ? 3 * (double)n : j == k ? size : 0;
                CHECK_NEAR(re[j], want, 1e-12 * (double)n);
                CHECK_NEAR(im[j], j == k && 2 * k < n ? 2 * size : 0, 1e-12 * (double)n);
            }
        }
    }
    gk_dft_free(d);
}

int main(void)
{
    static const char *const networks[] = {"add.", "sub.", "mul.", "closed."};
    struct gk_err err = {0};
    struct gk_pool *pool;
    struct gk_frame f;
    golden_must(gk_pool_new(&pool, 2, &err), &err);
    golden_must(gk_frame_read_one("tests/golden/fourier.safetensors", &f, &err), &err);
    for (int i = 0; i < 4; i++) {
        check_network(&f, networks[i], pool);
        check_network(&f, networks[i], NULL);
    }
    for (int64_t p = 2; p < 40; p++) {
        check_group("add", p, add);
        check_group("sub", p, subtract);
    }
    static const int primes[] = {3, 5, 7, 11, 13, 17, 19, 23, 41, 113};
    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++) {
        check_group("mul", primes[i], multiply);
        check_group("div", primes[i], divide);
    }
    check_bins();
    gk_frame_free(&f);
    gk_pool_free(pool);
    return check_status();
}
