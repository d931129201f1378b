/* Tables of names: text of three columns. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gk/fnv.h"
#include "gk/mem.h"
#include "gk/number.h"
#include "gk/rename.h"
#include "gk/share.h"
#include "rename_priv.h"

enum { MOST_LINE = 4096, MOST_LINES = 10000 };
#define SUFFIX ".tsv"

/* ---- finding a table ---- */

static int is_table(const struct dirent *e)
{
    const size_t n = strlen(e->d_name), k = strlen(SUFFIX);
    return n > k && !strcmp(e->d_name + n - k, SUFFIX);
}

static int fail_unknown(const char *name, const char *folder, struct gk_err *err)
{
    struct dirent **entry;
    char list[400] = "none";
    const int n = scandir(folder, &entry, is_table, alphasort);
    for (int i = 0, at = 0; i < n; i++) {
        const int len = (int)(strlen(entry[i]->d_name) - strlen(SUFFIX));
        if (at + len + 3 < (int)sizeof list)
            at += snprintf(list + at, sizeof list - (size_t)at, "%s%.*s", i ? ", " : "", len,
                           entry[i]->d_name);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
    gk_fail_usage(err, "there is no table '%s': %s, or a file's name", gk_show(name).s, list);
    return gk_fail_about(err, "rename");
}

static bool is_folder(FILE *fp)
{
    struct stat st;
    return fstat(fileno(fp), &st) == 0 && S_ISDIR(st.st_mode);
}

/* Opens NAME as a file, or else as one of gk's OWN tables, which a folder of its name does not
 * hide: a model that was saved in "gpt2". */
static int open_table(FILE **fp, const char *name, bool *own, struct gk_err *err)
{
    char folder[PATH_MAX];
    *fp = fopen(name, "r");
    *own = !strchr(name, '/') && (*fp ? is_folder(*fp) : errno == ENOENT);
    if (!*own)
        return *fp ? 0 : gk_fail(err, "%s:", name);
    if (*fp)
        fclose(*fp);
    if (gk_share_path(folder, sizeof folder, "rename", err))
        return -1;
    char *path = gk_format(err, "%s/%s" SUFFIX, folder, name);
    if (!path)
        return -1;
    *fp = fopen(path, "r");
    const int why = errno;
    int rc = *fp ? 0 : why == ENOENT ? fail_unknown(name, folder, err) : -1;
    errno = why;
    if (rc && why != ENOENT)
        gk_fail(err, "%s:", path);
    free(path);
    return rc;
}

/* ---- lines ---- */

static int parse_shape(struct gk_change *c, const char *text, struct gk_err *err)
{
    int open = 0;
    c->kind = GK_RESHAPE;
    for (const char *p = text;; p++) {
        const size_t n = strcspn(p, "x");
        int64_t v = 0;
        const bool rest = n == 1 && *p == '?';
        open += rest;
        if (c->rank == GK_MAX_RANK || open > 1 ||
            (!rest && (gk_number_integer(p, n, &v) != GK_NUMBER_FINITE || v < 1)))
            return gk_fail(err,
                           "reshape:%s: sizes with 'x' between them are wanted, one of them "
                           "may be '?'",
                           gk_show(text).s);
        c->shape[c->rank++] = (uint64_t)v;
        p += n;
        if (!*p)
            return 0;
    }
}

static int parse_part(struct gk_change *c, const char *text, struct gk_err *err)
{
    const size_t n = strcspn(text, "/");
    int64_t part, of;
    c->kind = GK_PART;
    if (!text[n] || gk_number_integer(text, n, &part) != GK_NUMBER_FINITE ||
        gk_number_integer(text + n + 1, strlen(text + n + 1), &of) != GK_NUMBER_FINITE ||
        part < 1 || of < part)
        return gk_fail(err, "part:%s: 1/3, 2/3 and the like are wanted", gk_show(text).s);
    c->part = (size_t)part;
    c->of = (size_t)of;
    return 0;
}

static int parse_word(struct gk_line *l, const char *word, struct gk_err *err)
{
    struct gk_change c = {.kind = GK_TRANSPOSE};
    if (!strcmp(word, "-"))
        return 0;
    if (!strcmp(word, "if-missing")) {
        l->if_missing = true;
        return 0;
    }
    if (!strncmp(word, "fill:", 5)) {
        l->has_fill = true;
        if (gk_number_real(word + 5, strlen(word + 5), &l->fill) == GK_NUMBER_FINITE)
            return 0;
        return gk_fail(err, "%s: a number is wanted", gk_show(word).s);
    }
    if (!strcmp(word, "join"))
        c.kind = GK_JOIN;
    else if (!strncmp(word, "part:", 5)) {
        if (parse_part(&c, word + 5, err))
            return -1;
    } else if (!strncmp(word, "reshape:", 8)) {
        if (parse_shape(&c, word + 8, err))
            return -1;
    } else if (strcmp(word, "transpose") != 0) {
        return gk_fail(err,
                       "'%s' is not a change to a tensor: transpose, join, part:I/N, "
                       "reshape:AxB, fill:X, if-missing or -",
                       gk_show(word).s);
    }
    if (l->nchange == GK_MOST_CHANGES)
        return gk_fail(err, "more than %d changes", GK_MOST_CHANGES);
    l->change[l->nchange++] = c;
    return 0;
}

/* The directives of the first column. */
static int parse_kind(struct gk_line *l, struct gk_err *err)
{
    const bool made = !strcmp(l->theirs, "@zeros") || !strcmp(l->theirs, "@ones");
    l->kind = made                          ? GK_LINE_MAKE
              : !strcmp(l->theirs, "@meta") ? GK_LINE_META
              : !strcmp(l->ours, "-")       ? GK_LINE_DROP
              : !strcmp(l->ours, "!")       ? GK_LINE_REFUSE
                                            : GK_LINE_NAME;
    if (l->kind == GK_LINE_MAKE)
        l->fill = !strcmp(l->theirs, "@ones");
    if (*l->theirs == '@' && l->kind != GK_LINE_MAKE && l->kind != GK_LINE_META)
        return gk_fail(err, "'%s' is not known: @meta, @zeros or @ones", gk_show(l->theirs).s);
    if (l->kind == GK_LINE_META)
        return *l->how ? 0 : gk_fail(err, "the value of '%s' is missing", gk_show(l->ours).s);
    if (l->kind == GK_LINE_REFUSE)
        return *l->how ? 0 : gk_fail(err, "why is '%s' refused?", gk_show(l->theirs).s);
    if (l->kind != GK_LINE_NAME)
        return *l->how && strcmp(l->how, "-") != 0
                   ? gk_fail(err, "a tensor that is not there cannot be changed")
                   : 0;
    if (strstr(l->ours, "{L}") && !strstr(l->theirs, "{L}"))
        return gk_fail(err, "'%s' has no {L} for that of '%s'", gk_show(l->theirs).s,
                       gk_show(l->ours).s);
    return 0;
}

static int add_line(struct gk_rename *r, const char *theirs, const char *ours, const char *how,
                    size_t number, struct gk_err *err)
{
    if (gk_grow(&r->line, &r->cap, r->n + 1, sizeof *r->line, err))
        return -1;
    struct gk_line *l = &r->line[r->n++];
    *l = (struct gk_line){.number = number};
    l->theirs = gk_strdup(theirs, err);
    l->ours = gk_strdup(ours, err);
    l->how = gk_strdup(how, err);
    return l->theirs && l->ours && l->how ? parse_kind(l, err) : -1;
}

static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t\r\n");
    *rest = word + strcspn(word, " \t\r\n");
    if (**rest)
        *(*rest)++ = '\0';
    return word;
}

/* theirs, ours, how; the first line holds the column names. */
static int parse_line(struct gk_rename *r, char *text, size_t number, bool *begun,
                      struct gk_err *err)
{
    char *rest = text, *theirs = next_word(&rest), *ours = next_word(&rest), *how = rest;
    if (!*theirs || *theirs == '#')
        return 0;
    how += strspn(how, " \t");
    how[strcspn(how, "\r\n")] = '\0';
    if (!*begun) {
        *begun = true;
        if (!strcmp(theirs, "theirs") && !strcmp(ours, "ours") && !strcmp(how, "how"))
            return 0;
        return gk_fail(err, "a table of names begins with the columns theirs, ours and how");
    }
    if (!*ours)
        return gk_fail(err, "'%s' has no name of ours, or - to leave it out", gk_show(theirs).s);
    if (add_line(r, theirs, ours, how, number, err))
        return -1;
    struct gk_line *l = &r->line[r->n - 1];
    for (char *word; l->kind == GK_LINE_NAME && *(word = next_word(&how));)
        if (parse_word(l, word, err))
            return -1;
    return 0;
}

static int read_table(struct gk_rename *r, FILE *fp, struct gk_err *err)
{
    char text[MOST_LINE];
    bool begun = false;
    for (size_t number = 1; fgets(text, sizeof text, fp); number++) {
        const bool whole = strchr(text, '\n') || feof(fp);
        if (!whole || number > MOST_LINES)
            return gk_fail(err, "line %zu: no table of names is as large", number);
        for (const char *c = text; *c; c++)
            r->digest = gk_fnv(r->digest, (unsigned char)*c);
        if (parse_line(r, text, number, &begun, err))
            return gk_fail_at(err, "line %zu", number);
    }
    if (ferror(fp))
        return gk_fail(err, "cannot read:");
    return begun ? 0 : gk_fail(err, "it holds no line");
}

/* "heads=4,activation=gelu" */
static int parse_set(struct gk_rename *r, const char *set, struct gk_err *err)
{
    char *copy = gk_strdup(set, err), *rest = copy;
    int rc = copy ? 0 : -1;
    for (char *entry; rc == 0 && (entry = strsep(&rest, ","));) {
        char *value = strchr(entry, '=');
        if (!value || value == entry || !value[1]) {
            gk_fail_usage(err, "'%s': KEY=VALUE is wanted", gk_show(entry).s);
            rc = gk_fail_about(err, "set");
            break;
        }
        *value++ = '\0';
        rc = add_line(r, "@meta", entry, value, 0, err);
    }
    free(copy);
    return rc;
}

int gk_rename_open(struct gk_rename **r, const char *table, const char *set, struct gk_err *err)
{
    FILE *fp;
    bool own;
    struct gk_rename *t = *r = gk_alloc(1, sizeof *t, err);
    int rc = t && (t->name = gk_strdup(table, err)) ? open_table(&fp, table, &own, err) : -1;
    if (rc == 0) {
        t->digest = GK_FNV_START;
        if (read_table(t, fp, err))
            rc = gk_fail_at(err, "%s", table);
        fclose(fp);
    }
    if (rc == 0) {
        t->recorded = own ? gk_strdup(table, err) : gk_format(err, "table:%016" PRIx64, t->digest);
        rc = t->recorded ? 0 : -1;
    }
    if (rc == 0 && set)
        rc = parse_set(t, set, err);
    if (rc == 0)
        return 0;
    gk_rename_close(t);
    *r = NULL;
    return -1;
}

void gk_rename_close(struct gk_rename *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++) {
        free(r->line[i].theirs);
        free(r->line[i].ours);
        free(r->line[i].how);
    }
    free(r->line);
    free(r->name);
    free(r->recorded);
    gk_free(r);
}
