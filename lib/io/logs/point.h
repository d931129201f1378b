/* A point of a log, the same for every kind of log. */
#ifndef GK_POINT_H
#define GK_POINT_H

#include <stdbool.h>

enum gk_point_kind {
    GK_POINT_NUMBER,
    GK_POINT_OTHER,  /* a text, a picture, a histogram: it has no value */
    GK_POINT_RESTART /* the run was restarted at this step: its earlier points from here on are void
                      */
};

struct gk_point {
    enum gk_point_kind kind;
    const char *series; /* owned by the reader, until the next point */
    const char *run;    /* likewise: its run, if the file says it of each point; or NULL */
    double step, value;
    bool single; /* the value came as single precision */
    bool twice;  /* another column of the table has the same name */
};

#endif
