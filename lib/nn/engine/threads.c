/* The number of threads that makes a step fastest, by a model of its cost. The model does not look
 * at the clock, so the choice is always the same. Its constants are rough figures of processors
 * with AVX-512; on a slower processor a second thread pays for smaller networks than the model
 * says. */
#include <math.h>

#include "dispatch.h"
#include "gk/net.h"
#include "nn/core/compiled_net.h"
#include "nn/plan/plan.h"

static const double RATE = 30e9;   /* multiply-adds per second of one thread, small network */
static const double VECTOR = 1e-9; /* seconds per parameter: sums over lanes, norms, the update */
static const double SYNC = 150e-6; /* seconds per step to wake and join further threads */

/* The part of all work that is done for rows which examples share, and the number of tasks that it
 * is split into at most. */
static const double STEM_WORK = 0.04, STEM = 4;
/* Threads that begin in one lane wait for each other (share.h): each waits this part of a tile's
 * time for every thread before it. */
static const double WAIT = 0.1;
/* A further thread is used only if all threads then work for at least this part of their time:
 * other programs can use an idle core better. */
static const double BUSY = 0.6;

/* Per example: its own rows, shared with no other example, through the layers and the read-out. */
static double multiply_adds(const struct gk_arch *a, const struct gk_dataset *d)
{
    const double dim = a->dim, ff = a->ff, V = a->vocab, L = a->layers;
    if (a->model == GK_MLP) {
        const double in = a->inputs == GK_INPUTS_ONEHOT ? 2
                          : a->inputs == GK_INPUTS_SUM  ? dim
                                                        : 2 * dim;
        return in * ff + (L - 1) * ff * ff + ff * V;
    }
    const double rows = d->T > 2 ? d->T - 2 : 1;
    return L * rows * (4 * dim * dim + 2 * dim * ff) + d->k * dim * V;
}

struct step {
    double products, vectors; /* seconds of one thread */
    double lanes, tiles;
};

static double seconds(const struct step *s, int threads)
{
    const double waits = WAIT * (ceil(threads / s->lanes) - 1);
    const double tiles = (ceil(s->tiles / threads) + waits) / s->tiles;
    const double stem = STEM_WORK / fmin(threads, fmin(STEM, s->lanes));
    return s->products * ((1 - STEM_WORK) * tiles + stem) + s->vectors / threads +
           (threads > 1 ? SYNC : 0);
}

int gk_engine_threads(const struct gk_arch *a, const struct gk_dataset *d, int64_t batch, int most)
{
    const size_t tile = a->model == GK_MLP ? GK_COMPILATION(mlp, GK_F32)->tile
                                           : GK_COMPILATION(transformer, GK_F32)->tile;
    const size_t all = d->split[GK_TRAIN].n;
    const size_t rows = batch > 0 && (uint64_t)batch < all ? (size_t)batch : all;
    struct gk_params ps;
    struct gk_err ignored = {0};
    if (gk_params_init(&ps, a, &ignored))
        return most; /* whoever makes the engine says what is wrong */
    const struct step s = {.products = 3 * (double)rows * multiply_adds(a, d) / RATE,
                           .vectors = (double)ps.total * VECTOR,
                           .lanes = (double)gk_plan_lanes(rows),
                           .tiles = (double)gk_plan_tiles(rows, gk_plan_tile(a, all, tile))};
    int best = 1;
    gk_params_free(&ps);
    for (int k = 2; k <= most && k <= s.tiles; k++)
        if (seconds(&s, k) < seconds(&s, best) && BUSY * k * seconds(&s, k) <= seconds(&s, 1))
            best = k;
    return best;
}
