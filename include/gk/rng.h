/* Random numbers from two generators, which keep two promises: the split of a dataset must equal
 * NumPy's, to the row; everything else need only be good, fast and restorable from a checkpoint. */
#ifndef GK_RNG_H
#define GK_RNG_H

#include <stddef.h>
#include <stdint.h>

/* MT19937 like numpy.random.RandomState(seed) (init_genrand; seed 0 is seed 0). */
struct gk_mt {
    uint32_t s[624];
    int i;
};
void gk_mt_seed(struct gk_mt *r, uint32_t seed);
uint32_t gk_mt_u32(struct gk_mt *r);
/* Uniform on [0, max] by masked rejection, like RandomState.shuffle. */
uint32_t gk_mt_upto(struct gk_mt *r, uint32_t max);
/* RandomState.shuffle of n indices. */
void gk_mt_shuffle(struct gk_mt *r, uint32_t *index, size_t n);

/* xoshiro256++ (Blackman and Vigna), seeded by splitmix64 from (seed, stream): every use of
 * randomness in a program has its own stream number, so that none affects another. */
struct gk_rng {
    uint64_t s[4];
};
enum gk_rng_stream {
    GK_RNG_INIT = 1,
    GK_RNG_BATCH,
    GK_RNG_DIRECTION,
    GK_RNG_PROBE,
    GK_RNG_BOOTSTRAP,
    GK_RNG_FOLDS,
    GK_RNG_LABELS
};
void gk_rng_seed(struct gk_rng *r, uint64_t seed, uint64_t stream);
uint64_t gk_rng_u64(struct gk_rng *r);
double gk_rng_uniform(struct gk_rng *r); /* [0, 1), 53 bits */
double gk_rng_normal(struct gk_rng *r);  /* N(0, 1), polar method, without stored state */
uint64_t gk_rng_below(struct gk_rng *r, uint64_t n); /* uniform on 0..n-1, unbiased */
void gk_rng_shuffle(struct gk_rng *r, uint32_t *index, size_t n);

#endif
