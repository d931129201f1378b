/* Selects the frames of a stream by step. */
#include <string.h>

#include "gk/dump.h"
#include "gk/number.h"

/* Parses at most N integers from 0 up, separated by colons, into V. Returns how many there are, or
 * 0 if TEXT has another form. An empty place leaves its *V unchanged. */
static int take(const char *text, int64_t *const v[], int n)
{
    for (int i = 0; i < n; i++) {
        const size_t len = strcspn(text, ":");
        if (len > 0 && (gk_number_integer(text, len, v[i]) != GK_NUMBER_FINITE || *v[i] < 0))
            return 0;
        text += len;
        if (!*text++)
            return i + 1;
    }
    return 0;
}

static int parse(struct gk_steps *s, const char *text, struct gk_err *err)
{
    *s = (struct gk_steps){0, INT64_MAX, 1};
    if (!text)
        return 0;
    if (take(text, (int64_t *const[]){&s->a, &s->b, &s->every}, 3) < 2)
        return gk_fail_usage(err, "'%s': A:B or A:B:K with integers is wanted", text);
    if (s->a > s->b || s->every < 1)
        return gk_fail_usage(err, "'%s' holds no step", text);
    return 0;
}

int gk_steps_parse(struct gk_steps *s, const char *text, struct gk_err *err)
{
    return parse(s, text, err) ? gk_fail_about(err, "steps") : 0;
}

int gk_steps_none(struct gk_err *err)
{
    gk_fail(err, "no frame has such a step");
    return gk_fail_about(err, "steps");
}

int gk_dump_next(struct gk_source *s, const struct gk_steps *steps, struct gk_frame *f,
                 struct gk_err *err)
{
    int rc;
    while ((rc = gk_source_next(s, f, err)) == 1) {
        int64_t step;
        if (gk_frame_step(f, (int64_t)f->index, &step, err)) {
            gk_frame_free(f);
            return -1;
        }
        if (step >= steps->a && step <= steps->b && (step - steps->a) % steps->every == 0)
            return 1;
        gk_frame_free(f);
    }
    return rc;
}
