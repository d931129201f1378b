/* The options of the tools that compute with checkpoints. */
#ifndef GK_STUDY_OPTS_H
#define GK_STUDY_OPTS_H

#include "gk/arch.h"
#include "gk/cli.h"
#include "gk/study.h"

/* Rows of an option table. PRECISION and LOSS point to an int, the value of enum gk_precision and
 * enum gk_loss; HAS_LOSS points to a bool: was a loss asked for? */
#define GK_PRECISION_OPT(precision)                                                                \
    GK_OPT_CHOICE(0, "dtype", precision, GK_PRECISIONS,                                            \
                  "precision to compute in; saved: the checkpoint's", .def = "saved")
#define GK_LOSS_OPT(loss, has_loss)                                                                \
    GK_OPT_CHOICE(0, "loss", loss, GK_LOSS_CHOICES, "the loss (default: the checkpoint's)",        \
                  .given = (has_loss))

#endif
