/* Streams and plain frames that follow each other in one input, and a file that holds one frame. */
#include <unistd.h>

#include "frames.h"

static struct gk_err err;

/* A run of letters: s a frame of a stream, e its end frame, p a plain frame, 0..9 an end frame with
 * that number, x an end frame with a tensor, n an end frame without a number. */
static int read_run(const char *run)
{
    struct bytes b;
    FILE *fp = begin_bytes(&b);
    struct gk_stream stream = {.fp = fp};
    struct gk_frame f = {0};
    const float x = 1;
    CHECK_INT_EQ(gk_frame_add(&f, "w", GK_F32, 0, NULL, &x, &err), 0);
    for (; *run; run++) {
        char end[64];
        snprintf(end, sizeof end, "{\"__metadata__\":{\"gk.end\":\"%c\"}}", *run);
        if (*run == 's')
            CHECK_INT_EQ(gk_stream_write(&stream, &f, &err), 0);
        else if (*run == 'e')
            CHECK_INT_EQ(gk_stream_end(&stream, &err), 0);
        else if (*run == 'p')
            CHECK_INT_EQ(gk_frame_write(&f, fp, &err), 0);
        else if (*run == 'x')
            put_blob(fp,
                     "{\"__metadata__\":{\"gk.end\":\"0\"},\"w\":{\"dtype\":\"U8\","
                     "\"shape\":[0],\"data_offsets\":[0,0]}}",
                     "", 0);
        else
            put_blob(fp, end, "", 0);
    }
    fclose(fp);
    const int frames = read_all(b.p, b.n, NULL, &err);
    free(b.p);
    gk_frame_free(&f);
    return frames;
}

static void streams(void)
{
    CHECK_INT_EQ(read_run("p"), 1);
    CHECK_INT_EQ(read_run("ppp"), 3);
    CHECK_INT_EQ(read_run("se"), 1);
    CHECK_INT_EQ(read_run("sssesse"), 5);
    CHECK_INT_EQ(read_run("psesep"), 4);
    CHECK_INT_EQ(read_run("see"), 1);
    CHECK_INT_EQ(read_run("pe"), 1);
    CHECK_INT_EQ(read_run("ss"), -1);
    CHECK_STR_EQ(err.msg, "test: ends inside a stream: no end frame after frame 2");
    CHECK_INT_EQ(read_run("ses"), -1);
    CHECK_STR_EQ(err.msg, "test: ends inside a stream: no end frame after frame 3");
    CHECK_INT_EQ(read_run("e"), -1);
    CHECK_STR_EQ(err.msg, "test: holds no frame");
    CHECK_INT_EQ(read_run("ss3"), -1);
    CHECK_STR_EQ(err.msg,
                 "test: frame 3: gk.end is 3, but the frames since the last end frame are 2");
    CHECK_INT_EQ(read_run("ses2"), -1);
    CHECK_STR_EQ(err.msg,
                 "test: frame 4: gk.end is 2, but the frames since the last end frame are 1");
    CHECK_INT_EQ(read_run("p1"), -1);
    CHECK_STR_EQ(err.msg,
                 "test: frame 2: gk.end is 1, but the frames since the last end frame are 0");
    CHECK_INT_EQ(read_run("sp"), -1);
    CHECK_STR_HAS(err.msg,
                  "test: frame 2: a plain frame inside a stream: its end frame is missing");
    CHECK_INT_EQ(read_run("px"), -1);
    CHECK_STR_HAS(err.msg, "test: frame 2: an end frame (gk.end) has no tensors, this one has 'w'");
    CHECK_INT_EQ(read_run("pn"), -1);
    CHECK_STR_EQ(err.msg, "test: frame 2: gk.end is 'n', no number of frames");
}

/* Frames say whether they came in a stream, and are numbered; the marks are not in the metadata, so
 * that a frame taken out of a stream is written as a plain one. */
static void out_of_a_stream(void)
{
    struct bytes b, plain;
    struct gk_source *s;
    struct gk_frame f = {0}, g;
    FILE *fp = begin_bytes(&b);
    struct gk_stream stream = {.fp = fp};
    CHECK_INT_EQ(gk_frame_set_meta(&f, "step", "0", &err), 0);
    CHECK_INT_EQ(gk_stream_write(&stream, &f, &err), 0);
    CHECK_INT_EQ(gk_stream_write(&stream, &f, &err), 0);
    CHECK_INT_EQ(gk_stream_end(&stream, &err), 0);
    CHECK_INT_EQ(gk_frame_write(&f, fp, &err), 0);
    fclose(fp);
    plain = frame_bytes(&f);
    CHECK_INT_EQ(gk_source_from(&s, fmemopen(b.p, b.n, "rb"), "run.gks", &err), 0);
    static const uint64_t number[] = {1, 2, 4};
    for (uint64_t i = 0; i < 3; i++) {
        CHECK_INT_EQ(gk_source_next(s, &g, &err), 1);
        CHECK_INT_EQ(g.index, i);
        CHECK_INT_EQ(g.number, number[i]);
        CHECK_INT_EQ(g.in_stream, i < 2);
        struct bytes again = frame_bytes(&g);
        check_same_bytes(again, plain);
        free(again.p);
        gk_frame_free(&g);
    }
    CHECK_INT_EQ(gk_source_next(s, &g, &err), 0);
    CHECK_INT_EQ(gk_source_next(s, &g, &err), 0);
    gk_source_close(s);
    gk_frame_free(&f);
    free(b.p);
    free(plain.p);
}

/* gk_frame_read_one on a file of RUN: p a plain frame, s a frame of a stream, e its end. */
static int read_one(const char *run, struct gk_frame *f)
{
    char file[] = "/tmp/gk-frame-XXXXXX";
    const int fd = mkstemp(file);
    FILE *fp = fdopen(fd, "wb");
    struct gk_frame w = {0};
    struct gk_stream stream = {.fp = fp};
    CHECK_INT_EQ(gk_frame_set_meta(&w, "step", "7", &err), 0);
    for (; *run; run++) {
        const int rc = *run == 'p'   ? gk_frame_write(&w, fp, &err)
                       : *run == 's' ? gk_stream_write(&stream, &w, &err)
                                     : gk_stream_end(&stream, &err);
        CHECK_INT_EQ(rc, 0);
    }
    fclose(fp);
    gk_frame_free(&w);
    const int rc = gk_frame_read_one(file, f, &err);
    unlink(file);
    return rc;
}

static void one_frame(void)
{
    struct gk_frame f;
    static const char *const good[] = {"p", "se"}, *const more[] = {"pp", "sse", "sep"};
    for (int i = 0; i < 2; i++) {
        CHECK_INT_EQ(read_one(good[i], &f), 0);
        CHECK_STR_EQ(gk_frame_meta(&f, "step"), "7");
        gk_frame_free(&f);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_INT_EQ(read_one(more[i], &f), -1);
        CHECK_STR_HAS(err.msg, i == 2 ? ": frame 3: " : ": frame 2: ");
        CHECK_STR_HAS(err.msg, "one frame is wanted, here is another");
        CHECK(f.nmeta == 0 && f.meta == NULL);
    }
    CHECK_INT_EQ(read_one("s", &f), -1);
    CHECK_STR_HAS(err.msg, "ends inside a stream");
    CHECK_INT_EQ(gk_frame_read_one("/nowhere/at/all", &f, &err), -1);
    CHECK_STR_EQ(err.msg, "/nowhere/at/all: No such file or directory");
}

int main(void)
{
    streams();
    out_of_a_stream();
    one_frame();
    return check_status();
}
