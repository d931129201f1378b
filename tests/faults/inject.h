/* Shared by the injector (inject.c, in the tool) and the driver (drive.c): a file that both map. */
#ifndef INJECT_H
#define INJECT_H

#include <stdint.h>

enum kind { ALLOC, THREAD, READ, WRITE, OPEN, CLOSE, SYNC, RENAME, OTHER, KINDS };

/* How a call fails: with an errno above 0, or in one of these ways. */
enum {
    SHORT = -1,     /* it succeeds for one byte of many */
    SIGNALLED = -64 /* SIGNALLED - S: it succeeds, after signal S has come */
};

enum { MOST_SITES = 1 << 14 };

struct faults {
    uint32_t count[KINDS]; /* calls so far, from main on */
    /* the call that fails: number NUMBER, from 1, of KIND; 0: none. ONWARD: and all after it */
    uint32_t number;
    int32_t kind, how, onward;
    uint32_t fired;
    /* the first call from each place; places differ in the functions that led there */
    uint32_t nsites;
    struct {
        uint32_t kind, number;
    } site[MOST_SITES];
    uint64_t seen[4 * MOST_SITES]; /* a hash table of the places */
};

#endif
