/* The transformer's tensors in an order of its own: those that are used together are adjacent, each
 * on a cache line; the transposes follow. A network has the tensors of its description. */
#include <stdio.h>
#include <string.h>

#include "gk/mem.h"
#include "transformer.h"

/* The segments: first the network's, then each block's. */
enum { EMBED, POSITION, UNEMBED, UNEMBED_BIAS, GAIN, BIAS, OWN };
static const char *const own_name[OWN] = {"embed.weight", "positions.weight",  "unembed.weight",
                                          "unembed.bias", "final_norm.weight", "final_norm.bias"};
enum { Q, K, V, O, GAIN1, BIAS1, UP, DOWN, GAIN2, BIAS2, QB, KB, VB, OB, UPB, DOWNB, PARTS };
static const char *const part_name[PARTS] = {
    [Q] = "attn.q.weight",     [K] = "attn.k.weight",      [V] = "attn.v.weight",
    [O] = "attn.o.weight",     [GAIN1] = "norm1.weight",   [BIAS1] = "norm1.bias",
    [UP] = "ffn.up.weight",    [DOWN] = "ffn.down.weight", [GAIN2] = "norm2.weight",
    [BIAS2] = "norm2.bias",    [QB] = "attn.q.bias",       [KB] = "attn.k.bias",
    [VB] = "attn.v.bias",      [OB] = "attn.o.bias",       [UPB] = "ffn.up.bias",
    [DOWNB] = "ffn.down.bias",
};

static void align(size_t *at)
{
    *at = (*at + 15) / 16 * 16;
}

/* q, k and v are adjacent, and so are their biases. */
static bool follows(size_t part)
{
    return part == K || part == V || part == KB || part == VB;
}

/* Gives the tensor NAME the next place; if the network has no such tensor, S is empty. */
static void place(struct transformer *tf, const struct gk_params *ps, struct segment *s,
                  const char *name, bool one_lane)
{
    const struct gk_param *p = gk_params_find(ps, name);
    *s = (struct segment){.inner = tf->inner, .one_lane = one_lane};
    if (!p)
        return;
    s->flat = p->offset;
    s->count = p->count;
    s->added = p->rank == 1;
    tf->inner += p->count;
}

/* COUNT matrices, each (ld / count, in), have their transposes side by side, in rows of LD. */
static void transpose_together(struct transformer *tf, struct segment *s, size_t count, size_t in,
                               size_t ld)
{
    for (size_t i = 0; i < count; i++) {
        s[i].in = in;
        s[i].transposed = tf->with_transposes + i * (ld / count);
        s[i].ld = ld;
    }
    tf->with_transposes += in * ld;
    align(&tf->with_transposes);
}

static void place_transposes(struct transformer *tf)
{
    const size_t d = tf->d;
    tf->with_transposes = tf->inner;
    transpose_together(tf, tf->seg + UNEMBED, 1, d, tf->V);
    for (size_t l = 0; l < tf->L; l++) {
        struct segment *s = tf->seg + OWN + l * PARTS;
        transpose_together(tf, s + Q, 3, d, 3 * d);
        transpose_together(tf, s + O, 1, d, d);
        transpose_together(tf, s + UP, 1, d, tf->ff);
        transpose_together(tf, s + DOWN, 1, tf->ff, d);
    }
}

int X(weights_place)(struct transformer *tf, const struct gk_params *ps, struct gk_err *err)
{
    tf->nseg = OWN + tf->L * PARTS;
    tf->seg = gk_alloc(tf->nseg, sizeof *tf->seg, err);
    if (!tf->seg)
        return -1;
    for (size_t i = 0; i < OWN; i++) {
        align(&tf->inner);
        place(tf, ps, &tf->seg[i], own_name[i], i == EMBED || i == POSITION);
    }
    for (size_t l = 0; l < tf->L; l++)
        for (size_t i = 0; i < PARTS; i++) {
            const bool table = l == 0 && (i <= O || i == QB || i == VB);
            char name[64];
            snprintf(name, sizeof name, "blocks.%zu.%s", l, part_name[i]);
            if (!follows(i))
                align(&tf->inner);
            place(tf, ps, &tf->seg[OWN + l * PARTS + i], name, table || i == KB);
        }
    align(&tf->inner);
    place_transposes(tf);
    return 0;
}

static real *at(const struct weights *w, const struct segment *s)
{
    return s->count ? w->mem + s->inner : NULL;
}

int X(weights_new)(struct weights *w, const struct transformer *tf, bool transposed,
                   struct gk_err *err)
{
    w->mem = gk_alloc(transposed ? tf->with_transposes : tf->inner, sizeof(real), err);
    w->block = gk_alloc(tf->L, sizeof *w->block, err);
    w->transposed = transposed ? gk_alloc(tf->L, sizeof *w->transposed, err) : NULL;
    if (!w->mem || !w->block || (transposed && !w->transposed))
        return -1;
    const struct segment *s = tf->seg;
    w->embed = at(w, s + EMBED);
    w->position = at(w, s + POSITION);
    w->unembed = at(w, s + UNEMBED);
    w->bunembed = at(w, s + UNEMBED_BIAS);
    w->gain = at(w, s + GAIN);
    w->bias = at(w, s + BIAS);
    w->unembed_t = transposed ? w->mem + s[UNEMBED].transposed : NULL;
    s += OWN;
    for (size_t l = 0; l < tf->L; l++, s += PARTS) {
        w->block[l] = (struct block){
            .wqkv = at(w, s + Q),
            .wo = at(w, s + O),
            .gain1 = at(w, s + GAIN1),
            .bias1 = at(w, s + BIAS1),
            .up = at(w, s + UP),
            .down = at(w, s + DOWN),
            .gain2 = at(w, s + GAIN2),
            .bias2 = at(w, s + BIAS2),
            .bqkv = at(w, s + QB),
            .bo = at(w, s + OB),
            .bup = at(w, s + UPB),
            .bdown = at(w, s + DOWNB),
        };
        if (transposed)
            w->transposed[l] =
                (struct transposes){w->mem + s[Q].transposed, w->mem + s[O].transposed,
                                    w->mem + s[UP].transposed, w->mem + s[DOWN].transposed};
    }
    return 0;
}

void X(weights_free)(struct weights *w)
{
    gk_free(w->mem);
    gk_free(w->block);
    gk_free(w->transposed);
    *w = (struct weights){0};
}
