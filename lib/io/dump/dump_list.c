/* A tensor as a row of gk-ckpt-dump --list. */
#include <inttypes.h>
#include <math.h>

#include "dump_priv.h"
#include "gk/scale.h"
#include "gk/table.h"

struct summary {
    double min, max, norm; /* nan if any value is nan; min and max of no values are nan */
};

static double largest(const struct summary *s)
{
    const double m = fmax(fabs(s->min), fabs(s->max));
    return isnan(m) ? 0 : m;
}

static struct summary summarise(const struct gk_tensor *t)
{
    enum { PART = 512 };
    double v[PART], sum = 0;
    struct summary s = {NAN, NAN, 0};
    bool has_nan = false;
    for (int pass = 0; pass < 2; pass++) {
        /* A tensor's squares are scaled so that they neither overflow nor underflow; a power of two
         * is exact. */
        const double scale = ldexp(1, -gk_exponent_of(largest(&s)));
        for (size_t i = 0; i < t->count; i += PART) {
            const size_t n = t->count - i < PART ? t->count - i : PART;
            gk_tensor_part(t, i, n, v);
            for (size_t j = 0; j < n && pass == 0; j++) {
                s.min = fmin(s.min, v[j]); /* given a nan and a number, both return the number */
                s.max = fmax(s.max, v[j]);
                has_nan |= isnan(v[j]);
            }
            for (size_t j = 0; j < n && pass == 1; j++)
                sum += v[j] * scale * (v[j] * scale);
        }
        s.norm = sqrt(sum) / scale;
    }
    return has_nan ? (struct summary){NAN, NAN, NAN} : s;
}

void gk_dump_value(FILE *fp, const struct gk_tensor *t, size_t i, char after)
{
    double v;
    if (t->dtype == GK_I64) {
        fprintf(fp, "%" PRId64 "%c", ((const int64_t *)t->data)[i], after);
    } else if (t->dtype == GK_U64) {
        fprintf(fp, "%" PRIu64 "%c", ((const uint64_t *)t->data)[i], after);
    } else {
        gk_tensor_part(t, i, 1, &v);
        gk_put_number(fp, v, gk_dtype_is_single(t->dtype), after);
    }
}

static bool is_less(const struct gk_tensor *t, size_t a, size_t b)
{
    const int64_t *wide = t->data;
    const uint64_t *natural = t->data;
    return t->dtype == GK_I64 ? wide[a] < wide[b] : natural[a] < natural[b];
}

/* The least and the largest value. */
static void put_extremes(FILE *fp, const struct gk_tensor *t, const struct summary *s)
{
    if ((t->dtype == GK_I64 || t->dtype == GK_U64) && t->count > 0) {
        size_t min = 0, max = 0;
        for (size_t i = 1; i < t->count; i++) {
            min = is_less(t, i, min) ? i : min;
            max = is_less(t, max, i) ? i : max;
        }
        gk_dump_value(fp, t, min, '\t');
        gk_dump_value(fp, t, max, '\t');
    } else {
        gk_put_number(fp, s->min, gk_dtype_is_single(t->dtype), '\t');
        gk_put_number(fp, s->max, gk_dtype_is_single(t->dtype), '\t');
    }
}

void gk_dump_summary(FILE *fp, const struct gk_tensor *t)
{
    const struct summary s = summarise(t);
    gk_put_text(fp, t->name, '\t');
    fprintf(fp, "%s\t[", gk_dtype_name(t->dtype));
    for (unsigned k = 0; k < t->rank; k++)
        fprintf(fp, "%s%" PRIu64, k ? "," : "", t->shape[k]);
    fprintf(fp, "]\t%zu\t", t->count);
    put_extremes(fp, t, &s);
    gk_put_number(fp, s.norm, gk_dtype_is_single(t->dtype), '\t');
}
