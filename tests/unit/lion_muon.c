/* Lion and muon by their properties. */
#include "step.h"
#include "gk/blas.h"

/* A step of lion moves each coordinate by the rate, or by 0 if its direction is 0. */
static void check_lion(void)
{
    struct gk_optim_conf c = gk_optim_defaults(GK_LION);
    CHECK(c.beta1 == 0.9 && c.beta2 == 0.99 && c.weight_decay == 1);
    c.lr = 0.25;
    c.warmup = 0;
    c.weight_decay = 0;
    double *theta = draw(GK_F64, ps.total, 8), *g = draw(GK_F64, ps.total, 9);
    g[5] = 0;
    struct gk_optim *o = make(&c, GK_F64);
    for (int k = 0; k < 3; k++) {
        double *d = changed(o, k, theta, g);
        for (size_t i = 0; i < ps.total; i++)
            CHECK_CLOSE(d[i], i == 5 ? 0 : g[i] > 0 ? 0.25 : -0.25, 1e-14);
        gk_free(d);
    }
    /* Now m = (1 - 0.99^3) g: a weak opposite gradient changes no sign, a strong one does. */
    double *weak = gk_alloc(ps.total, sizeof *weak, NULL);
    const double m = 1 - pow(0.99, 3), turn = 9 * m;
    for (int strong = 0; strong < 2; strong++) {
        struct gk_optim_state s = gk_optim_state(o, 0, 3);
        check_is(s.vector, m, g, 1e-12);
        for (size_t i = 0; i < ps.total; i++)
            weak[i] = -turn * (strong ? 1.01 : 0.99) * g[i];
        double before = g[0] > 0 ? 0.25 : -0.25;
        double *keep = widened(GK_F64, ps.total, s.vector), *d = changed(o, 3, theta, weak);
        CHECK_CLOSE(d[0], strong ? -before : before, 1e-14);
        memcpy(s.vector, keep, ps.total * sizeof *keep);
        gk_free(keep);
        gk_free(d);
    }
    gk_optim_free(o);
    gk_free(weak);
    gk_free(theta);
    gk_free(g);
}

/* The singular values of X (rows, cols), squared, rising. */
static double *squared_singular_values(const double *x, size_t rows, size_t cols)
{
    struct gk_err err = {0};
    const size_t r = rows < cols ? rows : cols;
    double *gram = gk_alloc(r * r, sizeof *gram, NULL), *w = gk_alloc(r, sizeof *w, NULL);
    if (rows <= cols)
        gk_dgemm(false, true, r, r, cols, 1, x, cols, x, cols, 0, gram, r);
    else
        gk_dgemm(true, false, r, r, rows, 1, x, cols, x, cols, 0, gram, r);
    CHECK(gk_eigh(r, gram, w, false, &err) == 0);
    gk_free(gram);
    return w;
}

static bool in_muon(const struct gk_param *p)
{
    return p->rank == 2 && (strncmp(p->name, "blocks.", 7) == 0);
}

/* A step of muon on a matrix inside a block: all singular values are near the rate, times
 * sqrt(rows / cols) for a tall matrix. The step goes downhill, and does not depend on the length of
 * the gradient. */
static void check_muon(enum gk_dtype real)
{
    struct gk_optim_conf c = gk_optim_defaults(GK_MUON);
    CHECK(c.muon_lr == 0.02 && c.momentum == 0.95 && c.weight_decay == 1 && c.lr == 1e-3);
    c.muon_lr = 1;
    c.weight_decay = 0;
    c.warmup = 0;
    double *g = draw(GK_F64, ps.total, 11), *first = NULL;
    void *none = gk_alloc(ps.total, gk_dtype_size(real), NULL);
    for (double length = 1; length < 2000; length *= 1000) {
        void *theta = gk_alloc(ps.total, gk_dtype_size(real), NULL);
        void *grad = gk_alloc(ps.total, gk_dtype_size(real), NULL);
        for (size_t i = 0; i < ps.total && length > 1; i++)
            g[i] *= length;
        gk_reals_narrow(real, ps.total, g, grad);
        struct gk_optim *o = make(&c, real);
        gk_optim_step(o, 0, theta, grad, 1);
        double *d = widened(real, ps.total, theta);
        for (size_t i = 0; i < ps.n; i++) {
            const struct gk_param *p = &ps.p[i];
            if (!in_muon(p))
                continue;
            const size_t rows = p->shape[0], cols = p->shape[1], r = rows < cols ? rows : cols;
            const double tall = fmax(1, (double)rows / (double)cols);
            double *w = squared_singular_values(d + p->offset, rows, cols);
            CHECK(sqrt(w[0] / tall) > 0.5 && sqrt(w[r - 1] / tall) < 1.25);
            gk_free(w);
            CHECK(product(d + p->offset, g + p->offset, p->count) < 0);
            if (first) {
                double *diff = widened(GK_F64, p->count, d + p->offset);
                for (size_t j = 0; j < p->count; j++)
                    diff[j] -= first[p->offset + j];
                CHECK_NEAR(norm(diff, p->count), 0, real == GK_F64 ? 1e-10 : 1e-2);
                gk_free(diff);
            }
        }
        gk_optim_free(o);
        gk_free(theta);
        gk_free(grad);
        gk_free(first);
        first = d;
    }
    /* no gradient: no direction, and nothing to divide by */
    void *theta = draw(real, ps.total, 12), *same = draw(real, ps.total, 12);
    struct gk_optim *o = make(&c, real);
    gk_optim_step(o, 0, theta, none, 0);
    CHECK(memcmp(theta, same, ps.total * gk_dtype_size(real)) == 0);
    gk_optim_free(o);
    gk_free(theta);
    gk_free(same);
    gk_free(none);
    gk_free(first);
    gk_free(g);
}

/* Tensors that muon does not take are updated as by adamw, to the bit. Its matrices decay by the
 * factor 1 - muon_lr decay, whatever their shape, and have no v. */
static void check_muon_and_adamw(void)
{
    struct gk_optim_conf c = gk_optim_defaults(GK_MUON), a = gk_optim_defaults(GK_ADAMW);
    double *theta[2] = {draw(GK_F64, ps.total, 13), draw(GK_F64, ps.total, 13)};
    double *start = draw(GK_F64, ps.total, 13), *g = draw(GK_F64, ps.total, 14);
    c.warmup = a.warmup = 0;
    c.weight_decay = a.weight_decay = 0.5;
    struct gk_optim *o = make(&c, GK_F64), *w = make(&a, GK_F64);
    for (size_t i = 0; i < ps.n; i++)
        for (size_t j = 0; j < ps.p[i].count && in_muon(&ps.p[i]); j++)
            g[ps.p[i].offset + j] = 0;
    for (int k = 0; k < 3; k++) {
        gk_optim_step(o, k, theta[0], g, 1);
        gk_optim_step(w, k, theta[1], g, 1);
    }
    const struct gk_optim_state v = gk_optim_state(o, 1, 3);
    CHECK_STR_EQ(v.name, "v");
    for (size_t i = 0; i < ps.n; i++) {
        const struct gk_param *p = &ps.p[i];
        CHECK((gk_params_find(v.tensors, p->name) != NULL) == !in_muon(p));
        for (size_t j = p->offset; j < p->offset + p->count; j++)
            CHECK_CLOSE(theta[0][j], in_muon(p) ? pow(1 - 0.02 * 0.5, 3) * start[j] : theta[1][j],
                        in_muon(p) ? 1e-14 : 0);
    }
    gk_optim_free(o);
    gk_optim_free(w);
    gk_free(theta[0]);
    gk_free(theta[1]);
    gk_free(start);
    gk_free(g);
}

int main(void)
{
    set_up();
    check_lion();
    check_muon(GK_F32);
    check_muon(GK_F64);
    check_muon_and_adamw();
    return tear_down();
}
