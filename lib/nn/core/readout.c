/* After the blocks, at the scored positions: h = enter(x), z = U h + c, and the loss. */
#include <string.h>

#include "transformer.h"

/* The LayerNorm at scored position J, for m rows. */
static struct ln final_ln(const struct transformer *tf, size_t j, size_t m, const struct tape *tp,
                          const struct tape *rt, const struct lane *lane)
{
    struct ln ln = {.gain = tf->w.gain, .bias = tf->w.bias};
    if (!ln.gain)
        return ln;
    ln.xh = tp->xh + j * m * tf->d;
    ln.s = tp->s + j * m;
    if (rt) {
        ln.rgain = tf->rw.gain;
        ln.rbias = tf->rw.bias;
        ln.rxh = rt->xh + j * m * tf->d;
        ln.rc = rt->s + j * m;
    }
    if (lane) {
        ln.dgain = lane->g.gain;
        ln.dbias = lane->g.bias;
    }
    return ln;
}

/* Where the m rows of scored position J begin in the last block's output. */
static size_t scored(const struct transformer *tf, size_t j, size_t m)
{
    return (size_t)(tf->plan->score[j] - tf->plan->first) * m * tf->d;
}

/* The input of the read-out at scored position J: these rows, or their LayerNorm. */
static real *read_rows(const struct transformer *tf, const struct tape *tp, size_t j, size_t m)
{
    return tf->norm->enters ? tp->h + j * m * tf->d : tp->f[tf->L].x + scored(tf, j, m);
}

double X(readout)(const struct transformer *tf, const struct tape *tp, size_t m,
                  const int32_t *labels, unsigned char *right)
{
    double loss = 0;
    for (size_t j = 0; j < tf->k; j++) {
        const struct ln ln = final_ln(tf, j, m, tp, NULL, NULL);
        real *z = tp->z + j * m * tf->V, *h = read_rows(tf, tp, j, m);
        tf->norm->enter(m, tf->d, tp->f[tf->L].x + scored(tf, j, m), &ln, h);
        linear_forward_wt(m, tf->V, tf->d, h, tf->d, tf->w.unembed_t, tf->V, 0, z, tf->V);
        X(bias_add)(m, tf->V, tf->w.bunembed, z, tf->V);
        loss += tf->loss->forward(m, tf->V, z, labels + j, tf->k, right + j);
    }
    return loss;
}

void X(readout_backward)(const struct transformer *tf, const struct tape *tp, size_t m,
                         const int32_t *labels, struct lane *lane)
{
    const size_t d = tf->d, V = tf->V;
    const real scale = 1 / (real)(tf->plan->n * tf->k);
    real *dout = tp->b[tf->L - 1].dout;
    memset(dout, 0, (size_t)(tf->plan->T - tf->plan->first) * m * d * sizeof *dout);
    for (size_t j = 0; j < tf->k; j++) {
        const struct ln ln = final_ln(tf, j, m, tp, NULL, lane);
        real *z = tp->z + j * m * V, *dx = dout + scored(tf, j, m);
        real *dh = tf->norm->enters ? tp->dh + j * m * d : NULL;
        tf->loss->backward(m, V, z, labels + j, tf->k, scale,
                           tp->prob ? tp->prob + j * m * V : NULL);
        if (tf->q->gauss_newton)
            memset(z, 0, m * V * sizeof *z);
        linear_backward_input(m, V, d, z, V, tf->w.unembed, 0,
                              tf->norm->rest.lead(m, d, NULL, dx, dh), d);
        if (j == 0) /* one turn for all positions: they add to the same sums */
            take_turn(lane);
        linear_backward_weight(m, V, d, z, V, read_rows(tf, tp, j, m), d, j ? 1 : lane->g.keep,
                               lane->g.unembed);
        X(bias_sum)(m, V, z, V, lane->g.bunembed);
        tf->norm->rest.led(m, d, NULL, dh, &ln, dx, dx);
        if (j + 1 == tf->k)
            pass_turn(lane);
    }
}

void X(readout_r)(const struct transformer *tf, const struct tape *tp, const struct tape *rt,
                  size_t m, const int32_t *labels, struct lane *lane)
{
    const size_t d = tf->d, V = tf->V, L = tf->L;
    const real scale = 1 / (real)(tf->plan->n * tf->k);
    const real *u = tf->w.unembed, *ru = tf->rw.unembed;
    real *rdout = rt->b[L - 1].dout;
    memset(rdout, 0, (size_t)(tf->plan->T - tf->plan->first) * m * d * sizeof *rdout);
    for (size_t j = 0; j < tf->k; j++) {
        const struct ln ln = final_ln(tf, j, m, tp, rt, lane);
        const size_t at = scored(tf, j, m);
        const real *h = read_rows(tf, tp, j, m), *dz = tp->z + j * m * V;
        real *rz = rt->z + j * m * V, *rh = read_rows(tf, rt, j, m), *rdx = rdout + at;
        const real *dh = tf->norm->enters ? tp->dh + j * m * d : NULL;
        real *rdh = dh ? rt->dh + j * m * d : NULL;
        tf->norm->r_enter(m, d, rt->f[L].x + at, &ln, rh);
        linear_r_forward_wt(m, V, d, h, rh, d, tf->w.unembed_t, tf->rw.unembed_t, V, rz, V);
        X(bias_add)(m, V, tf->rw.bunembed, rz, V);
        tf->loss->r_backward(m, V, tp->prob + j * m * V, labels + j, tf->k, scale, rz);
        linear_r_backward_input(m, V, d, dz, rz, V, u, ru, 0,
                                tf->norm->rest.lead(m, d, NULL, rdx, rdh), d);
        if (j == 0)
            take_turn(lane);
        linear_r_backward_weight(m, V, d, dz, rz, V, h, rh, d, j ? 1 : lane->g.keep,
                                 lane->g.unembed);
        X(bias_sum)(m, V, rz, V, lane->g.bunembed);
        tf->norm->rest.r_led(m, d, NULL, dh, rdh, &ln, tp->b[L - 1].dout + at, rdx, rdx);
        if (j + 1 == tf->k)
            pass_turn(lane);
    }
}
