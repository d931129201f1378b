/* Subnormal numbers are those nearer to 0 than the smallest normal number of their precision. On
 * many processors an operation that meets one takes a hundred cycles. */
#ifndef GK_SUBNORMAL_H
#define GK_SUBNORMAL_H

#include <stdint.h>

/* How a thread's floating-point operations round and treat subnormal numbers. */
typedef uint64_t gk_fpmode;

/* The mode of the calling thread. */
gk_fpmode gk_fpmode_get(void);
void gk_fpmode_set(gk_fpmode mode);

/* MODE, but subnormal operands and results are 0. On processors other than x86-64 and arm64 it is
 * MODE itself. */
gk_fpmode gk_fpmode_flushing(gk_fpmode mode);

#endif
