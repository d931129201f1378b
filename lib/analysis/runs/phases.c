/* Events and phases of a run, and the slingshots of its training loss. */
#include "gk/phases.h"

#include <math.h>
#include <stdlib.h>

#include "gk/mem.h"

void gk_phases_init(struct gk_phases *p, const struct gk_phases_opts *opts)
{
    *p = (struct gk_phases){.opts = *opts, .floor = NAN};
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

/* The spike is kept behind the ended ones until it ends or the curve does. */
static int watch_loss(struct gk_phases *p, double step, double loss, struct gk_err *err)
{
    const struct gk_phases_opts *o = &p->opts;
    if (p->climbing) {
        struct gk_spike *s = &p->spike[p->ended];
        if (loss > s->height) {
            s->height = loss;
            s->peak = step;
        } else if (loss <= s->height / o->factor) {
            s->end = step;
            p->ended++;
            p->climbing = false;
            p->floor = loss;
        }
        return 0;
    }
    if (!(loss >= p->floor)) {
        p->floor = loss;
        return 0;
    }
    if (loss < o->factor * p->floor || loss < p->floor + o->rise)
        return 0;
    if (gk_grow(&p->spike, &p->spike_cap, p->ended + 1, sizeof *p->spike, err))
        return -1;
    p->spike[p->ended] = (struct gk_spike){step, step, NAN, p->floor, loss};
    p->climbing = true;
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
    /* Memorisation that has not lasted yet may turn out to be t2: spikes count from its first row.
     */
    const bool memorised = !isnan(p->t[1].when);
    if (!memorised && p->t[1].met == 0) {
        p->ended = 0;
        p->climbing = false;
        p->floor = NAN;
        return 0;
    }
    int rc = isnan(train_loss) ? 0 : watch_loss(p, step, train_loss, err);
    p->nspike = memorised ? p->ended : 0;
    return rc;
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
    free(p->spike);
    *p = (struct gk_phases){0};
}
