/* Applies the model to a curve that is still growing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gk/list.h"
#include "gk/mem.h"
#include "gk/number.h"
#include "gk/predict.h"

enum { LEAST = 3 }; /* minimal number of samples: Hjorth's parameters need two differences */

/* A window that several features share. */
struct window {
    double from, to;
    size_t n; /* samples measured so far */
    struct gk_hjorth h;
};

struct gk_live {
    const struct gk_model *m;
    struct gk_conditioning conditioning;
    struct gk_dft *dft;
    struct window *window;
    size_t windows;
    size_t *of; /* [d] the window of each measure, or the index of each column at a step */
    bool *seen; /* [d] a column at a step, to be read from the curve */
    double *x;  /* [d] the features; values from the user stay */
    double *y;  /* the conditioned samples */
    size_t y_cap;
};

void gk_live_free(struct gk_live *l)
{
    if (!l)
        return;
    gk_dft_free(l->dft);
    gk_free(l->window);
    gk_free(l->of);
    gk_free(l->seen);
    gk_free(l->x);
    free(l->y);
    gk_free(l);
}

static size_t window_of(struct gk_live *l, const struct gk_feature *f)
{
    size_t k = 0;
    while (k < l->windows && (l->window[k].from != f->from || l->window[k].to != f->to))
        k++;
    if (k == l->windows)
        l->window[l->windows++] = (struct window){.from = f->from, .to = f->to};
    return k;
}

/* Parses "NAME=X" in WORD, in place. X [d] has a nan where nothing was given so far. */
static int set_given(const struct gk_model *m, char *word, double *x, struct gk_err *err)
{
    char *value = strchr(word, '=');
    size_t j = 0;
    if (value)
        *value++ = '\0';
    while (j < m->d &&
           (m->term[j].feature.measure >= 0 || strcmp(m->term[j].feature.name, word) != 0))
        j++;
    if (j == m->d)
        return gk_fail_usage(err, "the model has no feature %s to set", word);
    if (!isnan(x[j]))
        return gk_fail_usage(err, "%s is there twice", word);
    if (!value || gk_number_real(value, strlen(value), &x[j]) != GK_NUMBER_FINITE)
        return gk_fail_usage(err, "%s wants a finite number", word);
    return 0;
}

static int take_given(const struct gk_model *m, const char *text, double *x, struct gk_err *err)
{
    char **word = NULL;
    size_t n = 0;
    int rc = text ? gk_list_words("set", text, &word, &n, err) : 0;
    for (size_t j = 0; j < m->d; j++)
        x[j] = NAN;
    for (size_t k = 0; k < n && !rc; k++)
        rc = set_given(m, word[k], x, err);
    free(word);
    for (size_t j = 0; j < m->d && !rc; j++)
        if (m->term[j].feature.measure < 0 && !m->term[j].feature.column && isnan(x[j]))
            rc = gk_fail_usage(err, "the model asks for %s", m->term[j].feature.name);
    return rc;
}

int gk_model_given(const struct gk_model *m, const char *text, double *x, struct gk_err *err)
{
    return take_given(m, text, x, err) ? gk_fail_about(err, "set") : 0;
}

int gk_model_set_windows(struct gk_model *m, double from, double to, struct gk_err *err)
{
    int used = 0;
    for (size_t j = 0; j < m->d; j++) {
        struct gk_feature *f = &m->term[j].feature;
        if (f->measure < 0)
            continue;
        if (!isfinite(f->from) || !isfinite(f->to)) {
            f->from = from;
            f->to = to;
            used = 1;
        }
        if (!isfinite(f->from) || !isfinite(f->to)) {
            gk_fail_usage(err, "in which steps A:B was %s measured?", f->name);
            return gk_fail_about(err, "window");
        }
    }
    return used;
}

static int set_up(struct gk_live *l, const double *given, double *since, struct gk_err *err)
{
    bool any = false;
    *since = INFINITY;
    for (size_t j = 0; j < l->m->d; j++) {
        const struct gk_feature *f = &l->m->term[j].feature;
        l->x[j] = given[j];
        l->seen[j] = f->measure < 0 && isnan(given[j]);
        if (f->measure < 0 && !l->seen[j])
            continue;
        any = true;
        if (!l->seen[j])
            l->of[j] = window_of(l, f);
        *since = fmin(*since, f->from);
    }
    if (!any)
        return gk_fail(err, "the model has no feature of a curve");
    return 0;
}

int gk_live_new(struct gk_live **out, const struct gk_model *m, const double *given,
                const struct gk_conditioning *c, double *since, struct gk_err *err)
{
    struct gk_live *l = gk_alloc(1, sizeof *l, err);
    if (!l)
        return -1;
    l->m = m;
    l->conditioning = *c;
    l->window = gk_alloc(m->d, sizeof *l->window, err);
    l->of = gk_alloc(m->d, sizeof *l->of, err);
    l->seen = gk_alloc(m->d, sizeof *l->seen, err);
    l->x = gk_alloc(m->d, sizeof *l->x, err);
    if (!l->window || !l->of || !l->seen || !l->x || gk_dft_new(&l->dft, err) ||
        set_up(l, given, since, err)) {
        gk_live_free(l);
        return -1;
    }
    *out = l;
    return 0;
}

/* The columns at a step that the model asks for and S does not have. FIRST is such a feature. */
static int fail_columns(const struct gk_live *l, const struct gk_signal *s,
                        const struct gk_feature *first, struct gk_err *err)
{
    char list[512] = "", name[128];
    size_t n = 0;
    for (size_t j = 0; j < l->m->d && n < sizeof list; j++) {
        const struct gk_feature *f = &l->m->term[j].feature;
        snprintf(name, sizeof name, "%.*s", (int)f->column, f->name);
        bool again = !l->seen[j] || gk_signal_has(s, name);
        for (size_t i = 0; i < j && !again; i++) {
            const struct gk_feature *before = &l->m->term[i].feature;
            again = l->seen[i] && before->column == f->column &&
                    strncmp(before->name, f->name, f->column) == 0;
        }
        if (!again)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", name);
    }
    return gk_fail_usage(err,
                         "%s has no column %s, which the model asks for; give another model, or "
                         "values of features such as %s",
                         gk_signal_file(s), list, first->name);
}

int gk_live_watch(struct gk_live *l, struct gk_signal *s, const struct gk_feature **both,
                  struct gk_err *err)
{
    *both = NULL;
    s->any_steps = l->windows == 0;
    for (size_t j = 0; j < l->m->d; j++) {
        const struct gk_feature *f = &l->m->term[j].feature;
        if (!l->seen[j])
            continue;
        char *column = gk_format(err, "%.*s", (int)f->column, f->name);
        const int found = column ? gk_signal_also(s, column, f->from, &l->of[j], err) : -1;
        free(column);
        if (!found)
            return fail_columns(l, s, f, err);
        if (found != 1)
            return -1;
        if (!*both && gk_signal_has(s, f->name))
            *both = f;
    }
    return 0;
}

/* The number of samples of S before STEP, if S continued for ever. */
static double samples_before(const struct gk_signal *s, double step)
{
    return fmax(0, ceil((step - s->first) / s->spacing - 1e-6));
}

/* Measures window W as far as S has come. *LENGTH: the number of samples it will have in the
 * end. */
static int measure(struct gk_live *l, struct window *w, const struct gk_signal *s, double *length,
                   struct gk_err *err)
{
    double begin = samples_before(s, w->from), end = samples_before(s, w->to);
    *length = end - begin;
    size_t from = begin < (double)s->n ? (size_t)begin : s->n;
    size_t n = (end < (double)s->n ? (size_t)end : s->n) - from;
    int exponent;
    if (n < LEAST || n == w->n)
        return 0;
    if (gk_grow(&l->y, &l->y_cap, n, sizeof *l->y, err) ||
        gk_condition(&l->conditioning, l->dft, s->v + from, n, s->spacing, l->y, &exponent, err) ||
        gk_hjorth(l->dft, l->y, n, exponent, gk_magnitude(s->v + from, n), &w->h, err))
        return -1;
    w->n = n;
    return 0;
}

int gk_live_update(struct gk_live *l, const struct gk_signal *s, double *p, bool *over,
                   struct gk_err *err)
{
    const struct gk_model *m = l->m;
    bool known = true;
    *over = true;
    for (size_t k = 0; k < l->windows; k++) {
        struct window *w = &l->window[k];
        double length;
        if (measure(l, w, s, &length, err))
            return -1;
        known = known && w->n;
        *over = *over && samples_before(s, w->to) <= (double)s->n;
        for (size_t j = 0; j < m->d; j++) {
            int is = m->term[j].feature.measure;
            if (is < 0 || l->seen[j] || l->of[j] != k)
                continue;
            double share = gk_feature_is_sum(is) && w->n ? length / (double)w->n : 1;
            l->x[j] = share * gk_feature_of(&w->h, is);
        }
    }
    for (size_t j = 0; j < m->d; j++) {
        if (!l->seen[j])
            continue;
        l->x[j] = gk_signal_other(s, l->of[j]);
        known = known && !isnan(l->x[j]);
        *over = *over && !isnan(l->x[j]);
    }
    *p = known ? gk_model_probability(m, l->x) : NAN;
    return 0;
}

const struct gk_term *gk_live_beyond(const struct gk_live *l, size_t from, double *x)
{
    for (size_t j = from; j < l->m->d; j++) {
        const struct gk_term *t = &l->m->term[j];
        *x = l->x[j];
        if (*x < t->least || *x > t->most)
            return t;
    }
    return NULL;
}

const struct gk_feature *gk_live_late(const struct gk_live *l, const struct gk_signal *s)
{
    for (size_t j = 0; j < l->m->d; j++) {
        const struct gk_feature *f = &l->m->term[j].feature;
        if (f->measure >= 0 && s->first - f->from > s->spacing * (1 + 1e-6))
            return f;
    }
    return NULL;
}

int gk_live_follow(struct gk_live *l, struct gk_signal *s, struct gk_out *out, double give_up,
                   struct gk_live_end *end, struct gk_err *err)
{
    int rc = 0;
    while (!end->gave_up && (rc = gk_signal_next(s, err)) == 1) {
        const bool before = !end->over;
        end->step = s->any_steps ? gk_signal_step(s) : s->first + (double)(s->n - 1) * s->spacing;
        if (!end->over) {
            if (gk_live_update(l, s, &end->p, &end->over, err))
                return -1;
            if (end->over && isnan(end->p))
                return gk_fail(err, "step %.12g: a window has passed with fewer than %d samples",
                               end->step, LEAST);
            end->gave_up = end->over && end->p < give_up;
        }
        gk_put_number(out->fp, end->step, false, '\t');
        gk_put_number(out->fp, end->p, false, '\n');
        if (gk_out_flush(out, err))
            return -1;
        if (before && end->over)
            return 1;
    }
    return rc == 0 && s->n == 0 ? gk_signal_empty(s, err) : rc;
}
