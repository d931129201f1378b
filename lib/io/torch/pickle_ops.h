/* Shared by the two files of opcodes. */
#ifndef GK_PICKLE_OPS_H
#define GK_PICKLE_OPS_H

#include "pickle.h"

typedef int gk_pickle_op(struct gk_pickle *p, struct gk_err *err);

/* N bytes, little-endian, unsigned. */
int gk_pickle_take_number(struct gk_pickle *p, unsigned n, uint64_t *v, struct gk_err *err);
/* Pushes V; -1 also if V is NULL, whose maker has set the error. */
int gk_pickle_push(struct gk_pickle *p, struct gk_pickle_value *v, struct gk_err *err);

gk_pickle_op gk_pickle_run_proto, gk_pickle_run_frame, gk_pickle_run_none, gk_pickle_run_true,
    gk_pickle_run_false, gk_pickle_run_binint, gk_pickle_run_binint1, gk_pickle_run_binint2,
    gk_pickle_run_long1, gk_pickle_run_long4, gk_pickle_run_binfloat, gk_pickle_run_binunicode,
    gk_pickle_run_short_binunicode, gk_pickle_run_binunicode8;

#endif
