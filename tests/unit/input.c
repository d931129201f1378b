/* Telling inputs apart, and matrices from text, .npy and frames. */
#include "gk/input.h"
#include "gk/matrix.h"
#include "gk/npy.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "folder.h"

static struct gk_err err;

static void put(const char *path, const void *bytes, size_t n)
{
    FILE *fp = fopen(path, "wb");
    CHECK(fp && fwrite(bytes, 1, n, fp) == n && !fclose(fp));
}
#define PUT(path, text) put(path, text, sizeof text - 1)

static FILE *opened(const char *path)
{
    FILE *fp = NULL;
    const char *name;
    CHECK(!gk_input_open(&fp, &name, path, &err));
    CHECK_STR_EQ(name, path);
    return fp;
}

/* The kind of a file with these bytes; and all of them are still there to read. */
static enum gk_input_kind kind_of(const void *bytes, size_t n)
{
    enum gk_input_kind kind = (enum gk_input_kind) - 1;
    char back[64];
    put("k", bytes, n);
    FILE *fp = opened("k");
    CHECK(!gk_input_kind(fp, "k", &kind, &err));
    CHECK(fread(back, 1, sizeof back, fp) == n && !memcmp(back, bytes, n));
    fclose(fp);
    return kind;
}
#define KIND(text) kind_of(text, sizeof text - 1)

static void test_kinds(void)
{
    CHECK_INT_EQ(KIND("step\tloss\n"), GK_INPUT_TABLE);
    CHECK_INT_EQ(KIND("a"), GK_INPUT_TABLE);
    CHECK_INT_EQ(KIND("\n\r\n1"), GK_INPUT_TABLE);
    CHECK_INT_EQ(KIND("\xef\xbb\xbf"
                      "a,b\n"),
                 GK_INPUT_TABLE);
    CHECK_INT_EQ(KIND("{}{}{}{}{}"), GK_INPUT_TABLE);
    CHECK_INT_EQ(KIND("\x93NUMPY\1\0"), GK_INPUT_NPY);
    CHECK_INT_EQ(KIND("\x93NUMPY"), GK_INPUT_NPY);
    CHECK_INT_EQ(KIND("\x93NUM\0\0\0\0{"), GK_INPUT_FRAMES);
    CHECK_INT_EQ(KIND("\x02\0\0\0\0\0\0\0{}"), GK_INPUT_FRAMES);
    CHECK_INT_EQ(KIND("X\x02\0\0\0\0\0\0 {}"), GK_INPUT_FRAMES);
    CHECK_INT_EQ(KIND("\t\n\r\0\0\0\0\0{}"), GK_INPUT_FRAMES);
    CHECK_INT_EQ(KIND("abc\0"), GK_INPUT_FRAMES);
    CHECK_INT_EQ(KIND("\xff\xff\xff\xff\xff\xff\xff\xff{}"), GK_INPUT_FRAMES);
}

/* The kind, or -1 where it is refused; the bytes are there as before. */
static int looked(const void *bytes, size_t n)
{
    enum gk_input_kind kind;
    char back[64];
    put("k", bytes, n);
    FILE *fp = opened("k");
    int rc = gk_input_look(fp, "k", &kind, &err);
    CHECK(fread(back, 1, sizeof back, fp) == n && !memcmp(back, bytes, n));
    fclose(fp);
    return rc ? -1 : (int)kind;
}
#define LOOKED(text) looked(text, sizeof text - 1)
#define CHECK_REFUSED(text, message)                                                               \
    do {                                                                                           \
        CHECK_INT_EQ(LOOKED(text), -1);                                                            \
        CHECK_STR_EQ(err.msg, "k: this is " message);                                              \
    } while (0)

static void test_looks(void)
{
    /* gzip of no time and no name begins as a frame with a header of 559903 bytes does */
    CHECK_REFUSED("\x1f\x8b\x08\0\0\0\0\0\2\3", "compressed by gzip: gunzip -c k | ...");
    CHECK_REFUSED("\x1f\x8b\x08\0\0\0\0\0\0\3", "compressed by gzip: gunzip -c k | ...");
    CHECK_REFUSED("\x1f\x8b", "compressed by gzip: gunzip -c k | ...");
    CHECK_INT_EQ(LOOKED("\x1f\x8b\x08\0\0\0\0\0{}"), GK_INPUT_FRAMES);
    CHECK_INT_EQ(LOOKED("\x1f\x8b\x08\0\0\0\0\0\n{"), GK_INPUT_FRAMES);
    /* UTF-16 and a pickle likewise */
    CHECK_REFUSED("\xff\xfes\0t\0", "text in UTF-16: iconv -f UTF-16 -t UTF-8 k | ...");
    CHECK_INT_EQ(LOOKED("\xff\xfe\0\0\0\0\0\0{}"), GK_INPUT_FRAMES);
    CHECK_INT_EQ(LOOKED("\x80\x02\0\0\0\0\0\0{}"), GK_INPUT_FRAMES);
    /* the length of a record has a checksum behind it */
    CHECK_INT_EQ(LOOKED("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22"), GK_INPUT_EVENTS);
    CHECK_INT_EQ(LOOKED("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x23"), GK_INPUT_FRAMES);
    CHECK_INT_EQ(LOOKED("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b"), GK_INPUT_FRAMES);
    CHECK_INT_EQ(LOOKED("PK\3\4..................\0\0\0\0\x0a\0\0\0m/data.pkl"), GK_INPUT_TORCH);
    CHECK_INT_EQ(LOOKED("PK\3\4..................\0\0\0\0\x08\0\0\0data.pkl"), GK_INPUT_TORCH);
    CHECK_REFUSED("PK\3\4..................\0\0\0\0\x0b\0\0\0m/xdata.pkl",
                  "a zip archive: unzip -p k | ...");
    CHECK_REFUSED("PK\3\4", "a zip archive: unzip -p k | ...");
    CHECK_REFUSED("PK\3\4..................\0\0\0\0\xff\xff\0\0a.npy",
                  "a zip archive: unzip -p k | ...");
    CHECK_INT_EQ(LOOKED("{\"step\": 1}"), GK_INPUT_JSON);
    CHECK_INT_EQ(LOOKED("{\n"), GK_INPUT_JSON);
    CHECK_INT_EQ(LOOKED("\n[\n  {\n"), GK_INPUT_JSON);
    CHECK_INT_EQ(LOOKED("\xef\xbb\xbf[ {}]"), GK_INPUT_JSON);
    CHECK_INT_EQ(LOOKED("{}"), GK_INPUT_JSON);
    CHECK_INT_EQ(LOOKED("[]"), GK_INPUT_JSON);
    CHECK_INT_EQ(LOOKED("[1]\n"), GK_INPUT_TABLE);
    CHECK_INT_EQ(LOOKED("[[1,2]]\n"), GK_INPUT_JSON);
    CHECK_INT_EQ(LOOKED("version "), GK_INPUT_TABLE);
    CHECK_INT_EQ(LOOKED("{a}\tb\n"), GK_INPUT_TABLE);
    CHECK_INT_EQ(LOOKED("SQLite for\n"), GK_INPUT_TABLE);
    CHECK_INT_EQ(LOOKED("abc\0"), GK_INPUT_UNKNOWN);
}

/* Bytes that dribble in one by one through a pipe are looked at, and stay. */
static void test_slow_pipe(void)
{
    static const char text[] = "step\tloss\n1\t2\n";
    enum gk_input_kind kind;
    char back[64];
    int fd[2];
    CHECK(!pipe(fd));
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < sizeof text - 1; i++) {
            if (write(fd[1], text + i, 1) != 1)
                _exit(1);
            usleep(1000);
        }
        _exit(0);
    }
    close(fd[1]);
    FILE *fp = fdopen(fd[0], "r");
    CHECK(!gk_input_kind(fp, "p", &kind, &err) && kind == GK_INPUT_TABLE);
    size_t n = fread(back, 1, sizeof back, fp);
    CHECK(n == sizeof text - 1 && !memcmp(back, text, n));
    fclose(fp);
    waitpid(pid, NULL, 0);
}

/* A live table whose header is shorter than what is looked at is recognised without waiting for
 * more. A byte of a frame's length that looks like a line end does not end the look. */
static void test_live(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        enum gk_input_kind kind;
    } begin[] = {{"a\n", 2, GK_INPUT_TABLE},
                 {"{\n", 2, GK_INPUT_JSON},
                 {"A\n\0\0\0\0\0\0{\"\":", 12, GK_INPUT_FRAMES}};
    for (int i = 0; i < 3; i++) {
        enum gk_input_kind kind;
        int fd[2];
        CHECK(!pipe(fd) && write(fd[1], begin[i].bytes, begin[i].n) == (ssize_t)begin[i].n);
        FILE *fp = fdopen(fd[0], "r");
        alarm(20); /* whoever waits, waits for ever */
        CHECK(!gk_input_look(fp, "p", &kind, &err));
        CHECK_INT_EQ(kind, begin[i].kind);
        alarm(0);
        close(fd[1]);
        fclose(fp);
    }
}

static void test_open(void)
{
    FILE *fp;
    const char *name;
    CHECK_INT_EQ(gk_input_open(&fp, &name, "none.tsv", &err), -1);
    CHECK_STR_EQ(err.msg, "none.tsv: No such file or directory");
    CHECK_INT_EQ(gk_input_open(&fp, &name, ".", &err), -1);
    CHECK_STR_EQ(err.msg, ".: Is a directory");
    CHECK_INT_EQ(gk_input_open(&fp, &name, "/dev/null", &err), -1);
    CHECK_STR_EQ(err.msg, "/dev/null: empty input");
    CHECK_INT_EQ(err.kind, GK_ERR_FAILED);
    PUT("in", "x");
    CHECK(freopen("in", "r", stdin));
    CHECK(!gk_input_open(&fp, &name, NULL, &err) && fp == stdin && getc(fp) == 'x');
    CHECK_STR_EQ(name, "standard input");
    CHECK_INT_EQ(gk_input_open(&fp, &name, "-", &err), -1);
    CHECK_STR_EQ(err.msg, "standard input is wanted twice");
    CHECK_INT_EQ(err.kind, GK_ERR_USAGE);
}

/* The matrix as "rows x cols: v v v", with step and names if it has them; or the message. */
static const char *shown(const char *path, const char *tensor)
{
    static char out[1200];
    struct gk_matrix m;
    if (gk_matrix_read(&m, path, &(struct gk_matrix_names){.tensor = tensor}, &err)) {
        CHECK(!m.v && !m.name && !m.step && !m.history.n);
        return err.msg;
    }
    int at = sprintf(out, "%zu x %zu%s:", m.rows, m.cols, m.single ? " single" : "");
    for (size_t i = 0; i < m.rows * m.cols; i++)
        at += sprintf(out + at, " %g", m.v[i]);
    for (size_t i = 0; m.step && i < m.rows; i++)
        at += sprintf(out + at, "%s%g", i ? " " : "; step ", m.step[i]);
    for (size_t i = 0; m.name && i < m.cols; i++)
        at += sprintf(out + at, "%s%s", i ? " " : "; names ", m.name[i]);
    for (size_t i = 0; i < m.history.n; i++)
        at += sprintf(out + at, "; %s", m.history.line[i]);
    gk_matrix_free(&m);
    gk_matrix_free(&m); /* once more does nothing */
    return out;
}

static void test_matrix_of_text(void)
{
    PUT("m", "1\t2\n3\t4\n5\t6");
    CHECK_STR_EQ(shown("m", NULL), "3 x 2: 1 2 3 4 5 6");
    PUT("m", "# gk-pca 1.0\npc1\tstep\tpc2\n1\t10\t2\n3\t20\tnan\n");
    CHECK_STR_EQ(shown("m", NULL), "2 x 2: 1 2 3 nan; step 10 20; names pc1 pc2; gk-pca 1.0");
    PUT("m", "a,b\n1,2\n");
    CHECK_STR_EQ(shown("m", NULL), "1 x 2: 1 2; names a b");
    PUT("m", ",0,1\na,2,3\nb,4,5\n"); /* labels of the rows */
    CHECK_STR_EQ(shown("m", NULL), "2 x 2: 2 3 4 5; names 0 1");
    PUT("m", "\"\",step,x\n0,10,3\n1,20,5\n");
    CHECK_STR_EQ(shown("m", NULL), "2 x 1: 3 5; step 10 20; names x");
    PUT("m", ",x\n2,\n");
    CHECK_STR_EQ(shown("m", NULL), "1 x 1: nan; names x");
    PUT("m", "Epoch,x,y,x\n0,10,3,7\n1,20,5,8\n");
    CHECK_STR_EQ(shown("m", NULL), "2 x 3: 10 3 7 20 5 8; step 0 1; names x y x");
    PUT("m", "epoch,x,Step\n0,10,3\n1,20,5\n"); /* an epoch is no coordinate either */
    CHECK_STR_EQ(shown("m", NULL), "2 x 1: 10 20; step 3 5; names x");
    PUT("m", "step\n1\n");
    CHECK_STR_EQ(shown("m", NULL), "m: no column but the step");
    PUT("m", "a\tb\n1\tx\n");
    CHECK_STR_EQ(shown("m", NULL), "m: line 2: column b: 'x' is not a number, or out of range");
    PUT("m", "a\tb\n");
    CHECK_STR_EQ(shown("m", NULL), "m: a header without a row");
}

static void test_matrix_of_npy(void)
{
    struct gk_tensor t = {.dtype = GK_F32, .rank = 2, .shape = {2, 3}, .count = 6};
    float v[] = {1, 2, 3, 4, 5, 6};
    static const struct {
        unsigned rank;
        uint64_t shape[3];
        const char *shown;
    } shapes[] = {{2, {2, 3}, "2 x 3 single: 1 2 3 4 5 6"},
                  {1, {6}, "6 x 1 single: 1 2 3 4 5 6"},
                  {0, {0}, "m.npy: a matrix or a vector is wanted, this has rank 0"},
                  {3, {1, 2, 3}, "m.npy: a matrix or a vector is wanted, this has rank 3"},
                  {2, {0, 3}, "m.npy: no values"}};
    t.data = v;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        t.rank = shapes[i].rank;
        t.count = 1;
        for (unsigned k = 0; k < t.rank; k++)
            t.count *= t.shape[k] = shapes[i].shape[k];
        FILE *fp = fopen("m.npy", "wb");
        CHECK(!gk_npy_write(fp, &t, &err) && !fclose(fp));
        CHECK_STR_EQ(shown("m.npy", NULL), shapes[i].shown);
    }
    PUT("m.npy", "\x93NUMPY\1");
    CHECK(!strncmp(shown("m.npy", NULL), "m.npy: ", 7));
}

static void write_frames(const struct gk_frame *f, int n)
{
    FILE *fp = fopen("m.st", "wb");
    for (int i = 0; i < n; i++)
        CHECK(!gk_frame_write(f, fp, &err));
    fclose(fp);
}

static void test_matrix_of_frames(void)
{
    static const double a[] = {1, 2, 3, 4}, cube[] = {0};
    static const int32_t b[] = {7, 8};
    static const uint64_t square[] = {2, 2}, two[] = {2}, ones[] = {1, 1, 1};
    struct gk_frame f = {0};
    CHECK(!gk_frame_add(&f, "cube", GK_F64, 3, ones, cube, &err));
    write_frames(&f, 1);
    CHECK_STR_EQ(shown("m.st", NULL), "m.st: frame 1: no matrix or vector in it");
    CHECK_STR_EQ(shown("m.st", "cube"),
                 "m.st: frame 1: tensor 'cube': a matrix or a vector is wanted, this has rank 3");
    CHECK(!gk_frame_add(&f, "a", GK_F64, 2, square, a, &err));
    CHECK(!gk_frame_set_meta(&f, "gk.history", "gk-eval 1.0\ngk-x 1.0", &err));
    write_frames(&f, 1);
    CHECK_STR_EQ(shown("m.st", NULL), "2 x 2: 1 2 3 4; gk-eval 1.0; gk-x 1.0");
    CHECK_STR_EQ(shown("m.st", "b"), "m.st: frame 1: no tensor 'b'");
    write_frames(&f, 2);
    CHECK_STR_EQ(shown("m.st", NULL), "m.st: frame 2: one matrix is wanted, here is another frame");
    CHECK(!gk_frame_add(&f, "b", GK_I32, 1, two, b, &err));
    write_frames(&f, 1);
    CHECK_STR_EQ(shown("m.st", NULL), "m.st: frame 1: several matrices ('a', 'b'): say which");
    CHECK_STR_EQ(shown("m.st", "b"), "2 x 1: 7 8; gk-eval 1.0; gk-x 1.0");
    gk_frame_free(&f);
    CHECK(!truncate("m.st", 200));
    CHECK_STR_HAS(shown("m.st", "a"), "m.st: frame 1: ");
}

int main(void)
{
    enter_folder();
    test_kinds();
    test_looks();
    test_live();
    test_slow_pipe();
    test_open();
    test_matrix_of_text();
    test_matrix_of_npy();
    test_matrix_of_frames();
    return check_status();
}
