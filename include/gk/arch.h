/* The description of a network: one table that defines gk-train's options, a checkpoint's metadata,
 * the checks and the presets. Tensors and their initial values follow from the description
 * (gk/net.h). */
#ifndef GK_ARCH_H
#define GK_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk/choice.h"
#include "gk/err.h"

enum gk_model { GK_TRANSFORMER, GK_MLP, GK_MODELS };
#define GK_MODEL_CHOICES "transformer|mlp"

/* The values of each choice, in the order of the table below. 0 is the transformer's default. */
enum gk_norm_place { GK_NORM_POST, GK_NORM_PRE, GK_NORM_LESS, GK_NORM_BLOCK };
enum gk_positions { GK_POSITIONS_SINUSOIDAL, GK_POSITIONS_LEARNED, GK_POSITIONS_NONE };
enum gk_activation { GK_RELU, GK_LEAKY, GK_GELU, GK_SQUARE, GK_SILU, GK_TANH, GK_ACTIVATION_KINDS };
enum gk_bias { GK_BIAS_NONE, GK_BIAS_FFN, GK_BIAS_ALL, GK_BIAS_BLOCKS };
enum gk_inputs { GK_INPUTS_SUM, GK_INPUTS_CONCAT, GK_INPUTS_ONEHOT };
#define GK_INPUTS_CHOICES "sum|concat|onehot"
enum gk_loss { GK_CE, GK_MSE, GK_STABLEMAX, GK_CE_ROUNDED, GK_LOSSES };
#define GK_LOSS_CHOICES "ce|mse|stablemax|ce-rounded"

struct gk_arch {
    enum gk_model model;
    int layers;
    int dim;   /* width of the embedding; 0 for one-hot inputs */
    int heads; /* transformer; divides dim */
    int ff;    /* transformer: the feed-forward width; mlp: the hidden width */
    int vocab; /* mlp: only the elements */
    int norm;  /* enum gk_norm_place, and so on */
    int positions;
    int activation;
    int bias;
    int inputs; /* mlp */
    int loss;
    int tokens; /* rows of the learned positions; 0: none */
};

/* The table. SIZE(name, field of struct gk_arch, models, default of the transformer, of the mlp,
 * largest, help); CHOICE(name, models, default of the transformer, of the mlp, values, help). Names
 * are those of options and metadata; models are T, M, or both. */
enum { GK_T = 1 << GK_TRANSFORMER, GK_M = 1 << GK_MLP, GK_TM = GK_T | GK_M };
#define GK_ARCH_TABLE(SIZE, CHOICE)                                                                \
    SIZE(layers, layers, GK_TM, 2, 2, 64, "blocks, or hidden layers of the mlp (default 2)")       \
    SIZE(dim, dim, GK_TM, 128, 128, 65536, "width of the embedding (default 128)")                 \
    SIZE(heads, heads, GK_T, 4, 1, 65536, "attention heads (default 4)")                           \
    SIZE(ff, ff, GK_T, 512, 0, 1 << 20, "feed-forward width (default 512)")                        \
    SIZE(hidden, ff, GK_M, 0, 200, 1 << 20, "width of the mlp's layers (default 200)")             \
    CHOICE(norm, GK_T, GK_NORM_POST, 0, "post|pre|none|block",                                     \
           "LayerNorm after each residual sum, before each half of a block, nowhere, or as pre "   \
           "but of the residual stream at the start of each block (default: post)")                \
    CHOICE(positions, GK_T, GK_POSITIONS_SINUSOIDAL, 0, "sinusoidal|learned|none",                 \
           "what is added to the embedding (default: sinusoidal)")                                 \
    CHOICE(activation, GK_TM, GK_RELU, GK_LEAKY, "relu|leaky|gelu|square|silu|tanh",               \
           "of the feed-forward or hidden layers (default: relu; mlp leaky)")                      \
    CHOICE(bias, GK_TM, GK_BIAS_NONE, GK_BIAS_ALL, "none|ffn|all|blocks",                          \
           "no biases, those of the feed-forward layers, all, or all but the read-out's "          \
           "(default: none; mlp all)")                                                             \
    CHOICE(inputs, GK_M, 0, GK_INPUTS_SUM, GK_INPUTS_CHOICES,                                      \
           "what the mlp reads of its operands: their embeddings' sum, both, or one-hot vectors "  \
           "(default: sum)")                                                                       \
    CHOICE(loss, GK_TM, GK_CE, GK_CE, GK_LOSS_CHOICES, "what is minimised (default: ce)")

/* Its entries by number, GK_AT_layers and so on, and their count. */
#define GK_ARCH_AT(name, ...) GK_AT_##name,
enum { GK_ARCH_TABLE(GK_ARCH_AT, GK_ARCH_AT) GK_ARCH_ITEMS };

/* An entry as data. */
struct gk_arch_item {
    const char *name;
    const char *choices; /* NULL: a size, in [1, most] */
    size_t at;           /* of the int in struct gk_arch */
    unsigned models;
    int def[GK_MODELS];
    int most;
};
/* Entry I; NULL beyond the last. */
const struct gk_arch_item *gk_arch_item(size_t i);
int gk_arch_get(const struct gk_arch *a, const struct gk_arch_item *item);
void gk_arch_set(struct gk_arch *a, const struct gk_arch_item *item, int value);
/* Does the entry apply to a network like A? */
bool gk_arch_has(const struct gk_arch *a, const struct gk_arch_item *item);

struct gk_arch gk_arch_defaults(enum gk_model model);
/* Has it tensors that are no matrices: biases, or those of LayerNorm? */
bool gk_arch_has_vectors(const struct gk_arch *a);

/* An entry while a description is put together: its value, is it given on the command line, and
 * does the run's description record it? IDLE: it is given, but the network does not have it. */
struct gk_arch_setting {
    int64_t size;
    int choice; /* for an entry with choices */
    bool given, recorded, idle;
};
/* Entries that are not given become those of A. */
void gk_arch_take(struct gk_arch_setting net[GK_ARCH_ITEMS], const struct gk_arch *a);
/* The description. All entries become its own; a choice that is the default is not recorded. */
struct gk_arch gk_arch_settle(struct gk_arch_setting net[GK_ARCH_ITEMS], enum gk_model model);

/* Are the descriptions the same, including the loss? */
bool gk_arch_same(const struct gk_arch *a, const struct gk_arch *b);
/* Is such a network possible? If not, a usage error says what is wrong. */
int gk_arch_check(const struct gk_arch *a, struct gk_err *err);

/* How initial values are chosen. */
enum gk_init_kind {
    GK_INIT_PAPER,
    GK_INIT_NANDA,
    GK_INIT_NORMAL,
    GK_INIT_FAN_IN,
    GK_INIT_TORCH,
    GK_INIT_WEIGHTS /* not drawn: a checkpoint's values */
};
struct gk_init {
    enum gk_init_kind kind;
    double std;      /* GK_INIT_NORMAL */
    uint64_t digest; /* GK_INIT_WEIGHTS */
    double scale;    /* of every matrix */
    double rows;     /* the norm of every row; 0: as drawn */
};
#define GK_INIT_CHOICES "paper|nanda|normal:STD|fan-in|torch"
/* Parses an initialisation; scale and rows are unchanged. In metadata, "weights:" and a digest
 * stand for a checkpoint. */
int gk_init_parse(struct gk_init *in, const char *text, struct gk_err *err);
void gk_init_text(const struct gk_init *in, char *buf, size_t size);

/* Published networks, by index in GK_PRESET_CHOICES. */
#define GK_PRESET_CHOICES "paper|nanda|gpt2|liu|onehot|gromov|lee"
struct gk_preset {
    struct gk_arch arch;
    const char *init;
};
const struct gk_preset *gk_preset(int i);

#endif
