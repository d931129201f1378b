/* Text tables, and matrices from inputs of any kind. The first byte chooses: with bit 0, a table
 * without a header is also accepted. The numbers, written with the library's own writer, read back
 * to the same bits; the names, if the writer accepts them, to the same text. */
#include <math.h>

#include "fuzz.h"
#include "gk/input.h"
#include "gk/matrix.h"
#include "gk/number.h"
#include "gk/table.h"

static bool same_number(double a, double b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static bool same_matrices(const struct gk_matrix *a, const struct gk_matrix *b)
{
    if (a->rows != b->rows || a->cols != b->cols || !a->step != !b->step)
        return false;
    for (size_t i = 0; i < a->rows * a->cols; i++)
        if (!same_number(a->v[i], b->v[i]))
            return false;
    for (size_t i = 0; a->step && i < a->rows; i++)
        if (!same_number(a->step[i], b->step[i]))
            return false;
    return true;
}

/* The matrix as a table without names: its steps would be a coordinate. */
static void rewrite(const struct gk_matrix *m)
{
    struct bytes b;
    struct gk_err err = {0};
    struct gk_matrix again;
    FILE *fp = begin_bytes(&b);
    for (size_t i = 0; i < m->rows * m->cols; i++)
        gk_put_number(fp, m->v[i], false, (i + 1) % m->cols ? '\t' : '\n');
    fclose(fp);
    MUST(gk_matrix_read_from(&again, open_bytes(b.p, b.n), "again", GK_INPUT_TABLE, NULL, &err));
    struct gk_matrix plain = *m;
    plain.step = NULL;
    REQUIRE(same_matrices(&plain, &again) && !again.name);
    gk_matrix_free(&again);
    free(b.p);
}

static void matrix(const uint8_t *data, size_t size)
{
    enum gk_input_kind kind;
    struct gk_err err = {0};
    struct gk_matrix m;
    FILE *fp = open_bytes(data, size);
    if (gk_input_kind(fp, "input", &kind, &err) != 0) { /* such as UTF-16, by name */
        fclose(fp);
        refused(&err);
        return;
    }
    if (gk_matrix_read_from(&m, fp, "input", kind, NULL, &err) != 0) {
        refused(&err);
        return;
    }
    REQUIRE(m.rows > 0 && m.cols > 0);
    rewrite(&m);
    gk_matrix_free(&m);
}

/* Writes all numbers of R's rows to FP; returns their count. */
static size_t copy_rows(struct gk_rows *r, FILE *fp)
{
    struct gk_err err = {0};
    size_t n = 0;
    int rc;
    while ((rc = gk_rows_next(r, &err)) == 1) {
        for (size_t i = 0; i < r->ncol; i++, n++) {
            double v = NAN;
            if (gk_rows_number(r, (int)i, &v, &err) != 0)
                refused(&err);
            gk_put_number(fp, v, false, i + 1 < r->ncol ? '\t' : '\n');
        }
    }
    if (rc < 0)
        refused(&err);
    return n;
}

/* Another reader of tab-separated text reads the same names: no separators, no quotes, and at least
 * one name that is no number, since a line of numbers alone is no header. */
static bool survives(const struct gk_rows *r)
{
    size_t filled = 0;
    for (size_t i = 0; i < r->ncol; i++) {
        const char *s = r->name[i];
        if (strpbrk(s, ",\"") || s[0] == ' ' || (s[0] && s[strlen(s) - 1] == ' ') ||
            !strncmp(s, "\xef\xbb\xbf", 3))
            return false;
        double v;
        filled += s[0] && gk_number_real(s, strlen(s), &v) == GK_NUMBER_NONE;
    }
    return filled > 0;
}

/* If a table's first name is how a file of another kind begins (after blank lines, for example),
 * the table is no longer one when it is written again. */
static bool stays_a_table(struct bytes b)
{
    struct gk_err err = {0};
    enum gk_input_kind kind = GK_INPUT_UNKNOWN;
    FILE *fp = open_bytes(b.p, b.n);
    const bool stays = gk_input_look(fp, "again", &kind, &err) == 0 &&
                       (kind == GK_INPUT_TABLE || kind == GK_INPUT_UNKNOWN);
    fclose(fp);
    return stays;
}

static void rows(const uint8_t *data, size_t size, bool headless)
{
    struct gk_err err = {0};
    struct gk_rows r, again;
    struct bytes b, c;
    if (gk_rows_open(&r, open_bytes(data, size), "input", headless, &err) != 0) {
        refused(&err);
        return;
    }
    FILE *fp = begin_bytes(&b);
    bool named = r.name && survives(&r) &&
                 gk_table_begin(fp, NULL, (const char *const *)r.name, r.ncol, &err) == 0;
    size_t n = copy_rows(&r, fp);
    fclose(fp);
    if (n > 0 && (named || !r.name) && stays_a_table(b)) {
        MUST(gk_rows_open(&again, open_bytes(b.p, b.n), "again", headless, &err));
        REQUIRE(again.ncol == r.ncol && !again.name == !r.name);
        for (size_t i = 0; named && i < r.ncol; i++)
            REQUIRE(!strcmp(again.name[i], r.name[i]));
        fp = begin_bytes(&c);
        if (named)
            MUST(gk_table_begin(fp, NULL, (const char *const *)again.name, r.ncol, &err));
        REQUIRE(copy_rows(&again, fp) == n);
        fclose(fp);
        same_bytes(b, c);
        free(c.p);
        gk_rows_close(&again);
    }
    gk_rows_close(&r);
    free(b.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    matrix(data + 1, size - 1);
    rows(data + 1, size - 1, data[0] & 1);
    return 0;
}
