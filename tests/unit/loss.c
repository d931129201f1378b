/* The cross-entropy at small losses, in the form that does not round and in the usual one. An mlp
 * of zeros but for one read-out bias of g, and hidden units of 1e-3, has logits that are known
 * exactly. Here s = (V - 1) e^-g.
 *
 *     label = that class:  loss = log1p(s),      gradient by the bias = -s / (1 + s)
 *     another label:       loss = g + log1p(s),  gradient by the bias = 1 / (1 + s)
 *
 * In single precision 1 + s rounds to 1 from g = 20 on. The usual form then has the loss 0. From
 * g = 81 on the gradient by the read-out's matrix is subnormal, and 0 where the processor can
 * (gk/subnormal.h). From g = 88 on this holds for the terms of s. */
#include <float.h>

#include "check.h"
#include "gk/mem.h"
#include "gk/net.h"
#include "gk/subnormal.h"

enum { V = 7, ROWS = 3 };

static void check_gap(enum gk_loss loss, double gap, int label, enum gk_dtype real)
{
    struct gk_err err = {0};
    const struct gk_arch a = {.model = GK_MLP,
                              .layers = 1,
                              .dim = 4,
                              .ff = 5,
                              .vocab = V,
                              .activation = GK_LEAKY,
                              .bias = GK_BIAS_ALL,
                              .loss = loss};
    struct gk_dataset d = {.T = 3, .k = 1, .score = {2}, .vocab = V, .elements = V};
    int32_t tokens[3 * ROWS] = {0, 0, 1, 2, 0, 3, 4, 0, 5}, labels[ROWS] = {label, label, label};
    char layout[] = "paper";
    d.layout = layout;
    d.split[GK_TRAIN] = (struct gk_rowset){ROWS, tokens, labels};
    struct gk_engine *e;
    struct gk_score s;
    CHECK_INT_EQ(gk_engine_new(&e, &a, &d, GK_TRAIN, real, NULL, &err), 0);
    const struct gk_params *ps = gk_engine_params(e);
    const size_t bias = gk_params_find(ps, "unembed.bias")->offset;
    float *t32 = gk_alloc(2 * ps->total, sizeof *t32, NULL);
    double *t64 = gk_alloc(2 * ps->total, sizeof *t64, NULL);
    const size_t hidden = gk_params_find(ps, "layers.0.bias")->offset;
    for (size_t i = 0; i < 5; i++)
        t32[hidden + i] = (float)(t64[hidden + i] = 1e-3);
    t32[bias] = (float)gap;
    t64[bias] = gap;
    void *theta = real == GK_F32 ? (void *)t32 : (void *)t64;
    void *grad = real == GK_F32 ? (void *)(t32 + ps->total) : (void *)(t64 + ps->total);
    const gk_fpmode mode = gk_fpmode_get();
    CHECK_INT_EQ(gk_engine_grad(e, theta, NULL, 0, grad, &s, &err), 0);
    CHECK(gk_fpmode_get() == mode);
    const double sum = (V - 1) * exp(-gap), eps = real == GK_F32 ? 1.2e-7 : 2.3e-16;
    const double g = real == GK_F32 ? (double)t32[ps->total + bias] : t64[ps->total + bias];
    const double want_loss = log1p(sum) + (label == 0 ? 0 : gap);
    const double want_g = label == 0 ? -sum / (1 + sum) : 1 / (1 + sum);
    CHECK_INT_EQ(s.acc, label == 0);
    for (size_t i = 0; real == GK_F32 && i < ps->total; i++)
        CHECK(fpclassify(t32[ps->total + i]) != FP_SUBNORMAL || gk_fpmode_flushing(mode) == mode);
    if (real == GK_F32 && sum < V * (double)FLT_MIN) {
        CHECK(fabs(s.loss - want_loss) <= V * (double)FLT_MIN + 1e-6 * want_loss);
        CHECK(fabs(g - want_g) <= V * (double)FLT_MIN + 1e-6 * want_g);
    } else if (loss == GK_CE) {
        CHECK_CLOSE(s.loss, want_loss, real == GK_F32 ? 1e-6 : 1e-14);
        CHECK_CLOSE(g, want_g, real == GK_F32 ? 1e-6 : 1e-14);
    } else if (label == 0 && sum < eps / 4) {
        CHECK(s.loss == 0 && g == 0);
    } else {
        CHECK(fabs(s.loss - want_loss) <= 4 * eps * (1 + gap));
        CHECK(fabs(g - want_g) <= 4 * eps);
    }
    gk_engine_free(e);
    gk_free(t32);
    gk_free(t64);
}

int main(void)
{
    const double gaps[] = {0.5, 5, 20, 60, 80, 85, 88, 95};
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        for (int label = 0; label < 2; label++) {
            check_gap(GK_CE, gaps[i], label, GK_F32);
            check_gap(GK_CE, gaps[i], label, GK_F64);
            check_gap(GK_CE_ROUNDED, gaps[i], label, GK_F32);
            check_gap(GK_CE_ROUNDED, gaps[i], label, GK_F64);
        }
    return check_status();
}
