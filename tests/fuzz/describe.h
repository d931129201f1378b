/* Frames from a description that mutates well, for the targets about what frames mean. A line is
 *     m KEY VALUE                 metadata
 *     t NAME DTYPE SHAPE VALUES   a tensor: SHAPE is 2,4; the characters of VALUES, again and again
 *                                 from the first, are its numbers: '0' 0, '1' 1 ... ('/' -1),
 *                                 'n' nan, 'i' infinity, 'h' 1e39 (which f32 cannot hold)
 * Any other line is skipped, and so is a tensor of more than 4096 numbers. */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include <math.h>

#include "fuzz.h"

static inline double described_value(char c)
{
    return c == 'n' ? (double)NAN : c == 'i' ? (double)INFINITY : c == 'h' ? 1e39 : c - '0';
}

static inline void describe_tensor(struct gk_frame *f, char *line)
{
    static const char *const names[] = {"F64", "F32", "I64", "I32", "U8"};
    enum { MOST = 4096 };
    char *rest = line, *name = strsep(&rest, " "), *dtype = strsep(&rest, " "),
         *shape = strsep(&rest, " "), *values = rest;
    uint64_t dims[GK_MAX_RANK], count = 1;
    unsigned rank = 0, which = 0;
    if (!values || !*values)
        return;
    for (char *p; (p = strsep(&shape, ",")) && rank < GK_MAX_RANK;)
        if (*p && (count *= dims[rank++] = strtoull(p, NULL, 10) % (MOST + 1)) > MOST)
            return;
    while (which < 5 && strcmp(names[which], dtype) != 0)
        which++;
    if (which == 5)
        return;
    static const enum gk_dtype type[] = {GK_F64, GK_F32, GK_I64, GK_I32, GK_U8};
    uint64_t buf[MOST];
    const size_t n = strlen(values);
    for (size_t i = 0; i < count; i++) {
        const double v = described_value(values[i % n]);
        const long whole = isfinite(v) && v < 1000 ? (long)v : INT32_MAX;
        if (type[which] == GK_F64)
            ((double *)buf)[i] = v / 4;
        else if (type[which] == GK_F32)
            ((float *)buf)[i] = isfinite(v) && v > 1e38 ? INFINITY : (float)v / 4;
        else if (type[which] == GK_I64)
            ((int64_t *)buf)[i] = whole == INT32_MAX ? INT64_MAX : whole;
        else if (type[which] == GK_I32)
            ((int32_t *)buf)[i] = (int32_t)whole;
        else
            ((uint8_t *)buf)[i] = (uint8_t)whole;
    }
    gk_frame_add(f, name, type[which], rank, dims, buf, NULL);
}

/* The frame that DATA describes. */
static inline struct gk_frame describe(const uint8_t *data, size_t size)
{
    struct gk_frame f = {.file = "input", .number = 1};
    char *text = strndup((const char *)data, size), *rest = text;
    REQUIRE(text);
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *value;
        if (!strncmp(line, "t ", 2)) {
            describe_tensor(&f, line + 2);
        } else if (!strncmp(line, "m ", 2) && (value = strchr(line + 2, ' '))) {
            *value++ = '\0';
            gk_frame_set_meta(&f, line + 2, value, NULL);
        }
    }
    free(text);
    return f;
}

#endif
