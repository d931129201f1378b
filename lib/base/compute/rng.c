/* Random numbers: MT19937 as NumPy's RandomState uses it, and xoshiro256++. */
#include "gk/rng.h"

#include <math.h>

/* Matsumoto and Nishimura 1998; seeding by their init_genrand of 2002. */
enum { MT_N = 624, MT_M = 397 };

void gk_mt_seed(struct gk_mt *r, uint32_t seed)
{
    r->s[0] = seed;
    for (uint32_t i = 1; i < MT_N; i++)
        r->s[i] = 1812433253u * (r->s[i - 1] ^ (r->s[i - 1] >> 30)) + i;
    r->i = MT_N;
}

static void mt_refill(struct gk_mt *r)
{
    for (int k = 0; k < MT_N; k++) {
        uint32_t y = (r->s[k] & 0x80000000u) | (r->s[(k + 1) % MT_N] & 0x7fffffffu);
        r->s[k] = r->s[(k + MT_M) % MT_N] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
    }
    r->i = 0;
}

uint32_t gk_mt_u32(struct gk_mt *r)
{
    if (r->i >= MT_N)
        mt_refill(r);
    uint32_t y = r->s[r->i++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

uint32_t gk_mt_upto(struct gk_mt *r, uint32_t max)
{
    uint32_t mask = max, v;
    if (max == 0)
        return 0; /* NumPy draws nothing here */
    for (int shift = 1; shift < 32; shift *= 2)
        mask |= mask >> shift;
    do
        v = gk_mt_u32(r) & mask;
    while (v > max);
    return v;
}

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t t = *a;
    *a = *b;
    *b = t;
}

void gk_mt_shuffle(struct gk_mt *r, uint32_t *index, size_t n)
{
    for (size_t i = n; i-- > 1;)
        swap(&index[i], &index[gk_mt_upto(r, (uint32_t)i)]);
}

/* Steele, Lea and Flood 2014. */
static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void gk_rng_seed(struct gk_rng *r, uint64_t seed, uint64_t stream)
{
    /* The seed is mixed before the stream is added: neighbouring seeds and streams would otherwise
     * be the same sequence, shifted. */
    uint64_t x = splitmix64(&seed) + stream * 0xd1342543de82ef95u;
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix64(&x);
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t gk_rng_u64(struct gk_rng *r)
{
    uint64_t *s = r->s, result = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

double gk_rng_uniform(struct gk_rng *r)
{
    return (double)(gk_rng_u64(r) >> 11) * 0x1p-53;
}

/* Marsaglia's polar method. Its second number is dropped: the state is then the four words alone,
 * which a checkpoint can hold. */
double gk_rng_normal(struct gk_rng *r)
{
    double u, s;
    do {
        u = 2 * gk_rng_uniform(r) - 1;
        const double v = 2 * gk_rng_uniform(r) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    return u * sqrt(-2 * log(s) / s);
}

uint64_t gk_rng_below(struct gk_rng *r, uint64_t n)
{
    uint64_t excess = -n % n, v; /* 2^64 mod n values would make the first ones likelier */
    do
        v = gk_rng_u64(r);
    while (v < excess);
    return v % n;
}

void gk_rng_shuffle(struct gk_rng *r, uint32_t *index, size_t n)
{
    for (size_t i = n; i-- > 1;)
        swap(&index[i], &index[gk_rng_below(r, i + 1)]);
}
