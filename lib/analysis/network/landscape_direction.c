/* The directions of a landscape that --toward names. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gk/direction.h"
#include "gk/fnv.h"
#include "gk/glob.h"
#include "gk/landscape.h"
#include "gk/mem.h"
#include "gk/network.h"
#include "gk/number.h"
#include "gk/pca.h"
#include "gk/rng.h"
#include "landscape_direction.h"

int gk_toward_parse(struct gk_toward *t, const char *option, const char *text, struct gk_err *err)
{
    static const struct {
        const char *word;
        enum gk_toward_kind kind;
        int64_t min; /* of the number after the word's ':' */
    } known[] = {{"next", GK_TOWARD_NEXT, 0},
                 {"first", GK_TOWARD_FIRST, 0},
                 {"random:", GK_TOWARD_RANDOM, 0},
                 {"pca:", GK_TOWARD_PCA, 1},
                 {"frame:", GK_TOWARD_FRAME, 0}};
    *t = (struct gk_toward){.kind = GK_TOWARD_FILE, .text = text};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *word = known[i].word;
        const size_t n = strlen(word);
        if (word[n - 1] != ':') {
            if (strcmp(text, word) == 0)
                t->kind = known[i].kind;
            continue;
        }
        if (strncmp(text, word, n) != 0)
            continue;
        const char *number = text + n;
        if (gk_number_integer(number, strlen(number), &t->number) != GK_NUMBER_FINITE ||
            t->number < known[i].min) {
            gk_fail_usage(err, "'%s': an integer of at least %lld belongs after '%s'", text,
                          (long long)known[i].min, word);
            return gk_fail_about(err, option);
        }
        t->kind = known[i].kind;
    }
    return 0;
}

bool gk_toward_rereads(const struct gk_toward *t)
{
    return t->kind == GK_TOWARD_PCA || t->kind == GK_TOWARD_FRAME;
}

void gk_toward_free(struct gk_toward *t)
{
    gk_free(t->v);
    t->v = NULL;
}

/* A frame's parameters as a point; the network must be the one under study. */
int gk_toward_point(const struct gk_frame *f, const struct gk_study *s, double *v,
                    struct gk_err *err)
{
    struct gk_checkpoint c;
    if (gk_checkpoint_parse(&c, f, err))
        return -1;
    const struct gk_network got = gk_network_of(&c), want = gk_network_of(&s->ckpt);
    int rc = gk_network_check(f, &got, &want, "the checkpoint's", err);
    if (!rc)
        rc = gk_checkpoint_vector(f, &c.params, "", GK_F64, v, err);
    gk_checkpoint_free(&c);
    return rc;
}

/* A file of gk.kind direction or axis (gk-hvp, gk-pca) is a direction; any other parameters are a
 * point. */
static int from_file(struct gk_toward *t, const struct gk_study *s, struct gk_err *err)
{
    struct gk_frame f;
    if (gk_frame_read_one(t->text, &f, err))
        return -1;
    const char *kind = gk_frame_meta(&f, "gk.kind");
    t->point = !kind || (strcmp(kind, "direction") != 0 && strcmp(kind, "axis") != 0);
    const int rc = t->point ? gk_toward_point(&f, s, t->v, err)
                            : gk_direction_read(&f, &s->ckpt, false, t->v, err);
    snprintf(t->recorded, sizeof t->recorded, "%s:%016" PRIx64, t->point ? "weights" : "direction",
             rc ? 0 : gk_fnv_values(t->v, s->ckpt.params.total));
    gk_frame_free(&f);
    return rc;
}

static int from_step(struct gk_toward *t, const struct gk_study *s,
                     const struct gk_landscape_conf *conf, struct gk_err *err)
{
    struct gk_source *source;
    struct gk_frame f;
    int more;
    bool found = false;
    if (gk_source_open(&source, conf->files, conf->nfiles, err))
        return -1;
    while ((more = gk_source_next(source, &f, err)) > 0) {
        int64_t step;
        if (gk_frame_step(&f, GK_NO_STEP, &step, err))
            more = -1;
        if (more > 0 && step == t->number) {
            if (gk_toward_point(&f, s, t->v, err))
                more = -1;
            else if (found)
                more =
                    gk_frame_fail(&f, err, "a second frame has that step: which is %s?", t->text);
            found = true;
        }
        gk_frame_free(&f);
        if (more < 0)
            break;
    }
    gk_source_close(source);
    if (found || more < 0)
        return more < 0 ? -1 : 0;
    return gk_fail(err, "%s: no frame has that step", t->text);
}

bool gk_toward_uses(const struct gk_landscape_conf *conf, const struct gk_param *p)
{
    return (!conf->matrices || p->rank == 2) &&
           (!conf->tensor || gk_glob_matches(conf->tensor, p->name)) &&
           !gk_glob_matches(conf->exclude, p->name);
}

/* An axis of points as a direction of the network; false if it does not consist of parameters. */
static bool spread_axis(const struct gk_params *ps, const struct gk_landscape_conf *conf,
                        const struct gk_points *x, const double *axis, double *v)
{
    size_t used = 0;
    for (size_t i = 0; i < ps->n; i++)
        used += gk_toward_uses(conf, &ps->p[i]) ? ps->p[i].count : 0;
    for (size_t i = 0; i < x->nparts; i++) {
        const struct gk_points_part *part = &x->part[i];
        const struct gk_param *p = gk_params_find(ps, x->first.tensor[part->tensor].name);
        if (!p || p->count != part->count)
            return false;
        memcpy(v + p->offset, axis + part->column, part->count * sizeof *v);
    }
    return x->width == used;
}

static int from_pca(struct gk_toward *t, struct gk_study *s, const struct gk_landscape_conf *conf,
                    struct gk_err *err)
{
    struct gk_points x;
    struct gk_pca pca;
    const struct gk_points_conf how = {.matrices = conf->matrices,
                                       .tensor = conf->tensor,
                                       .exclude = conf->exclude,
                                       .trajectory = true};
    const size_t k = (size_t)t->number;
    if (gk_points_open(&x, conf->files, conf->nfiles, &how, err))
        return gk_fail_at(err, "%s", t->text);
    const struct gk_pca_conf want = {.center = GK_CENTER_LAST, .components = k, .axes = true};
    int rc = 0;
    if (k > gk_pca_most(&x, want.center))
        rc = gk_fail(err, "%s: %zu frames have %zu axes", t->text, x.n,
                     gk_pca_most(&x, want.center));
    else if (gk_pca(&pca, &x, &want, s->pool, err))
        rc = -1;
    else {
        if (!(pca.variance[k - 1] > 0))
            rc = gk_fail(err, "%s: the frames do not vary along that axis", t->text);
        else if (!spread_axis(&s->ckpt.params, conf, &x, pca.axis + (k - 1) * x.width, t->v))
            rc = gk_fail(err, "%s: principal axes need a trajectory of this network", t->text);
        gk_pca_free(&pca);
    }
    gk_points_free(&x);
    return rc;
}

int gk_toward_find(struct gk_toward *t, struct gk_study *s, const struct gk_landscape_conf *conf,
                   const double *theta, struct gk_err *err)
{
    const size_t n = s->ckpt.params.total;
    t->v = gk_alloc(n, sizeof *t->v, err);
    if (!t->v)
        return -1;
    snprintf(t->recorded, sizeof t->recorded, "%s", t->kind == GK_TOWARD_FILE ? "" : t->text);
    t->point =
        t->kind == GK_TOWARD_NEXT || t->kind == GK_TOWARD_FIRST || t->kind == GK_TOWARD_FRAME;
    struct gk_rng rng;
    switch (t->kind) {
    case GK_TOWARD_FILE:
        return from_file(t, s, err);
    case GK_TOWARD_FRAME:
        return from_step(t, s, conf, err);
    case GK_TOWARD_PCA:
        return from_pca(t, s, conf, err);
    case GK_TOWARD_FIRST:
        memcpy(t->v, theta, n * sizeof *t->v);
        return 0;
    case GK_TOWARD_RANDOM:
        gk_rng_seed(&rng, (uint64_t)t->number, GK_RNG_DIRECTION);
        for (size_t i = 0; i < n; i++)
            t->v[i] = gk_rng_normal(&rng);
        return 0;
    case GK_TOWARD_NEXT:
        return 0;
    }
    return 0;
}
