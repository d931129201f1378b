/* How a step would scale on more cores than there are (lanes.c). */
#ifndef BENCH_LANES_H
#define BENCH_LANES_H

/* Runs step(ctx) on one thread a few times, and prints the ms that it would take with 1, 2, 4, ..
 * 64 threads: lines "threads ms ms_of_whole_lanes". The first line is the number of tiles. */
void lanes_predict(void (*step)(void *), void *ctx);

#endif
