/* Finds where an object ends by its brackets and strings. json.c parses its text. */
#include "objects.h"

#include <stdlib.h>
#include <string.h>

#include "gk/mem.h"

enum { LONGEST = 16 << 20 };

static int fail_here(const struct gk_json_objects *o, const char *what, struct gk_err *err)
{
    if (ferror(o->fp))
        return gk_fail(err, "line %zu: cannot read:", o->at);
    return gk_fail(err, "line %zu: %s", o->at, what);
}

static int take(struct gk_json_objects *o)
{
    int c = getc_unlocked(o->fp);
    o->at += c == '\n';
    return c;
}

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next byte that is no white space, or EOF. */
static int take_token(struct gk_json_objects *o)
{
    int c;
    do
        c = take(o);
    while (is_space(c));
    return c;
}

static int put(struct gk_json_objects *o, const char *s, size_t n, struct gk_err *err)
{
    if (o->n + n > LONGEST)
        return gk_fail(err, "line %zu: an object of more than %d MiB", o->line, LONGEST >> 20);
    if (gk_grow(&o->buf, &o->cap, o->n + n, 1, err))
        return gk_fail_at(err, "line %zu", o->at);
    memcpy(o->buf + o->n, s, n);
    o->n += n;
    return 0;
}

static int put_byte(struct gk_json_objects *o, int c, struct gk_err *err)
{
    const char byte = (char)c;
    if (o->n == o->cap || o->n == LONGEST)
        return put(o, &byte, 1, err);
    o->buf[o->n++] = byte;
    return 0;
}

/* Appends AS if WORD follows, else the letters that match; the first other byte stays unread. */
static int put_word(struct gk_json_objects *o, const char *word, const char *as, struct gk_err *err)
{
    size_t n = 1, len = strlen(word);
    for (int c; n < len; n++) {
        c = getc_unlocked(o->fp);
        if (c != word[n]) {
            if (c != EOF)
                (void)ungetc(c, o->fp);
            return put(o, word, n, err);
        }
    }
    if (*word == 'I' && o->n > 0 && o->buf[o->n - 1] == '-') {
        o->n--;
        as = "\"-inf\"";
    }
    return put(o, as, strlen(as), err);
}

/* Reads a string up to its closing quote; the opening quote was read. */
static int put_string(struct gk_json_objects *o, struct gk_err *err)
{
    if (put_byte(o, '"', err))
        return -1;
    for (bool escaped = false;;) {
        const int c = take(o);
        if (c == EOF)
            return fail_here(o, "the input ends inside an object", err);
        if (put_byte(o, c, err))
            return -1;
        if (c == '"' && !escaped)
            return 0;
        escaped = c == '\\' && !escaped;
    }
}

/* Is the string from BEGIN to END of the text the key of such an array? */
static bool is_history(const struct gk_json_objects *o, size_t begin, size_t end)
{
    static const char name[] = "\"log_history\"";
    return end - begin == sizeof name - 1 && !memcmp(o->buf + begin, name, sizeof name - 1);
}

/* Reads the next piece of an object, which begins with C: a string, NaN, Infinity, or a byte. */
static int put_piece(struct gk_json_objects *o, int c, struct gk_err *err)
{
    if (c == EOF)
        return fail_here(o, "the input ends inside an object", err);
    if (c == '"')
        return put_string(o, err);
    if (c == 'N')
        return put_word(o, "NaN", "\"nan\"", err);
    if (c == 'I')
        return put_word(o, "Infinity", "\"inf\"", err);
    return put_byte(o, c, err);
}

/* Reads the text of an object into buf; its opening bracket was read. 1: complete, 2: the array
 * log_history has begun instead. */
static int take_object(struct gk_json_objects *o, struct gk_err *err)
{
    size_t depth = 1, begin = 0, end = 0; /* of the last string of the outermost object */
    bool history = false;                 /* is it the key of such an array? */
    o->n = 0;
    o->line = o->at;
    if (put_byte(o, '{', err))
        return -1;
    while (depth > 0) {
        const int c = take(o);
        const size_t from = o->n;
        if (history && c == '[')
            return 2;
        if (put_piece(o, c, err))
            return -1;
        if (c == '"' && depth == 1) {
            begin = from;
            end = o->n;
        }
        if (c == ':' && depth == 1)
            history = o->count == 0 && !o->array && is_history(o, begin, end);
        else if (!is_space(c))
            history = false;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
    }
    return 1;
}

static int parse(struct gk_json_objects *o, struct gk_json **object, struct gk_err *err)
{
    struct gk_json_fault fault;
    *object = gk_json_load(o->buf, o->n, true, &fault);
    if (*object)
        return 1;
    if (fault.memory)
        return gk_fail(err, "line %zu: an object that takes too much memory", o->line);
    return gk_fail(err, "line %zu: %s", o->line + fault.line - 1, fault.text);
}

/* After the last object: only the rest of the object around the array may follow. */
static int finish(struct gk_json_objects *o, struct gk_err *err)
{
    for (size_t depth = o->inside; depth > 0;) {
        const int c = take(o);
        o->n = 0;
        if (c == EOF)
            return fail_here(o, "the input ends inside an object", err);
        if (c == '"' && put_string(o, err))
            return -1;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
    }
    o->inside = o->array = false;
    if (take_token(o) != EOF)
        return fail_here(o, "more text behind the last object", err);
    return ferror(o->fp) ? fail_here(o, "", err) : 0;
}

void gk_json_objects_begin(struct gk_json_objects *o, FILE *fp)
{
    *o = (struct gk_json_objects){.fp = fp, .at = 1};
}

/* The first byte of the next object, or of what follows the last one. */
static int take_first(struct gk_json_objects *o)
{
    int c = take_token(o);
    if (o->count > 0 || o->array)
        return c;
    if (c == 0xef && take(o) == 0xbb && take(o) == 0xbf) /* a byte order mark */
        c = take_token(o);
    if (c == '[') {
        o->array = true;
        c = take_token(o);
    }
    return c;
}

/* As gk_json_objects_next, or 2 if the object that begins holds the array. */
static int next(struct gk_json_objects *o, struct gk_json **object, struct gk_err *err)
{
    int c = take_first(o);
    if (c == ']' && o->array)
        return finish(o, err);
    if (o->array && o->count > 0) {
        if (c != ',')
            return fail_here(o,
                             c == EOF ? "the input ends inside an array"
                                      : "a comma is wanted between two objects",
                             err);
        c = take_token(o);
    }
    if (c == EOF && !o->array)
        return ferror(o->fp) ? fail_here(o, "", err) : 0;
    if (c == EOF)
        return fail_here(o, "the input ends inside an array", err);
    if (c != '{')
        return fail_here(o,
                         o->array && o->count == 0
                             ? "objects are wanted in the array, such as {\"step\":0,\"loss\":1}"
                             : "an object is wanted",
                         err);
    int rc = take_object(o, err);
    if (rc == 2)
        o->array = o->inside = true;
    if (rc == 1)
        rc = parse(o, object, err);
    o->count += rc == 1;
    return rc;
}

int gk_json_objects_next(struct gk_json_objects *o, struct gk_json **object, struct gk_err *err)
{
    const int rc = next(o, object, err);
    return rc == 2 ? next(o, object, err) : rc;
}

void gk_json_objects_end(struct gk_json_objects *o)
{
    free(o->buf);
    o->buf = NULL;
    o->cap = o->n = 0;
}
