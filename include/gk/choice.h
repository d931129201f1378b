/* Choices: words between bars, "adamw|adam|sgd", for options and metadata. */
#ifndef GK_CHOICE_H
#define GK_CHOICE_H

struct gk_word {
    char s[24];
};
/* Word V of CHOICES; "" beyond the last. */
struct gk_word gk_choice_word(const char *choices, int v);
/* The index of WORD among CHOICES, or -1. */
int gk_choice_index(const char *choices, const char *word);

#endif
