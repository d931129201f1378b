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
static struct gk_grid grid;
static const char *start;
static bool own_start;
static int function, optimizer = GK_ADAM;
static int64_t n, steps = 10000, every = 1;
static struct given {
    bool a, n, start, grid, beta1, beta2, eps, momentum;
    bool optimizer, lr, decay, warmup, clip, steps, every;
} given;

#define LT1 (1 - 1e-9)
static const struct gk_opt opts[] = {
    {0, "function", GK_CHOICE, &function, "rosenbrock", 0, 0, GK_TESTFNS, "the function", 0, NULL},
    {'n', "dimension", GK_INT, &n, "2", 1, 1e6, "N", "its number of variables", 0, NULL},
    {'a', "constant", GK_REAL, &f.a, NULL, 0, INFINITY, "A",
     "its constant (default: 100 for Rosenbrock's, 10 for Rastrigin's)", 0, &given.a},
    {0, "log", GK_FLAG, &f.log, NULL, 0, 0, NULL, "minimise log(1 + f) in its place", 0, NULL},
    {0, "optimizer", GK_CHOICE, &optimizer, NULL, 0, 0, GK_OPTIMIZERS,
     "as in gk-train (default adam)", 0, &given.optimizer},
    {0, "lr", GK_REAL, &optim.lr, NULL, 0, INFINITY, "X", "learning rate (default 0.001)", 0,
     &given.lr},
    {0, "weight-decay", GK_REAL, &optim.weight_decay, NULL, 0, INFINITY, "X",
     "decoupled for adamw, L2 for the others (default 0)", 0, &given.decay},
    {0, "beta1", GK_REAL, &optim.beta1, NULL, 0, LT1, "X",
     "of adamw, adam and adamax (default 0.9)", 0, &given.beta1},
    {0, "beta2", GK_REAL, &optim.beta2, NULL, 0, LT1, "X",
     "likewise (default 0.98), or rmsprop's alpha (default 0.99)", 0, &given.beta2},
    {0, "eps", GK_REAL, &optim.eps, NULL, 0, INFINITY, "X", "of these four (default 1e-8)", 0,
     &given.eps},
    {0, "momentum", GK_REAL, &optim.momentum, NULL, 0, 1, "X", "of momentum (default 0.9)", 0,
     &given.momentum},
    {0, "warmup", GK_INT, &optim.warmup, NULL, 0, 1e15, "N",
     "update k uses lr*min(1, k/N) (default 0: none); rprop has none", 0, &given.warmup},
    {0, "clip", GK_REAL, &optim.clip, NULL, 0, INFINITY, "X",
     "scale the gradient down to the norm X (default 0: never)", 0, &given.clip},
    {0, "start", GK_TEXT, &start, NULL, 0, 0, "X,Y",
     "where the path begins, repeated to N (default: -1.2,1; for Rastrigin's -3.2,2.7)", 0,
     &given.start},
    {0, "steps", GK_INT, &steps, NULL, 0, 1e15, "N", "updates (default 10000)", 0, &given.steps},
    {0, "every", GK_INT, &every, NULL, 1, 1e15, "K",
     "print steps 0, K, 2K, ... and the last (default 1)", 0, &given.every},
    {0, "grid", GK_GRID, &grid, NULL, 0, 0, NULL,
     "print the surface and its gradient on N by N points instead", 0, &given.grid},
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

/* Fills in defaults that depend. An option that has no use here is said to be idle, and is no part
 * of the table's history. */
static void resolve(void)
{
    const bool path = !given.grid, adam = path && optimizer <= GK_ADAMAX;
    const bool scaled = adam || (path && optimizer == GK_RMSPROP);
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
                     {"beta1", &given.beta1, adam},
                     {"beta2", &given.beta2, scaled},
                     {"eps", &given.eps, scaled},
                     {"momentum", &given.momentum, path && optimizer == GK_MOMENTUM},
                     {"warmup", &given.warmup, path && optimizer != GK_RPROP},
                     {"clip", &given.clip, path},
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

static int print(FILE *fp, double *x, struct gk_err *err)
{
    struct gk_history h = {0};
    if (gk_cli_history(&tool, &h, err))
        return -1;
    int rc = given.grid ? gk_testfn_surface(fp, &f, &grid, &h, err)
                        : begin(x, err) || gk_testfn_path(fp, &f, &optim, x, steps, every, &h, err);
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
    resolve();
    if (gk_testfn_check(&f, &err) ||
        (given.grid && f.n != 2 && gk_fail_usage(&err, "--grid: a surface has -n 2")))
        gk_die(&tool, &err);
    double *x = gk_alloc(f.n, sizeof *x, &err);
    if (!x || gk_out_open(&out, common.output, false, &err) || print(out.fp, x, &err) ||
        gk_out_commit(&out, &err))
        gk_die(&tool, &err);
    gk_free(x);
    return 0;
}
