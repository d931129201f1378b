/* Comma-separated values of options. */
#include "gk/list.h"

#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"
#include "gk/number.h"

/* Cuts TEXT at its commas: an array of pointers with the words after it in the same block. */
static int cut(const char *option, const char *text, char ***words, size_t *n, struct gk_err *err)
{
    size_t count = 1, len = strlen(text) + 1, cap = 0;
    for (const char *p = text; *p; p++)
        count += *p == ',';
    char **w = NULL;
    if (gk_grow(&w, &cap, count * sizeof *w + len, 1, err))
        return -1;
    char *p = memcpy((char *)(w + count), text, len);
    for (size_t i = 0; i < count; i++) {
        size_t word = strcspn(p, ",");
        w[i] = p;
        p[word] = '\0';
        p += word + 1;
        if (!word) {
            free(w);
            gk_fail_usage(err, "'%s' has an empty place", text);
            return gk_fail_about(err, option);
        }
    }
    *words = w;
    *n = count;
    return 0;
}

int gk_list_words(const char *option, const char *text, char ***words, size_t *n,
                  struct gk_err *err)
{
    if (cut(option, text, words, n, err))
        return -1;
    for (size_t i = 1; i < *n; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcmp((*words)[i], (*words)[j])) {
                gk_fail_usage(err, "%s is there twice", (*words)[i]);
                free(*words);
                return gk_fail_about(err, option);
            }
    return 0;
}

int gk_list_reals(const char *option, const char *text, double **v, size_t *n, struct gk_err *err)
{
    char **words = NULL;
    size_t count = 0, cap = 0;
    if (cut(option, text, &words, &count, err))
        return -1;
    *v = NULL;
    if (gk_grow(v, &cap, count, sizeof **v, err)) {
        free(words);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (gk_number_option(option, words[i], *v + i, err)) {
            free(*v);
            free(words);
            return -1;
        }
    }
    free(words);
    *n = count;
    return 0;
}
