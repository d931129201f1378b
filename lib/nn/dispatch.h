/* Which compilation of the numeric core this machine runs (lib/nn/core/real.h). */
#ifndef GK_DISPATCH_H
#define GK_DISPATCH_H

enum gk_isa { GK_ISA_V1, GK_ISA_V3, GK_ISA_V4 };

/* The best level that the processor has and the system lets run; the environment's GK_CPU=v1|v3|v4 can only lower it. The same
 * answer throughout a process. */
enum gk_isa gk_isa_choice(void);

#endif
