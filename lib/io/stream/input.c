/* Opening operands, and telling what they hold. */
#include "gk/input.h"

#include <string.h>
#include <sys/stat.h>

#include "out_priv.h"

static bool is_written(FILE *fp)
{
    struct stat st;
    return fstat(fileno(fp), &st) == 0 && gk_out_goes_to(&st);
}

int gk_input_open(FILE **fp, const char **name, const char *path, struct gk_err *err)
{
    static bool standard_input_taken;
    bool standard = !path || !strcmp(path, "-");
    *name = standard ? "standard input" : path;
    if (standard && standard_input_taken)
        return gk_fail_usage(err, "standard input is wanted twice");
    standard_input_taken |= standard;
    *fp = standard ? stdin : fopen(path, "rbe");
    if (!*fp)
        return gk_fail(err, "%s:", *name);
    if (is_written(*fp)) {
        if (*fp != stdin)
            fclose(*fp);
        *fp = NULL;
        return gk_fail_usage(err, "%s is both input and output", *name);
    }
    int c = getc(*fp);
    if (c != EOF) {
        (void)ungetc(c, *fp); /* one is always taken back */
        return 0;
    }
    if (ferror(*fp))
        gk_fail(err, "%s:", *name);
    else
        gk_fail(err, "%s: empty input", *name);
    fclose(*fp);
    *fp = NULL;
    return -1;
}

bool gk_input_is_file(FILE *fp)
{
    struct stat st;
    return fileno(fp) >= 0 && fstat(fileno(fp), &st) == 0 && S_ISREG(st.st_mode);
}

/* A frame begins with a length below 2^24 in eight bytes, so with zeros among them; a text has no
 * such bytes. What is neither goes to the reader of frames, which says what is wrong with it. */
static bool is_text(const unsigned char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((s[i] < ' ' && !strchr("\t\n\v\f\r", s[i])) || s[i] == 0 || s[i] == 0xff)
            return false;
    return true;
}

int gk_input_kind(FILE *fp, const char *name, enum gk_input_kind *kind, struct gk_err *err)
{
    static const char npy[] = "\x93NUMPY";
    unsigned char first[8];
    size_t n = fread(first, 1, sizeof first, fp);
    if (n < sizeof first && ferror(fp))
        return gk_fail(err, "%s:", name);
    clearerr(fp);                /* a short input has met its end already */
    for (size_t i = n; i-- > 0;) /* as many as this go back into any stream of glibc, pipes too */
        if (ungetc(first[i], fp) == EOF)
            return gk_fail(err, "%s: cannot look ahead", name);
    if (n >= sizeof npy - 1 && !memcmp(first, npy, sizeof npy - 1))
        *kind = GK_INPUT_NPY;
    else
        *kind = is_text(first, n) ? GK_INPUT_TABLE : GK_INPUT_FRAMES;
    return 0;
}
