/* A few threads of our own that share out one piece of work at a time. */
#ifndef SECATEUR_POOL_H
#define SECATEUR_POOL_H

#include <stddef.h>

#define MOST_THREADS 64

/* What the memories that a thread keeps are for. */
enum scratch { PANEL, SUMS, UNFOLDED, SCRATCHES };

/* Calls work(context, t, threads) for every t below `threads`, each on a thread of its own, the last on the
 * caller's, and returns when all are done. `threads` that is told to work is what could be had: less where the
 * system refuses threads, 1 where another caller is using them. */
void secateur_in_parallel(int threads, void (*work)(void *context, int t, int threads), void *context);

/* Aligned memory of the calling thread, at least `bytes` of it, kept between calls and freed when the thread ends. NULL
 * when there is none. */
void *secateur_scratch(enum scratch which, size_t bytes);

#endif
