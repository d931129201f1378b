/* Frames by their step. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gk/dump.h"

int gk_frame_step(const struct gk_frame *f, int64_t *step, struct gk_err *err)
{
    *step = (int64_t)f->index;
    return gk_frame_meta(f, "step") ? gk_frame_meta_int(f, "step", 0, INT64_MAX, step, err) : 0;
}

/* A number up to the next ':', or nothing. */
static bool take(const char **p, int64_t *v)
{
    if (**p >= '0' && **p <= '9') {
        char *end;
        errno = 0;
        *v = strtoll(*p, &end, 10);
        *p = end;
        if (errno != 0)
            return false;
    }
    if (**p == ':') {
        ++*p;
        return true;
    }
    return **p == '\0';
}

int gk_steps_parse(struct gk_steps *s, const char *text, struct gk_err *err)
{
    *s = (struct gk_steps){0, INT64_MAX, 1};
    if (!text)
        return 0;
    const char *p = text;
    if (!strchr(text, ':') || !take(&p, &s->a) || !take(&p, &s->b) || !take(&p, &s->every) || *p)
        return gk_fail_usage(err, "--steps: '%s': A:B or A:B:K with integers is wanted", text);
    if (s->a > s->b || s->every < 1)
        return gk_fail_usage(err, "--steps: '%s' holds no step", text);
    return 0;
}

int gk_dump_next(struct gk_source *s, const struct gk_steps *steps, struct gk_frame *f,
                 struct gk_err *err)
{
    int rc;
    while ((rc = gk_source_next(s, f, err)) == 1) {
        int64_t step;
        if (gk_frame_step(f, &step, err)) {
            gk_frame_free(f);
            return -1;
        }
        if (step >= steps->a && step <= steps->b && (step - steps->a) % steps->every == 0)
            return 1;
        gk_frame_free(f);
    }
    return rc;
}
