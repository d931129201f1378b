/* Words between bars. */
#include "gk/choice.h"

#include <stdio.h>
#include <string.h>

struct gk_word gk_choice_word(const char *choices, int v)
{
    struct gk_word w;
    for (int i = 0; i < v; i++) {
        choices += strcspn(choices, "|");
        choices += *choices == '|';
    }
    snprintf(w.s, sizeof w.s, "%.*s", (int)strcspn(choices, "|"), choices);
    return w;
}

int gk_choice_index(const char *choices, const char *word)
{
    for (int i = 0;; i++) {
        const size_t n = strcspn(choices, "|");
        if (strlen(word) == n && memcmp(choices, word, n) == 0)
            return i;
        if (!choices[n])
            return -1;
        choices += n + 1;
    }
}
