/* A point of a log: what every kind of log is made of. */
#ifndef GK_POINT_H
#define GK_POINT_H

#include <stdbool.h>

enum gk_point_kind {
    GK_POINT_NUMBER,
    GK_POINT_OTHER,  /* a text, a picture, a histogram: there is no value */
    GK_POINT_RESTART /* the run began again at this step: its points from there on are void */
};

struct gk_point {
    enum gk_point_kind kind;
    const char *series; /* the reader's, until the next point */
    double step, value;
    bool single; /* the value came as single precision */
    bool twice;  /* another column of the table has this name, too */
};

#endif
