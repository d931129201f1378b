/* Decides which column the name of a series means. */
#include <ctype.h>
#include <string.h>

#include "curve_priv.h"

enum {
    OWN_LR,
    OWN_TRAIN_LOSS,
    OWN_TRAIN_ACC,
    OWN_VAL_LOSS,
    OWN_VAL_ACC,
    OWN_GRAD_NORM,
    OWN_PARAM_NORM
};
const char *const gk_curve_own[GK_CURVE_OWN] = {
    [OWN_LR] = "lr",
    [OWN_TRAIN_LOSS] = "train_loss",
    [OWN_TRAIN_ACC] = "train_acc",
    [OWN_VAL_LOSS] = "val_loss",
    [OWN_VAL_ACC] = "val_acc",
    [OWN_GRAD_NORM] = "grad_norm",
    [OWN_PARAM_NORM] = "param_norm",
};

enum word {
    NOTHING = 0, /* has no meaning of its own */
    TRAIN = 1 << 0,
    VAL = 1 << 1,
    TEST = 1 << 2,
    LOSS = 1 << 3,
    ACC = 1 << 4,
    CROSS = 1 << 5,
    ENTROPY = 1 << 6,
    LR = 1 << 7,
    LEARNING = 1 << 8,
    RATE = 1 << 9,
    GRAD = 1 << 10,
    PARAM = 1 << 11,
    NORM = 1 << 12
};
enum { SPLITS = TRAIN | VAL | TEST };

static const struct {
    const char *word;
    enum word is;
} words[] = {
    {"train", TRAIN},       {"training", TRAIN}, {"tr", TRAIN},          {"val", VAL},
    {"valid", VAL},         {"validation", VAL}, {"eval", VAL},          {"evaluation", VAL},
    {"dev", VAL},           {"test", TEST},      {"loss", LOSS},         {"nll", LOSS},
    {"ce", LOSS},           {"xent", LOSS},      {"crossentropy", LOSS}, {"cross", CROSS},
    {"entropy", ENTROPY},   {"acc", ACC},        {"accuracy", ACC},      {"lr", LR},
    {"learning", LEARNING}, {"rate", RATE},      {"grad", GRAD},         {"gradient", GRAD},
    {"param", PARAM},       {"params", PARAM},   {"parameter", PARAM},   {"weight", PARAM},
    {"weights", PARAM},     {"norm", NORM},      {"epoch", NOTHING},     {"step", NOTHING},
    {"batch", NOTHING},     {"mean", NOTHING},   {"avg", NOTHING},       {"average", NOTHING},
    {"total", NOTHING},     {"global", NOTHING}, {"trainer", NOTHING},   {"metrics", NOTHING},
    {"scalars", NOTHING},   {"sparse", NOTHING}, {"binary", NOTHING},    {"categorical", NOTHING},
    {"losses", LOSS},       {"accs", ACC},       {"accuracies", ACC},    {"adam", NOTHING},
    {"adamw", NOTHING},     {"sgd", NOTHING},
};

/* The combined meaning of a name's words, or -1 if one is unknown. W&B puts the run's name and " -
 * " before it. */
static int meaning(const char *name)
{
    int all = 0;
    for (const char *p = name; (p = strstr(p, " - "));)
        name = p += 3;
    for (const char *p = name; *p;) {
        char word[16];
        size_t n = 0;
        for (; isalnum((unsigned char)*p); p++, n++)
            if (n < sizeof word - 1)
                word[n] = (char)tolower((unsigned char)*p);
        p += *p != '\0';
        if (n == 0)
            continue;
        if (n >= sizeof word)
            return -1;
        word[n] = '\0';
        size_t i = 0;
        while (i < sizeof words / sizeof *words && strcmp(words[i].word, word) != 0)
            i++;
        if (i == sizeof words / sizeof *words)
            return -1;
        all |= (int)words[i].is;
    }
    return all;
}

bool gk_curve_is_split(const char *text)
{
    const int all = meaning(text);
    return all == TRAIN || all == VAL || all == TEST;
}

int gk_curve_own_column(const char *name, int *rank)
{
    const int all = meaning(name), what = all & ~SPLITS, split = all & SPLITS;
    *rank = 0;
    for (int i = 0; i < GK_CURVE_OWN; i++)
        if (!strcmp(name, gk_curve_own[i]))
            return i;
    if (all < 0 || (split & (split - 1)) != 0)
        return -1;
    *rank = split == TEST ? 3 : split ? 1 : 2;
    const bool of_val = split == VAL || split == TEST;
    if (what == LOSS || (what & ~LOSS) == (CROSS | ENTROPY))
        return of_val ? OWN_VAL_LOSS : OWN_TRAIN_LOSS;
    if (what == ACC)
        return of_val ? OWN_VAL_ACC : OWN_TRAIN_ACC;
    if (of_val)
        return -1;
    if (what == LR || what == (LEARNING | RATE))
        return OWN_LR;
    if (what == (GRAD | NORM))
        return OWN_GRAD_NORM;
    return what == (PARAM | NORM) ? OWN_PARAM_NORM : -1;
}
