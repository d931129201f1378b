/* Objects off a stream: where they end, on which line, and that a live stream is not read beyond
 * the object at hand. */
#include "io/json/objects.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static struct gk_err err;

/* The lines that the objects of TEXT begin on and the numbers of their members "a", as
 * "1:0.5 2:7", and the message, if it ends in one. */
static const char *shown(const char *text, size_t n)
{
    static char out[4096];
    FILE *fp = n ? fmemopen((char *)text, n, "r") : fopen("/dev/null", "r");
    struct gk_json_objects o;
    struct gk_json *v;
    size_t at = 0;
    int rc;
    gk_json_objects_begin(&o, fp);
    while ((rc = gk_json_objects_next(&o, &v, &err)) == 1) {
        const struct gk_json *a = gk_json_member(v, "a");
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%zu:", at ? " " : "", o.line);
        at += gk_json_type(a) == GK_JSON_STRING
                  ? (size_t)snprintf(out + at, sizeof out - at, "'%s'", gk_json_text(a))
                  : (size_t)snprintf(out + at, sizeof out - at, "%g", gk_json_real(a));
        gk_json_free(v);
    }
    if (rc < 0)
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s", at ? " " : "", err.msg);
    out[at] = '\0';
    gk_json_objects_end(&o);
    fclose(fp);
    return out;
}
#define CHECK_SHOWN(text, expected) CHECK_STR_EQ(shown(text, sizeof text - 1), expected)

static void test_forms(void)
{
    CHECK_SHOWN("", "");
    CHECK_SHOWN("\n \n", "");
    CHECK_SHOWN("{\"a\":1}\n\n{\"a\":2}", "1:1 3:2");
    CHECK_SHOWN("{\"a\":1}{\"a\":2}\n{\n\"a\"\n:\n2}", "1:1 1:2 2:2");
    CHECK_SHOWN("[{\"a\":1},\n{\"a\":2}\n,{\"a\":3}]\n", "1:1 2:2 3:3");
    CHECK_SHOWN("{\"x\":0,\"log_history\" : [\n{\"a\":1},\n{\"a\":2}], \"y\":\"]}\",\"z\":{}}",
                "2:1 3:2");
    /* no such array: inside another object, of another type, or not the first object */
    CHECK_SHOWN("{\"a\":1,\"b\":{\"log_history\":[{\"a\":2}]}}", "1:1");
    CHECK_SHOWN("{\"a\":1,\"log_history\":{\"a\":[2]}}", "1:1");
    CHECK_SHOWN("{\"a\":1,\"b\":\"log_history\",\"c\":[{\"a\":2}]}", "1:1");
    CHECK_SHOWN("{\"a\":1}{\"a\":2,\"log_history\":[{\"a\":3}]}", "1:1 1:2");
    CHECK_SHOWN("[{\"a\":2,\"log_history\":[{\"a\":3}]}]", "1:2");
}

static void test_strings(void)
{
    CHECK_SHOWN("{\"a\":\"}\\\"]{\"}{\"a\":\"\\\\\"}", "1:'}\"]{' 1:'\\'");
    CHECK_SHOWN("{\"a\":\"NaN Infinity\"}", "1:'NaN Infinity'");
    CHECK_SHOWN("{\"a\":NaN}{\"a\":Infinity}{\"a\":-Infinity}", "1:'nan' 1:'inf' 1:'-inf'");
    CHECK_SHOWN("{\"a\":-NaN}", "line 1: invalid token near '-'");
    CHECK_SHOWN("{\"a\":NaNN}", "line 1: '}' expected near 'N'");
    CHECK_SHOWN("{\"a\":Infinit}", "line 1: invalid token near 'Infinit'");
    CHECK_SHOWN("{\"a\":Na", "line 1: the input ends inside an object");
    CHECK_SHOWN("{\"a\":1 2}", "line 1: '}' expected near '2'");
    CHECK_SHOWN("{\"a\":[1}]", "line 1: ']' expected near '}'");
    CHECK_SHOWN("{\"a\":\"\xff\"}", "line 1: unable to decode byte 0xff near '\"'");
}

/* A sequence that is cut short is an error or, if the cut is at the end of an object, a shorter
 * sequence. */
static void test_cut(void)
{
    static const char array[] = "[{\"a\":1},{\"a\":\"]\"}]", lines[] = "{\"a\":1}\n{\"a\":2}";
    for (size_t n = 0; n + 1 < sizeof array; n++)
        CHECK_STR_HAS(n ? shown(array, n) : "ends inside", "ends inside");
    for (size_t n = 0; n + 1 < sizeof lines; n++) {
        const char *s = shown(lines, n);
        if (n == 7 || n == 8)
            CHECK_STR_EQ(s, "1:1");
        else if (n > 0)
            CHECK_STR_HAS(s, "the input ends inside an object");
    }
}

/* An object is there when its bracket is. */
static void test_live(void)
{
    struct gk_json_objects o;
    struct gk_json *v;
    int fd[2];
    CHECK(!pipe(fd));
    FILE *fp = fdopen(fd[0], "r");
    gk_json_objects_begin(&o, fp);
    alarm(20);
    for (int i = 0; i < 3; i++) {
        CHECK(write(fd[1], "{\"a\":1}", 7) == 7);
        CHECK_INT_EQ(gk_json_objects_next(&o, &v, &err), 1);
        gk_json_free(v);
    }
    alarm(0);
    close(fd[1]);
    CHECK_INT_EQ(gk_json_objects_next(&o, &v, &err), 0);
    gk_json_objects_end(&o);
    fclose(fp);
}

int main(void)
{
    test_forms();
    test_strings();
    test_cut();
    test_live();
    return check_status();
}
