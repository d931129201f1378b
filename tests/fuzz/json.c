/* JSON objects as a table. Through a pipe they give what a file gives, including errors; the rows,
 * written as objects of strings, one per line, read back unchanged. */
#include "fuzz.h"
#include "gk/input.h"
#include "gk/table.h"
#include "io/json/json.h"

/* One row as a line. */
static void put_row(FILE *fp, const struct gk_rows *r)
{
    gk_json_begin();
    struct gk_json *object = gk_json_new_object();
    for (size_t i = 0; i < r->ncol; i++)
        REQUIRE(gk_json_set(object, r->name[i], gk_json_new_text(r->cell[i])) == 0);
    char *text = gk_json_write(object);
    REQUIRE(text);
    fprintf(fp, "%s\n", text);
    gk_json_free_text(text);
    gk_json_free(object);
}

/* The current row of A equals that of B, whose columns may be in another order. */
static void same_row(const struct gk_rows *a, const struct gk_rows *b)
{
    REQUIRE(a->ncol == b->ncol);
    for (size_t i = 0; i < a->ncol; i++) {
        int col;
        REQUIRE(gk_rows_find(b, a->name[i], &col, NULL) == 0 && col >= 0 &&
                !strcmp(a->cell[i], b->cell[col]));
    }
}

static bool is_json(const uint8_t *data, size_t size)
{
    enum gk_input_kind kind;
    FILE *fp = open_bytes(data, size);
    const int rc = gk_input_look(fp, "input", &kind, NULL);
    fclose(fp);
    return rc == 0 && kind == GK_INPUT_JSON;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gk_err err = {0}, other = {0};
    struct gk_rows r, piped, again;
    struct bytes b;
    size_t rows = 0;
    if (size == 0 || !is_json(data, size))
        return 0;
    int rc = gk_rows_open(&r, open_file(data, size), "input", false, &err);
    int rd = gk_rows_open(&piped, open_bytes(data, size), "input", false, &other);
    REQUIRE(rc == rd && !strcmp(err.msg, other.msg));
    if (rc) {
        refused(&err);
        return 0;
    }
    FILE *fp = begin_bytes(&b);
    while ((rc = gk_rows_next(&r, &err)) == 1) {
        REQUIRE(gk_rows_next(&piped, &other) == 1 && r.line == piped.line);
        same_row(&r, &piped);
        put_row(fp, &r);
        rows++;
    }
    fclose(fp);
    REQUIRE(gk_rows_next(&piped, &other) == rc && !strcmp(err.msg, other.msg));
    if (rc < 0)
        refused(&err);
    gk_rows_close(&piped);
    if (rows > 0) {
        gk_rows_close(&r);
        MUST(gk_rows_open(&r, open_file(data, size), "input", false, &err));
        MUST(gk_rows_open(&again, open_bytes(b.p, b.n), "again", false, &err));
        for (size_t i = 0; i < rows; i++) {
            REQUIRE(gk_rows_next(&r, &err) == 1 && gk_rows_next(&again, &err) == 1);
            same_row(&r, &again);
        }
        REQUIRE(gk_rows_next(&again, &err) == 0);
        gk_rows_close(&again);
    }
    gk_rows_close(&r);
    free(b.p);
    return 0;
}
