/* Which tensors are parameters. */
#include <string.h>

#include "frame_priv.h"

static bool is_one_of(const char *s, size_t n, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == n && !memcmp(s, *words, n))
            return true;
    return false;
}

/* "optim", "optimizer_states": everything under such a key is an optimiser's. */
static bool is_optimizer(const char *key, size_t n)
{
    static const char *const words[] = {"optim",     "optimizer", "optimizers",
                                        "optimiser", "opt",       NULL};
    static const char *const tails[] = {"",  "_state", "_states", "_state_dict", "_state_dicts",
                                        NULL};
    const size_t word = strcspn(key, "_.");
    return is_one_of(key, word, words) && is_one_of(key + word, n - word, tails);
}

static bool is_number(const char *s)
{
    return *s && !s[strspn(s, "0123456789")];
}

/* "state.0.exp_avg": the state of PyTorch's own optimisers, under any prefix. */
static bool is_torch_state(const char *name)
{
    static const char *const words[] = {"step",
                                        "exp_avg",
                                        "exp_avg_sq",
                                        "exp_avg_sq_row",
                                        "exp_avg_sq_col",
                                        "max_exp_avg_sq",
                                        "exp_inf",
                                        "momentum_buffer",
                                        "square_avg",
                                        "grad_avg",
                                        "acc_delta",
                                        "sum",
                                        "mu",
                                        "mu_product",
                                        "eta",
                                        "ax",
                                        "prev",
                                        "step_size",
                                        "row_var",
                                        "col_var",
                                        "variance",
                                        "d",
                                        "t",
                                        "H_diag",
                                        "prev_flat_grad",
                                        NULL};
    static const char *const lists[] = {"old_dirs", "old_stps", "ro", "al", NULL}; /* LBFGS */
    static const char state[] = "state.";
    if (strncmp(name, state, sizeof state - 1) != 0)
        return false;
    const char *number = name + sizeof state - 1, *end = number + strspn(number, "0123456789");
    if (end == number || *end != '.')
        return false;
    const char *word = end + 1, *dot = strchr(word, '.');
    return dot ? is_one_of(word, (size_t)(dot - word), lists) && is_number(dot + 1)
               : is_one_of(word, strlen(word), words);
}

bool gk_is_state(const char *name)
{
    const size_t first = strcspn(name, ".");
    if (name[first] && is_optimizer(name, first))
        return true;
    for (const char *key = name; key; key = strchr(key, '.')) {
        key += *key == '.';
        if (is_torch_state(key))
            return true;
    }
    return false;
}

/* Lightning gives a checkpoint its version. The network is below state_dict; callbacks, loops and
 * hyper-parameters keep tensors of their own, and so does an average of weights. */
void gk_frame_mark(struct gk_frame *f)
{
    static const char network[] = "state_dict.";
    bool has_network = false;
    if (!gk_frame_meta(f, "pytorch-lightning_version"))
        return;
    for (size_t i = 0; i < f->ntensor; i++) {
        f->tensor[i].beside = strncmp(f->tensor[i].name, network, sizeof network - 1) != 0;
        has_network |= !f->tensor[i].beside;
    }
    for (size_t i = 0; i < f->ntensor; i++)
        f->tensor[i].beside &= has_network;
}

bool gk_is_parameter(const struct gk_tensor *t)
{
    return gk_dtype_is_float(t->dtype) && !t->beside && !gk_is_state(t->name);
}
