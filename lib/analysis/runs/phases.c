/* Events and phases of a run, and the slingshots of its training loss. */
#include "gk/phases.h"

#include <math.h>
#include <stdlib.h>

#include "gk/mem.h"

static void begin_search(struct gk_spikes *w)
{
    w->n = 0;
    w->climbing = false;
    w->floor = NAN;
}

void gk_phases_init(struct gk_phases *p, const struct gk_phases_opts *opts)
{
    *p = (struct gk_phases){
        .opts = *opts, .stable = NAN, .high.factor = opts->factor, .low.factor = GK_LOW_FACTOR};
    begin_search(&p->high);
    begin_search(&p->low);
    for (int i = 0; i < 4; i++)
        p->t[i].when = NAN;
}

static void update_event(struct gk_event *e, size_t hold, double step, bool met)
{
    if (!met) {
        e->met = 0;
        return;
    }
    if (e->met++ == 0)
        e->since = step;
    if (isnan(e->when) && e->met >= hold)
        e->when = e->since;
}

/* The current spike is stored after the completed ones, until it or the curve ends. */
static int watch_loss(struct gk_spikes *w, double rise, double step, double loss,
                      struct gk_err *err)
{
    if (w->climbing) {
        struct gk_spike *s = &w->spike[w->n];
        if (loss > s->height) {
            s->height = loss;
            s->peak = step;
        } else if (loss <= s->height / w->factor) {
            s->end = step;
            w->n++;
            w->climbing = false;
            w->floor = loss;
        }
        return 0;
    }
    if (!(loss >= w->floor)) {
        w->floor = loss;
        return 0;
    }
    if (loss < w->factor * w->floor || loss < w->floor + rise)
        return 0;
    if (gk_grow(&w->spike, &w->cap, w->n + 1, sizeof *w->spike, err))
        return -1;
    w->spike[w->n] = (struct gk_spike){step, step, NAN, w->floor, loss};
    w->climbing = true;
    return 0;
}

int gk_phases_row(struct gk_phases *p, double step, double train_acc, double val_acc,
                  double train_loss, struct gk_err *err)
{
    const struct gk_phases_opts *o = &p->opts;
    const double acc[2] = {train_acc, val_acc};
    for (size_t i = 0; i < 2; i++)
        if (!isnan(acc[i])) {
            update_event(&p->t[2 * i], o->hold, step, acc[i] > o->low);
            update_event(&p->t[2 * i + 1], o->hold, step, acc[i] >= o->high);
        }
    if (!(val_acc >= o->high) && !isnan(val_acc))
        p->stable = NAN;
    else if (val_acc >= o->high && isnan(p->stable))
        p->stable = step;
    /* Memorisation that has not lasted long enough may still become t2: spikes count from its first
     * row. */
    if (isnan(p->t[1].when) && p->t[1].met == 0) {
        begin_search(&p->high);
        begin_search(&p->low);
        return 0;
    }
    if (isnan(train_loss))
        return 0;
    return watch_loss(&p->high, o->rise, step, train_loss, err) ||
                   watch_loss(&p->low, o->rise, step, train_loss, err)
               ? -1
               : 0;
}

size_t gk_phases_slingshots(const struct gk_phases *p)
{
    return isnan(p->t[1].when) ? 0 : p->high.n;
}

size_t gk_phases_missed(const struct gk_phases *p)
{
    return gk_phases_slingshots(p) == 0 && !isnan(p->t[1].when) ? p->low.n : 0;
}

double gk_phases_delay(const struct gk_phases *p)
{
    return p->t[3].when - p->t[1].when;
}

enum gk_phase gk_phases_which(const struct gk_phases *p)
{
    bool fitted = !isnan(p->t[1].when), generalised = !isnan(p->t[3].when);
    if (!generalised)
        return fitted ? GK_MEMORIZATION : GK_CONFUSION;
    return fitted && gk_phases_delay(p) > p->opts.gap ? GK_GROKKING : GK_COMPREHENSION;
}

const char *gk_phase_name(enum gk_phase p)
{
    static const char *const names[] = {"confusion", "memorization", "comprehension", "grokking"};
    return names[p];
}

void gk_phases_free(struct gk_phases *p)
{
    free(p->high.spike);
    free(p->low.spike);
    *p = (struct gk_phases){0};
}
