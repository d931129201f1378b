/* The number of threads that makes a step fastest, by a model of its cost. The model does not look
 * at the clock, so the choice is always the same. Its constants are rough figures of processors
 * with AVX-512; on a slower processor a second thread pays for smaller networks than the model
 * says. */
#include <math.h>

#include "gk/net.h"
#include "nn/plan/plan.h"

static const double RATE = 30e9;   /* multiply-adds per second of one thread, small network */
static const double VECTOR = 1e-9; /* seconds per parameter: sums over lanes, norms, the update */
static const double SYNC = 150e-6; /* seconds per step to wake and join further threads */

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

static double seconds(double products, double vectors, size_t lanes, int threads)
{
    const double turns = ceil((double)lanes / threads) / (double)lanes;
    return products * turns + vectors / threads + (threads > 1 ? SYNC : 0);
}

int gk_engine_threads(const struct gk_arch *a, const struct gk_dataset *d, int64_t batch, int most)
{
    const size_t all = d->split[GK_TRAIN].n;
    const size_t rows = batch > 0 && (uint64_t)batch < all ? (size_t)batch : all;
    struct gk_params ps;
    struct gk_err ignored = {0};
    if (gk_params_init(&ps, a, &ignored))
        return most; /* whoever makes the engine says what is wrong */
    const double products = 3 * (double)rows * multiply_adds(a, d) / RATE;
    const double vectors = (double)ps.total * VECTOR;
    const size_t lanes = gk_plan_lanes(rows);
    int best = 1;
    gk_params_free(&ps);
    for (int k = 2; k <= most && k <= GK_MAX_LANES; k++)
        if (seconds(products, vectors, lanes, k) < seconds(products, vectors, lanes, best))
            best = k;
    return best;
}
