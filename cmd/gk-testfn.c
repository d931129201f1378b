/* gk-testfn: the path of an optimiser on a function whose minimum is known.
 *
 *     gk-testfn --function rosenbrock --optimizer adam --lr 0.01 --steps 5000
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gk/cli.h"
#include "gk/list.h"
#include "gk/mem.h"
#include "gk/optim.h"
#include "gk/out.h"
#include "gk/testfn.h"

static struct gk_common common;
static struct gk_testfn f;
static struct gk_optim_conf optim = {.lr = 1e-3};
static const char *grokfast = "none";
static struct gk_grid grid;
static const char *start;
static bool own_start;
static int function, optimizer = GK_ADAM;
static int64_t n, steps = 10000, every = 1;
static struct given {
    bool a, n, start, grid, beta1, beta2, eps, momentum;
    bool optimizer, lr, decay, warmup, clip, grokfast, orthogonal, hold, steps, every;
} given;

#define LT1 (1 - 1e-9)
static const struct gk_opt opts[] = {
    GK_OPT_CHOICE(0, "function", &function, GK_TESTFNS, "the function", .def = "rosenbrock"),
    GK_OPT_INT('n', "dimension", &n, "its number of variables", .min = 1, .max = 1e6, .def = "2"),
    GK_OPT_REAL('a', "constant", &f.a,
                "its constant (default: 100 for Rosenbrock's, 10 for Rastrigin's)", .min = 0,
                .max = INFINITY, .choices = "A", .given = &given.a),
    GK_OPT_FLAG(0, "log", &f.log, "minimise log(1 + f) in its place"),
    GK_OPT_CHOICE(0, "optimizer", &optimizer, GK_VECTOR_OPTIMIZERS, "as in gk-train (default adam)",
                  .given = &given.optimizer),
    GK_OPT_REAL(0, "lr", &optim.lr, "learning rate (default 0.001)", .min = 0, .max = INFINITY,
                .given = &given.lr),
    GK_OPT_REAL(0, "weight-decay", &optim.weight_decay,
                "decoupled for adamw and lion, L2 for the others (default 0)", .min = 0,
                .max = INFINITY, .given = &given.decay),
    GK_OPT_REAL(0, "beta1", &optim.beta1, "of adamw, adam, adamax and lion (default 0.9)", .min = 0,
                .max = LT1, .given = &given.beta1),
    GK_OPT_REAL(0, "beta2", &optim.beta2,
                "likewise (default 0.98, lion: 0.99), or rmsprop's alpha (default 0.99)", .min = 0,
                .max = LT1, .given = &given.beta2),
    GK_OPT_REAL(0, "eps", &optim.eps, "of all these but lion (default 1e-8)", .min = 0,
                .max = INFINITY, .given = &given.eps),
    GK_OPT_REAL(0, "momentum", &optim.momentum, "of momentum (default 0.9)", .min = 0, .max = 1,
                .given = &given.momentum),
    GK_OPT_INT(0, "warmup", &optim.warmup,
               "update k uses lr*min(1, k/N) (default 0: none); rprop has none", .min = 0,
               .max = 1e15, .given = &given.warmup),
    GK_OPT_REAL(0, "clip", &optim.clip, "scale the gradient down to the norm X (default 0: never)",
                .min = 0, .max = INFINITY, .given = &given.clip),
    GK_OPT_TEXT(0, "grokfast", &grokfast, "none|ema:A,L|ma:W,L",
                "add to the gradient L times its average (default none)", .given = &given.grokfast),
    GK_OPT_FLAG(0, "orthogonal-gradient", &optim.orthogonal,
                "take from the gradient its part along the point", .given = &given.orthogonal),
    GK_OPT_REAL(0, "hold-norm", &optim.hold_norm,
                "hold the point's norm at X times its first value (default 0: it is free)",
                .min = 0, .max = INFINITY, .given = &given.hold),
    GK_OPT_TEXT(0, "start", &start, "X,Y",
                "where the path begins, repeated to N (default: -1.2,1; for Rastrigin's -3.2,2.7)",
                .given = &given.start),
    GK_OPT_INT(0, "steps", &steps, "updates (default 10000)", .min = 0, .max = 1e15,
               .given = &given.steps),
    GK_OPT_INT(0, "every", &every, "print steps 0, K, 2K, ... and the last (default 1)", .min = 1,
               .max = 1e15, .choices = "K", .given = &given.every),
    GK_OPT_GRID(0, "grid", &grid, "print the surface and its gradient on N by N points instead",
                .given = &given.grid),
    {0}};

static const struct gk_tool tool = {
    .name = "gk-testfn",
    .synopsis = "[options]",
    .summary = "Follow an optimiser on Rosenbrock's or Rastrigin's function.",
    .example = "gk-testfn --optimizer rprop --steps 2000 | tail -n 1",
    .max_operands = 0,
    .opts = opts,
    .common = &common,
};

/* Fills in defaults that depend on other options. An unused option gets a note, and is omitted from
 * the table's history. */
static void resolve(void)
{
    const bool path = !given.grid;
    const struct gk_optim_uses uses = gk_optim_uses((enum gk_optimizer)optimizer);
    const struct gk_optim_conf def = gk_optim_defaults((enum gk_optimizer)optimizer);
    optim.kind = (enum gk_optimizer)optimizer;
    optim.beta1 = given.beta1 ? optim.beta1 : def.beta1;
    optim.beta2 = given.beta2 ? optim.beta2 : def.beta2;
    optim.eps = given.eps ? optim.eps : def.eps;
    optim.momentum = given.momentum ? optim.momentum : def.momentum;
    if (optimizer == GK_RPROP)
        optim.weight_decay = 0;
    if (!given.a)
        f.a = gk_testfn_default_a((enum gk_testfn_kind)function);
    given.a = true;
    own_start = start != NULL;
    if (!start)
        start = function == GK_RASTRIGIN ? "-3.2,2.7" : "-1.2,1";
    struct {
        const char *name;
        bool *given, used;
    } const all[] = {{"start", &given.start, path},
                     {"optimizer", &given.optimizer, path},
                     {"lr", &given.lr, path},
                     {"weight-decay", &given.decay, path && optimizer != GK_RPROP},
                     {"beta1", &given.beta1, path && uses.beta1},
                     {"beta2", &given.beta2, path && uses.beta2},
                     {"eps", &given.eps, path && uses.eps},
                     {"momentum", &given.momentum, path && uses.momentum},
                     {"warmup", &given.warmup, path && uses.warmup},
                     {"clip", &given.clip, path && !uses.signs},
                     {"grokfast", &given.grokfast, path && optim.grokfast.kind},
                     {"orthogonal-gradient", &given.orthogonal, path && optim.orthogonal},
                     {"hold-norm", &given.hold, path && optim.hold_norm > 0},
                     {"steps", &given.steps, path},
                     {"every", &given.every, path}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (*all[i].given && !all[i].used)
            gk_note(&tool, "--%s changes nothing here", all[i].name);
        *all[i].given = all[i].used;
    }
}

/* x [n] from --start, which may be shorter. */
static int begin(double *x, struct gk_err *err)
{
    double *v;
    size_t count;
    if (gk_list_reals("start", start, &v, &count, err))
        return -1;
    if (own_start && f.n % count) {
        free(v);
        return gk_fail_usage(err, "--start: %zu numbers for %zu variables", count, f.n);
    }
    for (size_t i = 0; i < f.n; i++)
        x[i] = v[i % count];
    free(v);
    return 0;
}

static int print(struct gk_out *out, double *x, struct gk_err *err)
{
    struct gk_history h = {0};
    if (gk_cli_history(&tool, &h, err))
        return -1;
    int rc = given.grid
                 ? gk_testfn_surface(out->fp, &f, &grid, &h, err)
                 : begin(x, err) || gk_testfn_path(out, &f, &optim, x, steps, every, &h, err);
    gk_history_free(&h);
    return rc ? -1 : 0;
}

int main(int argc, char **argv)
{
    struct gk_err err = {0};
    struct gk_out out;
    gk_cli_start(&tool, &argc, &argv);
    f.kind = (enum gk_testfn_kind)function;
    f.n = (size_t)n;
    if (gk_grokfast_parse(&optim.grokfast, grokfast, &err))
        gk_die(&tool, &err);
    resolve();
    if (gk_testfn_check(&f, &err) ||
        (given.grid && f.n != 2 && gk_fail_usage(&err, "--grid: a surface has -n 2")))
        gk_die(&tool, &err);
    double *x = gk_alloc(f.n, sizeof *x, &err);
    if (!x || gk_out_open(&out, common.output, false, &err) || print(&out, x, &err) ||
        gk_out_commit(&out, &err))
        gk_die(&tool, &err);
    gk_free(x);
    return 0;
}
