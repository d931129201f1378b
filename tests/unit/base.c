/* Errors, allocation and history. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "gk/err.h"
#include "gk/glob.h"
#include "gk/history.h"
#include "gk/mem.h"

static void test_messages(void)
{
    struct gk_err e = {0};
    CHECK_INT_EQ(gk_fail(&e, "%s: line %d", "a.tsv", 7), -1);
    CHECK_STR_EQ(e.msg, "a.tsv: line 7");
    CHECK_INT_EQ(e.kind, GK_ERR_FAILED);
    CHECK_INT_EQ(gk_fail_at(&e, "frame %d", 3), -1);
    CHECK_STR_EQ(e.msg, "frame 3: a.tsv: line 7");
    CHECK_INT_EQ(gk_fail_usage(&e, "no"), -1);
    CHECK_INT_EQ(e.kind, GK_ERR_USAGE);
    /* a setting stays with its message, whatever place is put in front, and goes with it */
    CHECK_INT_EQ(gk_fail_about(&e, "lr"), -1);
    gk_fail_at(&e, "a.tsv");
    CHECK_STR_EQ(e.setting, "lr");
    CHECK_STR_EQ(e.msg, "a.tsv: no");
    gk_fail_usage(&e, "no");
    CHECK(e.setting == NULL);
    CHECK_INT_EQ(gk_fail_about(NULL, "lr"), -1);
    CHECK_INT_EQ(gk_fail(NULL, "nobody listens"), -1);
    CHECK_INT_EQ(gk_fail_usage(NULL, "nobody listens"), -1);
    CHECK_INT_EQ(gk_fail_at(NULL, "nobody listens"), -1);
}

static void test_message_with_errno(void)
{
    struct gk_err e = {0};
    errno = ENOSPC;
    gk_fail(&e, "%s:", "a.tsv");
    CHECK_STR_EQ(e.msg, "a.tsv: No space left on device");
    CHECK_INT_EQ(e.kind, GK_ERR_FAILED);
    errno = EPIPE;
    gk_fail(&e, "%s:", "standard output");
    CHECK_INT_EQ(e.kind, GK_ERR_CLOSED);
    errno = EPIPE; /* no colon: the error number is not the cause */
    gk_fail(&e, "bad");
    CHECK_STR_EQ(e.msg, "bad");
    CHECK_INT_EQ(e.kind, GK_ERR_FAILED);
    errno = EPIPE;
    gk_fail_usage(&e, "bad:");
    CHECK_INT_EQ(e.kind, GK_ERR_USAGE);
}

static void test_long_and_hostile_messages(void)
{
    struct gk_err e = {0};
    char name[4096];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    errno = ENOENT;
    gk_fail(&e, "%s:", name);
    CHECK_STR_HAS(e.msg, "x: No such file or directory");
    CHECK(strlen(e.msg) < sizeof e.msg);
    gk_fail(&e, "the cause");
    gk_fail_at(&e, "%s", name);
    CHECK_STR_HAS(e.msg, "xx: the cause");
    gk_fail(&e, "%s", name);
    gk_fail_at(&e, "the place");
    CHECK(!strncmp(e.msg, "the place: xx", 13));
    gk_fail(&e, "cell %s.", "\033[2J\r\n\t\177");
    CHECK_STR_EQ(e.msg, "cell ?[2J????.");
}

/* TEXT in a message, and as a history line, where WANT has a '~' for each byte that is hidden. */
static void shown(const char *text, const char *want)
{
    struct gk_err e;
    struct gk_history h = {0};
    char message[64], line[64];
    snprintf(message, sizeof message, "%s", want);
    snprintf(line, sizeof line, "%s", want);
    for (size_t i = 0; want[i]; i++)
        if (want[i] == '~') {
            message[i] = '?';
            line[i] = ' ';
        }
    gk_fail(&e, "%s", text);
    CHECK_STR_EQ(e.msg, message);
    gk_fail(&e, "cause");
    gk_fail_at(&e, "%s", text);
    CHECK(!strncmp(e.msg, message, strlen(message)));
    CHECK(!gk_history_add(&h, text, &e));
    CHECK_STR_EQ(h.line[0], line);
    gk_history_free(&h);
}

/* Each character from FIRST to LAST is shown, or none of them is. */
static void all_from(unsigned first, unsigned last, bool seen)
{
    for (unsigned c = first; c <= last; c++) {
        unsigned char s[5] = {0};
        size_t n = 1;
        if (c < 0x80) {
            s[0] = (unsigned char)c;
        } else {
            n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            for (size_t i = n; --i > 0;)
                s[i] = (unsigned char)(0x80 | ((c >> 6 * (n - 1 - i)) & 0x3f));
            s[0] = (unsigned char)((0xf00 >> n & 0xff) | c >> 6 * (n - 1));
        }
        if (gk_printable((const char *)s) != (seen ? n : 0))
            CHECK_FAILED("U+%04X is %sshown", c, seen ? "not " : "");
    }
}

static void test_printable(void)
{
    shown("f\303\266\342\202\254\360\237\230\200 \327\251 \331\205",
          "f\303\266\342\202\254\360\237\230\200 \327\251 \331\205");
    shown("\302\233[2J \302\235 \302\200\302\205", "~~[2J ~~ ~~~~");        /* C1 */
    shown("a\342\200\250b\342\200\251", "a~~~b~~~");                        /* lines */
    shown("\342\200\256x\342\201\246\342\201\251\330\234", "~~~x~~~~~~~~"); /* directions */
    shown("\342\200\213\357\273\277\302\255x", "~~~~~~~~x");                /* no width */
    shown("\233[2J\377\376\300\200", "~[2J~~~~");                           /* no UTF-8 */
    shown("\340\200\233 \355\240\200 \364\220\200\200", "~~~ ~~~ ~~~~");
    shown("cut \342\202", "cut ~~");
    shown("\303x\360\237\230y\365\200\200\200", "~x~~~y~~~~");
    all_from(0, 0x1f, false);
    all_from(0x20, 0x7e, true);
    all_from(0x7f, 0x9f, false);
    all_from(0xa0, 0xac, true);
    all_from(0xae, 0x61b, true);
    all_from(0x61d, 0x180d, true);
    all_from(0x2010, 0x2027, true);
    all_from(0x200b, 0x200f, false);
    all_from(0x2028, 0x202e, false);
    all_from(0x2060, 0x206f, false);
    all_from(0x2070, 0xd7ff, true);
    all_from(0xd800, 0xdfff, false);
    all_from(0xe000, 0xfefe, true);
    all_from(0xfffc, 0xfffd, true);
    all_from(0x10000, 0xdffff, true);
    all_from(0xe0000, 0xe007f, false);
    all_from(0x110000, 0x110fff, false);
}

static void test_arithmetic(void)
{
    size_t v = 7;
    CHECK(gk_mul(1u << 20, 1u << 20, &v) && v == 1ull << 40);
    CHECK(!gk_mul(SIZE_MAX / 2 + 1, 2, &v));
    CHECK(gk_mul(SIZE_MAX, 0, &v) && v == 0);
    CHECK(gk_add(SIZE_MAX - 1, 1, &v) && v == SIZE_MAX);
    CHECK(!gk_add(SIZE_MAX, 1, &v));
}

static void test_alloc(void)
{
    struct gk_err e = {0};
    for (size_t n = 0; n < 300; n++) {
        unsigned char *p = gk_alloc(n, 3, &e);
        CHECK(p && (uintptr_t)p % 64 == 0);
        for (size_t i = 0; p && i < 3 * n; i++) {
            CHECK(p[i] == 0);
            p[i] = 1;
        }
        gk_free(p);
    }
    gk_free(NULL);
    CHECK(!gk_alloc(SIZE_MAX / 4, 8, &e));
    CHECK_STR_HAS(e.msg, "more than memory can hold");
    CHECK(!gk_alloc(SIZE_MAX - 8, 1, &e));
    CHECK_STR_HAS(e.msg, "more than memory can hold");
    CHECK(!gk_alloc(SIZE_MAX / 4, 1, &e));
    CHECK_STR_HAS(e.msg, "no memory for");
}

static void test_grow(void)
{
    struct gk_err e = {0};
    int *p = NULL;
    size_t cap = 0, moves = 0;
    for (size_t i = 0; i < 100000; i++) {
        size_t before = cap;
        CHECK(!gk_grow(&p, &cap, i + 1, sizeof *p, &e) && cap > i);
        moves += cap != before;
        p[i] = (int)i;
    }
    for (size_t i = 0; i < 100000; i++)
        CHECK(p[i] == (int)i);
    CHECK(moves < 40); /* geometric, so linear in all */
    int *was = p;
    CHECK(gk_grow(&p, &cap, SIZE_MAX / 2, sizeof *p, &e) && p == was && p[99999] == 99999);
    CHECK_STR_HAS(e.msg, "more than memory can hold");
    CHECK(gk_grow(&p, &cap, SIZE_MAX / 64, sizeof *p, &e) && p == was && p[99999] == 99999);
    CHECK_STR_HAS(e.msg, "no memory for");
    free(p);
    p = NULL;
    cap = 0;
    CHECK(!gk_grow(&p, &cap, 0, sizeof *p, &e) && p);
    free(p);
}

static void test_text(void)
{
    struct gk_err e = {0};
    char *s = gk_format(&e, "%d-%s", 5, "x"), *t = gk_strdup("abc", &e);
    CHECK_STR_EQ(s, "5-x");
    CHECK_STR_EQ(t, "abc");
    free(s);
    free(t);
}

static void test_history(void)
{
    struct gk_err e = {0};
    struct gk_history h = {0}, back = {0};
    CHECK(!gk_history_add_text(&h, NULL, &e) && h.n == 0);
    CHECK(!gk_history_add_text(&h, "gk-data 1.0\r\n\ngk-train 1.0 --steps 4\n", &e));
    CHECK(!gk_history_add_text(&h, "gk-data 1.0\ngk-eval 1.0", &e));
    CHECK_INT_EQ(h.n, 3);
    CHECK(!gk_history_add(&h, "gk-data 1.0", &e)); /* the tool's own line is always the last */
    CHECK_INT_EQ(h.n, 4);
    char *text = gk_history_text(&h, &e);
    CHECK_STR_EQ(text, "gk-data 1.0\ngk-train 1.0 --steps 4\ngk-eval 1.0\ngk-data 1.0");
    CHECK(!gk_history_add_text(&back, text, &e));
    CHECK_INT_EQ(back.n, 3);
    free(text);
    CHECK(!gk_history_add_text(&back, "gk-data", &e)); /* the beginning of a line is another line */
    CHECK_INT_EQ(back.n, 4);
    CHECK(!gk_history_add(&back, "gk-x -c a\nb\t\033[0m", &e));
    CHECK_STR_EQ(back.line[4], "gk-x -c a b  [0m");
    CHECK(!gk_history_add_text(&back, "gk-x -c 1\t2\ngk-x -c 1\t2", &e)); /* one line, twice */
    CHECK(!gk_history_add_text(&back, "gk-x -c 1 2", &e));
    CHECK_INT_EQ(back.n, 6);
    CHECK_STR_EQ(back.line[5], "gk-x -c 1 2");
    gk_history_free(&back);
    gk_history_free(&h);
    text = gk_history_text(&h, &e);
    CHECK_STR_EQ(text, "");
    free(text);
}

static void test_history_is_bounded(void)
{
    struct gk_err e = {0};
    struct gk_history h = {0};
    char line[32];
    int rc = 0;
    for (int i = 0; i < 20000 && !rc; i++) {
        snprintf(line, sizeof line, "gk-x %d", i);
        rc = gk_history_add_text(&h, line, &e);
    }
    CHECK_INT_EQ(rc, -1);
    CHECK_STR_EQ(e.msg, "the history has more than 10000 lines");
    gk_history_free(&h);
}

/* A pattern may be as long as a tensor's name, and the shell's signs also match a '.'. */
static void test_patterns(void)
{
    enum { MOST = 100000 };
    static char name[MOST + 1], globs[2 * MOST + 8];
    for (size_t n = 1; n <= MOST; n *= 10) {
        memset(name, 'x', n);
        name[n] = '\0';
        snprintf(globs, sizeof globs, "a,%s", name);
        CHECK(gk_glob_matches(globs, name) && !gk_glob_matches(globs, "x.x"));
        snprintf(globs, sizeof globs, "%.*s*,a", (int)n - 1, name);
        CHECK(gk_glob_matches(globs, name));
    }
    CHECK(gk_glob_matches("a*c,b?", "a.b.c") && gk_glob_matches("a*c,b?", "b.") &&
          gk_glob_matches("[ab].w", "b.w") && !gk_glob_matches("a*c,b?", "b"));
    CHECK(!gk_glob_matches(NULL, "a") && !gk_glob_matches("", "a"));
    CHECK(!gk_is_glob("a.b") && gk_is_glob("a,b") && gk_is_glob("[a]") && gk_is_glob("a?"));
}

int main(void)
{
    test_messages();
    test_patterns();
    test_message_with_errno();
    test_long_and_hostile_messages();
    test_printable();
    test_arithmetic();
    test_alloc();
    test_grow();
    test_text();
    test_history();
    test_history_is_bounded();
    return check_status();
}
